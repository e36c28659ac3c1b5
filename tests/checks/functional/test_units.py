"""Units of systemd: failed, looping, stopped, masked, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.functional import units
from diagkit.logs.occurrences import Occurrence
from diagkit.model import Moment, Silence, Status, Unknown
from diagkit.probes.enabled import Resting
from diagkit.probes.logs import Occurrences
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.unit_log import Before, Job, Jobs, LastWords, Unloaded, Words

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOON, NOON - timedelta(hours=1), NOON)
BOOT = NOON - timedelta(days=3)
UNSEEN = Unknown("unit_log", Silence.DENIED, "not for this user")
NO_WORDS = LastWords(all=())
NOT_FOUND = "FileNotFoundError: [Errno 2] No such file or directory: '/etc/shop/shop.conf'"

RUNS = Unit(
    name="shop.service",
    load="loaded",
    active="active",
    sub="running",
    type="simple",
    file_state="enabled",
    pid=42,
    since=BOOT,
    started=BOOT,
)
FAILED = replace(RUNS, active="failed", sub="failed", result="exit-code", code="exited", status=1, pid=0, since=NOON)
WAITS = replace(RUNS, active="activating", sub="auto-restart", restarts=4, since=NOON, started=NOON)
RESTS = replace(RUNS, active="inactive", sub="dead", pid=0, since=NOON)


def ago(minutes):
    return NOON - timedelta(minutes=minutes)


def known(*those, container=""):
    return Units(all=those, container=container)


def words(*lines, unit="shop.service", told=()):
    return LastWords(all=(Words(unit=unit, said=lines, told=told),))


def jobs(kind, *minutes, unit="shop.service"):
    return Jobs(all=tuple(Job(unit=unit, kind=kind, at=ago(m)) for m in sorted(minutes, reverse=True)))


def line(signature, sample="…", **fields):
    return Occurrence(
        signature=signature,
        count=1,
        first=NOON,
        last=NOON,
        source="journal",
        sample=sample,
        programs=(),
        fields=fields,
        bursts=(),
        minutes={},
    )


def judged(findings):
    return [(f.status, f.subject.raw) for f in findings]


@pytest.mark.parametrize(
    ("unit", "container", "status"),
    [
        (RUNS, "", Status.OK),
        (FAILED, "", Status.FAIL),
        (FAILED, "lxc", Status.FAIL),
        (replace(FAILED, name="srv-data.mount"), "", Status.FAIL),
        (replace(FAILED, name="shop.socket"), "", Status.WARN),
        (replace(FAILED, name="tmp.mount", load="not-found"), "", Status.WARN),  # a remainder of what was removed
        (replace(FAILED, name="fwupd-refresh.service"), "", Status.WARN),
        (replace(FAILED, triggered_by=("report.timer",)), "", Status.WARN),
        (replace(FAILED, name="dev-hugepages.mount"), "lxc", Status.OK),
        (replace(FAILED, name="dev-hugepages.mount"), "", Status.FAIL),
        (replace(FAILED, name="backup.service"), "", Status.FAIL),
        (replace(FAILED, name="dpkg-db-backup.service"), "", Status.FAIL),
    ],
)
def test_failed(unit, container, status):
    backup = unit.name == "backup.service"
    finding, *_ = (units.backup_failed if backup else units.failed).judge(known(unit, container=container), UNSEEN)
    assert finding.status is status
    other = units.failed if backup else units.backup_failed
    assert [f.status for f in other.judge(known(unit), UNSEEN)] == [Status.OK]


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (FAILED, "failed (exit-code, status 1) since 2026-11-21 12:00:00 UTC: " + NOT_FOUND),
        (replace(FAILED, result="signal", code="killed", status=9), "failed (signal, killed by SIGKILL)"),
        (replace(FAILED, result="signal", code="dumped", status=250), "failed (signal) since"),
        (replace(FAILED, result="timeout", code="", status=0, since=None), "failed (timeout) since an unknown time"),
    ],
)
def test_a_failure_says_how_since_when_and_what_was_said_last(unit, said):
    (finding,) = units.failed.judge(known(unit), words("Traceback:", NOT_FOUND))
    assert said in finding.summary.raw
    assert [e.excerpt.raw for e in finding.evidence] == [NOT_FOUND]


@pytest.mark.parametrize(
    ("unit", "events", "status"),
    [
        (RUNS, jobs("restart"), Status.OK),
        (RUNS, jobs("stop", 3), Status.OK),  # restarted by hand
        (RUNS, jobs("restart", 3), Status.OK),  # once is no loop
        (RUNS, jobs("restart", 100, 110, 120), Status.OK),  # before the window
        (RUNS, jobs("restart", 1, 2, 3), Status.WARN),  # then somebody started it by hand
        (replace(RUNS, restarts=3), jobs("restart", 1, 2, 3), Status.FAIL),  # a slow loop, caught while it runs
        (replace(RUNS, restarts=3), jobs("restart", 20, 30, 40), Status.WARN),  # it has settled
        (replace(RUNS, restarts=9, since=ago(0.5)), UNSEEN, Status.FAIL),  # caught in the second that it lives
        (replace(RUNS, restarts=9), UNSEEN, Status.OK),  # since the boot is not now
        (WAITS, UNSEEN, Status.FAIL),
        (replace(FAILED, restarts=4), UNSEEN, Status.FAIL),  # systemd has given it up
        (FAILED, jobs("restart"), Status.OK),
    ],
)
def test_restarting(unit, events, status):
    found = units.restarting.judge(known(unit), events, words(NOT_FOUND), MOMENT, units.Crashes())
    assert [f.status for f in found] == [status]


@pytest.mark.parametrize(
    ("unit", "events", "status"),
    [
        (RUNS, jobs("stop", 3), Status.OK),
        (RESTS, jobs("stop", 3), Status.FAIL),
        (replace(RESTS, file_state="disabled"), jobs("stop", 3), Status.FAIL),
        (replace(RESTS, file_state="disabled"), jobs("stop", 90), Status.WARN),  # before the window
        (replace(RESTS, file_state="disabled"), jobs("stop", 60 * 30), Status.OK),  # taken out of use
        (RESTS, UNSEEN, Status.FAIL),  # it ran for days, and ended
        (replace(RESTS, started=NOON - timedelta(seconds=1)), UNSEEN, Status.OK),  # had nothing to do here
        (replace(RESTS, started=None), UNSEEN, Status.OK),
        (replace(RESTS, type="oneshot"), jobs("stop", 3), Status.OK),
        (replace(RESTS, transient=True), jobs("stop", 3), Status.OK),
        (replace(RESTS, load="masked"), jobs("stop", 3), Status.OK),
        (replace(RESTS, triggered_by=("shop.socket",)), jobs("stop", 3), Status.OK),
    ],
)
def test_stopped(unit, events, status):
    socket = replace(RUNS, name="shop.socket", sub="listening", type="")
    found = units.stopped.judge(known(unit, socket), events, UNSEEN, UNSEEN, UNSEEN, MOMENT, units.Stops())
    assert [f.status for f in found] == [status]


def test_who_may_not_read_the_journal_sees_that_an_enabled_service_rests():
    resting = Resting(all=(RESTS,))
    (finding,) = units.stopped.judge(known(), UNSEEN, UNSEEN, resting, UNSEEN, MOMENT, units.Stops())
    assert (finding.status, finding.subject.raw) == (Status.FAIL, "shop.service")


def test_a_service_that_systemd_has_forgotten_is_still_stopped():
    gone = Unloaded(all=(replace(RESTS, file_state="disabled", since=None, started=None),))
    (finding,) = units.stopped.judge(known(), jobs("stop", 3), gone, UNSEEN, UNSEEN, MOMENT, units.Stops())
    assert finding.status is Status.FAIL
    assert finding.summary.raw == "inactive and disabled: stopped at 2026-11-21 11:57:00 UTC"


@pytest.mark.parametrize(
    ("unit", "events", "status"),
    [
        (RUNS, jobs("stop"), Status.OK),
        (replace(RESTS, load="masked"), jobs("stop"), Status.OK),  # never ran: distributions mask some units
        (replace(RESTS, load="masked"), jobs("stop", 3), Status.FAIL),
        (replace(RUNS, load="masked"), jobs("stop", 3), Status.OK),
    ],
)
def test_masked(unit, events, status):
    assert [f.status for f in units.masked.judge(known(unit), events, Unloaded(all=()))] == [status]
    assert [f.status for f in units.masked.judge(known(), events, Unloaded(all=(unit,)))] == [status]


def test_a_start_that_a_dependency_refused_is_not_a_stop():
    refused = Occurrences(all=(line("unit_dependency_failed", unit=("shop.service",)),))
    (finding,) = units.stopped.judge(known(RESTS), jobs("stop", 3), UNSEEN, UNSEEN, refused, MOMENT, units.Stops())
    assert finding.status is Status.OK


@pytest.mark.parametrize(
    ("unit", "status"),
    [
        (RUNS, Status.OK),
        (replace(RESTS, file_state="disabled", started=None), Status.FAIL),
        (replace(RESTS, file_state="enabled", started=None), Status.OK),  # it was tried: another check's matter
        (replace(RUNS, name="other.service"), Status.FAIL),  # systemd does not even have it loaded
    ],
)
def test_what_ran_before_the_reboot_runs_again(unit, status):
    (finding,) = units.not_enabled.judge(known(unit), Before(running=("shop.service",)))
    assert finding.status is status
    (finding,) = units.not_enabled.judge(known(unit), Before(running=()))
    assert finding.status is Status.OK
