"""Errors no signature knows: lines that call themselves an error, folded by template, and which of them are new.

What varies is masked as in `templates`. Of a stack trace only the line that names the exception counts. A burst is told
from everyday noise by the log itself: the same log's earlier lines say how usual the template is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from diagkit.frozen import frozen
from diagkit.logs.lines import Line, Log, line_at, span, starts
from diagkit.logs.matching.engine import searching
from diagkit.logs.occurrences import Burst, bursts, by_minute, is_harmless, matcher
from diagkit.logs.severity import GRAVE
from diagkit.logs.templates.masks import mask, tokens
from diagkit.logs.templates.novelty import poisson_tail
from diagkit.logs.timestamps import Clock, read_stamp
from diagkit.logs.window import Window

LONGEST = 160  # characters of a template
# What a line holds that calls itself an error, in any case of letters: what is looked at at all.
WORDS = (
    *("error", "exception", "fatal", "critical", "panic", "severe", "[crit]", "[alert]", "[emerg]", "fault"),
    *("failed", "failure", " err]", "[err]", 'err="', '"level":50', '"level":60', '"s":"e"', '"s":"f"', "lvl=eror"),
)

_CALM = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|(?:LOG|DETAIL|HINT|STATEMENT|CONTEXT):)"  # PostgreSQL has the last
_GRAVE = r"(?<![\w/.=\"'-])(?:ERROR|ERR|CRITICAL|CRIT|FATAL|SEVERE|EMERG|PANIC)(?![\w/=-])"
# What the line says of itself first counts: `INFO done, ERROR count 0` is no error, nor is `GET /ERROR.html`.
SAYS_ERROR = re.compile(
    rf"""^(?!(?:(?!{_GRAVE}).){{0,60}}?(?<![\w/.-]){_CALM}(?![\w/.-]))
    (?!.{{0,60}}?\[(?:trace|debug|info|notice|warn|warning)\])
    (?!.{{0,200}}?(?:level|severity)"?\s*[=:]\s*"?(?i:trace|debug|info|notice|warn))
    (?:.{{0,60}}{_GRAVE}
    |.*\[(?:error|crit|alert|emerg|fatal)\]
    |(?:[Ee]rror|[Ff]atal|[Cc]ritical|[Pp]anic)(?:\ error)?:\s
    |.*(?:level|severity)"?\s*[=:]\s*"?(?i:error|fatal|critical|panic)
    |(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Fault)\b:?
    |Caused\ by:\ )""",
    re.VERBOSE | re.ASCII,
)


def says_error(message: str, level: str | None) -> bool:
    """Whether a line calls itself an error: by the level it states beside its message, else by the message."""
    return level in GRAVE if level else bool(SAYS_ERROR.search(message))


@frozen(kw_only=True)
class ErrorLine:
    """One kind of error line in one log, and how usual it is there.

    count, first, last, bursts, sample, minutes: in the window; the last are its lines in each minute since the epoch.
    before: how often it came earlier in the same log, in `watched` seconds of it that lie before `first`. share: its
    part of all that the log says since `first`; 0 in a log of many programs.
    """

    template: str
    source: str
    program: str
    count: int
    first: datetime
    last: datetime
    bursts: tuple[Burst, ...]
    minutes: Mapping[int, int]
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
        return poisson_tail(self.count, self._expected())

    def _expected(self) -> float:
        lasted = max((self.last - self.first).total_seconds(), 60.0)
        return (self.before + 0.5) / max(self.watched, 60.0) * lasted


def template(message: str) -> str:
    """What stays the same when such a line is written again."""
    return " ".join(tokens(mask(message)))[:LONGEST]


def error_lines(logs: Iterable[Log], clock: Clock, window: Window) -> tuple[ErrorLine, ...]:
    """Every kind of error line in the window that no signature knows, the most frequent first."""
    by_source: dict[str, list[Log]] = {}
    for log in logs:
        by_source.setdefault(log.source, []).append(log)
    found = [line for parts in by_source.values() for line in _of_one_log(parts, clock, window)]
    return tuple(sorted(found, key=lambda e: (-e.count, e.first, e.template)))


def _of_one_log(parts: list[Log], clock: Clock, window: Window) -> Iterator[ErrorLine]:
    """parts: the one that has all its lines first, then what was selected of its older part."""
    log = parts[0]
    kinds: dict[tuple[str, str], list[Line]] = {}
    for line in (line for part in parts for line in _unknown_errors(part, clock)):
        if line.at <= window.until:
            kinds.setdefault((line.program, template(line.summary)), []).append(line)
    ends = [end for part in parts for end in span(part, clock) or ()] if kinds else []
    for (program, kind), lines in kinds.items() if ends else ():
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
            minutes=by_minute(line.at for line in inside),
            sample=youngest.message,
            before=len(lines) - len(inside),
            watched=max(0.0, (first - min(ends)).total_seconds()),
            share=0.0 if log.enveloped else _share(inside, log, clock),
        )


def _share(lines: Iterable[Line], log: Log, clock: Clock) -> float:
    """Their part of all that this log says since the first of them: where not all of it is known, of what is."""
    ends = span(log, clock)
    known = [line.at for line in lines if ends and line.at >= ends[0]]
    return len(known) / max(1, _dated_since(log, clock, min(known))) if known and not log.sifted else 0.0


def _dated_since(log: Log, clock: Clock, first: datetime) -> int:
    """How many lines with a time of their own the log has from then on."""
    stamps = (read_stamp(log.raw[start : start + 80].decode("ascii", "replace"), clock) for start in starts(log.raw))
    return sum(1 for stamp in stamps if stamp and stamp.at >= first)


def _unknown_errors(log: Log, clock: Clock) -> Iterator[Line]:
    search = searching([word.encode() for word in WORDS])
    for start in sorted({start for start, _ in search(log.raw)}):
        line = line_at(log, start, clock, lambda said: says_error(said.message, said.stated.level))
        if line and not is_harmless(line) and not matcher().knows(line):
            yield line
