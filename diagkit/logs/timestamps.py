"""Time stamps of log lines, of known forms only, read strictly and at the start of the line.

What a form leaves out is filled in and said: `assumed` names it (`year`, `zone`). Nothing here guesses in silence, and
nothing depends on the clock or zone of the machine diagkit runs on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from diagkit.model import epoch

DAY = timedelta(days=1)
_NAMES = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split("|"), start=1)}
_MON = f"(?P<mon>{_NAMES})"
_HMS = r"(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?"
_ZONE = r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2}| [+-][0-9]{4}| (?:UTC|GMT|[A-Z]{2,3}T|MSK)\b)"
_UTC_NAMES = {"Z", "UTC", "GMT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How the host that wrote the lines tells time.

    ahead: seconds its zone is ahead of UTC, for stamps that do not say theirs. latest: no line is younger, which finds
    the year of stamps without one. booted: when its kernel's uptime was 0.
    """

    ahead: int
    latest: datetime
    booted: datetime

    @property
    def zone(self) -> tzinfo:
        """The zone of stamps that do not say theirs."""
        return timezone(timedelta(seconds=self.ahead))


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a line says it was written, and where the rest of the line begins."""

    at: datetime
    end: int
    assumed: tuple[str, ...] = ()


Reader = Callable[["re.Match[str]", Clock], Stamp | None]


def read_stamp(line: str, clock: Clock) -> Stamp | None:
    """The time stamp the line begins with; None where it has none of a known form, or an impossible one."""
    for form, reader in _FORMS:
        if match := form.match(line):
            return reader(match, clock)
    return None


def offset(text: str) -> tzinfo | None:
    """`+0530`, `-03:30`, `Z`, `UTC` as a fixed zone; None for a name that could mean several (EST, IST, BST)."""
    text = text.strip()
    if text in _UTC_NAMES:
        return UTC
    if not re.fullmatch(r"[+-][0-9]{2}:?[0-9]{2}", text):
        return None
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes)) if minutes < 24 * 60 else None


def _dated(match: re.Match[str], clock: Clock) -> Stamp | None:
    """Day and time of day, with or without year and zone."""
    part = match.groupdict()
    month = _MONTHS.get(part["mon"]) or int(part["mon"])
    micro = int((part.get("f") or "0")[:6].ljust(6, "0"))
    zone = offset(part.get("zone") or "")
    clock_time = (int(part["h"]), int(part["m"]), min(int(part["s"]), 59), micro)  # a leap second counts as :59
    assumed = () if zone else ("zone",)
    if part.get("y"):
        years = [int(part["y"])]
    else:
        newest = clock.latest.year + 1  # New Year's Eve, east of us
        years, assumed = list(range(newest, newest - 10, -1)), ("year", *assumed)
    for year in years:
        try:
            at = datetime(year, month, int(part["d"]), *clock_time, tzinfo=zone or clock.zone).astimezone(UTC)
        except (ValueError, OverflowError):  # Feb 29 of a year without one; the 31st of June
            continue
        if part.get("y") or at <= clock.latest + DAY:
            return Stamp(at, match.end(), assumed)
    return None


def _counted(match: re.Match[str], _clock: Clock) -> Stamp:
    """Seconds or milliseconds since the epoch."""
    seconds = float(match["t"])
    return Stamp(epoch(seconds / 1000 if seconds >= 1e12 else seconds), match.end())


def _uptime(match: re.Match[str], clock: Clock) -> Stamp:
    """Seconds since the kernel started, as dmesg prints them."""
    return Stamp(clock.booted + timedelta(seconds=float(match["t"])), match.end())


def _within_json(match: re.Match[str], clock: Clock) -> Stamp | None:
    """A JSON object's own time; the object itself stays the message."""
    inner = read_stamp(match["t"], clock)
    return Stamp(inner.at, 0, inner.assumed) if inner else None


def _access(match: re.Match[str], clock: Clock) -> Stamp | None:
    """The common log format, whose stamp stands in the middle; the whole line stays the message."""
    inner = _dated(match, clock)
    return Stamp(inner.at, 0, inner.assumed) if inner else None


def _form(pattern: str, reader: Reader) -> tuple[re.Pattern[str], Reader]:
    return re.compile(pattern, re.ASCII), reader


# In the order of how often they are met. The names are those of the programs that write them.
_FORMS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    # journalctl -o short-unix; epoch with milliseconds
    _form(r"(?P<t>[0-9]{10}(?:\.[0-9]{1,9})?|[0-9]{13})(?![0-9])[ :,]? ?", _counted),
    # ISO 8601 and RFC 5424: rsyslog, PostgreSQL, MySQL, log4j, Python; in brackets or not
    _form(
        rf"(?:<[0-9]{{1,3}}>1 )?\[?(?P<y>[0-9]{{4}})-(?P<mon>[0-9]{{2}})-(?P<d>[0-9]{{2}})[T ]{_HMS}{_ZONE}?\]? ?",
        _dated,
    ),
    # RFC 3164: syslogd
    _form(rf"(?:<[0-9]{{1,3}}>)?{_MON} (?P<d>[ 0-9]?[0-9]) {_HMS} ", _dated),
    # dmesg
    _form(r"(?:<[0-9]{1,3}>)?\[ *(?P<t>[0-9]{1,9}\.[0-9]{6})\] ", _uptime),
    # nginx error log, Go
    _form(rf"(?P<y>[0-9]{{4}})/(?P<mon>[0-9]{{2}})/(?P<d>[0-9]{{2}}) {_HMS} ", _dated),
    # common and combined log format: nginx, Apache, busybox
    _form(rf"[^\[\n]{{3,200}}\[(?P<d>[0-9]{{2}})/{_MON}/(?P<y>[0-9]{{4}}):{_HMS} ?{_ZONE}\] ", _access),
    # Apache error log
    _form(rf"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MON} (?P<d>[ 0-9]?[0-9]) {_HMS} (?P<y>[0-9]{{4}})\] ", _dated),
    # Redis
    _form(rf"[0-9]{{1,8}}:[A-Z] (?P<d>[0-9]{{1,2}}) {_MON} (?P<y>[0-9]{{4}}) {_HMS} ", _dated),
    # PHP-FPM
    _form(rf"\[(?P<d>[0-9]{{2}})-{_MON}-(?P<y>[0-9]{{4}}) {_HMS}{_ZONE}?\] ", _dated),
    # klog: Kubernetes, etcd
    _form(rf"[IWEF](?P<mon>[0-9]{{2}})(?P<d>[0-9]{{2}}) {_HMS} ", _dated),
    # auditd
    _form(r"type=[A-Z_]+ msg=audit\((?P<t>[0-9]{10}\.[0-9]{3}):[0-9]+\): ?", _counted),
    # JSON lines
    _form(r'\{[^\n]{0,400}?"(?:ts|time|timestamp|@timestamp|t)": ?"?(?P<t>[0-9][^",}]{8,40})', _within_json),
)
