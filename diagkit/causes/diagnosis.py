"""From findings to a diagnosis: weigh, then say no more than the evidence bears.

What each target's findings say is in weighing.py, how targets speak for each other in fleet.py, what may be said in
verdicts.py, how a cause is told in suspects.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from diagkit.causes import Cause
from diagkit.causes.fleet import weigh_together
from diagkit.causes.grounding import PROVIDER
from diagkit.causes.knowledge import Knowledge
from diagkit.causes.next_check import next_checks
from diagkit.causes.suspects import ESTABLISHED, across_hosts, suspects_of
from diagkit.causes.topology import Place
from diagkit.causes.verdicts import RANK, over, verdict
from diagkit.causes.weighing import Weighing
from diagkit.frozen import frozen
from diagkit.model import Common, Diagnosis, Finding, Found, NextCheck, Status, Suspect, Untrusted, Verdict, Weighed

COMMON_TRIGGER = 5e-4  # prior probability of something that puts the same fault on several hosts
MORE_THAN_CHANCE = 10.0  # decibans from which one story is told instead of several


def weigh(findings: Sequence[Finding], knowledge: Knowledge, now: datetime, places: Sequence[Place] = ()) -> Diagnosis:
    """The likely root causes behind the findings of all targets, likeliest first; places say how they hang together."""
    by_target = {target.raw: said for target, said in Found.over(findings).said_of().items()}
    weighed: dict[str, _Outcome] = {}

    def take(weighing: Weighing) -> None:
        weighed[weighing.target] = _outcome(weighing, by_target[weighing.target], knowledge, now)

    fleet = weigh_together(by_target, places, knowledge, take)
    outcomes = [weighed.get(t) or _Outcome(verdict=verdict(found, [], knowledge)) for t, found in by_target.items()]
    told = across_hosts([s for o in outcomes if o.verdict is not Verdict.HEALTHY for s in o.suspects], fleet)
    leading = max((outcome.verdict for outcome in outcomes), key=RANK.index, default=Verdict.INCONCLUSIVE)
    condition = next((o.condition for o in outcomes if o.condition is not None), None)
    return Diagnosis(
        verdict=leading,
        causes=tuple(told),
        unexplained=tuple(w for outcome in outcomes for w in outcome.unexplained),
        condition=Untrusted(condition or "" if leading is Verdict.INCONCLUSIVE else ""),
        common=tuple(_common(told, by_target, knowledge)),
        next_checks=tuple(check for outcome in outcomes for check in outcome.next_checks),
    )


@frozen(kw_only=True)
class _Outcome:
    """What the findings of one target come to. condition: its deepest, where it is weighed and not settled."""

    verdict: Verdict
    suspects: Sequence[Suspect] = ()
    unexplained: tuple[Weighed, ...] = ()
    condition: str | None = None
    next_checks: tuple[NextCheck, ...] = ()


def _outcome(weighing: Weighing, found: Sequence[Finding], knowledge: Knowledge, now: datetime) -> _Outcome:
    named = suspects_of(weighing, knowledge.runbooks, over=over(found, now))
    said = verdict(found, named, knowledge)
    unsettled = said is Verdict.INCONCLUSIVE
    return _Outcome(
        verdict=said,
        suspects=named,
        unexplained=weighing.unexplained,
        condition=_deepest(weighing) if unsettled else None,
        next_checks=next_checks(weighing, knowledge) if unsettled else (),
    )


def _deepest(weighing: Weighing) -> str:
    """The deepest established state that is no cause: active, and no other of them leads to it."""
    for node in sorted(weighing.world):
        about = weighing.nodes[node]
        if about.id == PROVIDER and weighing.probability(node) >= ESTABLISHED:
            return f"{about.subject} is in trouble, whose services it uses"
        if about.state is not None and not isinstance(about.state, Cause):
            return about.state.title
    return ""


def _common(
    suspects: Iterable[Suspect], findings: Mapping[str, Sequence[Finding]], knowledge: Knowledge
) -> Iterable[Common]:
    """Causes that stand on more targets than chance would put them on.

    Compared are independent faults, and one trigger of unknown reach that puts the fault on any share of the hosts:
    a beta-binomial against a binomial.
    """
    by_cause: dict[str, list[Suspect]] = {}
    for suspect in suspects:
        if suspect.verdict in (Verdict.PROBABLE, Verdict.CONFIRMED):
            by_cause.setdefault(suspect.id, []).append(suspect)
    for name, sharers in sorted(by_cause.items()):
        targets = sorted({s.target.raw for s in sharers})
        if len(targets) < 2:
            continue
        cause = knowledge.causes[name]
        direct = cause.shows[0].check if cause.shows else cause.told_by
        seen = sum(_judged(found, direct.name if direct else "") for found in findings.values())
        k, n, p = len(targets), max(seen, len(targets)), cause.prior
        log_odds = math.log(COMMON_TRIGGER) + math.lgamma(k + 1) + math.lgamma(n - k + 1) - math.lgamma(n + 2)
        decibans = (log_odds - k * math.log(p) - (n - k) * math.log(1 - p)) * 10 / math.log(10)
        if decibans >= MORE_THAN_CHANCE:
            where = tuple(Untrusted(target) for target in targets)
            yield Common(id=name, title=sharers[0].title, targets=where, of=n, decibans=round(decibans, 1))


def _judged(findings: Iterable[Finding], check: str) -> bool:
    return any(f.check == check and f.status not in (Status.UNKNOWN, Status.SKIP) for f in findings)
