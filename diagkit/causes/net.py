"""What the engine reckons with: nodes that are true or false, what brings them about, and what was observed of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from diagkit.frozen import frozen

FLOOR = 1e-6  # no likelihood is smaller: knowledge is never that sure

Nodes = int  # a set of nodes: bit n stands for node n


def nodes_of(mask: Nodes) -> Iterator[int]:
    """The members of a set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def set_of(nodes: Iterable[int]) -> Nodes:
    """The set with these members."""
    mask = 0
    for node in nodes:
        mask |= 1 << node
    return mask


@frozen
class Observation:
    """One observed grade and the nodes that can bring it about: (node, a, b).

    ratio: the likelihood ratio of a graded observation; its grade does not count then.
    """

    grade: int
    leak: tuple[float, float]
    links: tuple[tuple[int, float, float], ...]
    share: float = 1.0
    ratio: float | None = None

    def likelihood(self, active: Nodes) -> float:
        """P(this grade | exactly these nodes are active), tempered by its share."""
        q0, q1 = 1 - self.leak[0], 1 - self.leak[1]
        for node, a, b in self.links:
            if active >> node & 1:
                q0 *= 1 - a
                q1 *= 1 - b
        if self.ratio is not None:
            return (q0 + (1 - q0) * self.ratio) ** self.share  # type: ignore[no-any-return]
        return max((q0, q1 - q0, 1 - q1)[self.grade], FLOOR) ** self.share  # type: ignore[no-any-return]

    @property
    def bad(self) -> bool:
        """Whether it speaks for something."""
        return self.grade > 0 if self.ratio is None else self.ratio > 1

    @property
    def couples(self) -> bool:
        """Whether the nodes behind it have to be looked at together: all but a pass, which is a product over them."""
        return self.grade > 0 or self.ratio is not None


@dataclass(frozen=True)
class Net:
    """Nodes 0..n-1 in topological order (parents before children). Connectors are roots without parents or children."""

    priors: Sequence[float]
    edges: Sequence[tuple[int, int, float]]  # parent, child, weight; parent < child
    observations: Sequence[Observation]
    connectors: tuple[int, ...] = ()

    @cached_property
    def parents(self) -> list[list[tuple[int, float]]]:
        """The parents of each node with their weights."""
        found: list[list[tuple[int, float]]] = [[] for _ in self.priors]
        for parent, child, weight in self.edges:
            found[child].append((parent, weight))
        return found

    @cached_property
    def children(self) -> list[list[tuple[int, float]]]:
        """The children of each node with their weights."""
        found: list[list[tuple[int, float]]] = [[] for _ in self.priors]
        for parent, child, weight in self.edges:
            found[parent].append((child, weight))
        return found

    @cached_property
    def above(self) -> list[Nodes]:
        """The parents of each node."""
        return [set_of(parent for parent, _ in parents) for parents in self.parents]

    @cached_property
    def quiet(self) -> list[float]:
        """Log of what the passed observations say about each node being active."""
        found = [0.0] * len(self.priors)
        for seen in self.observations:
            if not seen.couples:
                for node, a, _ in seen.links:
                    found[node] += seen.share * math.log(max(1 - a, FLOOR))
        return found

    @cached_property
    def coupling(self) -> list[tuple[Observation, Nodes]]:
        """The observations that couple the nodes behind them, with these nodes."""
        return [
            (seen, set_of(n for n, _, _ in seen.links)) for seen in self.observations if seen.couples and seen.links
        ]

    @cached_property
    def seen_by(self) -> list[list[int]]:
        """The coupling observations that each node can bring about."""
        found: list[list[int]] = [[] for _ in self.priors]
        for index, (_, links) in enumerate(self.coupling):
            for node in nodes_of(links):
                found[node].append(index)
        return found

    @cached_property
    def cones(self) -> list[Nodes]:
        """Each node and all its descendants that anything was observed at or below."""
        found = [0] * len(self.priors)
        for node in reversed(range(len(self.priors))):
            below = 0
            for child, _ in self.children[node]:
                below |= found[child]
            told = below or self.seen_by[node] or self.quiet[node]
            found[node] = below | 1 << node if told else 0
        return found

    @cached_property
    def suspects(self) -> Nodes:
        """Nodes that something bad was observed at or below."""
        found = 0
        for node in reversed(range(len(self.priors))):
            bad = any(self.coupling[index][0].bad for index in self.seen_by[node])
            if bad or any(found >> child & 1 for child, _ in self.children[node]):
                found |= 1 << node
        return found

    @cached_property
    def _likelihoods(self) -> list[dict[Nodes, float]]:
        return [{} for _ in self.coupling]

    @cached_property
    def _onsets(self) -> list[dict[Nodes, float]]:
        return [{} for _ in self.priors]

    def likelihood(self, index: int, active: Nodes) -> float:
        """The likelihood of a coupling observation; computed once for each set of nodes behind it."""
        seen, links = self.coupling[index]
        key = active & links
        known = self._likelihoods[index].get(key)
        if known is None:
            known = self._likelihoods[index][key] = seen.likelihood(key)
        return known

    def onset(self, node: int, active: Nodes) -> float:
        """P(the active parents bring this node about)."""
        key = active & self.above[node]
        known = self._onsets[node].get(key)
        if known is None:
            silent = math.prod(1 - weight for parent, weight in self.parents[node] if key >> parent & 1)
            known = self._onsets[node][key] = 1 - silent
        return known
