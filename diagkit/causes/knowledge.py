"""All there is to weigh with, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from diagkit.causes import Cause, Condition, State

Voices = Mapping[str, Mapping[str, float]]  # signature id -> cause or condition id -> weight


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What there is to weigh with.

    voices: what each log signature speaks for. noises: how often each check warns, and fails, with nothing wrong.
    groups: the group of those checks that have one. runbooks: the runbook of each cause. vital: the checks without
    which nobody can be called healthy. costs: seconds that each check takes, where that is more than a moment.
    """

    causes: Mapping[str, Cause]
    conditions: Mapping[str, Condition]
    voices: Voices
    noises: Mapping[str, tuple[float, float]]
    runbooks: Mapping[str, str]
    vital: frozenset[str]
    groups: Mapping[str, str] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def states(self) -> dict[str, State]:
        """Conditions and causes by id."""
        return {**self.conditions, **self.causes}
