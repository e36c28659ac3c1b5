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

A *graded* observation has a likelihood ratio L in the place of a grade: it is L times as likely where something makes
it show. What could not be observed is simply not in the net: it has factor 1 and is evidence for nothing. Observations
that repeat one fact share a weight below 1 (`share`), the exponent of their likelihood.

The probability of a root set U is  product of prior odds  x  R(U),  with  R(U) = P(observed | U) / P(observed |
nothing). R sums over the hidden nodes below U, one after the other in topological order; a node is forgotten as soon
as nothing that is still to come depends on it, and equal rests are added up. That is exact, and cheap on nets that
are nearly trees. A passed observation falls apart into one factor for each node, so it couples nothing and costs
nothing; only what warned or failed has to be carried along.

Root sets are searched best first. What another root would gain beside U is estimated as on a tree, given the likeliest
world of U, so that what U explains already counts for nothing; only those within `WINDOW` nats of the best are
evaluated. The estimate is no bound (evidence against two roots that share it is counted twice), hence `MARGIN`; the
probability of what was left out is added up as `unexplored`.

Some roots touch everything (the unmodelled cause): these `connectors` are fixed as on or off first. Then blocks that
share neither a hidden node nor a bad observation are solved apart, and their sums multiplied.

Sets of nodes are the bits of an integer. References: Heckerman 1989 (noisy-OR diagnosis), Diez 1993 (noisy-MAX),
Good 1950 (weights of evidence), Pearl 1988 (virtual evidence).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import field
from heapq import heappop, heappush
from itertools import combinations

from diagkit.causes.net import Net, Nodes, nodes_of, set_of
from diagkit.frozen import frozen

WINDOW = 4.0  # nats below the best root set at which a set is left alone
MARGIN = 1.0  # nats that the estimate of a root's gain may fall short
MAX_ROOTS = 5  # simultaneous faults in one block
MAX_EXPANDED = 80  # root sets extended in one block
NEGLIGIBLE = 1e-7  # of the likeliest rest: a rest this improbable is dropped while summing


@frozen
class Posterior:
    """What follows from the observations.

    marginal: the probability of each root that was looked at. sets: root sets by probability, best first, within each
    block. evidence: log P(observed) relative to nothing being wrong, summed over all that was looked at.
    unexplored: probability of the root sets that were left out, as estimated.
    """

    marginal: dict[int, float]
    healthy: float  # P(no root at all)
    best: frozenset[int]
    sets: list[tuple[float, frozenset[int]]] = field(default_factory=list)
    evidence: float = 0.0
    unexplored: float = 0.0


def log_ratio(net: Net, roots: Iterable[int]) -> float:
    """Log of R(U): how much better these roots explain what was observed than nothing does."""
    return _eliminate(net, set_of(roots), 0)


def likeliest_world(net: Net, roots: Iterable[int]) -> frozenset[int]:
    """The active nodes in the most probable state of everything below these roots."""
    return frozenset(nodes_of(_likeliest(net, set_of(roots), 0)))


def _steps(net: Net, roots: Nodes, fixed: Nodes) -> list[tuple[int, Nodes, list[int]]]:
    """The order of elimination: each node, what has to be remembered after it, and the observations it completes."""
    cone = 0
    for root in nodes_of(roots):
        cone |= net.cones[root] | 1 << root
    order = list(nodes_of(cone & ~fixed))
    completed: dict[int, list[int]] = {}
    for index in {index for node in order for index in net.seen_by[node]}:
        completed.setdefault((net.coupling[index][1] & cone & ~fixed).bit_length() - 1, []).append(index)
    steps, needed = [], 0
    for node in reversed(order):
        done = sorted(completed.get(node, ()))
        steps.append((node, needed | fixed, done))
        needed |= net.above[node]
        for index in done:
            needed |= net.coupling[index][1]
    return steps[::-1]


def _eliminate(net: Net, roots: Nodes, fixed: Nodes) -> float:
    """Log of the sum over the hidden nodes below the roots, beside what is fixed as active."""
    rests, scale = {fixed: 1.0}, 0.0
    for node, keep, done in _steps(net, roots, fixed):
        bit, speaks = 1 << node, math.exp(net.quiet[node])
        grown: dict[Nodes, float] = {}
        for active, mass in rests.items():
            on = 1.0 if roots & bit else net.onset(node, active)
            for probability, now in ((on * speaks, active | bit), (1 - on, active)):
                if probability > 0:
                    value = mass * probability
                    for index in done:
                        value *= net.likelihood(index, now) / net.likelihood(index, fixed)
                    kept = now & keep
                    grown[kept] = grown.get(kept, 0.0) + value
        top = max(grown.values())
        scale += math.log(top)
        rests = {kept: value / top for kept, value in grown.items() if value > NEGLIGIBLE * top}
    return scale + math.log(sum(rests.values()))


def _likeliest(net: Net, roots: Nodes, fixed: Nodes) -> Nodes:
    """The same with the maximum in the place of the sum: the likeliest world."""
    rests = {fixed: (1.0, fixed)}
    for node, keep, done in _steps(net, roots, fixed):
        bit, speaks = 1 << node, math.exp(net.quiet[node])
        grown: dict[Nodes, tuple[float, Nodes]] = {}
        for active, (mass, path) in rests.items():
            on = 1.0 if roots & bit else net.onset(node, active)
            for probability, now, way in ((on * speaks, active | bit, path | bit), (1 - on, active, path)):
                if probability > 0:
                    value = mass * probability
                    for index in done:
                        value *= net.likelihood(index, now) / net.likelihood(index, fixed)
                    kept = now & keep
                    if kept not in grown or value > grown[kept][0]:
                        grown[kept] = (value, way)
        top = max(value for value, _ in grown.values())
        rests = {kept: (value / top, way) for kept, (value, way) in grown.items() if value > NEGLIGIBLE * top}
    return max(rests.values())[1]


def _gains(net: Net, world: Nodes) -> list[float]:
    """What switching on each node would add to the log likelihood of this world, taken as a tree."""
    gains = list(net.quiet)
    for node in reversed(range(len(gains))):
        with_it = world | 1 << node
        for index in net.seen_by[node]:
            gains[node] += math.log(net.likelihood(index, with_it) / net.likelihood(index, world))
        for child, weight in net.children[node]:
            if not world >> child & 1:
                gains[node] += math.log(1 - weight + weight * math.exp(min(gains[child], 300.0)))
    return gains


def infer(net: Net) -> Posterior:
    """The probability of every root worth looking at: for each state of the connectors, block by block."""
    odds = {n: math.log(p / (1 - p)) for n, p in enumerate(net.priors) if p > 0 and net.suspects >> n & 1}
    common = [n for n in net.connectors if n in odds]
    blocks = _blocks(net, [n for n in odds if n not in common])
    cases = []
    for size in range(len(common) + 1):
        for chosen in combinations(common, size):
            fixed = set_of(chosen)
            searches = [_search(net, {n: odds[n] for n in block}, fixed) for block in blocks]
            total = sum(odds[n] for n in chosen) + _eliminate(net, fixed, 0) + sum(s.total for s in searches)
            cases.append((total, chosen, searches))
    evidence = _log_sum(total for total, _, _ in cases)
    marginal: dict[int, float] = {}
    sets: list[tuple[float, frozenset[int]]] = []
    unexplored = 0.0
    for total, chosen, searches in cases:
        case = math.exp(total - evidence)
        sets += [(case, frozenset(chosen))] if chosen else []
        for root in chosen:
            marginal[root] = marginal.get(root, 0.0) + case
        for search in searches:
            unexplored += case * search.unexplored
            for roots, score in search.scores.items():
                weight = case * math.exp(score - search.total)
                sets += [(weight, frozenset(nodes_of(roots)))] if roots else []
                for root in nodes_of(roots):
                    marginal[root] = marginal.get(root, 0.0) + weight
    _, chosen, searches = max(cases, key=lambda case: (case[0], -len(case[1])))
    best = set(chosen).union(*(nodes_of(search.best) for search in searches))
    sets.sort(key=lambda pair: (-pair[0], sorted(pair[1])))
    return Posterior(marginal, math.exp(-evidence), frozenset(best), sets, evidence, unexplored)


def _log_sum(logs: Iterable[float]) -> float:
    """Log of the sum of the exponentials."""
    values = list(logs)
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values))


def _blocks(net: Net, candidates: Iterable[int]) -> list[list[int]]:
    """Candidate roots, grouped so that no two groups share a hidden node or a coupling observation."""
    groups: list[tuple[Nodes, Nodes, list[int]]] = []  # nodes, observations, candidates
    for candidate in candidates:
        nodes, members = net.cones[candidate], [candidate]
        seen = set_of(index for node in nodes_of(nodes) for index in net.seen_by[node])
        apart = []
        for group in groups:
            if group[0] & nodes or group[1] & seen:
                nodes, seen, members = nodes | group[0], seen | group[1], group[2] + members
            else:
                apart.append(group)
        groups = [*apart, (nodes, seen, members)]
    return [members for _, _, members in groups]


@frozen
class _Search:
    """The root sets of one block that were looked at, with their log odds against no root, and the log of their sum."""

    scores: dict[Nodes, float]
    total: float
    unexplored: float

    @property
    def best(self) -> Nodes:
        return max(self.scores.items(), key=lambda item: (item[1], -item[0]))[0]


def _search(net: Net, odds: dict[int, float], fixed: Nodes) -> _Search:
    """The root sets worth looking at among these candidates, beside what is fixed as active."""
    scores: dict[Nodes, float] = {0: 0.0}
    left_out: dict[Nodes, float] = {}
    best, heap = 0.0, [(0.0, 0)]
    for _ in range(MAX_EXPANDED):
        if not heap or -heap[0][0] < best - WINDOW:
            break
        negative, roots = heappop(heap)
        if roots.bit_count() >= MAX_ROOTS:
            continue
        gains = _gains(net, _likeliest(net, roots, fixed))
        hopes = sorted(((odds[c] + gains[c] - negative, c) for c in odds if not roots >> c & 1), reverse=True)
        for hope, candidate in hopes:
            grown = roots | 1 << candidate
            if grown in scores:
                continue
            if hope < best - WINDOW - MARGIN:
                left_out[grown] = max(hope, left_out.get(grown, hope))
                continue
            prior = sum(odds[c] for c in nodes_of(grown))
            scores[grown] = score = prior + _eliminate(net, grown, fixed)
            best = max(best, score)
            heappush(heap, (-score, grown))
    total = _log_sum(scores.values())
    missed = sum(math.exp(min(0.0, hope - total)) for roots, hope in left_out.items() if roots not in scores)
    return _Search(scores, total, missed)
