"""Simpler ways to rank causes, on the same findings and the same knowledge: what the engine has to beat.

- first rule: the first cause whose direct check failed, the rarest first: what a list of if-then rules does.
- weighted count: the weights of the findings that speak for a cause, less those that speak against it.
- naive Bayes: one fault at a time, every finding independent, with the knowledge's paths multiplied out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from diagkit.causes.grounding import Grounded
from diagkit.causes.net import FLOOR

Ranked = list[str]
Rival = Callable[[Grounded], Ranked]


def first_rule(grounded: Grounded) -> Ranked:
    """Causes whose own check failed, the rarest first; then those whose own check warned."""
    matched = []
    for node, seen in grounded.direct.items():
        worst = max((grounded.observed[j].grade for j in seen), default=0)
        if worst and grounded.net.priors[node]:
            matched.append((-worst, grounded.net.priors[node], grounded.nodes[node].id))
    return _ids(name for _, _, name in sorted(matched))


def weighted_count(grounded: Grounded) -> Ranked:
    """By the sum of the weights of what speaks for a cause, and half of those of what speaks against it."""
    scores: dict[int, float] = {}
    for node, weights in _compiled(grounded).items():
        for j, (a, _) in weights.items():
            scores[node] = scores.get(node, 0.0) + (a if grounded.observed[j].grade else -a / 2)
    return _best(grounded, scores)


def naive_bayes(grounded: Grounded) -> Ranked:
    """By the posterior odds of each cause as the only one."""
    scores = {}
    for node, weights in _compiled(grounded).items():
        prior = grounded.net.priors[node]
        score = math.log(prior / (1 - prior))
        for j, (a, b) in weights.items():
            seen = grounded.net.observations[j]
            q0, q1 = 1 - seen.leak[0], 1 - seen.leak[1]
            alone = (q0, q1 - q0, 1 - q1)[seen.grade]
            q0, q1 = q0 * (1 - a), q1 * (1 - b)
            score += math.log(max((q0, q1 - q0, 1 - q1)[seen.grade], FLOOR) / max(alone, FLOOR))
        scores[node] = score
    return _best(grounded, scores)


RIVALS: Mapping[str, Rival] = {"naive Bayes": naive_bayes, "weighted count": weighted_count, "first rule": first_rule}


def _compiled(grounded: Grounded) -> dict[int, dict[int, tuple[float, float]]]:
    """For each cause, how probably each observation warns and fails, whatever the way it takes through conditions."""
    net = grounded.net
    found = {}
    for root, prior in enumerate(net.priors):
        if not prior or grounded.nodes[root].state is None:
            continue
        active = {root: 1.0}
        for node in range(root + 1, len(net.priors)):
            silent = math.prod(1 - weight * active[parent] for parent, weight in net.parents[node] if parent in active)
            if silent < 1:
                active[node] = 1 - silent
        weights = {}
        for j, seen in enumerate(net.observations[: len(grounded.observed)]):
            a = 1 - math.prod(1 - w * active[n] for n, w, _ in seen.links if n in active)
            b = 1 - math.prod(1 - w * active[n] for n, _, w in seen.links if n in active)
            if a:
                weights[j] = (min(a, 1 - FLOOR), min(b, 1 - FLOOR))
        found[root] = weights
    return found


def _best(grounded: Grounded, scores: Mapping[int, float]) -> Ranked:
    return _ids(grounded.nodes[node].id for node in sorted(scores, key=lambda n: (-scores[n], n)))


def _ids(names: object) -> Ranked:
    return list(dict.fromkeys(names))  # type: ignore[call-overload, no-any-return]
