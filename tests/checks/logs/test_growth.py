"""Logs that grow too fast, as files and in the journal."""

from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.logs import growth
from diagkit.logs.lines import Log
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import NEVER, Window
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.disk import Mount, Mounts
from diagkit.probes.log_growth import GrowingLog, LogGrowth
from diagkit.probes.logs import LogTexts, Reading

MIB = 1 << 20
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROOT = Mount(path="/", device="8:1", source="/dev/sda1", type="ext4", size=9000 * MIB, free=9000 * MIB, available=9000 * MIB)  # fmt: skip
UNSEEN = Unknown("disk.mounts", Silence.TIMEOUT)


@pytest.mark.parametrize(
    ("rate", "mounts", "found"),
    [
        (0.1, Mounts(all=(ROOT,)), (Status.OK, "")),
        (1.5, Mounts(all=(ROOT,)), (Status.WARN, "/var/log/app.log")),
        (3.0, Mounts(all=(ROOT,)), (Status.FAIL, "/var/log/app.log")),  # full within the hour
        (3.0, UNSEEN, (Status.WARN, "/var/log/app.log")),
        (9.0, UNSEEN, (Status.FAIL, "/var/log/app.log")),
    ],
)
def test_files(rate, mounts, found):
    grown = LogGrowth(all=(GrowingLog(path="/var/log/app.log", size=100 * MIB, rate=rate * MIB),))
    said = growth.files.judge(grown, mounts, growth.Flood())
    assert [(f.status, f.subject.raw) for f in said] == [found]


def test_a_flood_says_when_the_disk_is_full():
    grown = LogGrowth(all=(GrowingLog(path="/var/log/app.log", size=100 * MIB, rate=10.0 * MIB),))
    (found,) = growth.files.judge(grown, Mounts(all=(ROOT,)), growth.Flood())
    assert found.summary.raw.endswith("at that rate / is full in 15 min")


def test_the_same_lines_in_several_files_are_one_flood():
    logs = tuple(GrowingLog(path=f"/var/log/{name}", size=MIB, rate=9.0 * MIB) for name in ("syslog", "user.log"))
    (found,) = growth.files.judge(LogGrowth(all=logs), UNSEEN, growth.Flood())
    assert found.summary.raw.startswith("log flood: /var/log/syslog (and 1 more) grows 9.0 MiB/s")


def test_a_quiet_host_grows_nothing():
    (found,) = growth.files.judge(LogGrowth(all=()), UNSEEN, growth.Flood())
    assert (found.status, found.summary.raw) == (Status.OK, "no log file grew")


def test_what_could_not_be_entered_is_not_passed():
    (found,) = growth.files.judge(LogGrowth(all=(), closed=2), UNSEEN, growth.Flood())
    assert found.status is Status.UNKNOWN


def journal(lines: int, seconds: float, *, cut: bool = True, silence: Silence | None = None) -> LogTexts:
    """A journal whose newest lines, so many, are of the last seconds before noon."""
    first = NOON - timedelta(seconds=seconds)
    text = "".join(f"{first.timestamp():.6f} web1 app[7]: row {n}\n" for n in range(lines))
    reading = Reading(source="journal", size=len(text), cut=cut, first=first, last=NOON, silence=silence)
    clock = Clock(ahead=0, latest=NOON, booted=NOON - timedelta(hours=2))
    window = Window(since=NOON - timedelta(hours=1), until=NEVER)
    log = (Log("journal", text.encode(), cut),) if text else ()
    return LogTexts(logs=log, readings=(reading,), clock=clock, window=window)


@pytest.mark.parametrize(
    ("texts", "status"),
    [
        (journal(5000, 3600.0), Status.OK),
        (journal(5000, 20.0), Status.WARN),
        (journal(5000, 5.0), Status.FAIL),
        (journal(5000, 5.0, cut=False), Status.OK),  # all of the window: there was no more
        (journal(0, 1.0, silence=Silence.DENIED), Status.UNKNOWN),
        (journal(0, 1.0, silence=Silence.MISSING), Status.SKIP),
    ],
)
def test_journal(texts, status):
    (found,) = growth.journal.judge(texts, growth.Chatter())
    assert found.status is status
    assert found.subject.raw == ("app" if status in (Status.WARN, Status.FAIL) else "")
