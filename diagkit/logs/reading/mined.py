"""Error-like lines of many logs folded to templates, with who said them, where, and which signatures they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from diagkit.logs.tallies import MINUTE
from diagkit.logs.templates import Miner, Template

MOST_SPEAKERS = 20  # of one template


@dataclass(slots=True)
class Kind:
    """All lines of one template. minutes: lines in each minute since the epoch. first, last: microseconds since it.

    source: the log with most of them. program: who said them there. signatures: those that some of them have.
    """

    count: int
    first: int
    last: int
    minutes: Counter[int] = field(default_factory=Counter)
    source: str = ""
    program: str = ""
    signatures: frozenset[str] = frozenset()


@dataclass(slots=True)
class Mined:
    """Templates, and what the miner does not keep of them. speakers: lines by source and program."""

    miner: Miner = field(default_factory=Miner)
    speakers: dict[Template, Counter[tuple[str, str]]] = field(default_factory=dict)
    known: dict[Template, set[str]] = field(default_factory=dict)

    def learn(self, message: bytes, times: Sequence[int], source: str, program: str, signatures: Iterable[str]) -> None:
        """Count lines that differ in digits alone. times: microseconds since the epoch, UTC."""
        for at in times:
            template = self.miner.learn(message, at)
        said = self.speakers.setdefault(template, Counter())
        if (source, program) in said or len(said) < MOST_SPEAKERS:
            said[source, program] += len(times)
        self.known.setdefault(template, set()).update(signatures)

    def merge(self, other: Mined) -> None:
        """Count what was learned elsewhere here too."""
        pairs = dict(other.miner_merged_into(self.miner))
        for theirs, said in other.speakers.items():
            self.speakers.setdefault(pairs.get(theirs, theirs), Counter()).update(said)
        for theirs, names in other.known.items():
            self.known.setdefault(pairs.get(theirs, theirs), set()).update(names)

    def miner_merged_into(self, miner: Miner) -> list[tuple[Template, Template]]:
        """Each template that is known here, with the one it has become a part of there."""
        resolved = {template: template.resolved() for template in self.speakers}
        placed = dict(miner.merge(self.miner))
        return [(template, placed.get(end, end)) for template, end in resolved.items()]

    def kinds(self) -> dict[str, Kind]:
        """Each template's lines, by every sample of them: the one thing of a template that no merging changes."""
        speakers: dict[Template, Counter[tuple[str, str]]] = {}
        signatures: dict[Template, set[str]] = {}
        for template, said in self.speakers.items():
            speakers.setdefault(template.resolved(), Counter()).update(said)
            signatures.setdefault(template.resolved(), set()).update(self.known.get(template, ()))
        wide = self.miner.bucket_us // MINUTE
        found: dict[str, Kind] = {}
        for template in self.miner:
            said = speakers.get(template, Counter())
            source, program = max(said, key=lambda who: (said[who], who), default=("", ""))
            kind = Kind(
                count=template.count,
                first=template.first or 0,
                last=template.last or 0,
                minutes=Counter({bucket * wide: count for bucket, count in template.over_time.items()}),
                source=source,
                program=program,
                signatures=frozenset(signatures.get(template, ())),
            )
            found.update(dict.fromkeys(template.samples, kind))
        return found


def between(miner: Miner, since_us: int, until_us: int) -> Miner:
    """What was learned of the lines from that time until before that, to the bucket."""
    part = Miner()
    part.merge(miner)
    part.lines = 0
    for template in part:
        kept = {b: n for b, n in template.over_time.items() if since_us <= b * part.bucket_us < until_us}
        template.over_time = Counter(kept)
        template.count = sum(kept.values())
        if kept:
            template.first = max(template.first or 0, min(kept) * part.bucket_us)
            template.last = min(template.last or 0, (max(kept) + 1) * part.bucket_us - 1)
        part.lines += template.count
    return part
