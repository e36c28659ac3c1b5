"""What is wrong with knowledge, before any host is looked at. Pure: it reads what there is and says what to mend.

A cause that nothing can confirm, two that nothing can tell apart, a check that nobody reads: each is a wrong answer
waiting for its incident. The rules hold for what is shipped and for what users add, but for those that say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from diagkit.causes import OFTEN, WORDS, Cause, Condition, LookAlike, State
from diagkit.causes.grounding import PROVIDER
from diagkit.causes.likeness import Looks, looks
from diagkit.checks import Check
from diagkit.checks.logs.signatures import judge_of
from diagkit.logs import lint as of_signatures
from diagkit.logs.signatures import Signature
from diagkit.spelling import nearest

APART = 6.0  # decibans; two causes whose looks differ by less, both ways, cannot be told apart
SEPARATES = 3.0  # decibans that a check must be expected to tell, at least one way, to separate two causes: 2 to 1
QUIET = 0.02  # a direct check fails no more often than that with nothing wrong
MOST_PROBABLE = 0.05  # no cause is behind more incidents than that, on one host
PLACEHOLDER = re.compile(r"(?<!\$)\{(\w+)\}")
FILLED_IN = ("subject", "target")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something to mend: what it is about (`signatures.ID` for a signature), one sentence, and what to do."""

    about: str
    sentence: str
    cure: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """All there is. `runbooks`: causes that have a page. `shipped`: names that are ours to mend."""

    checks: Mapping[str, Check]
    causes: Mapping[str, Cause]
    conditions: Mapping[str, Condition]
    signatures: Mapping[str, Signature]
    runbooks: frozenset[str]
    shipped: frozenset[str]

    @cached_property
    def states(self) -> dict[str, State]:
        """Causes and conditions."""
        return {**self.conditions, **self.causes}

    @cached_property
    def looks(self) -> Looks:
        """What each state looks like."""
        return looks(self.states, self.checks, self.signatures)

    def heard(self, state: str, least: float) -> list[Signature]:
        """The signatures that speak for a state, at least so surely."""
        return [s for s in self.signatures.values() if WORDS.get(s.causes.get(state, ""), 0.0) >= least]


def lint(known: Known) -> list[Problem]:
    """Everything that is wrong, sorted by what it is about."""
    circles = list(_circles(known))
    rules = (_signatures, _signs, _direct, _words, _look_alikes, _unused, _runbooks, _conditions)
    found = [problem for rule in rules for problem in rule(known)]
    return sorted({*circles, *found, *([] if circles else _twins(known))})


def _circles(known: Known) -> Iterator[Problem]:
    names = {id(state): name for name, state in known.states.items()}
    try:
        TopologicalSorter({n: {names[id(e.state)] for e in s.leads_to} for n, s in known.states.items()}).prepare()
    except CycleError as error:
        way = " -> ".join(reversed(error.args[1]))
        yield Problem(error.args[1][0], f"it leads to itself, in a circle: {way}", "leave the weakest effect out")


def _signatures(known: Known) -> Iterator[Problem]:
    for name, signature in known.signatures.items():
        about = f"signatures.{name}"
        for sentence, cure in of_signatures.problems(signature):
            yield Problem(about, sentence, cure)
        for state, word in signature.causes.items():
            if state not in known.states:
                wrong = f"it speaks for {state}, which is neither cause nor condition"
                yield Problem(about, f"{wrong}{nearest(state, known.states)}", "name one that there is, or write it")
            if word not in WORDS:
                wrong = f"it speaks for {state} {word!r}, which is no frequency{nearest(word, WORDS)}"
                yield Problem(about, wrong, f"say one of {', '.join(WORDS)}")


def _signs(known: Known) -> Iterator[Problem]:
    for name, state in known.states.items():
        for sign in state.shows:
            if sign.fails > sign.weight:
                wrong = (
                    f"{sign.check.name} fails ({sign.fails:g}) more often than it speaks up at all ({sign.weight:g})"
                )
                yield Problem(name, wrong, "`fails` is a part of the weight: lower it, or leave it out")
        twice = {s.check.name for s in state.shows if sum(o.check is s.check for o in state.shows) > 1}
        for check in sorted(twice):
            yield Problem(name, f"it shows in {check} twice, which would count twice", "keep the surer sign")


def _direct(known: Known) -> Iterator[Problem]:
    """Wrong conclusions come from elimination: without direct evidence a cause is never confirmed."""
    for name, cause in known.causes.items():
        if not cause.shows:
            heard = cause.told_by and [s for s in known.heard(name, OFTEN) if judge_of(s) is cause.told_by]
            if not heard:
                what = f"no signature of {cause.told_by.name} speaks for it" if cause.told_by else "it has no check"
                cure = "begin `shows` with the check that sees it, or let a log signature speak for it `often` or surer"
                yield Problem(name, f"nothing can confirm it: {what}", cure)
            continue
        direct = cause.shows[0]
        if direct.weight < OFTEN:
            wrong = f"its direct check {direct.check.name} sees it in {direct.weight:.0%} of cases only"
            yield Problem(name, f"nothing can confirm it: {wrong}", "begin `shows` with one that sees it `often`")
        if direct.check.noise[1] > QUIET:
            wrong = f"its direct check {direct.check.name} fails on {direct.check.noise[1]:.1%} of healthy hosts"
            yield Problem(name, wrong, f"use one that fails on {QUIET:.0%} at most, or make that one stricter")


def _words(known: Known) -> Iterator[Problem]:
    for name, cause in known.causes.items():
        for field in ("title", "verify", "act", "source"):
            if not getattr(cause, field):
                yield Problem(name, f"its `{field}` is empty", f"say it: see `{field}` in `diagkit explain disk_full`")
        for field in ("verify", "act", "roll_back"):
            for word in PLACEHOLDER.findall(getattr(cause, field)):
                if word not in FILLED_IN:
                    wrong = f"its `{field}` has {{{word}}}, which nothing fills in{nearest(word, FILLED_IN)}"
                    yield Problem(name, wrong, "use {subject} and {target}")
        if cause.prior > MOST_PROBABLE:
            wrong = f"its prior of {cause.prior:.0%} is more than any cause has"
            yield Problem(name, wrong, f"it is a probability on one host: {MOST_PROBABLE:.0%} at most")


def _look_alikes(known: Known) -> Iterator[Problem]:
    for name, cause in known.causes.items():
        for alike in cause.look_alikes:
            other = known.causes.get(alike.cause)
            if other is None or other is cause:
                wrong = f"it looks like {alike.cause}, which is no other cause{nearest(alike.cause, known.causes)}"
                yield Problem(name, wrong, "name a cause that there is")
                continue
            if alike.by is None:
                yield Problem(name, f"it does not say which check separates it from {alike.cause}", "give it `by=`")
            elif not _separates(known, name, alike):
                wrong = f"{alike.by.name} does not separate it from {alike.cause}: both show in it alike"
                yield Problem(name, wrong, "make it a sign of one of them, with its weight, or name another check")


def _separates(known: Known, name: str, alike: LookAlike) -> bool:
    """Whether the check is expected to tell the two apart, one way or the other."""
    if alike.by is None:
        return False
    ways = (known.looks.apart(name, alike.cause), known.looks.apart(alike.cause, name))
    return any(sum(decibans for check, decibans in way if check == alike.by.name) >= SEPARATES for way in ways)


def _twins(known: Known) -> Iterator[Problem]:
    for one, other in combinations(sorted(known.causes, key=lambda n: (n in known.shipped, n)), 2):
        there, back = (known.looks.distance(*pair, APART) for pair in ((one, other), (other, one)))
        named = [(n, a) for n, o in ((one, other), (other, one)) for a in known.causes[n].look_alikes if a.cause == o]
        if max(there, back) < APART and not any(_separates(known, name, alike) for name, alike in named):
            wrong = (
                f"nothing tells it from {other}: what both show differs by {there:.1f} and {back:.1f} of {APART:g} dB"
            )
            yield Problem(
                one, wrong, "give one a sign that the other has not, and a LookAlike with `by=`; or merge them"
            )


def _unused(known: Known) -> Iterator[Problem]:
    used = {sign.check.name for state in known.states.values() for sign in state.shows}
    used |= {state.told_by.name for state in known.states.values() if state.told_by}
    used |= {judge_of(signature).name for signature in known.signatures.values()}
    for name, check in known.checks.items():
        if name not in used and not check.for_people:
            cure = "let a cause or condition show in it, or say in @check(for_people=…) why nobody need"
            yield Problem(name, "no cause and no condition shows in it, so it tells the diagnosis nothing", cure)
        if name in used and check.for_people:
            yield Problem(name, "it is said to be for people only, and a cause shows in it", "take `for_people` away")


def _runbooks(known: Known) -> Iterator[Problem]:
    for name in sorted(known.causes.keys() & known.shipped - known.runbooks):
        yield Problem(name, "it has no runbook", "write runbooks/FAMILY/CAUSE.md")


def _conditions(known: Known) -> Iterator[Problem]:
    brought = {id(effect.state) for state in known.states.values() for effect in state.leads_to}
    for name, condition in known.conditions.items():
        elsewhere = name == PROVIDER  # other targets bring it about
        if not elsewhere and id(condition) not in brought and not known.heard(name, 0.01):
            yield Problem(name, "nothing brings this condition about", "let a cause lead to it, or make it a cause")
