"""One template: the lines that say the same, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b

SAMPLES = 3
LONGEST_SAMPLE = 512  # bytes


@dataclass(slots=True, eq=False)
class Template:
    """What stays the same in lines of one kind, and how often, when and with what words they came.

    tokens: its words. parameters: the places among them where any word may stand. count: lines. first, last:
    microseconds since the epoch, UTC; None where no line said when. over_time: lines per bucket of the miner's
    `bucket_us`, by number of the bucket since the epoch. samples: the first lines that differ.

    A template may turn out to be one with others, because a word of it varies. It then lives on in `into`, as all of
    them do, and has that one's id: read `id` and `text` when you need them, not before the last line was learned.
    """

    tokens: tuple[str, ...]
    parameters: frozenset[int] = frozenset()
    count: int = 0
    first: int | None = None
    last: int | None = None
    over_time: Counter[int] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)
    into: Template | None = None

    @property
    def text(self) -> str:
        """The template, readable: words, and `#` for what varies."""
        return " ".join(self.resolved().tokens)

    @property
    def id(self) -> str:
        """The same for the same template, whenever and wherever it was found: a hash of its text."""
        return blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()

    def resolved(self) -> Template:
        """The template that this one has become a part of; itself if it has not."""
        template = self
        while template.into is not None:
            template = template.into
        return template

    def keep_sample(self, message: bytes) -> None:
        """Keep this line, cut, if it is one of the first that differ."""
        if len(self.samples) < SAMPLES:
            cut = message[:LONGEST_SAMPLE].decode("utf-8", "replace")
            if cut not in self.samples:
                self.samples.append(cut)

    def count_in(self, other: Template, wider: int = 1) -> None:
        """Count the other's lines here too, over time in buckets so many times as wide as there."""
        self.count += other.count
        for bucket, count in other.over_time.items():
            self.over_time[bucket // wider] += count
        earlier = other.first is not None and (self.first is None or other.first < self.first)
        samples = other.samples + self.samples if earlier else self.samples + other.samples
        self.samples = list(dict.fromkeys(samples))[:SAMPLES]
        self.first = min((at for at in (self.first, other.first) if at is not None), default=None)
        self.last = max((at for at in (self.last, other.last) if at is not None), default=None)

    def absorb(self, other: Template) -> None:
        """Make the other a part of this one."""
        self.count_in(other)
        self.parameters |= other.parameters
        other.into = self
