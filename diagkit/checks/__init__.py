"""Checks JUDGE: pure functions from facts to findings. The signature says which facts.

    @check(limits=Room())
    def space(mounts: Mounts, limits: Room) -> Findings:
        \"\"\"Every filesystem has room left to write.\"\"\"
        for mount in mounts.all:
            yield fail(...) or warn(...) or ok(...)

A check whose needed fact is unknown is never called: the engine says UNKNOWN, with the reason and what would open it.
A parameter annotated `Mounts | Unknown` is given the unknown fact instead; `Mounts | Inapplicable` likewise.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, get_args

from diagkit.frozen import frozen
from diagkit.model import NO_TEXT, Evidence, Finding, Scan, Silence, Status, Unknown, Untrusted
from diagkit.probes import Facts, Inapplicable, Probe, needs
from diagkit.probes.recall import Recall

Findings = Iterator[Finding]
PHASES = ("connectivity", "logs", "resources", "functional")

OPENS = {
    Silence.UNREACHABLE: "reach the host first: see the connectivity phase",
    Silence.REFUSED: "reach the host first: see the connectivity phase",
    Silence.TIMEOUT: "try again with a longer --timeout",
    Silence.DENIED: "log in as root, or allow this user `sudo -n`",
    Silence.MISSING: "the host has no such command or file",
    Silence.GARBLED: "the answer could not be read: `diagkit capture` it and report it",
    Silence.TRUNCATED: "the answer was larger than its cap",
    Silence.UNSUPPORTED: "this way of asking is not possible there",
    Silence.NOT_RUN: "run without --only/--skip, or with a longer --timeout",
}


@frozen
class NoLimits:
    """For checks without thresholds."""


@frozen(eq=False)
class Check:
    """A named judgement.

    limits: a frozen dataclass instance; at once the default, the TOML keys under `[checks.NAME]`, and the docs.
    noise: how often it warns, and fails, on a host where nothing is wrong (probabilities; the leak of the diagnosis).
    vital: whether not being able to judge it makes the run incomplete (exit 3).
    group: checks that repeat one fact (a proxy's error page, and the line about it in its log) have the same word here,
    and together count for little more than one; empty: its own.
    deep: too slow or too much for every run; it is asked when it is named, or when its answer would settle the matter.
    cost: seconds that asking takes, where that is more than a moment.
    for_people: why no cause is read off it, where none is: its findings are there to be read.
    """

    name: str
    doc: str
    phase: str
    needs: Mapping[str, Any]
    limits: object
    judge: Callable[..., Findings]
    noise: tuple[float, float]
    vital: bool
    group: str = ""
    deep: bool = False
    cost: float = 0.0
    for_people: str = ""

    def __call__(self, facts: Facts, limits: object | None = None) -> tuple[Finding, ...]:
        """Judge, or say why it cannot be judged. Absent knowledge is never OK."""
        wanted = _wanted(self)
        probes = tuple([facts.probe_of(kinds[0]) for kinds in wanted])
        given: list[object] = []
        for kinds in wanted:
            fact = facts[kinds[0]]
            if isinstance(fact, Inapplicable | Unknown) and type(fact) not in kinds:
                opens = facts.opens(fact.probe) if isinstance(fact, Unknown) else ""
                return _not_judged(self, fact, opens, probes)
            given.append(fact)
        limits = limits or self.limits
        if not facts.shared(kinds[0] for kinds in wanted):
            return self._judged(given, limits, probes)
        alike = (self, id(limits), probes, *map(id, given))
        judged = _JUDGED.get(alike)
        if judged is None:
            judged = self._judged(given, limits, probes)
            _JUDGED.put(alike, judged, alive=(limits, given))
        return judged

    def _judged(self, given: Sequence[object], limits: object, probes: tuple[Probe | None, ...]) -> tuple[Finding, ...]:
        sources, facts = _sources(probes), dict(zip(self.needs, given, strict=True))
        limited = {"limits": limits} if "limits" in needs(self.judge) else {}
        found = tuple([self._sign(f, sources) for f in self.judge(**facts, **limited)])
        return found or (self._sign(unknown("judged nothing"), sources),)

    def _sign(self, finding: Finding, sources: tuple[Evidence, ...]) -> Finding:
        """Put our name to it, and to evidence that does not say where it was read the question it was read from."""
        evidence = finding.evidence or sources
        if not all(e.ask.raw for e in evidence):
            asked = sources[0].ask if sources else Untrusted(self.name)
            evidence = tuple(e if e.ask.raw else replace(e, ask=asked) for e in evidence)
        return finding.signed(self.name, finding.target, evidence)


# Judgements of facts that many hosts have in common (see probes.recall); a host has some 200 of its own.
_JUDGED: Recall[tuple[Finding, ...]] = Recall(8192)


@cache
def _wanted(judging: Check) -> tuple[tuple[Any, ...], ...]:
    """The facts that it needs, each with what it may be instead: of `Mounts | Unknown` both."""
    return tuple(get_args(kind) or (kind,) for kind in judging.needs.values())


@lru_cache(maxsize=8192)
def _not_judged(
    judging: Check, fact: Inapplicable | Unknown, opens: str, probes: tuple[Probe | None, ...]
) -> tuple[Finding, ...]:
    """What is said instead, of a fact that is not there. opens: what would bring it."""
    found = skip(fact.why) if isinstance(fact, Inapplicable) else _unknown_because(fact, opens)
    return (judging._sign(found, _sources(probes)),)  # noqa: SLF001 - a part of Check that must not keep one alive


@lru_cache(maxsize=1024)
def _sources(probes: tuple[Probe | None, ...]) -> tuple[Evidence, ...]:
    """The questions that the facts of these probes were read from."""
    return tuple([source for known in probes if known and (source := _source(known))])


@cache
def _source(known: Probe) -> Evidence | None:
    """The question that a fact is mainly read from: the log scanned, or the first; none if facts give rise to it."""
    asks = known.asks()
    scans = [ask for ask in asks if isinstance(ask, Scan)]
    telling = scans or ([] if known.also else asks)
    return Evidence(Untrusted(str(telling[0])), NO_TEXT) if telling else None


def check(
    limits: object = NoLimits(),
    *,
    noise: tuple[float, float] = (0.03, 0.005),
    vital: bool = True,
    group: str = "",
    deep: bool = False,
    cost: float = 0.0,
    for_people: str = "",
) -> Callable[[Callable[..., Findings]], Check]:
    """Make a check of a judging function, named by where it lives: checks/resources/disk.py has `resources.disk.*`."""

    def wrap(judge: Callable[..., Findings]) -> Check:
        place = judge.__module__.split(".checks.")[-1]
        facts = {parameter: kind for parameter, kind in needs(judge).items() if parameter != "limits"}
        return Check(
            name=f"{place}.{judge.__name__}",
            doc=inspect.getdoc(judge) or "",
            phase=place.partition(".")[0],
            needs=facts,
            limits=limits,
            judge=judge,
            noise=noise,
            vital=vital,
            group=group,
            deep=deep,
            cost=cost,
            for_people=for_people,
        )

    return wrap


# What is said alike of many hosts is kept once.
_words = lru_cache(maxsize=4096)(Untrusted)
_NOTHING: Mapping[str, float] = {}


def _finding(
    status: Status, summary: str, subject: str, quote: str, measured: Mapping[str, float] | None, at: datetime | None
) -> Finding:
    evidence = (Evidence(NO_TEXT, Untrusted(quote)),) if quote else ()
    return Finding(
        status=status,
        summary=_words(summary),
        subject=_words(subject) if subject else NO_TEXT,
        evidence=evidence,
        measured=measured or _NOTHING,
        at=at,
    )


def ok(
    summary: str,
    subject: str = "",
    *,
    quote: str = "",
    measured: Mapping[str, float] | None = None,
    at: datetime | None = None,
) -> Finding:
    """It is as it should be."""
    return _finding(Status.OK, summary, subject, quote, measured, at)


def warn(
    summary: str,
    subject: str = "",
    *,
    quote: str = "",
    measured: Mapping[str, float] | None = None,
    at: datetime | None = None,
) -> Finding:
    """It will hurt soon, or hurts a little."""
    return _finding(Status.WARN, summary, subject, quote, measured, at)


def fail(
    summary: str,
    subject: str = "",
    *,
    quote: str = "",
    measured: Mapping[str, float] | None = None,
    at: datetime | None = None,
) -> Finding:
    """It is broken, or has run out."""
    return _finding(Status.FAIL, summary, subject, quote, measured, at)


def skip(summary: str, subject: str = "") -> Finding:
    """It does not apply to this machine, and we could see that."""
    return _finding(Status.SKIP, summary, subject, "", None, None)


def unknown(summary: str, subject: str = "", *, hint: str = "") -> Finding:
    """This one subject could not be judged. `hint` says what would open it."""
    return replace(_finding(Status.UNKNOWN, summary, subject, "", None, None), hint=Untrusted(hint))


def _unknown_because(fact: Unknown, opens: str) -> Finding:
    why = f"{fact.silence.value.replace('_', ' ')}: {fact.detail}".rstrip(": ")
    late = fact.silence in (Silence.TIMEOUT, Silence.NOT_RUN)  # then rights are not what it wants
    found = unknown(why, hint=(not late and opens) or OPENS[fact.silence])
    return replace(found, probe=fact.probe, silence=fact.silence)
