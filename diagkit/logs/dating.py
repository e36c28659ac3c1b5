"""The lines of one file dated one after the other: fast, and each in the light of those before it.

Neighbours mostly share their form and their minute. So the first line of a minute is read with care, and leaves behind
a `_Minute`: which bytes must stay the same, and which are the digits of the second. The lines after it cost a few
comparisons. Whatever does not fit is read with care again; so a file may mix forms as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from diagkit.logs.timestamps import Clock
from diagkit.logs.timestamps.clock import SECOND
from diagkit.logs.timestamps.forms import Form, Kind
from diagkit.logs.timestamps.parts import CONTINUATIONS
from diagkit.logs.timestamps.reading import HEAD, HEAD_OF_JSON, Known, Reading, read

_REPEATS = {"year", "zone", "date", "order"}  # filled in alike for all lines of one minute; the fold is not
_Minute = Callable[[bytes], int | None]  # the time of a line that shares the minute; None if it does not


class Dater:
    """Dates the lines of one file, in their order.

    assumed: what was filled in on any line so far (see `timestamps`): year, zone, date, order, fold. near: microseconds
    since the epoch of a line shortly before the first, where it is known: then stamps without a year are right in a
    file of many years.
    """

    __slots__ = ("_clock", "_end", "_form", "_known", "_minute", "_trend", "assumed")

    def __init__(self, clock: Clock, *, near: int | None = None) -> None:
        self._clock = clock
        self._known = Known(last=near)
        self._form: Form | None = None
        self._minute: _Minute = _nothing
        self._trend = 0  # above 0 where most lines are younger than the one before
        self.assumed: set[str] = set()
        self._end = 0  # of the stamp; behind its lead where that varies

    def at(self, line: bytes) -> int | None:
        """When this line was written, in microseconds since the epoch, UTC; None if it has no stamp of its own."""
        us = self._minute(line)
        return us if us is not None else self._with_care(line)

    def end(self, line: bytes) -> int:
        """Where the message begins in the line that was dated last; 0 where the stamp stands within the message."""
        if self._end and self._form and self._form.varies and (lead := self._form.locate.search(line)):
            return lead.end() + self._end
        return self._end

    def _with_care(self, line: bytes) -> int | None:
        head = line[: HEAD_OF_JSON if line[:1] == b"{" else HEAD].rstrip(b"\r\n")
        text = head.decode("latin-1")  # a character for each byte, so that places in both are the same
        known = self._known
        found = read(text, self._clock, known, first=self._form)
        if found is None:
            return None
        if known.last is not None and found.us != known.last:
            self._trend = min(max(self._trend + (1 if found.us > known.last else -1), -8), 8)
            known.falling = self._trend < 0
        known.last = found.us
        self._form = found.form
        self._end = found.end - (found.match.start("core") if found.form.varies and found.end else 0)
        self.assumed.update(found.assumed)
        self._minute = _minute(line, found) or _nothing
        return found.us


def _nothing(_line: bytes) -> int | None:
    return None


def _minute(line: bytes, found: Reading) -> _Minute | None:
    """How to read more lines of the same minute; None where that takes more than its digits."""
    form, match = found.form, found.match
    if not set(found.assumed) <= _REPEATS or form.kind is Kind.TAI or match.groupdict().get("y2"):
        return None
    origin = 0
    if form.varies:
        lead = form.locate.search(line)
        if not lead or lead.end() != found.at + (0 if form.kind is Kind.INNER else match.start("core")):
            return None
        origin = lead.end()
    shift = found.at - origin
    seconds, until = (at + shift for at in match.span("s"))
    fraction, end = (at + shift for at in match.span("f")) if match.groupdict().get("f") else (until, until)
    unit = {19: None, 16: 1, 13: 1000}.get(until - seconds, SECOND)
    if unit is None:  # nanoseconds
        return None
    read_minute = _digits(
        line[origin:],
        (seconds, until, fraction, end, max(match.end() + shift, end + 1)),
        unit=unit,
        us=found.us,
        next_word=match.end("core") + shift if _leaves_out(match) else None,
    )
    if not form.varies:
        return read_minute
    locate, reach = form.locate.search, match.end() + shift + 8

    def behind_the_lead(line: bytes) -> int | None:
        lead = locate(line)
        return read_minute(line[lead.end() : lead.end() + reach]) if lead else None

    return behind_the_lead


def _digits(
    stamp: bytes, spans: tuple[int, int, int, int, int], *, unit: int, us: int, next_word: int | None
) -> _Minute:
    """Read the second and its fraction where all around them is as in this stamp.

    spans: where the second begins and ends, its fraction begins and ends, and the stamp ends. unit: microseconds of the
    second's last digit. next_word: where a zone or a year could follow that this stamp does not have.
    """
    seconds, until, fraction, end, stop = spans
    head, point, tail = stamp[:seconds], stamp[until:fraction], stamp[end:stop]
    parts = 10 ** (end - fraction)
    times, over = max(unit // parts, 1), max(parts // unit, 1)
    limit = 60 * parts if unit == SECOND and until - seconds == 2 else 10**20
    base = us - int(stamp[seconds:until] + stamp[fraction:end]) * times // over

    def of_this_minute(line: bytes) -> int | None:
        if line.startswith(head) and line[end:stop] == tail and line[until:fraction] == point:
            digits = line[seconds:until] + line[fraction:end]
            if digits.isdigit() and (next_word is None or line[next_word : next_word + 4] not in CONTINUATIONS):
                value = int(digits)
                return base + value * times // over if value < limit else None
        return None

    return of_this_minute


def _leaves_out(match: re.Match[str]) -> bool:
    part = match.groupdict()
    return any(part.get(name, "") is None for name in ("zone", "y", "half"))
