"""One target weighed: its net, what follows from it, and how much each finding speaks for what."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from diagkit.causes.engine import Posterior, infer, likeliest_world
from diagkit.causes.grounding import NOTHING_BEYOND, Beyond, Grounded, Node, ground
from diagkit.causes.knowledge import Knowledge
from diagkit.causes.net import set_of
from diagkit.causes.observed import Observed, by_check, likeness, observations
from diagkit.model import NO_TEXT, Finding, Status, Untrusted, Weighed

NOTICEABLE = 1.0  # decibans below which evidence is not shown

World = frozenset[int]  # the nodes that are true
Memo = dict[Hashable, "Weighing"]


@dataclass(frozen=True)
class Weighing:
    """What the findings of one target say. `_worlds` and `_evidence` are kept, and shared by hosts that are alike."""

    target: str
    findings: Sequence[Finding]
    grounded: Grounded
    found: Posterior
    _worlds: dict[World, World] = field(default_factory=dict)
    _evidence: dict[int, list[tuple[int, float]]] = field(default_factory=dict)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The states that could hold on this target."""
        return self.grounded.nodes

    @property
    def world(self) -> World:
        """The likeliest way things stand."""
        return self._world(self.found.best)

    def _world(self, roots: World) -> World:
        if roots not in self._worlds:
            self._worlds[roots] = likeliest_world(self.grounded.net, roots)
        return self._worlds[roots]

    def place(self, state: str, subject: str = "") -> int | None:
        """The node of a state."""
        return next((i for i, n in enumerate(self.nodes) if (n.id, n.subject) == (state, subject)), None)

    def probability(self, node: int) -> float:
        """Of this root; of one that was not worth looking at, 0."""
        return self.found.marginal.get(node, 0.0)

    def worlds(self, node: int) -> tuple[World, World]:
        """The likeliest world with this root beside the best others, and the same without it."""
        return self._world(self.found.best | {node}), self._world(self.found.best - {node})

    def evidence(self, node: int) -> list[tuple[int, float]]:
        """Decibans of each observation for this root, given both worlds; the strongest support first."""
        if node not in self._evidence:
            with_it, without = map(set_of, self.worlds(node))
            weights = []
            for j, seen in enumerate(self.grounded.seen):
                if any((with_it ^ without) >> n & 1 for n, _, _ in seen.links):
                    decibans = round(10 * math.log10(seen.likelihood(with_it) / seen.likelihood(without)), 1)
                    weights += [(j, decibans)] if decibans else []
            self._evidence[node] = sorted(weights, key=lambda pair: (-pair[1], pair[0]))
        return self._evidence[node]

    def direct(self, node: int) -> float:
        """Decibans that a root's own signs give it."""
        own = self.grounded.direct.get(node, [])
        return sum(decibans for j, decibans in self.evidence(node) if j in own)

    def weighed(self, j: int, decibans: float, *, away: bool = False) -> Weighed:
        """One observation as it is reported; `away` from the target that the cause is on."""
        finding = self.grounded.observed[j].finding
        where = Untrusted(self.target) if away else NO_TEXT
        return Weighed(
            check=finding.check, subject=finding.subject, summary=finding.summary, decibans=decibans, target=where
        )

    @cached_property
    def unexplained(self) -> tuple[Weighed, ...]:
        """Bad findings that nothing in the likeliest world brings about."""
        known = {n for n in self.world if self.nodes[n].state is not None}
        return tuple(
            self.weighed(j, 0.0)
            for j, seen in enumerate(self.grounded.seen)
            if seen.grade and not any(n in known for n, _, _ in seen.links)
        )


def sick(findings: Iterable[Finding]) -> bool:
    """Whether anything speaks for anything: otherwise there is nothing to weigh."""
    return any(f.status in (Status.WARN, Status.FAIL) for f in findings)


def weigh_one(
    target: str, findings: Sequence[Finding], knowledge: Knowledge, memo: Memo, beyond: Beyond = NOTHING_BEYOND
) -> Weighing:
    """Weigh one target. memo: those weighed so far with the same knowledge; hosts that are alike are weighed once."""
    telling = list(filter(knowledge.weighs, findings))
    told = by_check(telling)
    observed = observations(told)
    key = (likeness(told, observed, knowledge.voices), beyond.signature)
    if (like := memo.get(key)) is not None:
        return replace(like, target=target, findings=findings, grounded=_of_this_one(like.grounded, observed))
    grounded = ground(telling, knowledge, beyond)
    memo[key] = weighing = Weighing(target, findings, grounded, infer(grounded.net))
    return weighing


def _of_this_one(like: Grounded, observed: Sequence[Observed]) -> Grounded:
    """The net of a host that is alike, with this host's own words; what was not said has none."""
    return replace(like, observed=(*observed, *like.observed[len(observed) :]))
