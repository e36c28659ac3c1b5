"""How alike two causes look: what each is expected to show, all the way down, and how many decibans tell them apart.

A cause's look is, for every check and every log signature, the probability of passing, warning and failing when that
cause alone is at work: its own signs, and those of all that it brings about, weighted by how probably it does. The
difference of two looks is the expected weight of evidence (the Kullback-Leibler divergence) in decibans: how far one
look at a host that has the first is expected to move the odds against the second. It is not the same both ways.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from diagkit.causes import WORDS, State
from diagkit.checks import Check
from diagkit.checks.logs.signatures import judge_of
from diagkit.frozen import frozen
from diagkit.logs.signatures import Signature
from diagkit.model import Status

FLOOR = 1e-6  # no probability is smaller: knowledge is never that sure

Grades = tuple[float, float]  # P(it at least warns), P(it fails)


@frozen
class Feature:
    """Something that can be seen: a check, or one log signature and the check that reports it."""

    check: str
    signature: str = ""


Look = Mapping[Feature, Grades]  # what is not in it has its noise only


@dataclass(frozen=True)
class Looks:
    """What every state looks like, and what is seen where nothing is wrong."""

    of: Mapping[str, Look]
    noise: Mapping[Feature, Grades]

    def apart(self, one: str, other: str) -> Iterator[tuple[str, float]]:
        """What each check is expected to tell against `other` where `one` is at work: a part of 0 dB or more each."""
        a, b = self.of[one], self.of[other]
        for feature in {**a, **b}:
            seen, expected = (_grades(look.get(feature, self.noise[feature])) for look in (a, b))
            yield feature.check, sum(p * 10 * math.log10(p / q) for p, q in zip(seen, expected, strict=True))

    def distance(self, one: str, other: str, enough: float) -> float:
        """All of that together; counted no further than `enough`."""
        total = 0.0
        for _, decibans in self.apart(one, other):
            total += decibans
            if total >= enough:
                break
        return total


def looks(states: Mapping[str, State], checks: Mapping[str, Check], signatures: Mapping[str, Signature]) -> Looks:
    """The looks of all causes and conditions. The states must not lead in circles."""
    names = {id(state): name for name, state in states.items()}
    effects = {name: {names[id(e.state)]: e.weight for e in state.leads_to} for name, state in states.items()}
    order = [*TopologicalSorter(effects).static_order()][::-1]  # causes before what they bring about
    shown = {name: _signs(name, state, signatures) for name, state in states.items()}
    noise = {Feature(name): _noise(check) for name, check in checks.items()}
    noise |= {Feature(judge_of(s).name, s.id): _noise(judge_of(s)) for s in signatures.values()}
    return Looks({name: _look(name, order, effects, shown, noise) for name in states}, noise)


def _look(
    name: str,
    order: list[str],
    effects: Mapping[str, Mapping[str, float]],
    shown: Mapping[str, Look],
    noise: Mapping[Feature, Grades],
) -> Look:
    active = dict.fromkeys(order, 0.0) | {name: 1.0}
    look: dict[Feature, Grades] = {}
    for state in order:
        if not active[state]:
            continue
        for effect, weight in effects[state].items():
            active[effect] = _either(active[effect], active[state] * weight)
        for feature, (warns, fails) in shown[state].items():
            a, b = look.get(feature, noise.get(feature, (0.0, 0.0)))
            look[feature] = (_either(a, active[state] * warns), _either(b, active[state] * fails))
    return look


def _signs(name: str, state: State, signatures: Mapping[str, Signature]) -> Look:
    own: dict[Feature, Grades] = {
        Feature(sign.check.name): (sign.weight, min(sign.weight, sign.fails)) for sign in state.shows
    }
    for signature in signatures.values():
        weight = WORDS.get(signature.causes.get(name, ""), 0.0)
        if weight and signature.severity is not Status.OK:
            fails = weight if signature.severity is Status.FAIL else 0.0
            own[Feature(judge_of(signature).name, signature.id)] = (weight, fails)
    return own


def _noise(check: Check) -> Grades:
    warns, fails = check.noise
    return warns + fails, fails


def _either(p: float, q: float) -> float:
    return 1 - (1 - p) * (1 - q)


def _grades(grades: Grades) -> tuple[float, float, float]:
    """P(passes), P(warns), P(fails)."""
    warns, fails = grades
    return max(1 - warns, FLOOR), max(warns - fails, FLOOR), max(fails, FLOOR)
