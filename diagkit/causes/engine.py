"""Exact inference over small sets of root causes. Pure arithmetic: it knows nothing of checks, hosts or words.

Theory of operation
-------------------
A `Net` has nodes that are true or false. Each has a prior (that it begins by itself: then it is a *root*) and edges
from parents: an active parent brings the node about with probability w, independently of the others (noisy-OR):

    P(x = 1 | parents) = 1 - (1 - trigger) * product over active parents of (1 - w)

Observations have three grades (0 passed, 1 warned, 2 failed). Node n alone makes the grade at least 1 with probability
a, and 2 with probability b; the leak is the same with nothing wrong (noisy-MAX):

    q0 = (1 - leak_a) * product(1 - a)     q1 = (1 - leak_b) * product(1 - b)
    P(0) = q0     P(1) = q1 - q0     P(2) = 1 - q1

What could not be observed is simply not in the net: it has factor 1 and is evidence for nothing. Observations that
repeat one fact share a weight below 1 (`share`), the exponent of their likelihood.

The probability of a root set U is  product of prior odds  x  R(U),  with  R(U) = P(observed | U) / P(observed |
nothing). R sums over the hidden nodes below U, one after the other in topological order; a node is forgotten as soon
as nothing that is still to come depends on it, and equal rests are added up. That is exact, and cheap on nets that
are nearly trees.

Root sets are searched best first: a set is extended by every candidate as long as its score is within `WINDOW` nats
of the best. Blocks that share neither a hidden node nor a bad observation are solved apart: a passed observation
factorises, so it couples nothing.

References: Heckerman 1989 (noisy-OR diagnosis), Diez 1993 (noisy-MAX), Good 1950 (weights of evidence).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush

FLOOR = 1e-6  # no likelihood is smaller: knowledge is never that sure
WINDOW = 5.0  # nats below the best root set at which a set is no longer extended
MARGIN = 1.0  # nats that two roots together may gain over what each gains alone (they share evidence against them)
MAX_ROOTS = 4  # simultaneous faults in one block
MAX_EXPANDED = 80  # root sets extended in one block

Roots = frozenset[int]


@dataclass(frozen=True)
class Observation:
    """One observed grade and the nodes that can bring it about: (node, a, b)."""

    grade: int
    leak: tuple[float, float]
    links: tuple[tuple[int, float, float], ...]
    share: float = 1.0

    @cached_property
    def silence(self) -> dict[int, tuple[float, float]]:
        """How probable it is that an active node brings about no warning, and no failure."""
        found: dict[int, tuple[float, float]] = {}
        for node, a, b in self.links:
            q0, q1 = found.get(node, (1.0, 1.0))
            found[node] = (q0 * (1 - a), q1 * (1 - b))
        return found

    def likelihood(self, active: Iterable[int]) -> float:
        """P(this grade | exactly these nodes are active), tempered by its share."""
        q0, q1 = 1 - self.leak[0], 1 - self.leak[1]
        silence = self.silence
        for node in active:
            if node in silence:
                mute = silence[node]
                q0 *= mute[0]
                q1 *= mute[1]
        grades = (q0, q1 - q0, 1 - q1)
        return float(max(grades[self.grade], FLOOR) ** self.share)


@dataclass(frozen=True)
class Net:
    """Nodes 0..n-1 in topological order (parents before children)."""

    priors: Sequence[float]
    edges: Sequence[tuple[int, int, float]]  # parent, child, weight; parent < child
    observations: Sequence[Observation]

    @cached_property
    def parents(self) -> list[list[tuple[int, float]]]:
        """The parents of each node with their weights."""
        found: list[list[tuple[int, float]]] = [[] for _ in self.priors]
        for parent, child, weight in self.edges:
            found[child].append((parent, weight))
        return found

    @cached_property
    def seen_by(self) -> list[list[int]]:
        """The observations that each node can bring about."""
        found: list[list[int]] = [[] for _ in self.priors]
        for index, observation in enumerate(self.observations):
            for node, _, _ in observation.links:
                found[node].append(index)
        return found

    @cached_property
    def nothing(self) -> list[float]:
        """The likelihood of each observation when nothing is wrong."""
        return [o.likelihood(()) for o in self.observations]

    @cached_property
    def telling(self) -> set[int]:
        """Nodes with an observation at or below them; the others change nothing."""
        found = {n for n, seen in enumerate(self.seen_by) if seen}
        for parent, child, _ in sorted(self.edges, key=lambda edge: -edge[1]):
            if child in found:
                found.add(parent)
        return found

    @cached_property
    def suspects(self) -> set[int]:
        """Nodes that something bad was observed at or below."""
        found = {n for n, seen in enumerate(self.seen_by) if any(self.observations[o].grade for o in seen)}
        for parent, child, _ in sorted(self.edges, key=lambda edge: -edge[1]):
            if child in found:
                found.add(parent)
        return found

    def cone(self, roots: Iterable[int]) -> list[int]:
        """The roots and all their descendants that can be noticed, in topological order."""
        found = set(roots)
        for node in range(min(found, default=len(self.priors)), len(self.priors)):
            if any(parent in found for parent, _ in self.parents[node]) and node in self.telling:
                found.add(node)
        return sorted(found)


@dataclass(frozen=True, slots=True)
class World:
    """The likeliest way things stand, given a root set: the active nodes."""

    roots: Roots
    active: frozenset[int]


@dataclass(frozen=True)
class Posterior:
    """What follows from the observations.

    `sets` are the root sets of the best explanation's neighbourhood, best first.
    """

    marginal: dict[int, float]
    healthy: float  # P(no root at all)
    best: Roots
    sets: list[tuple[float, Roots]] = field(default_factory=list)


def log_ratio(net: Net, roots: Roots) -> float:
    """Log of R(U): how much better these roots explain what was observed than nothing does."""
    return _eliminate(net, roots, likeliest=False)[0]


def likeliest_world(net: Net, roots: Roots) -> World:
    """The most probable state of everything below these roots."""
    return World(roots, _eliminate(net, roots, likeliest=True)[1])


def _eliminate(net: Net, roots: Roots, *, likeliest: bool) -> tuple[float, frozenset[int]]:
    """Sum (or maximise) over the hidden nodes below the roots.

    Returns the log ratio and the active nodes (if maximising).
    """
    order = net.cone(roots)
    place = {node: i for i, node in enumerate(order)}
    last_use, finishing = _schedule(net, order, place)
    rests: dict[frozenset[int], tuple[float, frozenset[int]]] = {frozenset(): (1.0, frozenset())}
    scale = 0.0
    for i, node in enumerate(order):
        grown: dict[frozenset[int], tuple[float, frozenset[int]]] = {}
        for active, (mass, path) in rests.items():
            silent = 1.0
            for parent, weight in net.parents[node]:
                if parent in active:
                    silent *= 1 - weight
            on = 1.0 if node in roots else 1 - silent
            for probability, now, way in ((on, active | {node}, path | {node}), (1 - on, active, path)):
                if probability <= 0:
                    continue
                value = mass * probability
                for index in finishing[i]:
                    value *= net.observations[index].likelihood(now) / net.nothing[index]
                kept = frozenset(n for n in now if last_use[n] > i)
                known = grown.get(kept)
                if known is None or (likeliest and value > known[0]):
                    grown[kept] = (value, way)
                elif not likeliest:
                    grown[kept] = (known[0] + value, known[1])
        top = max(value for value, _ in grown.values())
        scale += math.log(top)
        rests = {kept: (value / top, way) for kept, (value, way) in grown.items()}
    total, way = (
        max(rests.values(), key=lambda rest: rest[0]) if likeliest else (sum(v for v, _ in rests.values()), frozenset())
    )
    return scale + math.log(total), way


def _schedule(net: Net, order: list[int], place: dict[int, int]) -> tuple[dict[int, int], list[list[int]]]:
    """When each node is needed for the last time, and which observations are complete after each step."""
    last_use = dict.fromkeys(order, -1)
    for node in order:
        for parent, _ in net.parents[node]:
            if parent in place:
                last_use[parent] = max(last_use[parent], place[node])
    finishing: list[list[int]] = [[] for _ in order]
    for index in {o for node in order for o in net.seen_by[node]}:
        linked = [n for n, _, _ in net.observations[index].links if n in place]
        done = max(place[n] for n in linked)
        finishing[done].append(index)
        for n in linked:
            last_use[n] = max(last_use[n], done)
    return last_use, finishing


def infer(net: Net) -> Posterior:
    """The probability of every root, by blocks that have nothing to do with each other."""
    marginal: dict[int, float] = {}
    healthy = 1.0
    best: set[int] = set()
    sets: list[tuple[float, Roots]] = []
    for block in _blocks(net):
        scores = _search(net, block)
        top = max(scores.values())
        total = sum(math.exp(s - top) for s in scores.values())
        weights: dict[Roots, float] = {u: math.exp(s - top) / total for u, s in scores.items()}
        for roots, weight in weights.items():
            for root in roots:
                marginal[root] = marginal.get(root, 0.0) + weight
        healthy *= weights[Roots()]
        best |= max(weights.items(), key=lambda item: (item[1], sorted(item[0])))[0]
        sets += [(weight, roots) for roots, weight in weights.items() if roots]
    sets.sort(key=lambda pair: (-pair[0], sorted(pair[1])))
    return Posterior(marginal, healthy, frozenset(best), sets)


def _blocks(net: Net) -> list[list[int]]:
    """Candidate roots, grouped so that no two groups share a hidden node or a bad observation."""
    candidates = [n for n, prior in enumerate(net.priors) if prior > 0 and n in net.suspects]
    touches: dict[object, int] = {}
    group = {c: c for c in candidates}

    def leader(node: int) -> int:
        while group[node] != node:
            node = group[node]
        return node

    for candidate in candidates:
        for node in net.cone([candidate]):
            bad = [("seen", o) for o in net.seen_by[node] if net.observations[o].grade]
            for thing in [("node", node), *bad]:
                other = touches.setdefault(thing, candidate)
                group[leader(candidate)] = leader(other)
    blocks: dict[int, list[int]] = {}
    for candidate in candidates:
        blocks.setdefault(leader(candidate), []).append(candidate)
    return list(blocks.values())


def _search(net: Net, candidates: list[int]) -> dict[Roots, float]:
    """Scores (log, relative to no root) of the root sets worth looking at."""
    odds = {c: math.log(net.priors[c] / (1 - net.priors[c])) for c in candidates}

    def score(roots: Roots) -> float:
        return sum(odds[c] for c in roots) + log_ratio(net, roots)

    alone = {c: score(frozenset({c})) for c in candidates}
    scores: dict[Roots, float] = {frozenset(): 0.0} | {frozenset({c}): s for c, s in alone.items()}
    best = max(scores.values())
    heap = [(-s, tuple(sorted(roots))) for roots, s in scores.items() if roots]
    heapify(heap)
    expanded = 0
    while heap and expanded < MAX_EXPANDED:
        negative, members = heappop(heap)
        if -negative < best - WINDOW:
            break
        expanded += 1
        for candidate in candidates:
            grown = frozenset(members) | {candidate}
            worth = alone[candidate] - negative >= best - WINDOW - MARGIN
            if grown in scores or len(members) >= MAX_ROOTS or not worth:
                continue
            scores[grown] = score(grown)
            best = max(best, scores[grown])
            heappush(heap, (-scores[grown], tuple(sorted(grown))))
    return scores
