"""How good a diagnosis is, counted over cases whose truth is known. Pure; whoever ranks causes can be scored.

top-1: the first cause is a true one, and where the case says what it concerns, of that. top-3: all true causes are
among the first three. A false alarm is a cause at *probable* or above on a healthy host. Calibration compares the
probability given to the first cause with how often it is right: the expected calibration error over ten bins, and the
Brier score. Every share comes with its Wilson interval, for the number of cases is small.

References: Wilson 1927; Brier 1950; Naeini, Cooper and Hauskrecht 2015 (expected calibration error).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from diagkit.cases import HEALTHY, Expected
from diagkit.frozen import frozen
from diagkit.model import Report, Verdict

Z = 1.96  # standard deviations: a 95 % interval
BINS = 10
SAID = (Verdict.CONFIRMED, Verdict.PROBABLE)


@frozen
class Named:
    """A cause that was named, with what it concerns."""

    cause: str
    entity: str
    verdict: Verdict
    confidence: float


@frozen
class Answer:
    """What was said of one case: the causes, likeliest first. `family` is what it is counted under."""

    case: str
    family: str
    expected: Expected
    named: tuple[Named, ...]

    @property
    def rank(self) -> int:
        """Where the first true cause stands, from 1; 0 if it is not named."""
        return next((place for place, named in enumerate(self.named, 1) if self._true(named)), 0)

    @property
    def right(self) -> bool:
        """Whether it needs no mending: the true cause first; of a healthy host, nothing at probable or above."""
        if not self.expected.causes:
            return not any(named.verdict in SAID for named in self.named)
        return self.rank == 1

    @property
    def in_three(self) -> bool:
        """Whether every true cause is among the first three."""
        first = {named.cause for named in self.named[:3] if self._true(named)}
        return first == set(self.expected.causes)

    def _true(self, named: Named) -> bool:
        if named.cause not in self.expected.causes:
            return False
        main = named.cause == self.expected.causes[0]
        return not main or self.expected.entity in (None, named.entity)


@frozen
class Share:
    """So many of so many."""

    of: int
    count: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, with 95 % (Wilson)."""
        if not self.of:
            return 0.0, 1.0
        p, n = self.count / self.of, self.of
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@frozen(kw_only=True)
class Score:
    """The counts of some cases. `confirmed` and `probable`: how many of the first causes said so were right.

    ece and brier are None where no cause was named.
    """

    top1: Share
    top3: Share
    false_alarms: Share
    confirmed: Share
    probable: Share
    ece: float | None
    brier: float | None


def answer(case: str, expected: Expected, report: Report, families: Mapping[str, str]) -> Answer:
    """What a report says, ready to be counted."""
    named = tuple(Named(s.id, s.entity.raw, s.verdict, s.confidence) for s in report.diagnosis.causes)
    family = families.get(expected.causes[0], "") if expected.causes else HEALTHY
    return Answer(case, family, expected, named)


def score(answers: Iterable[Answer]) -> Score:
    """Count."""
    every = list(answers)
    sick = [a for a in every if a.expected.causes]
    healthy = [a for a in every if not a.expected.causes]
    first = [(a.named[0], a.rank == 1) for a in every if a.named]
    forecasts = [(named.confidence, right) for named, right in first]
    return Score(
        top1=_share(a.rank == 1 for a in sick),
        top3=_share(a.in_three for a in sick),
        false_alarms=_share(not a.right for a in healthy),
        confirmed=_share(right for named, right in first if named.verdict is Verdict.CONFIRMED),
        probable=_share(right for named, right in first if named.verdict is Verdict.PROBABLE),
        ece=_ece(forecasts),
        brier=sum((p - right) ** 2 for p, right in forecasts) / len(forecasts) if forecasts else None,
    )


def by_family(answers: Sequence[Answer]) -> dict[str, Score]:
    """The score of each family; never look at the pooled one alone."""
    return {family: score(a for a in answers if a.family == family) for family in sorted({a.family for a in answers})}


def miss(answer: Answer) -> str:
    """What is wrong with an answer, in one line; empty if nothing is."""
    said = [
        f"{n.cause}{f' ({n.entity})' if n.entity else ''}, {n.verdict.value} {n.confidence:.2f}" for n in answer.named
    ]
    if not answer.expected.causes:
        alarms = [text for text, named in zip(said, answer.named, strict=True) if named.verdict in SAID]
        return f"{answer.case}: healthy, and it names {alarms[0]}" if alarms else ""
    if answer.right and answer.in_three:
        return ""
    entity = f" ({answer.expected.entity})" if answer.expected.entity else ""
    wanted = " and ".join((f"{answer.expected.causes[0]}{entity}", *answer.expected.causes[1:]))
    first = f"it names {'only ' if answer.right else ''}{said[0]}" if said else "it names nothing"
    place = f"; a true one comes in place {answer.rank}" if answer.rank > 1 else ""
    return f"{answer.case}: {wanted}, and {first}{place}"


def _share(hits: Iterable[bool]) -> Share:
    every = list(hits)
    return Share(of=len(every), count=sum(every))


def _ece(forecasts: Sequence[tuple[float, bool]]) -> float | None:
    """The mean gap between what was forecast and what came true, over bins of like forecasts."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for p, right in forecasts:
        bins.setdefault(min(int(p * BINS), BINS - 1), []).append((p, right))
    gaps = (abs(sum(p for p, _ in held) - sum(right for _, right in held)) for held in bins.values())
    return sum(gaps) / len(forecasts) if forecasts else None
