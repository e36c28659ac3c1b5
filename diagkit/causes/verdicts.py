"""What may be said of a cause, and of a target: no more than the evidence bears.

Wrong conclusions come from elimination without direct evidence (measured on simulated incidents: the gate below cut
them seven- to twentyfold), so a cause is only *probable* or *confirmed* when its own signs speak for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from diagkit.causes import Cause
from diagkit.causes.calibration import calibrated
from diagkit.causes.knowledge import Knowledge
from diagkit.causes.weighing import Weighing
from diagkit.model import Finding, Status, Suspect, Verdict

CONFIRMED = (0.8, 13.0)  # probability, decibans of direct evidence
PROBABLE = (0.5, 10.0)
QUIET_AGAIN = timedelta(minutes=10)  # so long without a new bad line, and an incident is over
LEAST_QUIET, MANY_TIMES, OFTEN_ENOUGH = timedelta(seconds=20), 12, 3  # where lines came in quick succession
RANK = [Verdict.HEALTHY, Verdict.RECOVERED, Verdict.INCONCLUSIVE, Verdict.PROBABLE, Verdict.CONFIRMED]  # of targets
FIRMNESS = [Verdict.INCONCLUSIVE, Verdict.RECOVERED, Verdict.PROBABLE, Verdict.CONFIRMED]  # of causes


def confidence(weighing: Weighing, node: int) -> float:
    """The probability of a root as it is told: what comes of the net, put right by what past runs taught."""
    probability = weighing.probability(node)
    return calibrated(probability, weighing.direct(node), len(weighing.unexplained))


def gate(weighing: Weighing, node: int, *, over: bool) -> Verdict:
    """What may be said of a cause: the more its own signs speak for it, the more. `over`: nothing is wrong any more."""
    # past runs may make us less sure of what the net says, never bolder
    probability = min(weighing.probability(node), confidence(weighing, node))
    direct = weighing.direct(node)
    if probability < PROBABLE[0] or direct < PROBABLE[1]:
        return Verdict.INCONCLUSIVE
    if over:
        return Verdict.RECOVERED
    state = weighing.nodes[node].state
    shallow = isinstance(state, Cause) and state.shallow
    if probability >= CONFIRMED[0] and direct >= CONFIRMED[1] and len(weighing.unexplained) <= 1 and not shallow:
        return Verdict.CONFIRMED
    return Verdict.PROBABLE


def over(findings: Iterable[Finding], now: datetime) -> bool:
    """Whether all that is bad is in the logs, and some time ago, and checks of how things stand now pass.

    A log that has fallen silent says nothing by itself: who has died is silent, too.
    """
    seen = list(findings)
    bad = [f for f in seen if f.status in (Status.WARN, Status.FAIL)]
    if not any(f.status is Status.OK and not f.check.startswith("logs.") for f in seen):
        return False
    return all(f.check.startswith("logs.") and f.at is not None and now - f.at > _quiet(f) for f in bad)


def _quiet(finding: Finding) -> timedelta:
    """How long its lines must have stayed away: many times as long as they used to, where they came often."""
    count, seconds = finding.measured.get("count", 0), finding.measured.get("seconds")
    if seconds is None or count < OFTEN_ENOUGH:
        return QUIET_AGAIN
    usual = timedelta(seconds=seconds / (count - 1))
    return min(QUIET_AGAIN, max(LEAST_QUIET, MANY_TIMES * usual))


def verdict(findings: Sequence[Finding], suspects: Sequence[Suspect], knowledge: Knowledge) -> Verdict:
    """What may be said of one target."""
    weighty = filter(knowledge.weighs, findings)
    telling = [f for f in weighty if f.status is not Status.UNKNOWN or f.check in knowledge.vital]
    if not telling:
        return Verdict.INCONCLUSIVE
    if suspects and suspects[0].verdict is not Verdict.INCONCLUSIVE:
        return suspects[0].verdict
    return Verdict.INCONCLUSIVE if {f.status for f in telling} - {Status.OK, Status.SKIP} else Verdict.HEALTHY
