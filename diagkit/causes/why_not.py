"""Why a cause was not named: what speaks against it, and what it would have needed."""

from __future__ import annotations

from collections.abc import Sequence

from diagkit.causes import Cause
from diagkit.causes.knowledge import Knowledge
from diagkit.causes.weighing import NOTICEABLE, sick, weigh_one
from diagkit.frozen import frozen
from diagkit.model import NO_TEXT, Finding, Untrusted, Weighed


@frozen(kw_only=True)
class WhyNot:
    """One cause on one target, judged against what was named.

    impossible: why it cannot be there at all; empty where it could. confidence: its probability. direct: decibans of
    its own signs. because, despite: what speaks for it and against it, the strongest first. unseen: checks of its own
    that could not be judged. instead: titles of the causes that explain the findings.
    """

    cause: str
    target: Untrusted
    impossible: Untrusted = NO_TEXT
    confidence: float = 0.0
    direct: float = 0.0
    because: tuple[Weighed, ...] = ()
    despite: tuple[Weighed, ...] = ()
    unseen: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


def why_not(cause: str, target: str, findings: Sequence[Finding], knowledge: Knowledge) -> WhyNot:
    """Judge this cause by the findings of one target."""
    state = knowledge.causes[cause]
    weighing = weigh_one(target, findings, knowledge, {})
    places = [i for i, node in enumerate(weighing.nodes) if node.id == cause]
    if not places:  # its direct check was skipped, and no log line names it
        direct = state.shows[0].check.name
        said = next(f for f in findings if f.check == direct)
        why = Untrusted(f"{direct} does not apply: {said.summary.raw}")
        return WhyNot(cause=cause, target=Untrusted(target), impossible=why)
    if not sick(findings):
        return WhyNot(cause=cause, target=Untrusted(target), impossible=Untrusted("no check found anything wrong"))
    place = max(places, key=weighing.probability)
    evidence = weighing.evidence(place)
    best = [weighing.nodes[n].state for n in sorted(weighing.found.best)]
    return WhyNot(
        cause=cause,
        target=Untrusted(target),
        confidence=weighing.probability(place),
        direct=weighing.direct(place),
        because=tuple(weighing.weighed(j, d) for j, d in evidence if d >= NOTICEABLE),
        despite=tuple(weighing.weighed(j, d) for j, d in reversed(evidence) if d <= -NOTICEABLE),
        unseen=weighing.grounded.missing.get(place, ()),
        instead=tuple(s.title for s in best if isinstance(s, Cause) and s is not state),
    )
