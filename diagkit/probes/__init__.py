"""Probes LEARN: a question, and the pure parser that turns its answer into a typed fact.

    @probe(Run(("df", "-PkT")))
    def mounts(reply: Reply) -> Mounts: ...

The parser's `Reply` parameters are the replies to the asks, in order. A parser may also name facts it needs (given
ones such as `Target`, `Moment`, `Site`, or those of other probes) by their type, and `Answers` for the replies to asks
that only arise from facts (`also=`). A reply that is silent makes the fact `Unknown`, unless the ask is wrapped in
`perhaps`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, get_type_hints

from diagkit.frozen import frozen
from diagkit.model import Again, Ask, History, Reply, Silence, Tape, Unknown, Unreached
from diagkit.probes.recall import Answers as Answers
from diagkit.probes.recall import fact_of

NO_HISTORY = "no history of this host is kept; --baseline keeps one"
NOTHING = Reply(silence=Silence.NOT_RUN, err=b"not asked")


class Garbled(ValueError):
    """The answer arrived but does not say what this parser expects."""


class Absent(Exception):
    """What the probe is about does not exist on this machine, and we could see that: its checks skip."""


class Withheld(Exception):
    """The answer arrived, but what we asked about was kept from us: the fact is unknown for this reason."""

    def __init__(self, silence: Silence, detail: str = "") -> None:
        super().__init__(detail)
        self.silence = silence


@frozen
class Perhaps:
    """An ask whose silence is for the parser to read, not the end of it."""

    ask: Ask


def perhaps(ask: Ask) -> Perhaps:
    """Let the parser see the reply even when it is silent."""
    return Perhaps(ask)


@frozen
class Inapplicable:
    """Stands for a fact about something this machine does not have."""

    probe: str
    why: str


@frozen(eq=False)
class Source:
    """One way to learn a fact: questions and the parser of their answers."""

    asks: tuple[Ask | Perhaps, ...]
    parse: Callable[..., object]


@frozen(eq=False)
class Probe:
    """A named way to learn one type of fact. The first source that answers wins."""

    name: str
    doc: str
    fact: type
    sources: tuple[Source, ...]
    also: Callable[..., Iterable[Ask]] | None
    opens: str  # what would let us see it where we were not allowed to
    at_once: bool  # every source is asked in the first round, because other questions arise from the fact

    def asks(self) -> list[Ask]:
        """Every question that is known before any answer."""
        return [_bare(a) for source in self.sources for a in source.asks]


def probe(
    *asks: Ask | Perhaps,
    otherwise: Sequence[tuple[tuple[Ask | Perhaps, ...], Callable[..., object]]] = (),
    also: Callable[..., Iterable[Ask]] | None = None,
    opens: str = "",
    at_once: bool = False,
) -> Callable[[Callable[..., Any]], Probe]:
    """Make a probe of a parser, named by where it lives: probes/disk.py::mounts is `disk.mounts`.

    otherwise: further sources, tried when an earlier one is missing or unsupported on the machine.
    also: more asks, from facts named by the type of its parameters; asked in the second round.
    at_once: ask every source in the first round: other probes' `also` wants this fact, and there is no third round.
    """

    def wrap(parse: Callable[..., Any]) -> Probe:
        name = f"{parse.__module__.rpartition('.')[2]}.{parse.__name__}"
        fact = get_type_hints(parse)["return"]
        sources = (Source(asks, parse), *(Source(a, p) for a, p in otherwise))
        return Probe(name, inspect.getdoc(parse) or "", fact, sources, also, opens, at_once)

    return wrap


def _bare(ask: Ask | Perhaps) -> Ask:
    return ask.ask if isinstance(ask, Perhaps) else ask


@cache
def needs(function: Callable[..., object]) -> Mapping[str, Any]:
    """The facts a function wants: its parameters and their types, worked out once: most parsers are quicker."""
    hints = get_type_hints(function)
    return {name: hints[name] for name in inspect.signature(function).parameters}


class Facts:
    """The facts of one tape, each learned once, when first wanted.

    `given` are facts nobody asks for, beside Target, Moment, Site, the History where one is kept, and Unreached where
    the host was not. `faults` collects (probe, error) of parsers that failed in a way only a bug of ours can.
    """

    def __init__(self, probes: Iterable[Probe], tape: Tape, given: Iterable[object] = ()) -> None:
        self._tape = tape
        self._replies: Mapping[Ask, Reply] = tape.replies
        self._probes = {p.fact: p for p in probes}
        self._facts: dict[type, object] = {type(g): g for g in (tape.target, tape.moment, tape.site, *given)}
        self._facts[History] = tape.history or Inapplicable("history", NO_HISTORY)
        self._facts[Unreached] = tape.unreached or Inapplicable("unreached", "the host was reached")
        self.faults: list[tuple[str, Exception]] = []

    def __getitem__(self, kind: type) -> object:
        """The fact of this type, or `Unknown`, or `Inapplicable`."""
        if kind not in self._facts:
            known = self._probes.get(kind)
            if known is None:
                raise LookupError(f"no probe learns {kind.__name__}")
            self._facts[kind] = Unknown(known.name, Silence.NOT_RUN, "needs itself")  # ends a circle of needs
            self._facts[kind] = self._learn(known)
        return self._facts[kind]

    def probe_of(self, kind: type) -> Probe | None:
        """The probe that learns this type of fact; None for given facts."""
        return self._probes.get(kind)

    def opens(self, probe: str) -> str:
        """What would let this probe see where it was not allowed to; empty if it does not say."""
        return next((p.opens for p in self._probes.values() if p.name == probe), "")

    def wants(self) -> set[Ask]:
        """The questions that still need an answer, given the answers so far."""
        wanted: set[Ask] = set()
        for known in self._probes.values():
            wanted |= self._wanted_by(known)
        return wanted

    def _wanted_by(self, known: Probe) -> set[Ask]:
        if known.at_once and (open_ := {a for a in known.asks() if a not in self._replies}):
            return open_
        for source in known.sources:
            bare = [_bare(a) for a in source.asks]
            missing = {a for a in bare if a not in self._replies}
            missing |= {a.first for a in missing if isinstance(a, Again) and a.first not in self._replies}
            if missing:
                return missing
            if all(self._replies[a].silence not in _TRY_NEXT for a in bare):
                break
        return {a for a in self._follow_ups(known, self._ready) if a not in self._replies}

    def _follow_ups(self, known: Probe, fact: Callable[[type], object]) -> list[Ask]:
        if known.also is None:
            return []
        facts = {name: fact(kind) for name, kind in needs(known.also).items()}
        if any(isinstance(f, Unknown | Inapplicable) or f is None for f in facts.values()):
            return []
        try:
            return list(known.also(**facts))
        except Exception as error:  # noqa: BLE001 - a bug must not keep the other questions from being asked
            self.faults.append((known.name, error))
            return []

    def _ready(self, kind: type) -> object:
        """A fact, or None while its own questions are open."""
        if kind not in self._facts:
            known = self._probes[kind]
            if self._wanted_by(known):
                return None
        return self[kind]

    def _learn(self, known: Probe) -> object:
        last: object = Unknown(known.name, Silence.NOT_RUN, "not asked")
        for source in known.sources:
            replies = [self._replies.get(_bare(a), NOTHING) for a in source.asks]
            mute = next(
                (r for a, r in zip(source.asks, replies, strict=True) if r.silence and not isinstance(a, Perhaps)), None
            )
            if mute and mute.silence:
                last = Unknown(known.name, mute.silence, mute.complaint)
                if mute.silence in _TRY_NEXT:
                    continue
                return last
            return self._parse(known, source, replies)
        return last

    def _parse(self, known: Probe, source: Source, replies: list[Reply]) -> object:
        arguments: list[object] = list(replies)
        for kind in list(needs(source.parse).values())[len(replies) :]:
            if kind is Answers:
                follow_ups = self._follow_ups(known, self.__getitem__)  # an older tape never had some of the questions
                arguments.append(Answers({a: self._replies.get(a, NOTHING) for a in follow_ups}))
                continue
            fact = self[kind]
            if isinstance(fact, Unknown):
                return fact
            if isinstance(fact, Inapplicable):
                return Inapplicable(known.name, fact.why)
            arguments.append(fact)
        try:
            return fact_of(source, arguments, partial(_parsed, known, source))
        except Exception as error:  # noqa: BLE001 - a bug of ours must not take the other facts down; it is reported as a fault
            self.faults.append((known.name, error))
            return Unknown(known.name, Silence.GARBLED, f"a bug in diagkit: {type(error).__name__}: {error}")


def _parsed(known: Probe, source: Source, arguments: Sequence[object]) -> object:
    try:
        return source.parse(*arguments)
    except Absent as absent:
        return Inapplicable(known.name, str(absent))
    except Withheld as withheld:
        return Unknown(known.name, withheld.silence, str(withheld))
    except (ValueError, LookupError) as error:
        return Unknown(known.name, Silence.GARBLED, f"{type(error).__name__}: {error}")


_TRY_NEXT = (Silence.MISSING, Silence.UNSUPPORTED)
