"""What a census counted of each signature: how often, when, about whom, with samples. It can be merged and pickled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import NamedTuple

MINUTE = 60_000_000  # microseconds
SAMPLES = 3  # kept of each signature: the first of their kind, where kinds differ in more than digits
MOST_NAMES = 10_000  # distinct values of one field that are counted; beyond, the rarest are given up


class Sample(NamedTuple):
    """A message. at: microseconds since the epoch, UTC. offset: where in its log its line begins.

    kind: the line with every digit as 0.
    """

    at: int
    offset: int
    text: bytes
    kind: bytes


@dataclass(slots=True, kw_only=True)
class Tally:
    """The lines of one signature. first, last: microseconds since the epoch, UTC.

    minutes: lines in each minute since the epoch. fields: how often each name was met, by field; `programs` likewise.
    undated: lines that neither they themselves nor those before them date; they are in no other number.
    """

    count: int = 0
    first: int = 0
    last: int = 0
    undated: int = 0
    minutes: Counter[int] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    youngest: Sample | None = None
    undated_sample: bytes = b""

    def add(self, times: list[int], samples: list[Sample]) -> None:
        """Count lines of these times; the oldest and the youngest line of each kind are among the samples."""
        youngest = max(samples)
        self._add(len(times), min(samples).at, youngest.at, samples, youngest)
        self.minutes.update(Counter([at // MINUTE for at in times]))

    def name(self, field: str, values: Mapping[str, int]) -> None:
        """Count what the lines name."""
        names = self.fields.setdefault(field, Counter())
        names.update(values)
        if len(names) > MOST_NAMES:
            self.fields[field] = Counter(dict(names.most_common(MOST_NAMES // 2)))

    def merge(self, other: Tally) -> None:
        """Add what was counted elsewhere."""
        if other.youngest:
            self._add(other.count, other.first, other.last, other.samples, other.youngest)
        self.undated += other.undated
        self.undated_sample = self.undated_sample or other.undated_sample
        self.minutes.update(other.minutes)
        self.programs.update(other.programs)
        for field_, values in other.fields.items():
            self.name(field_, values)

    def _add(self, count: int, first: int, last: int, samples: list[Sample], youngest: Sample) -> None:
        self.first = min(self.first, first) if self.count else first
        self.last = max(self.last, last) if self.count else last
        self.count += count
        self.youngest = max(self.youngest, youngest) if self.youngest else youngest
        earliest: dict[bytes, Sample] = {}
        for sample in sorted([*self.samples, *samples]):
            earliest.setdefault(sample.kind, sample)
        self.samples = nsmallest(SAMPLES, earliest.values())


@dataclass(slots=True, kw_only=True)
class Counts:
    """What a census found in one log, or in several. `size`: bytes read. `engine`: what searched them."""

    engine: str
    size: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)

    def tally(self, signature: str) -> Tally:
        """That of this signature, made if it is the first."""
        return self.tallies.setdefault(signature, Tally())

    def merge(self, other: Counts) -> None:
        """Add what was found elsewhere."""
        self.size += other.size
        self.engine = self.engine if self.engine == other.engine else "plain"
        for signature, tally in other.tallies.items():
            self.tally(signature).merge(tally)
