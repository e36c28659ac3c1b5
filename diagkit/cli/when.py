"""Times as people type them: `20m`, `14:05`, `yesterday 22:00`, `2026-11-21T14:05+01:00`, `Nov 21 14:05:33`.

Nothing is guessed in silence: what could mean two things is refused with one sentence, and `echo` says what was
understood. python-dateutil reads the free forms under guard, because left alone it takes "10" for the tenth of this
month, drops zones it does not know, and fills every gap from today.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from diagkit.model import Moment

WINDOW = timedelta(hours=1)  # looked at when nothing else is said: long enough for slow faults, short enough to read
BEFORE, AFTER = timedelta(minutes=15), timedelta(minutes=5)  # around --at: causes come before their symptoms
LONGEST = 60  # characters; no time anybody types is longer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(
    r"([0-9]{1,6}) ?(s|m|h|d|w)(?:(?<=s)ec(?:ond)?s?|(?<=m)in(?:ute)?s?|(?<=h)(?:ou)?rs?|(?<=d)ays?|(?<=w)eeks?)?\b|"
    r"([0-9]{1,6})([smhdw])(?=[0-9])",
    re.IGNORECASE,
)
_SIGNED_ZONE = re.compile(r"(?:UTC|GMT|Z) ?[+-] ?[0-9]", re.IGNORECASE)  # POSIX and people read the sign either way
_CLOCK = re.compile(r"(?:(today|yesterday) )?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?", re.IGNORECASE)


class NotUnderstood(ValueError):
    """A time we would have to guess at. The message is one sentence for the user."""


def window(*, since: str = "", until: str = "", at: str = "", now: datetime, zone: tzinfo) -> Moment:
    """The incident window of `--since`, `--until` and `--at`; the last hour where none is given.

    zone: that of whoever typed the times. Raises `NotUnderstood`.
    """
    if at and (since or until):
        raise NotUnderstood("--at names a whole window; leave out --since and --until")
    if at:
        moment = understand(at, now, zone)
        start, end = moment - BEFORE, min(moment + AFTER, now)
    else:
        end = understand(until, now, zone) if until else now
        start = understand(since, now, zone) if since else end - WINDOW
    if start >= end:
        raise NotUnderstood(f"the window ends before it begins: {_shown(start, zone)} to {_shown(end, zone)}")
    return Moment(now=now.astimezone(UTC), since=start.astimezone(UTC), until=end.astimezone(UTC))


def echo(moment: Moment, zone: tzinfo) -> str:
    """What was understood, in one line."""
    minutes = (moment.until - moment.since).total_seconds() / 60
    length = f"{minutes:.0f} min" if minutes < 180 else f"{minutes / 60:.0f} h"
    return f"looking at {_shown(moment.since, zone)} to {_shown(moment.until, zone)} ({length})"


def understand(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The one moment that `text` can mean, in UTC and not in the future. Raises `NotUnderstood`."""
    words = " ".join(text.split())
    if not words or len(words) > LONGEST or not words.isascii() or not words.isprintable():
        raise NotUnderstood(f"{text[:LONGEST]!r} is not a time; {_EXAMPLES}")
    moment = _span(words, now) or _clock(words, now, zone) or _iso(words, zone) or _free(words, now, zone)
    if moment > now:
        hint = f"; say 'yesterday {words}'" if _CLOCK.fullmatch(words) and " " not in words else ""
        raise NotUnderstood(f"{words!r} is still to come (it is {_shown(now, zone)}){hint}")
    return moment.astimezone(UTC)


_EXAMPLES = "write 20m, 14:05, 'yesterday 22:00' or 2026-11-21T14:05+01:00"


def _span(words: str, now: datetime) -> datetime | None:
    """`20m`, `1h30m`, `2 hours ago`."""
    if words.lower() == "now":
        return now
    rest = re.sub(r" ago$", "", words, flags=re.IGNORECASE)
    seconds = 0
    for part in _SPAN.finditer(rest):
        number, unit = (part[1], part[2]) if part[1] else (part[3], part[4])
        seconds += int(number) * _UNITS[unit.lower()]
    if _SPAN.sub("", rest).strip() or not seconds:
        return None
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        raise NotUnderstood(f"{words!r} is before the beginning of the calendar") from None


def _clock(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    """`14:05`, `yesterday 22:00`: in the zone of whoever types."""
    match = _CLOCK.fullmatch(words)
    if not match:
        return None
    day = now.astimezone(zone).date() - timedelta(days=(match[1] or "").lower() == "yesterday")
    try:
        clock = time(int(match[2]), int(match[3]), int(match[4] or 0))
    except ValueError:
        raise NotUnderstood(f"{words!r} is not a time of day; {_EXAMPLES}") from None
    return _placed(datetime.combine(day, clock), zone, words)


def _iso(words: str, zone: tzinfo) -> datetime | None:
    """ISO 8601 with a time of day; a bare date would leave the hour to be guessed."""
    if not re.match(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ][0-9]", words):
        return None
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        return None
    return moment if moment.tzinfo else _placed(moment, zone, words)


def _free(words: str, now: datetime, zone: tzinfo) -> datetime:
    """Anything else dateutil can read, if it had to make up nothing but the year.

    It is read against two different days of reference: what differs between the readings was not in the text.
    """
    moment = _read(words, datetime(2000, 1, 1))  # noqa: DTZ001 - a day of reference; zones are placed below
    other = _read(words, datetime(2004, 2, 2, 3, 3))  # noqa: DTZ001 - leap years both, so that Feb 29 can be read
    if _SIGNED_ZONE.search(words):
        raise NotUnderstood(f"the sign of the zone in {words!r} is read either way; write an offset such as +01:00")
    if not re.search(r"[0-9]:[0-9]", words) or moment.timetuple()[1:5] != other.timetuple()[1:5]:  # month to minute
        raise NotUnderstood(f"{words!r} leaves something to guess; {_EXAMPLES}")
    if _read(words, datetime(2000, 1, 1), day_first=True) != moment:  # noqa: DTZ001 - as above
        raise NotUnderstood(f"{words!r} could be month and day either way; {_EXAMPLES}")
    if moment.year != other.year:
        return _latest(moment, now, zone, words)
    return moment if moment.tzinfo else _placed(moment, zone, words)


def _read(words: str, reference: datetime, *, day_first: bool = False) -> datetime:
    from dateutil import parser  # 5 ms that only free forms need

    try:
        return parser.parse(words, default=reference, dayfirst=day_first, tzinfos=_known_zone)
    except NotUnderstood:
        raise
    except (ValueError, OverflowError, TypeError):  # what dateutil is known to raise on junk
        raise NotUnderstood(f"{words!r} is not a time; {_EXAMPLES}") from None


def _known_zone(name: str | None, offset: int | None) -> tzinfo | None:
    """The zone dateutil met, if any. EST, IST, BST and their like each name several: refused."""
    if name and (name not in {"UTC", "GMT", "Z"} or offset):
        raise NotUnderstood(f"{name} does not name one zone for certain; write an offset such as +01:00")
    return None if offset is None else timezone(timedelta(seconds=offset))


def _latest(moment: datetime, now: datetime, zone: tzinfo, words: str) -> datetime:
    """The latest such day that is not in the future: log lines without a year are pasted soon after."""
    for year in range(now.year + 1, now.year - 9, -1):
        try:
            dated = moment.replace(year=year)
        except ValueError:  # Feb 29 of a year without one
            continue
        placed = dated if dated.tzinfo else _placed(dated, zone, words)
        if placed <= now:
            return placed
    raise NotUnderstood(f"{words!r} names no day of the last years")


def _placed(moment: datetime, zone: tzinfo, words: str) -> datetime:
    """A wall-clock time in a zone, unless clocks showed it twice or never that day."""
    early, late = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        happened = "twice" if early.astimezone(UTC) < late.astimezone(UTC) else "never"
        raise NotUnderstood(f"{words!r} happened {happened} when the clocks changed; add an offset such as +01:00")
    return early


def _shown(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")
