"""How the host that wrote a log tells time, and what its local times are in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from diagkit.frozen import frozen

SECOND = 1_000_000  # microseconds, as every time in this package that is a number
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_DAY = date(1970, 1, 1).toordinal()
_UTC_NAMES = {"Z", "z", "UTC", "GMT", "Etc/UTC"}
_OFFSET = re.compile(r"[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?", re.ASCII)


@frozen(kw_only=True)
class Clock:
    """How the host that wrote the lines tells time.

    ahead: seconds its zone is ahead of UTC, for stamps that do not say theirs. latest: no line is younger, which finds
    the year of stamps without one: now, or when the file was last written. booted: when its kernel's uptime was 0;
    boot_known: whether that is more than an assumption.
    place: its zone by name (`Europe/Berlin`), which unlike `ahead` is right on both sides of a change to summer time;
    None where only `ahead` is known.
    """

    ahead: int
    latest: datetime
    booted: datetime
    boot_known: bool = True
    place: str | None = None

    @property
    def zone(self) -> tzinfo:
        """The zone of stamps that do not say theirs."""
        return (self.place and zone_called(self.place)) or timezone(timedelta(seconds=self.ahead))

    @property
    def zone_said(self) -> str:
        """That zone in words, as a report says it: `Europe/Berlin`, `UTC+01:00`, `UTC`."""
        if self.place in _UTC_NAMES:
            return "UTC"
        return self.place if self.place and zone_called(self.place) else str(timezone(timedelta(seconds=self.ahead)))


def micros(at: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def moment(us: int) -> datetime:
    """The aware time in UTC that many microseconds after the epoch."""
    return EPOCH + timedelta(microseconds=us)


def offset(text: str) -> tzinfo | None:
    """`+0530`, `-03:30`, `+01`, `Z`, `UTC` as a fixed zone; None for a name that could mean several (EST, IST, BST)."""
    text = text.strip()
    if text in _UTC_NAMES:
        return UTC
    if not _OFFSET.fullmatch(text):
        return None
    minutes = int(text[1:3]) * 60 + (int(text[-2:]) if len(text) > 3 else 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


@lru_cache(maxsize=64)
def zone_called(name: str) -> tzinfo | None:
    """The zone of that name in the tz database; None where there is none, or no database."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone; a folder; a name that is no path
        return None


@lru_cache(maxsize=4096)
def in_utc(day: date, minute: int, zone: tzinfo) -> tuple[int, int]:
    """That minute of that day in that zone as microseconds since the epoch, before and after a change of its clocks.

    Mostly both are the same. The second is later where clocks went back over the minute, so that it came twice; it is
    earlier where they jumped over it, so that it never came.
    """
    local = ((day.toordinal() - _FIRST_DAY) * 1440 + minute) * MINUTE
    at = datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=zone)
    first, second = (zone.utcoffset(each) or timedelta(0) for each in (at, at.replace(fold=1)))
    return local - first // _MICROSECOND, local - second // _MICROSECOND


def abbreviations(day: date, minute: int, zone: tzinfo) -> tuple[str | None, str | None]:
    """What the zone calls itself in that minute before and after a change of its clocks: `CEST`, `CET`."""
    at = datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=zone)
    return zone.tzname(at), zone.tzname(at.replace(fold=1))
