"""From findings to a diagnosis: infer, then say no more than the evidence bears.

Wrong conclusions come from elimination without direct evidence (knowledge measured on simulated incidents: the gate
below cut them seven- to twentyfold), so a cause is only *probable* or *confirmed* when its own signs speak for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagkit.causes import Cause, Condition
from diagkit.causes.engine import Posterior, infer, likeliest_world
from diagkit.causes.grounding import Grounded, Node, Voices, ground
from diagkit.causes.net import set_of
from diagkit.model import Diagnosis, Finding, Status, Suspect, Untrusted, Verdict, Weighed

CONFIRMED = (0.8, 13.0)  # probability, decibans of direct evidence
PROBABLE = (0.5, 10.0)
WORTH_NAMING = 0.05  # a less likely cause is not listed
AT_MOST = 5  # causes listed for one target
QUIET_AGAIN = timedelta(minutes=10)  # so long without a new bad line, and an incident is over
NOTICEABLE = 1.0  # decibans below which evidence is not shown

RANK = [Verdict.HEALTHY, Verdict.RECOVERED, Verdict.INCONCLUSIVE, Verdict.PROBABLE, Verdict.CONFIRMED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What there is to weigh with.

    voices: what each log signature speaks for. noises: how often each check warns, and fails, with nothing wrong.
    runbooks: the runbook of each cause. vital: the checks without which nobody can be called healthy.
    """

    causes: Mapping[str, Cause]
    conditions: Mapping[str, Condition]
    voices: Voices
    noises: Mapping[str, tuple[float, float]]
    runbooks: Mapping[str, str]
    vital: frozenset[str]


def weigh(findings: Sequence[Finding], knowledge: Knowledge, now: datetime) -> Diagnosis:
    """The likely root causes behind the findings of all targets, each target weighed by itself, likeliest first."""
    by_target: dict[str, list[Finding]] = {}
    for finding in findings:
        by_target.setdefault(finding.target.raw, []).append(finding)
    parts = [_weigh_one(found, knowledge, now) for found in by_target.values()]
    suspects = [s for part in parts for s in part.causes]
    suspects.sort(key=lambda s: (-RANK.index(s.verdict), -s.confidence, s.target.raw, s.id, s.entity.raw))
    leading = max(parts, key=lambda part: RANK.index(part.verdict), default=Diagnosis(verdict=Verdict.INCONCLUSIVE))
    return Diagnosis(
        verdict=leading.verdict,
        causes=tuple(suspects),
        unexplained=tuple(w for part in parts for w in part.unexplained),
        condition=leading.condition,
    )


def _weigh_one(findings: list[Finding], knowledge: Knowledge, now: datetime) -> Diagnosis:
    grounded = ground(findings, {**knowledge.conditions, **knowledge.causes}, knowledge.voices, knowledge.noises)
    found = infer(grounded.net)
    world = likeliest_world(grounded.net, found.best)
    unexplained = tuple(_unexplained(grounded, world))
    over = _over(findings, now)
    suspects = [
        _suspect(grounded, found, node, knowledge.runbooks, _gate(grounded, found, node, len(unexplained), over=over))
        for node in sorted(
            found.marginal, key=lambda n: (-found.marginal[n], grounded.nodes[n].id, grounded.nodes[n].subject)
        )
        if grounded.nodes[node].state is not None and found.marginal[node] >= WORTH_NAMING
    ]
    suspects.sort(key=lambda s: -RANK.index(s.verdict))
    verdict = _verdict([f for f in findings if _counts(f, knowledge)], suspects)
    return Diagnosis(
        verdict=verdict,
        causes=tuple(suspects[:AT_MOST]) if verdict is not Verdict.HEALTHY else (),
        unexplained=unexplained,
        condition=Untrusted(_deepest(grounded, world) if verdict is Verdict.INCONCLUSIVE else ""),
    )


def _counts(finding: Finding, knowledge: Knowledge) -> bool:
    return finding.status is not Status.UNKNOWN or finding.check in knowledge.vital


def _over(findings: Iterable[Finding], now: datetime) -> bool:
    """Whether all that is bad is in the logs, and some time ago: every check of how things stand now passes."""
    bad = [f for f in findings if f.status in (Status.WARN, Status.FAIL)]
    return all(f.check.startswith("logs.") and f.at is not None and now - f.at > QUIET_AGAIN for f in bad)


def _verdict(findings: Sequence[Finding], suspects: Sequence[Suspect]) -> Verdict:
    statuses = {f.status for f in findings}
    if not findings:
        return Verdict.INCONCLUSIVE
    if suspects and suspects[0].verdict is not Verdict.INCONCLUSIVE:
        return suspects[0].verdict
    return Verdict.INCONCLUSIVE if statuses - {Status.OK, Status.SKIP} else Verdict.HEALTHY


def _gate(grounded: Grounded, found: Posterior, node: int, unexplained: int, *, over: bool) -> Verdict:
    """What may be said of a cause: the more its own signs speak for it, the more."""
    probability, direct = found.marginal[node], _direct(grounded, found, node)
    if probability < PROBABLE[0] or direct < PROBABLE[1]:
        return Verdict.INCONCLUSIVE
    if over:
        return Verdict.RECOVERED
    if probability >= CONFIRMED[0] and direct >= CONFIRMED[1] and unexplained <= 1:
        return Verdict.CONFIRMED
    return Verdict.PROBABLE


def _direct(grounded: Grounded, found: Posterior, node: int) -> float:
    """Decibans that the cause's own signs give it."""
    own = grounded.direct.get(node, [])
    return sum(decibans for j, decibans in _evidence(grounded, *_worlds(grounded, found, node)) if j in own)


def _worlds(grounded: Grounded, found: Posterior, node: int) -> tuple[frozenset[int], frozenset[int]]:
    """The likeliest world with this cause beside the best others, and the same without it."""
    roots = found.best | {node}
    return likeliest_world(grounded.net, roots), likeliest_world(grounded.net, roots - {node})


def _suspect(grounded: Grounded, found: Posterior, node: int, runbooks: Mapping[str, str], verdict: Verdict) -> Suspect:
    about = grounded.nodes[node]
    cause = about.state
    assert isinstance(cause, Cause)  # noqa: S101 - only causes have a prior, and only nodes with a prior are roots
    with_it, without = _worlds(grounded, found, node)
    evidence = _evidence(grounded, with_it, without)
    own = grounded.direct.get(node, [])
    support = sorted((pair for pair in evidence if pair[1] >= NOTICEABLE), key=lambda pair: pair[0] not in own)
    return Suspect(
        id=about.id,
        title=cause.title,
        verdict=verdict,
        confidence=round(found.marginal[node], 4),
        target=grounded.observed[0].finding.target,
        entity=Untrusted(about.subject or _subject(grounded, node, evidence)),
        because=tuple(_weighed(grounded, j, d) for j, d in support),
        despite=tuple(_weighed(grounded, j, d) for j, d in reversed(evidence) if d <= -NOTICEABLE),
        missing=grounded.missing.get(node, ()),
        explains=tuple(_explains(grounded, node, with_it, without)),
        next=_next(cause, about, grounded.observed[0].finding.target.raw),
        runbook=runbooks.get(about.id, ""),
    )


def _subject(grounded: Grounded, node: int, evidence: list[tuple[int, float]]) -> str:
    """What a cause of the whole host is about, in the words of its strongest own sign."""
    own = [j for j, decibans in evidence if decibans >= NOTICEABLE and j in grounded.direct.get(node, [])]
    about = grounded.observed[own[0]] if own else None
    return about.finding.subject.raw if about and not about.finding.check.startswith("logs.") else ""


def _evidence(grounded: Grounded, with_it: frozenset[int], without: frozenset[int]) -> list[tuple[int, float]]:
    """Decibans of each observation for the cause, given both worlds; the strongest support first."""
    weights, on, off = [], set_of(with_it), set_of(without)
    for j, observation in enumerate(grounded.net.observations):
        ratio = observation.likelihood(on) / observation.likelihood(off)
        if abs(decibans := 10 * math.log10(ratio)) > 0:
            weights.append((j, round(decibans, 1)))
    return sorted(weights, key=lambda pair: (-pair[1], pair[0]))


def _weighed(grounded: Grounded, j: int, decibans: float) -> Weighed:
    finding = grounded.observed[j].finding
    return Weighed(check=finding.check, subject=finding.subject, summary=finding.summary, decibans=decibans)


def _explains(grounded: Grounded, node: int, with_it: frozenset[int], without: frozenset[int]) -> Iterable[Untrusted]:
    """Bad findings that this cause brings about through something else."""
    for j, decibans in _evidence(grounded, with_it, without):
        if decibans >= NOTICEABLE and j not in grounded.direct.get(node, []) and grounded.observed[j].grade:
            finding = grounded.observed[j].finding
            yield Untrusted(f"{finding.subject.raw or finding.check}: {finding.summary.raw}")


def _unexplained(grounded: Grounded, world: frozenset[int]) -> Iterable[Weighed]:
    """Bad findings that nothing in this world brings about."""
    for j, observation in enumerate(grounded.net.observations):
        if not observation.grade:
            continue
        active = [n for n, _, _ in observation.links if n in world and grounded.nodes[n].state is not None]
        if not active:
            yield _weighed(grounded, j, 0.0)


def _deepest(grounded: Grounded, world: frozenset[int]) -> str:
    """The title of the deepest established condition: active, and no active condition leads to it."""
    active = [n for n in sorted(world) if grounded.nodes[n].state is not None]
    for node in active:
        state = grounded.nodes[node].state
        if state is not None and not isinstance(state, Cause):
            return state.title
    return ""


def _next(cause: Cause, node: Node, target: str) -> tuple[Untrusted, ...]:
    """Verify, act, roll back, with the names filled in."""
    steps = (cause.verify, cause.act, cause.roll_back)
    subject = node.subject or "…"
    return tuple(Untrusted(s.replace("{subject}", subject).replace("{target}", target)) for s in steps if s)
