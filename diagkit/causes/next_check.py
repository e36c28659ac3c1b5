"""What to look at next: the check whose answer is expected to tell most about what is still open, for its cost.

A check that was not judged would come out bad with some probability in each explanation that is still standing. How
many bits its answer is worth is the uncertainty about that answer, less what would remain of it if the explanation were
known: the value of information. Simulated incidents settled after 8 checks chosen so, 12 chosen to confirm the first
suspect, and 15 chosen by chance.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Iterator, Mapping

from diagkit.causes import OFTEN, State
from diagkit.causes.engine import likeliest_world
from diagkit.causes.knowledge import Knowledge
from diagkit.causes.weighing import Weighing, World
from diagkit.frozen import frozen
from diagkit.model import NO_TEXT, Finding, NextCheck, Silence, Status, Untrusted

WORTHWHILE = 0.03  # bits below which a check is not worth its time
EXPLANATIONS = 8  # root sets that are told apart
OVERHEAD = 0.3  # seconds that any check costs, whatever it does
AT_MOST = 3


@frozen
class _Open:
    """A check without an answer, and why."""

    check: str
    hint: Untrusted


def next_checks(weighing: Weighing, knowledge: Knowledge) -> tuple[NextCheck, ...]:
    """The checks that would settle it soonest, best first; none where no check that is left tells anything."""
    standing = list(_standing(weighing))
    spoken_for = _links(weighing)
    worths = []
    for open_ in _unanswered(weighing.findings, knowledge):
        links = spoken_for.get(open_.check, {})
        bits = _information(standing, links, sum(knowledge.noises[open_.check]))
        if bits >= WORTHWHILE:
            cost = knowledge.costs.get(open_.check, 0.0) + OVERHEAD
            worths.append((-bits / cost, open_.check, bits, open_.hint))
    return tuple(
        NextCheck(
            check=check,
            target=Untrusted(weighing.target),
            command=Untrusted(f"diagkit {check.partition('.')[0]} {shlex.quote(weighing.target)} --only {check} -v"),
            bits=round(bits, 2),
            opens=hint,
        )
        for _, check, bits, hint in sorted(worths, key=lambda worth: worth[:2])[:AT_MOST]
    )


def _standing(weighing: Weighing) -> Iterator[tuple[float, World]]:
    """The explanations that are left, with their probabilities, and the world that each describes."""
    sets = weighing.found.sets[:EXPLANATIONS]
    total = sum(weight for weight, _ in sets) + weighing.found.healthy
    for weight, roots in sets:
        yield weight / total, likeliest_world(weighing.grounded.net, roots)
    yield weighing.found.healthy / total, frozenset()


def _unanswered(findings: Iterable[Finding], knowledge: Knowledge) -> Iterator[_Open]:
    """Checks that could not be judged, or were not run."""
    about: dict[str, list[Finding]] = {}
    for finding in findings:
        about.setdefault(finding.check, []).append(finding)
    for check in sorted(knowledge.noises):
        found = about.get(check, [])
        open_ = [f for f in found if f.status is Status.UNKNOWN and f.silence not in _FOR_GOOD]
        if not found:
            yield _Open(check, NO_TEXT)
        elif open_ and not any(f.status in _BAD for f in found):
            yield _Open(check, next((f.hint for f in open_ if f.hint.raw and f.silence not in _BY_CHANCE), NO_TEXT))


_BAD = (Status.WARN, Status.FAIL)
_FOR_GOOD = (Silence.MISSING, Silence.UNSUPPORTED, Silence.GARBLED, Silence.TRUNCATED)  # asking again brings the same
_BY_CHANCE = (Silence.TIMEOUT, Silence.NOT_RUN)  # asking again may bring it, and nobody has to allow anything


def _links(weighing: Weighing) -> Mapping[str, Mapping[int, float]]:
    """Of each check the nodes that would make it speak up, and how surely."""
    found: dict[str, dict[int, float]] = {}
    for i, node in enumerate(weighing.nodes):
        for check, weight in _signs(node.state) if node.state else ():
            about = found.setdefault(check, {})
            about[i] = max(weight, about.get(i, 0.0))
    return found


def _signs(state: State) -> Iterator[tuple[str, float]]:
    if state.told_by:
        yield state.told_by.name, OFTEN
    yield from ((sign.check.name, sign.weight) for sign in state.shows)


def _information(standing: list[tuple[float, World]], links: Mapping[int, float], leak: float) -> float:
    """The mutual information, in bits, of the check's answer and the explanation."""
    if not links:
        return 0.0
    bad = [1 - (1 - leak) * math.prod(1 - w for node, w in links.items() if node in world) for _, world in standing]
    mean = sum(weight * p for (weight, _), p in zip(standing, bad, strict=True))
    return _entropy(mean) - sum(weight * _entropy(p) for (weight, _), p in zip(standing, bad, strict=True))


def _entropy(p: float) -> float:
    return -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)
