"""What of others' knowledge may take part in a run.

Plug-ins and the user's own files are loaded beside what is shipped. Whatever the engine could not reckon with, or would
change what something shipped means, is refused here with one sentence, and the run goes on without it. Whether the rest
is any good is for `diagkit lint` to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import is_dataclass
from typing import get_args

from diagkit.causes import Cause, Effect, LookAlike, Sign, State
from diagkit.checks import PHASES, Check
from diagkit.model import Again, History, Moment, Reply, Run, Site, Target, Unreached
from diagkit.probes import Answers, Probe, needs
from diagkit.spelling import nearest
from diagkit.transports.allowed import Forbidden, refuse_unless_allowed

GIVEN = frozenset({Target, Moment, Site, History, Unreached})  # facts that nobody has to learn


def refuse_probe(name: str, probes: Mapping[str, Probe]) -> str:
    """Why this probe may not take part; empty if it may."""
    probe = probes[name]
    for other in probes.values():
        if other is not probe and other.fact is probe.fact:
            return f"it learns {probe.fact.__name__}, as {other.name} does already: give it a fact of its own"
    learned = {other.fact for other in probes.values()} | GIVEN
    for function in (*(source.parse for source in probe.sources), *filter(None, [probe.also])):
        for parameter, kind in needs(function).items():
            if kind not in (Reply, Answers) and (wrong := _unlearned(kind, learned)):
                return f"its parameter {parameter} {wrong}"
    for ask in probe.asks():
        question = ask.first if isinstance(ask, Again) else ask
        if isinstance(question, Run):
            try:
                refuse_unless_allowed(question.argv)
            except Forbidden as error:
                return f"it would run what diagkit may not: {error}"
    return "" if is_dataclass(probe.fact) else f"what it returns, {probe.fact}, is no dataclass"


def refuse_check(name: str, checks: Mapping[str, Check], probes: Mapping[str, Probe]) -> str:
    """Why this check may not take part; empty if it may."""
    check = checks[name]
    if check.phase not in PHASES:
        return f"there is no phase {check.phase!r}: it lies in checks/PHASE/{nearest(check.phase, PHASES)}"
    learned = {probe.fact for probe in probes.values()} | GIVEN
    for parameter, kind in check.needs.items():
        if wrong := _unlearned(kind, learned):
            return f"its parameter {parameter} {wrong}"
    if not all(isinstance(p, int | float) and 0 < p < 0.5 for p in check.noise) or len(check.noise) != 2:
        return f"its noise {check.noise!r} is not two probabilities below 0.5: how often it warns and fails for nothing"
    return "" if is_dataclass(check.limits) else f"its limits {check.limits!r} are no dataclass"


def _unlearned(kind: object, learned: Collection[type]) -> str:
    fact = (get_args(kind) or (kind,))[0]
    if fact in learned:
        return ""
    word = str(getattr(fact, "__name__", fact))
    return f"wants {word}, which no probe learns{nearest(word, {known.__name__ for known in learned})}"


def refuse_state(name: str, states: Mapping[str, State], checks: Mapping[str, Check]) -> str:
    """Why this cause or condition may not take part; empty if it may."""
    state = states[name]
    for field, kind in (("shows", Sign), ("leads_to", Effect), ("look_alikes", LookAlike)):
        held = getattr(state, field, ())
        if not isinstance(held, tuple):
            return f"its {field} is no tuple: put a comma behind a single one, as in `(often(x),)`"
        for one in held:
            if not isinstance(one, kind):
                return f"its {field} holds {one!r}, which is no {kind.__name__}"
    return _wrong_number(state) or _wrong_check(state, checks) or _wrong_effect(state, states) or _circle(name, states)


def _wrong_number(state: State) -> str:
    if isinstance(state, Cause) and not 0 < state.prior <= 0.3:
        return f"its prior {state.prior!r} is no probability above 0, and at most 0.3"
    weights = [*(sign.weight for sign in state.shows), *(effect.weight for effect in state.leads_to)]
    wrong = [weight for weight in weights if not 0 < weight < 1]
    return f"its weight {wrong[0]!r} is no probability between 0 and 1" if wrong else ""


def _wrong_check(state: State, checks: Mapping[str, Check]) -> str:
    for check in (*(sign.check for sign in state.shows), *filter(None, [state.told_by])):
        if not isinstance(check, Check):
            return f"it refers to {check!r}, which is no check: import the check itself"
        if checks.get(check.name) is not check:
            return f"it shows in {check.name}, which does not take part"
    return ""


def _wrong_effect(state: State, states: Mapping[str, State]) -> str:
    known = {id(other) for other in states.values()}
    for effect in state.leads_to:
        if id(effect.state) not in known:
            return f"it leads to {effect.state.title!r}, which does not take part: give that a public name of its own"
    return ""


def _circle(name: str, states: Mapping[str, State]) -> str:
    """The way from a state back to itself, if there is one."""
    names = {id(state): other for other, state in states.items()}
    ways, seen = [[name]], set[str]()
    while ways:
        way = ways.pop()
        for effect in states[way[-1]].leads_to:
            following = names.get(id(effect.state), "")
            if following == name:
                return f"it leads to itself, in a circle: {' -> '.join([*way, name])}"
            if following and following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return ""
