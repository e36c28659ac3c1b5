"""What of the known was said in the window: lines matched with signatures, repeats folded into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from diagkit.frozen import frozen
from diagkit.logs.lines import Line, Log, line_at
from diagkit.logs.matching.engine import Engine, finder, hits_of
from diagkit.logs.signatures import Signature, catalogue, harmless
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window

NAMES = 5  # of programs, units, … kept for one occurrence, the most frequent first
QUIET = timedelta(minutes=10)  # without a line ends a burst; our choice: a retry every few minutes is one trouble


@frozen(kw_only=True)
class Burst:
    """Lines of one kind between two silences of ten minutes or more."""

    first: datetime
    last: datetime
    count: int


def bursts(times: Iterable[datetime]) -> tuple[Burst, ...]:
    """These times, in whatever order, as bursts: oldest first."""
    found: list[Burst] = []
    for at in sorted(times):
        if found and at - found[-1].last < QUIET:
            found[-1] = replace(found[-1], last=at, count=found[-1].count + 1)
        else:
            found.append(Burst(first=at, last=at, count=1))
    return tuple(found)


def by_minute(times: Iterable[datetime]) -> Counter[int]:
    """How many of these times lie in each minute since the epoch."""
    return Counter(int(at.timestamp()) // 60 for at in times)


@frozen(kw_only=True)
class Occurrence:
    """One signature and all its lines in the window. `sample` is the youngest of them.

    bursts: when it was said, silences left out. minutes: lines in each minute since the epoch.
    fields: what the lines are about (`unit`, `device`, `peer`, …), most frequent first. assumed: parts of the times
    that the lines do not say.
    """

    signature: str
    count: int
    first: datetime
    last: datetime
    source: str
    sample: str
    programs: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    bursts: tuple[Burst, ...]
    minutes: Mapping[int, int]
    assumed: tuple[str, ...] = ()


@frozen
class Hit:
    """One line with one signature."""

    signature: Signature
    line: Line
    fields: Mapping[str, str]


class Matcher:
    """The catalogue made ready for searching, with the engine of choice."""

    def __init__(self, signatures: Iterable[Signature], engine: Engine = finder) -> None:
        by_literal: dict[str, list[Signature]] = {}
        for signature in signatures:
            for literal in signature.literals:
                by_literal.setdefault(literal, []).append(signature)
        self._signatures = list(by_literal.values())
        self._finder = engine([literal.encode() for literal in by_literal])

    def hits(self, log: Log, clock: Clock, window: Window) -> Iterator[Hit]:
        """Every line of this log in the window with each signature it has, oldest place in the log first."""
        wanted: dict[int, set[int]] = {}
        for start, which in hits_of(self._finder, log.raw):
            wanted.setdefault(start, set()).add(which)
        for start in sorted(wanted):
            line = line_at(log, start, clock)
            if line is None or not window.holds(line.at) or is_harmless(line):
                continue
            seen = set()
            for signature in (s for which in sorted(wanted[start]) for s in self._signatures[which]):
                fields = None if signature.id in seen else signature.fields(line)
                if fields is not None:
                    seen.add(signature.id)
                    yield Hit(signature, line, fields)

    def knows(self, line: Line) -> bool:
        """Whether the line has a signature."""
        held = self._finder.held(line.message.encode("utf-8", "surrogateescape"))
        return any(signature.fields(line) is not None for which in held for signature in self._signatures[which])


@cache
def matcher() -> Matcher:
    """The whole catalogue made ready, once."""
    return Matcher(catalogue().values())


def is_harmless(line: Line) -> bool:
    """Whether this line is known to look worse than it is."""
    return any(kind.covers(line) for kind in harmless())


def occurrences(logs: Iterable[Log], clock: Clock, window: Window, engine: Engine = finder) -> tuple[Occurrence, ...]:
    """Everything known that was said in the window, folded by signature, in the order of first appearance."""
    known = matcher() if engine is finder else Matcher(catalogue().values(), engine)
    hits: dict[str, list[Hit]] = {}
    for log in logs:
        for hit in known.hits(log, clock, window):
            hits.setdefault(hit.signature.id, []).append(hit)
    return tuple(sorted((_fold(name, same) for name, same in hits.items()), key=lambda o: (o.first, o.signature)))


def _fold(name: str, hits: list[Hit]) -> Occurrence:
    youngest = max(hits, key=lambda hit: hit.line.at)
    names: dict[str, Counter[str]] = {}
    for hit in hits:
        for field, value in hit.fields.items():
            names.setdefault(field, Counter())[value] += 1
    return Occurrence(
        signature=name,
        count=len(hits),
        first=min(hit.line.at for hit in hits),
        last=youngest.line.at,
        source=youngest.line.source,
        sample=youngest.line.message,
        programs=_commonest(Counter(hit.line.program for hit in hits if hit.line.program)),
        fields={field: _commonest(counted) for field, counted in sorted(names.items())},
        bursts=bursts(hit.line.at for hit in hits),
        minutes=by_minute(hit.line.at for hit in hits),
        assumed=tuple(sorted({part for hit in hits for part in hit.line.assumed})),
    )


def _commonest(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:NAMES])
