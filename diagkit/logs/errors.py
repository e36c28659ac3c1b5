"""Errors no signature knows: lines that call themselves an error, folded by template, and which of them are new.

A template is the line with what varies (numbers, ids) masked. Of a stack trace only
the line that names the exception counts. A burst is told from everyday noise by the log itself: the same log's earlier
lines say how usual the template is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from diagkit.logs.lines import Line, Log, line_at, span, starts
from diagkit.logs.matching.engine import searching
from diagkit.logs.occurrences import Burst, bursts, is_harmless
from diagkit.logs.signatures import catalogue
from diagkit.logs.timestamps import Clock, read_stamp
from diagkit.logs.window import Window

LONGEST = 160  # characters of a template
WORDS = ("error", "exception", "fatal", "critical", "panic", "severe", "[crit]", "[alert]", "[emerg]", "fault")

SAYS_ERROR = re.compile(
    r"""^.{0,60}\b(?:ERROR|CRITICAL|FATAL|SEVERE|EMERG|PANIC)\b
    |\[(?:error|crit|alert|emerg|fatal)\]
    |level"?\s*[=:]\s*"?(?:error|fatal|critical|panic)
    |^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Fault)\b:?
    |^Caused\ by:\ |^(?:panic|fatal\ error):\ """,
    re.VERBOSE | re.ASCII,
)
_VARIES = re.compile(
    r"""0x[0-9a-fA-F]+                         # addresses
    |\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}       # UUIDs
    |\b(?=[a-f]*[0-9])[0-9a-f]{7,}\b          # other hexadecimal ids
    |[0-9]+(?:[.,:][0-9]+)*                   # numbers, times, addresses of IPv4""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLine:
    """One kind of error line in one log, and how usual it is there.

    count, first, last, bursts, sample: in the window. before: how often it came earlier in the same log, in `watched`
    seconds of it that lie before `first`. share: its part of all that the log says since `first`; 0 in a log of many
    programs.
    """

    template: str
    source: str
    program: str
    count: int
    first: datetime
    last: datetime
    bursts: tuple[Burst, ...]
    sample: str
    before: int
    watched: float
    share: float

    @property
    def new(self) -> bool:
        """Whether it had not been seen before in this log, which had had its chance to say it."""
        return self.before == 0 and self.watched >= max(60.0, (self.last - self.first).total_seconds())

    @property
    def rise(self) -> float:
        """How many times as often as before it comes in the time it comes in (half a line stands for none before)."""
        return self.count / self._expected()

    def surprise(self) -> float:
        """log10 of how unlikely so many lines are, were they as frequent as before (Poisson, half a line for none)."""
        return _poisson_tail(self.count, self._expected())

    def _expected(self) -> float:
        lasted = max((self.last - self.first).total_seconds(), 60.0)
        return (self.before + 0.5) / max(self.watched, 60.0) * lasted


def template(message: str) -> str:
    """What stays the same when such a line is written again."""
    return _VARIES.sub("#", message)[:LONGEST]


def error_lines(logs: Iterable[Log], clock: Clock, window: Window) -> tuple[ErrorLine, ...]:
    """Every kind of error line in the window that no signature knows, the most frequent first."""
    found = [line for log in logs for line in _of_one_log(log, clock, window)]
    return tuple(sorted(found, key=lambda e: (-e.count, e.first, e.template)))


def _of_one_log(log: Log, clock: Clock, window: Window) -> Iterator[ErrorLine]:
    ends = span(log, clock)
    if ends is None:
        return
    kinds: dict[tuple[str, str], list[Line]] = {}
    for line in _unknown_errors(log, clock):
        if line.at <= window.until:
            kinds.setdefault((line.program, template(line.message)), []).append(line)
    for (program, kind), lines in kinds.items():
        inside = [line for line in lines if window.holds(line.at)]
        if not inside:
            continue
        youngest = max(inside, key=lambda line: line.at)
        first = min(line.at for line in inside)
        yield ErrorLine(
            template=kind,
            source=log.source,
            program=program,
            count=len(inside),
            first=first,
            last=youngest.at,
            bursts=bursts(line.at for line in inside),
            sample=youngest.message,
            before=len(lines) - len(inside),
            watched=max(0.0, (first - ends[0]).total_seconds()),
            share=0.0 if log.enveloped else len(inside) / max(1, _dated_since(log, clock, first)),
        )


def _dated_since(log: Log, clock: Clock, first: datetime) -> int:
    """How many lines with a time of their own the log has from then on."""
    stamps = (read_stamp(log.raw[start : start + 80].decode("ascii", "replace"), clock) for start in starts(log.raw))
    return sum(1 for stamp in stamps if stamp and stamp.at >= first)


def _unknown_errors(log: Log, clock: Clock) -> Iterator[Line]:
    search = searching([word.encode() for word in WORDS])
    for start in sorted({start for start, _ in search(log.raw)}):
        line = line_at(log, start, clock)
        if line and SAYS_ERROR.search(line.message) and not is_harmless(line) and not _has_signature(line):
            yield line


def _has_signature(line: Line) -> bool:
    lower = line.message.lower()
    known = (s for s in catalogue().values() if any(literal in lower for literal in s.literals))
    return any(signature.fields(line) is not None for signature in known)


def _poisson_tail(count: int, expected: float) -> float:
    """log10 P(at least `count` events when `expected` are), by the Chernoff bound; 0 where they are not more."""
    if count <= expected:
        return 0.0
    return (count - expected - count * math.log(count / expected)) / math.log(10)
