"""Causes WEIGH: what would explain the findings. Knowledge as frozen values; the engine stands beside it.

    disk_full = Cause(
        title="Disk full: no space left on device",
        prior=0.012,
        per_subject=True,
        shows=(always(disk.space),),
        leads_to=(usually(write_fail),),
        ...
    )

Weights are words, with probabilities behind them; each cause says where its knowledge comes from. A cause refers to
check objects, never to strings. Log signatures say themselves for which cause they speak (`causes = …` in their TOML).
"""

from __future__ import annotations

from typing import overload

from diagkit.checks import Check
from diagkit.frozen import frozen

ALWAYS, USUALLY, OFTEN, SOMETIMES, RARELY, HINT = 0.98, 0.85, 0.6, 0.3, 0.1, 0.03
FAILS = 0.8  # of the times a sign shows, it is a failure, not a warning, unless the sign says otherwise
WORDS = {"always": ALWAYS, "usually": USUALLY, "often": OFTEN, "sometimes": SOMETIMES, "rarely": RARELY, "hint": HINT}


@frozen(eq=False)
class Sign:
    """When the state holds, this check speaks up with this probability (`weight`), and fails with `fails`.

    same: only about the same subject (the same mount, unit, …); otherwise about whatever subject on that host.
    """

    check: Check
    weight: float
    fails: float
    same: bool = False


@frozen(eq=False)
class Effect:
    """When the state holds, it brings about this other state with this probability."""

    state: State
    weight: float


@frozen(eq=False, kw_only=True)
class State:
    """Something that is so, or not, on a host.

    per_subject: one instance for each subject its first sign's check speaks up about; otherwise one for each host.
    told_by: the check that would find the log lines which tell of it, where they are its only direct evidence; a log
    that could be read and has none of them then speaks against it.
    shared: what it is about is one thing for all the hosts that use it (a name server), known by its address.
    """

    title: str
    shows: tuple[Sign, ...] = ()
    leads_to: tuple[Effect, ...] = ()
    per_subject: bool = False
    told_by: Check | None = None
    shared: bool = False


@frozen(eq=False, kw_only=True)
class Condition(State):
    """A derived state: it has no prior of its own, it carries cascades (`writes_fail`, `service_down`)."""


@frozen(eq=False, kw_only=True)
class LookAlike:
    """What a cause is confused with, and what tells them apart: in words, and the check that sees it."""

    cause: str
    tell: str
    by: Check | None = None


@frozen(eq=False, kw_only=True)
class Cause(State):
    """A state that needs no further explaining: somebody can put it right.

    prior: probability on one host (and one subject), given that somebody looks because of an incident.
    shows[0] is the direct check: without it the cause is never confirmed.
    verify, act, roll_back: what to do, in the imperative; `{subject}` and `{target}` are filled in. The command to type
    first stands in verify.
    source: where the knowledge comes from.
    shallow: it says what is so and hardly why (a unit has failed): something else may be behind it that left no trace,
    so it is never more than probable.
    """

    prior: float
    verify: str
    act: str
    roll_back: str
    look_alikes: tuple[LookAlike, ...] = ()
    source: str = ""
    shallow: bool = False


@frozen
class Word:
    """A frequency in a word: `often(check)` is a sign of that weight, `often(state)` an effect of that weight."""

    weight: float

    @overload
    def __call__(self, what: Check, *, same: bool = False, fails: float | None = None) -> Sign: ...
    @overload
    def __call__(self, what: State) -> Effect: ...
    def __call__(self, what: Check | State, *, same: bool = False, fails: float | None = None) -> Sign | Effect:
        """Fails: the probability that the check fails, where it is not the usual part of the weight."""
        if isinstance(what, State):
            return Effect(what, self.weight)
        return Sign(what, self.weight, self.weight * FAILS if fails is None else fails, same)


always, usually, often, sometimes, rarely = (Word(weight) for weight in (ALWAYS, USUALLY, OFTEN, SOMETIMES, RARELY))
