"""What logs alone can be weighed with: the causes that something in them speaks for.

A host that is asked clears most of its causes: disks have room, routes are there. Files clear nothing, so every cause
that could be further up would keep a share of the blame, though no line says anything of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from diagkit.causes import Cause, Condition, Effect, State
from diagkit.causes.knowledge import Knowledge
from diagkit.causes.weighing import sick
from diagkit.checks.logs import applications
from diagkit.model import Finding, Status


def spoken_for(findings: Iterable[Finding], knowledge: Knowledge) -> Knowledge:
    """The same knowledge, with none but the causes that a bad finding speaks for as roots, and what they lead to."""
    bad = [finding for finding in findings if finding.status in (Status.WARN, Status.FAIL)]
    checks = {finding.check for finding in bad}
    voiced = {state for finding in bad for state in knowledge.voices.get(finding.subject.raw, ())}
    names = {id(state): name for name, state in knowledge.states.items()}
    made: dict[str, State] = {}

    def keep(name: str) -> State:
        if name not in made:
            state = knowledge.states[name]
            effects = tuple(Effect(keep(names[id(effect.state)]), effect.weight) for effect in state.leads_to)
            if isinstance(state, Cause) and not spoken(name, state):
                made[name] = replace(state, leads_to=effects, prior=0.0)
            else:
                made[name] = replace(state, leads_to=effects)
        return made[name]

    def spoken(name: str, state: State) -> bool:
        return name in voiced or any(sign.check.name in checks for sign in state.shows)

    for name, state in knowledge.states.items():
        if spoken(name, state):
            keep(name)
    return replace(
        knowledge,
        causes={name: kept for name, kept in made.items() if isinstance(kept, Cause)},
        conditions={name: kept for name, kept in made.items() if isinstance(kept, Condition)},
    )


def evidence(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that say something: that unknown errors are no burst clears nobody where known ones are met."""
    all_ = list(findings)
    return [f for f in all_ if f.check != applications.errors.name or f.status is not Status.OK or not sick(all_)]
