"""The lines of one file dated one after the other: fast, and each in the light of those before it.

Neighbours mostly share their form and their minute. So the first line of a minute is read with care, and leaves behind
a `_Minute`: which bytes must stay the same, and which are the digits of the second. The lines after it cost a few
comparisons. Whatever does not fit is read with care again; so a file may mix forms as it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from diagkit.logs.timestamps import Clock
from diagkit.logs.timestamps.clock import SECOND
from diagkit.logs.timestamps.forms import Form, Kind
from diagkit.logs.timestamps.parts import CONTINUATIONS
from diagkit.logs.timestamps.reading import HEAD, HEAD_OF_JSON, Known, Reading, read

_REPEATS = {"year", "zone", "date", "order", "boot"}  # filled in alike for all lines of one minute; the fold is not
_MOST_KNOWN = 1000  # beginnings of lines, or words after a stamp, that are kept of one minute
_Minute = Callable[[bytes], int | None]  # the time of a line that shares the minute; None if it does not


class Dater:
    """Dates the lines of one file, in their order.

    assumed: what was filled in on any line so far (see `timestamps`): year, zone, date, order, fold, boot. near: in us
    since the epoch, of a line shortly before the first, where it is known: then stamps without a year are right in a
    file of many years.
    """

    __slots__ = ("_clock", "_end", "_form", "_known", "_minute", "_trend", "assumed")

    def __init__(self, clock: Clock, *, near: int | None = None) -> None:
        self._clock = clock
        self._known = Known(last=near, whole=near)
        self._form: Form | None = None
        self._minute: _Minute = _nothing
        self._trend = 0  # above 0 where most lines are younger than the one before
        self.assumed: set[str] = set()
        self._end = 0  # of the stamp; behind its lead where that varies

    def at(self, line: bytes) -> int | None:
        """When this line was written, in microseconds since the epoch, UTC; None if it has no stamp of its own."""
        us = self._minute(line)
        return us if us is not None else self._with_care(line)

    def elsewhere(self) -> None:
        """The next line does not come after the last one, but from another place of the same file."""
        self._known.last, self._known.whole, self._known.falling, self._trend = None, None, False, 0

    def end(self, line: bytes) -> int:
        """Where the message begins in the line that was dated last; 0 where the stamp stands within the message."""
        if self._end and self._form and self._form.varies and (lead := self._form.locate.search(line, 0, HEAD)):
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
        if not {"year", "date"}.isdisjoint(found.assumed):
            known.whole = found.us
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
    part = match.groupdict()
    if not set(found.assumed) <= _REPEATS or form.kind is Kind.TAI or part.get("y2"):
        return None
    origin = 0
    if form.varies:
        lead = form.locate.search(line)
        if not lead or lead.end() != found.at + (0 if form.kind is Kind.INNER else match.start("core")):
            return None
        origin = lead.end()
    shift = found.at - origin
    start, end = (at + shift for at in match.span("s"))
    seconds = min(end, start + 10)  # what an epoch has beyond ten digits is a fraction of a second
    if part.get("f"):
        end = match.end("f") + shift
    next_word = any(part.get(name, "") is None for name in ("zone", "y", "half"))
    read_minute = _digits(
        line[origin:],
        (max(start, seconds - 2), seconds, end, max(match.end() + shift, end + 1)),
        found.us,
        sixty="h" in part,
        next_word=match.end("core") + shift if next_word else None,
    )
    if not form.varies or read_minute is None:
        return read_minute
    locate, reach = form.locate.search, match.end() + shift + 8
    within = HEAD_OF_JSON if line[:1] == b"{" else HEAD
    begins = line[:1] if form.kind is Kind.INNER else b""  # of others, what leads to the stamp begins the line

    def behind_the_lead(line: bytes) -> int | None:
        lead = locate(line, 0, within) if line.startswith(begins) else None
        return read_minute(line[lead.end() : lead.end() + reach]) if lead else None

    return behind_the_lead


def _digits(
    stamp: bytes, spans: tuple[int, int, int, int], us: int, *, sixty: bool, next_word: int | None
) -> _Minute | None:
    """Read the second and its fraction where all around them is as in this stamp; None for a leap second.

    spans: where the last digits of the second begin and end, where its fraction ends, and where the stamp does. sixty:
    the second counts from 0 to 59. next_word: where a zone or a year could follow that this stamp does not have.
    """
    start, point, end, stop = spans
    middle, more = min(end, point + 4), min(end, point + 7)
    if stamp[point : point + 1].isdigit():  # no point between them
        middle, more = min(end, point + 3), min(end, point + 6)
    head, tail = stamp[:start], stamp[end:stop]
    seconds = _table(b"", point - start, SECOND, 60 if sixty else 100)
    mark = stamp[point:middle].rstrip(b"0123456789")
    first = _table(mark, middle - point - len(mark), SECOND // 10 ** (middle - point - len(mark)))
    second = _table(b"", more - middle, 1000 // 10 ** (more - middle))
    rest = end - more
    try:
        base = us - seconds[stamp[start:point]] - first[stamp[point:middle]] - second[stamp[middle:more]]
    except KeyError:
        return None
    reach = stop if next_word is None else max(stop, next_word + 4)
    fitting: set[bytes] = set()

    def fits(after: bytes) -> bool:
        """Whether what follows the digits is the same, and does not go on with a zone or a year."""
        same = after.startswith(tail) and (next_word is None or after[next_word - end :][:4] not in CONTINUATIONS)
        if same and len(fitting) < _MOST_KNOWN:
            fitting.add(after)
        return same

    def of_this_minute(line: bytes) -> int | None:
        if not line.startswith(head) or ((after := line[end:reach]) not in fitting and not fits(after)):
            return None
        if rest and not line[more:end].isdigit():
            return None
        try:
            return base + seconds[line[start:point]] + first[line[point:middle]] + second[line[middle:more]]
        except KeyError:
            return None

    if end > point:
        return of_this_minute
    known: dict[bytes, int] = {}

    def of_this_second(line: bytes) -> int | None:
        us = known.get(line[:reach])
        if us is None and (us := of_this_minute(line)) is not None and len(known) < _MOST_KNOWN:
            known[line[:reach]] = us
        return us

    return of_this_second


@cache
def _table(mark: bytes, width: int, unit: int, below: int = 1000) -> dict[bytes, int]:
    """What so many digits behind that mark stand for, in microseconds."""
    if not width:
        return {mark: 0}
    return {b"%b%0*d" % (mark, width, number): number * unit for number in range(min(10**width, below))}
