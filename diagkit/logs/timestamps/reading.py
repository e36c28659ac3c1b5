"""From the text of a stamp to microseconds since the epoch, with what had to be filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta, tzinfo
from typing import NamedTuple

from diagkit.logs.timestamps.clock import (
    DAY,
    MINUTE,
    SECOND,
    Clock,
    abbreviations,
    in_utc,
    micros,
    offset,
    zone_called,
)
from diagkit.logs.timestamps.forms import Form, Kind, by_opening, opening
from diagkit.logs.timestamps.parts import NAMES

HEAD = 1024  # characters of a line in which its stamp begins
HEAD_OF_JSON = 8192
# How much younger than the latest a line may seem: clocks differ, and zones that are not said; days more than times.
_AHEAD = {"year": DAY, "date": timedelta(minutes=5)}
_HALF = {"year": 183 * 86_400 * SECOND, "date": 43_200 * SECOND}  # of what comes round again, in microseconds
_TAI_AT_EPOCH = (1 << 62) + 10
_MONTHS = {name: number for number, name in enumerate(NAMES.split("|"), start=1)}


@dataclass(slots=True)
class Known:
    """What earlier lines of the same file settle about later ones.

    last: microseconds since the epoch of the line before. order: of day, month and year, where a date could be read in
    several; the first date that can be read in one alone proves it. falling: the file has its newest line first.
    whole: the last time of which a line did not say the year, or the day, and which of them it was taken to be.
    """

    last: int | None = None
    whole: int | None = None
    falling: bool = False
    order: str | None = None


class Reading(NamedTuple):
    """One stamp as read. `match` is of the stamp alone and begins at character `at` of the line, behind `form.lead`."""

    us: int
    end: int
    assumed: tuple[str, ...]
    match: re.Match[str]
    at: int
    form: Form


def read(line: str, clock: Clock, known: Known, *, first: Form | None = None) -> Reading | None:
    """The stamp the line begins with, or has within; None where it has none of a known form, or an impossible one.

    first: the form to try before all others.
    """
    line = line[: HEAD if line[:1] != "{" else HEAD_OF_JSON]
    begins = opening(line)
    if first and first.may_have(begins) and (found := _read_as(first, line, clock, known)):
        return found
    forms = by_opening()
    for form in forms.get(begins, forms[""]):
        if form.holds in line and (found := _read_as(form, line, clock, known)):
            return found
    return None


def _read_as(form: Form, line: str, clock: Clock, known: Known) -> Reading | None:
    if form.kind is Kind.INNER:  # the first of its values that is a time; `"time":0.12` is none
        for match in form.pattern.finditer(line):
            inner = read(match["value"], clock, known)
            if inner and inner.form.kind is not Kind.INNER:
                return inner._replace(end=0, at=match.start("value"), form=form)
        return None
    start = form.pattern.match(line)
    found = start and _READERS[form.kind](start, clock, known)
    return Reading(found[0], 0 if form.whole else start.end(), found[1], start, 0, form) if start and found else None


_Assumed = tuple[str, ...]
_Found = tuple[int, _Assumed] | None


def _civil(match: re.Match[str], clock: Clock, known: Known) -> _Found:
    """A date and a time of day, either of which may leave something out."""
    part = match.groupdict()
    hour = int(part["h"])
    if half := part.get("half"):
        hour = hour % 12 + (12 if half in {"PM", "pm"} else 0) if 1 <= hour <= 12 else 24
    if hour > 23:
        return None
    minute = hour * 60 + int(part["m"])
    rest = min(int(part["s"]), 59) * SECOND + int((part.get("f") or "0")[:6].ljust(6, "0"))  # a leap second is :59
    zone, zone_assumed, name = _zone(part, clock)
    days, day_assumed = _days(part, clock, known)
    found = []
    for day in days:
        try:
            start, fold_assumed = _start(day, minute, zone, name, known)
        except OverflowError:
            continue
        found.append((start + rest, (*day_assumed, *zone_assumed, *fold_assumed)))
    missing = day_assumed[0] if day_assumed else ""
    if missing not in _AHEAD:
        return found[0] if found else None
    return _likeliest(found, micros(clock.latest + _AHEAD[missing]) // MINUTE * MINUTE, known.whole, _HALF[missing])


def _likeliest(found: list[tuple[int, _Assumed]], before: int, near: int | None, half: int) -> _Found:
    """The one nearest to the line before, if that is near at all; else the latest of all."""
    possible = [one for one in found if one[0] // MINUTE * MINUTE < before]
    if near is not None:
        nearest = min(possible, key=lambda one: abs(one[0] - near), default=None)
        if nearest and abs(nearest[0] - near) <= half:
            return nearest
    return max(possible, default=None)


def _start(day: date, minute: int, zone: tzinfo, name: str, known: Known) -> tuple[int, tuple[str, ...]]:
    """When that minute began, and `fold` if it came twice (or, clocks being put forward, never) and nothing tells."""
    first, second = in_utc(day, minute, zone)
    if first == second:
        return first, ()
    names = abbreviations(day, minute, zone)
    if second > first and name in names and names[0] != names[1]:
        return (first, second)[names.index(name)], ()
    last = known.last
    if second < first or last is None:
        return first, ("fold",)
    if known.falling:
        return (first if abs(first - last) < abs(second - last) else second), ("fold",)
    return (second, ()) if first + MINUTE < last <= second + MINUTE else (first, ("fold",))


def _zone(part: Mapping[str, str | None], clock: Clock) -> tuple[tzinfo, tuple[str, ...], str]:
    """The zone of the stamp, what of it is assumed, and what the stamp calls it if that tells no one zone."""
    text = (part.get("zone") or "").strip()
    if counted := part.get("minutes"):  # DB2
        text = "{}{:02}{:02}".format(counted[0], *divmod(int(counted[1:]), 60))
    said = UTC if part.get("utc") is not None else offset(text) or ("/" in text and zone_called(text))
    return (said, (), "") if said else (clock.zone, ("zone",), text)


def _days(part: Mapping[str, str | None], clock: Clock, known: Known) -> tuple[list[date], tuple[str, ...]]:
    """The days a stamp may mean, and what of the date it does not say."""
    if part.get("first"):
        return _in_some_order(part, clock, known)
    if not part.get("mon"):
        today = (clock.latest + timedelta(seconds=clock.ahead)).date()
        return [today + timedelta(days=n) for n in (1, 0, -1)], ("date",)
    name = str(part["mon"])
    month, day = _MONTHS.get(name.capitalize()) or int(name), int(str(part["d"]))
    year = int(part.get("y") or part.get("y2") or 0)
    if not year and part.get("yy"):
        year = _century(int(str(part["yy"])), clock)
    newest = clock.latest.year + 1  # New Year's Eve, east of us
    years = [year] if year else range(newest, newest - 10, -1)
    return [d for y in years if (d := _date(y, month, day))], () if year else ("year",)


def _in_some_order(part: Mapping[str, str | None], clock: Clock, known: Known) -> tuple[list[date], tuple[str, ...]]:
    """A date in numbers alone: 11/22/2026, 22/11/2026, 26/11/22."""
    first, second, third = (int(str(part[name])) for name in ("first", "second", "third"))
    if third > 99:
        numbers = {"mdy": (third, first, second), "dmy": (third, second, first)}
    else:
        third_year, first_year = _century(third, clock), _century(first, clock)
        numbers = {
            "ymd": (first_year, second, third), "mdy": (third_year, first, second), "dmy": (third_year, second, first)
        }  # fmt: skip
    days = {order: d for order, ymd in numbers.items() if (d := _date(*ymd))}
    days = {order: d for order, d in days.items() if d <= (clock.latest + 2 * DAY).date()} or days
    if len(set(days.values())) == 1:
        if len(days) == 1:
            (known.order,) = days
        return list(days.values())[:1], ()
    if known.order in days:
        return [days[known.order]], ()
    return list(days.values())[:1], ("order",)


def _century(year: int, clock: Clock) -> int:
    return 2000 + year if 2000 + year <= clock.latest.year + 1 else 1900 + year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # the 31st of June; Feb 29 of other years
        return None


def _counted(match: re.Match[str], _clock: Clock, _known: Known) -> _Found:
    """Seconds, milli-, micro- or nanoseconds since the epoch."""
    digits, fraction = match["s"], match.groupdict().get("f") or ""
    if len(digits) == 10:
        return int(digits + fraction[:6].ljust(6, "0")), ()
    return int(digits[:16].ljust(16, "0")), ()


def _uptime(match: re.Match[str], clock: Clock, _known: Known) -> _Found:
    """Seconds since the kernel started, as dmesg prints them."""
    return micros(clock.booted) + int(match["s"] + match["f"].ljust(6, "0")), () if clock.boot_known else ("boot",)


def _tai(match: re.Match[str], _clock: Clock, _known: Known) -> _Found:
    """TAI64N as daemontools writes it, which counts leap seconds as if there had been ten."""
    return (int(match["s"], 16) - _TAI_AT_EPOCH) * SECOND + int(match["f"], 16) // 1000, ()


_READERS = {Kind.CIVIL: _civil, Kind.COUNTED: _counted, Kind.UPTIME: _uptime, Kind.TAI: _tai}
