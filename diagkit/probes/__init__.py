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


NO_HISTORY = Inapplicable("history", "no history of this host is kept; --baseline keeps one")
REACHED = Inapplicable("unreached", "the host was reached")


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
        return [ask for source in self.sources for ask in _asks_of(source)]


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


@cache
def _asks_of(source: Source) -> tuple[Ask, ...]:
    return tuple(a.ask if isinstance(a, Perhaps) else a for a in source.asks)


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
        self._replies: Mapping[Ask, Reply] = tape.replies
        self._probes = {p.fact: p for p in probes}
        self._facts: dict[type, object] = {type(g): g for g in (tape.target, tape.moment, tape.site, *given)}
        self._facts[History] = tape.history or NO_HISTORY
        self._facts[Unreached] = tape.unreached or REACHED
        self._own: set[type] = {type(tape.target), *map(type, given)}  # kinds of facts that no other host shares
        self._early: set[type] = set()  # kinds of facts learned before all that they come of was answered
        self._gaps = 0  # how often an answer was missed, or a fact used that had missed one
        self._more: dict[Probe, list[Ask]] = {}  # the follow-ups of those whose facts are all there
        self.faults: list[tuple[str, Exception]] = []

    def __getitem__(self, kind: type) -> object:
        """The fact of this type, or `Unknown`, or `Inapplicable`."""
        if kind not in self._facts:
            known = self._probes.get(kind)
            if known is None:
                raise LookupError(f"no probe learns {kind.__name__}")
            self._facts[kind] = Unknown(known.name, Silence.NOT_RUN, "needs itself")  # ends a circle of needs
            gaps = self._gaps
            self._facts[kind] = self._learn(known)
            if self._gaps > gaps:
                self._early.add(kind)
        elif kind in self._early:
            self._gaps += 1
        return self._facts[kind]

    def probe_of(self, kind: type) -> Probe | None:
        """The probe that learns this type of fact; None for given facts."""
        return self._probes.get(kind)

    def shared(self, kinds: Iterable[type]) -> bool:
        """Whether other hosts may have these very facts."""
        return self._own.isdisjoint(kinds)

    def opens(self, probe: str) -> str:
        """What would let this probe see where it was not allowed to; empty if it does not say."""
        return next((p.opens for p in self._probes.values() if p.name == probe), "")

    def further(self, tape: Tape) -> Facts:
        """Those of the same host when it has answered more; kept is what no further answer can change."""
        if tape.unreached:
            return Facts(self._probes.values(), tape)
        self._replies = tape.replies
        early = {self._probes[kind].name for kind in self._early}
        self.faults = [(name, error) for name, error in self.faults if name not in early]
        for kind in self._early:
            del self._facts[kind]
        self._early.clear()
        return self

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
            bare = _asks_of(source)
            missing = {a for a in bare if a not in self._replies}
            if missing:
                return missing | {a.first for a in missing if isinstance(a, Again) and a.first not in self._replies}
            if all(self._replies[a].silence not in _TRY_NEXT for a in bare):
                break
        return {a for a in self._follow_ups(known, self._ready) if a not in self._replies}

    def _follow_ups(self, known: Probe, fact: Callable[[type], object]) -> list[Ask]:
        if known.also is None:
            return []
        if known in self._more:
            return self._more[known]
        gaps = self._gaps
        facts = {name: fact(kind) for name, kind in needs(known.also).items()}
        if any(isinstance(f, Unknown | Inapplicable) or f is None for f in facts.values()):
            return []
        try:
            asks = list(known.also(**facts))
        except Exception as error:  # noqa: BLE001 - a bug must not keep the other questions from being asked
            self._fault(known, error)
            return []
        if self._gaps == gaps:
            self._more[known] = asks
        return asks

    def _fault(self, known: Probe, error: Exception) -> None:
        if known.name not in dict(self.faults):
            self.faults.append((known.name, error))

    def _ready(self, kind: type) -> object:
        """A fact, or None while its own questions are open."""
        if kind not in self._facts:
            known = self._probes[kind]
            if self._wanted_by(known):
                return None
        return self[kind]

    def _reply(self, ask: Ask) -> Reply:
        found = self._replies.get(ask)
        if found is None:
            self._gaps += 1
            return NOTHING
        return found

    def _learn(self, known: Probe) -> object:
        last: object = Unknown(known.name, Silence.NOT_RUN, "not asked")
        for source in known.sources:
            replies = [self._reply(a) for a in _asks_of(source)]
            mute = next(
                (r for a, r in zip(source.asks, replies, strict=True) if r.silence and not isinstance(a, Perhaps)), None
            )
            if mute and mute.silence:
                silence = Silence.UNREACHABLE if self._unasked(mute) else mute.silence
                last = Unknown(known.name, silence, mute.complaint)
                if silence in _TRY_NEXT:
                    continue
                return last
            return self._parse(known, source, replies)
        return last

    def _unasked(self, mute: Reply) -> bool:
        """Whether this only says why the host was not reached: that its *name* is missing is not news of a file."""
        missed = self._facts[Unreached]
        return isinstance(missed, Unreached) and mute.complaint == missed.detail.strip()

    def _parse(self, known: Probe, source: Source, replies: list[Reply]) -> object:
        arguments: list[object] = list(replies)
        wanted = list(needs(source.parse).values())[len(replies) :]
        for kind in wanted:
            if kind is Answers:
                # an older tape never had some of the questions
                arguments.append(Answers({a: self._reply(a) for a in self._follow_ups(known, self.__getitem__)}))
                continue
            fact = self[kind]
            if isinstance(fact, Unknown):
                return fact
            if isinstance(fact, Inapplicable):
                return Inapplicable(known.name, fact.why)
            arguments.append(fact)
        parse = partial(_parsed, known, source)
        try:
            fact, shared = fact_of(source, arguments, parse) if self.shared(wanted) else (parse(arguments), False)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not take the other facts down; it is reported as a fault
            self._fault(known, error)
            return Unknown(known.name, Silence.GARBLED, f"a bug in diagkit: {type(error).__name__}: {error}")
        if not shared:
            self._own.add(known.fact)
        return fact


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
