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
from diagkit.model import Common, Diagnosis, Finding, Status, Suspect, Untrusted, Verdict

COMMON_TRIGGER = 5e-4  # prior probability of something that puts the same fault on several hosts
MORE_THAN_CHANCE = 10.0  # decibans from which one story is told instead of several


def weigh(findings: Sequence[Finding], knowledge: Knowledge, now: datetime, places: Sequence[Place] = ()) -> Diagnosis:
    """The likely root causes behind the findings of all targets, likeliest first; places say how they hang together."""
    by_target: dict[str, list[Finding]] = {}
    for finding in findings:
        by_target.setdefault(finding.target.raw, []).append(finding)
    fleet = weigh_together(by_target, places, knowledge)
    verdicts: dict[str, Verdict] = {}
    suspects: list[Suspect] = []
    for target, found in by_target.items():
        weighing = fleet.weighings.get(target)
        named = suspects_of(weighing, knowledge.runbooks, over=over(found, now)) if weighing else []
        verdicts[target] = verdict(found, named, knowledge)
        suspects += named if verdicts[target] is not Verdict.HEALTHY else []
    told = across_hosts(suspects, fleet)
    leading = max(verdicts.values(), key=RANK.index, default=Verdict.INCONCLUSIVE)
    unsettled = [fleet.weighings[t] for t, v in verdicts.items() if v is Verdict.INCONCLUSIVE and t in fleet.weighings]
    return Diagnosis(
        verdict=leading,
        causes=tuple(told),
        unexplained=tuple(w for weighing in fleet.weighings.values() for w in weighing.unexplained),
        condition=Untrusted(_deepest(unsettled[0]) if leading is Verdict.INCONCLUSIVE and unsettled else ""),
        common=tuple(_common(told, by_target, knowledge)),
        next_checks=tuple(check for weighing in unsettled for check in next_checks(weighing, knowledge)),
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
