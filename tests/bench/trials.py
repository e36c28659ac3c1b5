"""Recorded hosts under hard conditions: as recorded, with half of the checks off, two at once, with a cause unknown.

A trial is one list of findings with the truth about it. Nothing is random: which half is off follows from the tape's
name.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from diagkit import catalog
from diagkit.cases import Case, Expected
from diagkit.causes import State
from diagkit.causes.knowledge import Knowledge
from diagkit.conclusions import Settings, judge
from diagkit.model import Finding, Status
from diagkit.transports.replay import read_tape

BAD = (Status.WARN, Status.FAIL)
HALVES = 2  # different halves of the checks that are off, for each tape
CONDITIONS = ("all checks", "half the checks", "two incidents at once", "cause unknown")


@dataclass(frozen=True, slots=True)
class Trial:
    """What one engine is given, and what was wrong. `true`: every cause at work; `knowledge`: what it may use."""

    name: str
    condition: str
    case: Case
    findings: Sequence[Finding]
    knowledge: Knowledge
    now: datetime

    @property
    def true(self) -> tuple[str, ...]:
        """The causes at work; none on a healthy host."""
        return self.case.expected.causes


def trials(cases: Iterable[Case]) -> Iterator[Trial]:
    """Every case under every condition. A healthy host has no cause that could be unknown.

    Two at once are the findings of two incidents on hosts of one kind, laid over each other: what either finds bad is
    bad.
    """
    every = Settings(checks=tuple(catalog.all_checks().values()))
    knowledge = catalog.knowledge()
    before: dict[str, tuple[Case, Sequence[Finding]]] = {}
    for case in cases:
        tape = read_tape(case.tape)
        now = tape.moment.until
        seen = judge(tape, every)[0]
        yield Trial(case.name, CONDITIONS[0], case, seen, knowledge, now)
        for half in range(HALVES):
            kept = _half([c.name for c in every.checks], f"{case.name} {half}")
            found = [f for f in seen if f.check in kept]
            yield Trial(f"{case.name} {half}", CONDITIONS[1], case, found, knowledge, now)
        kind = case.tape.name.partition(".")[0].partition("-")[0]
        if len(case.expected.causes) == 1:
            other, found = before.get(kind, (case, seen))
            if other.expected.causes != case.expected.causes:
                both = replace(case, expected=Expected(causes=case.expected.causes + other.expected.causes))
                laid = _laid_over(seen, found)
                yield Trial(f"{case.name} and {other.name}", CONDITIONS[2], both, laid, knowledge, now)
            before[kind] = case, seen
        if case.expected.causes:
            yield Trial(case.name, CONDITIONS[3], case, seen, without(knowledge, case.expected.causes), now)


def _laid_over(one: Sequence[Finding], other: Sequence[Finding]) -> list[Finding]:
    worse = {f.check for f in other if f.status in BAD}
    fine = {f.check for f in one if f.status not in BAD} - {f.check for f in one if f.status in BAD}
    kept = [f for f in one if f.check not in worse & fine]
    target = one[0].target
    return kept + [replace(f, target=target) for f in other if f.status in BAD]


def _half(checks: Sequence[str], seed: str) -> set[str]:
    return set(random.Random(seed).sample(sorted(checks), len(checks) // 2))


def without(knowledge: Knowledge, causes: Iterable[str]) -> Knowledge:
    """The knowledge of somebody who never heard of these causes."""
    gone = set(causes)
    lost = {id(knowledge.causes[name]) for name in gone if name in knowledge.causes}

    def spared(states: Mapping[str, State]) -> dict[str, State]:
        return {
            name: replace(state, leads_to=tuple(e for e in state.leads_to if id(e.state) not in lost))
            for name, state in states.items()
            if name not in gone
        }

    # effects point at state objects: copies have to point at copies
    kept = {**spared(knowledge.conditions), **spared(knowledge.causes)}
    old = {**knowledge.conditions, **knowledge.causes}
    new = {id(old[name]): state for name, state in kept.items()}
    for state in kept.values():
        effects = tuple(replace(e, state=new[id(e.state)]) for e in state.leads_to)
        object.__setattr__(state, "leads_to", effects)
    return replace(
        knowledge,
        causes={name: kept[name] for name in knowledge.causes if name in kept},  # type: ignore[misc]
        conditions={name: kept[name] for name in knowledge.conditions if name in kept},  # type: ignore[misc]
    )


def effects(knowledge: Knowledge, causes: Iterable[str]) -> set[str]:
    """Everything that these causes may bring about."""
    ids = {id(state): name for name, state in knowledge.states.items()}
    found, open_ = set[str](), [knowledge.states[name] for name in causes if name in knowledge.states]
    while open_:
        for effect in open_.pop().leads_to:
            name = ids[id(effect.state)]
            if name not in found:
                found.add(name)
                open_.append(effect.state)
    return found
