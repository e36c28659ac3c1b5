"""All there is to weigh with, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from diagkit.causes import Cause, Condition, State
from diagkit.model import Finding, Status

Voices = Mapping[str, Mapping[str, float]]  # signature id -> cause or condition id -> weight


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What there is to weigh with.

    voices: what each log signature speaks for. noises: how often each check warns, and fails, with nothing wrong.
    groups: the group of those checks that have one. runbooks: the runbook of each cause. vital: the checks without
    which nobody can be called healthy. costs: seconds that each check takes, where that is more than a moment.
    for_people: checks whose warnings are there to be read (a forecast); nothing is wrong yet where one warns.
    """

    causes: Mapping[str, Cause]
    conditions: Mapping[str, Condition]
    voices: Voices
    noises: Mapping[str, tuple[float, float]]
    runbooks: Mapping[str, str]
    vital: frozenset[str]
    groups: Mapping[str, str] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    for_people: frozenset[str] = frozenset()

    def weighs(self, finding: Finding) -> bool:
        """Whether a finding counts here: a warning that is there to be read does not."""
        return finding.status is not Status.WARN or finding.check not in self.for_people

    @cached_property
    def states(self) -> dict[str, State]:
        """Conditions and causes by id."""
        return {**self.conditions, **self.causes}

    @cached_property
    def ordered(self) -> list[tuple[str, State]]:
        """The states, those that lead to others before them. Raises ValueError where they lead in a circle."""
        return topological(self.states)


def topological(states: Mapping[str, State]) -> list[tuple[str, State]]:
    """Parents before children. A circle is a mistake in the knowledge."""
    ids = {id(state): name for name, state in states.items()}
    done: dict[str, State] = {}
    open_: list[str] = []

    def visit(name: str, state: State) -> None:
        if name in done:
            return
        if name in open_:
            raise ValueError(f"the causes lead in a circle: {' -> '.join([*open_, name])}")
        open_.append(name)
        for effect in state.leads_to:
            visit(ids[id(effect.state)], effect.state)
        open_.pop()
        done[name] = state

    for name in sorted(states):
        visit(name, states[name])
    return list(reversed(done.items()))
