"""Could we read the logs, and are they still written?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagkit.checks import Findings, check, ok, skip, unknown, warn
from diagkit.frozen import frozen
from diagkit.logs.sifting import JOURNAL, Sifted
from diagkit.model import Silence, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.log_files import OPENS, LogFiles
from diagkit.probes.logs import LogTexts, Reading

_ABSENT = (Silence.MISSING, Silence.UNSUPPORTED)


@check(noise=(0.01, 0.005), for_people="it says how much of the logs was seen")
def read(texts: LogTexts) -> Findings:
    """What there is of logs could be read.

    Why: silence of a log that was not read is no good news.
    Limits: of long logs only the newest part is read, and of what is older in the window those lines are selected on
    the host that may matter; how far that went is said.
    """
    for reading in texts.readings:
        if reading.silence is None:
            yield ok("; ".join((_extent(reading), *older_parts(texts, reading))), reading.source)
        elif reading.silence not in _ABSENT and not reading.source.startswith("/"):
            yield unknown(texts.why_not(reading.source), reading.source, hint=OPENS)
    if texts.unread_files:
        yield unknown(texts.why_not("files"), hint=OPENS)
    if all(reading.silence in _ABSENT for reading in texts.readings):
        yield unknown("logs: missing: no journal, no kernel log, no log file of this window", hint=OPENS)


def _extent(reading: Reading) -> str:
    if not reading.size:
        return "nothing was logged in the window"
    since = f", from {reading.first:%Y-%m-%d %H:%M:%S} UTC on" if reading.first else ", without any times"
    return f"read {'the newest ' if reading.cut else ''}{reading.size / 1024:.0f} KiB{since}"


def older_parts(texts: LogTexts, reading: Reading) -> Iterator[str]:
    """How far the part of this log before what was scanned of it was gone through, in words."""
    return (_older(what) for what in texts.sifted if what.source == reading.source or _is_journal(what, reading))


def _is_journal(what: Sifted, reading: Reading) -> bool:
    return reading.source == "journal" and what.source in JOURNAL


def _older(what: Sifted) -> str:
    kind = {"warnings": "warnings and errors", "words": "other lines that may matter"}.get(
        what.source, "lines that may matter"
    )
    if what.silence:
        return f"{kind} of the part before that: {what.silence.value}"
    since = f", from {what.first:%Y-%m-%d %H:%M:%S} UTC on" if what.first else ""
    if what.source in JOURNAL:
        return f"{'the newest ' if what.cut else ''}{kind} of the part before that{since}"
    if not what.of:
        return "the window does not reach further back"
    much = f"the newest {_size(what.read)} of {_size(what.of)}" if what.cut else f"all {_size(what.of)}"
    return f"{kind} in {much} of the window before that{since}"


def _size(size: int) -> str:
    return f"{size / 1024:.0f} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"


@check(noise=(0.01, 0.005), vital=False, for_people="it says how much of the logs was seen")
def rotated(log_files: LogFiles, texts: LogTexts | Unknown | Inapplicable) -> Findings:
    """No part of the window lies in compressed logs that were not read.

    Why: after a rotation inside the window its first part is in a file such as syslog.2.gz.
    Limits: the two youngest of no more than 4 MiB are unpacked on the host, and no access logs.
    """
    sifted = {what.source for what in texts.sifted if not what.silence} if isinstance(texts, LogTexts) else set()
    unread = [path for path in log_files.compressed if path not in sifted]
    if unread:
        names = ", ".join(unread[:3])
        yield unknown(f"{len(unread)} compressed logs of the window were not read: {names}")
    else:
        yield ok(
            f"{len(log_files.chosen) + len(sifted & set(log_files.compressed))} log files were written to in the window"
        )


@frozen(kw_only=True)
class Stale:
    """How long a syslog file may lag behind the journal, and how many lines of services it must have missed.

    Source: syslog daemons write within a second; that 20 lines of PID 1 and the kernel are all filtered is unlikely.
    """

    lag_seconds: float = 300.0
    missed: int = 20
    alive_days: float = 2.0  # a file that has been silent longer is a leftover of a daemon that was removed


@check(limits=Stale(), noise=(0.01, 0.004), vital=False)
def writing(texts: LogTexts, log_files: LogFiles, limits: Stale) -> Findings:
    """The syslog daemon still writes what the journal has.

    Why: a dead log daemon loses the lines that would explain the next incident, and nothing else fails.
    Look-alikes: a host without a syslog daemon, where the file is a leftover, and one that just rotated it.
    """
    syslog = log_files.find("/var/log/syslog", "/var/log/messages")
    journal = next((log for log in texts.logs if log.source == "journal"), None)
    youngest = next((r.last for r in texts.readings if r.source == "journal"), None)
    if not syslog or not journal or not youngest:
        yield skip("no syslog file beside a journal here")
        return
    lag = youngest - syslog.modified
    if lag > timedelta(days=limits.alive_days):
        yield skip(f"{syslog.path} is a leftover: silent since {syslog.modified:%Y-%m-%d}")
        return
    late = lag.total_seconds() >= limits.lag_seconds
    missed = texts.lines_since(journal, syslog.modified, ("systemd", "kernel")) if late else 0
    if missed >= limits.missed:
        minutes = lag.total_seconds() / 60
        yield warn(
            f"{syslog.path} got nothing for {minutes:.0f} minutes while the journal got {missed} lines",
            syslog.path,
            measured={"lag_seconds": lag.total_seconds(), "missed": missed},
            at=syslog.modified,
        )
    else:
        yield ok("written as the journal is", syslog.path)
