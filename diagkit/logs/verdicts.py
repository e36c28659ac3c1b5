"""What a line is: which signatures it has, whom it names, whether it calls itself an error or is harmless.

A `Verdict` holds for all lines that differ from the one it was passed on in digits alone, if nothing that had a say in
it can tell digits apart (see `matching.blindness`). Where something can (`errno 13`, a program called php-fpm8.2), the
verdict stays `open` in that point, and is settled for each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from diagkit.logs.errors import WORDS, says_error
from diagkit.logs.lines import LONGEST, Log, Parts, parts, parts_without_time
from diagkit.logs.matching.blindness import MASK, is_blind
from diagkit.logs.matching.engine import Engine
from diagkit.logs.matching.plain import FOLD
from diagkit.logs.severity import NOTHING, level_in_digits
from diagkit.logs.signatures import Harmless, Said, Signature, harmless

_DIGIT = re.compile(r"[0-9]")
_ALIKE = str.maketrans("123456789", "0" * 9)
_MOST_VARIANTS = 1000  # of one open verdict

Met = tuple[int, int, bytes]  # a line: microseconds since the epoch, offset in the log, itself


class Name(NamedTuple):
    """A value that a line names for a field of a signature: where in the line it begins and ends.

    value: itself, where it does not stand in the line as it is.
    """

    signature: str
    field: str
    start: int
    end: int
    value: str = ""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What lines of one kind are.

    kind: such a line, with every digit as 0. end: where what follows its stamp begins; None: it has no stamp. begins:
    where its message does. structured: it has to be put together (see `structured`). met: the lines met so far. first:
    a line of them that was put together, for as long as it may be asked for.
    """

    kind: bytes
    end: int | None
    begins: int
    ends: int
    program: str
    structured: bool
    signatures: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    says_error: bool = False
    open: Open | None = None  # what has to be settled for each line
    met: list[Met] = field(default_factory=list)
    first: tuple[bytes, Parts] | None = None

    @property
    def counts(self) -> bool:
        """Whether anybody is interested in such lines."""
        return self.says_error or bool(self.signatures)


@dataclass(slots=True, kw_only=True)
class Open:
    """What has to be looked at in each line: signatures and rules that tell digits apart, and levels that are numbers.

    level: where in the line its number stands. afresh: everything has to, because digits are more than that.
    """

    signatures: list[tuple[Signature, list[bytes]]] = field(default_factory=list)  # with their literals
    harmless: list[Harmless] = field(default_factory=list)
    level: tuple[int, int] | None = None
    afresh: bool = False
    settled: dict[tuple[object, ...], Verdict] = field(default_factory=dict)


class _Suspects(NamedTuple):
    """What may have to do with lines that hold the same literals: signatures, rules, and whether a word of errors.

    Those that are blind to digits are told from the sharp ones.
    """

    blind: list[Signature]
    sharp: list[tuple[Signature, list[bytes]]]
    blind_rules: list[Harmless]
    sharp_rules: list[Harmless]
    word: bool


class Judge:
    """Passes verdicts on the lines of one log. errors: whether lines that call themselves an error matter, too."""

    def __init__(self, log: Log, signatures: Iterable[Signature], engine: Engine, *, errors: bool) -> None:
        self._log = log
        here: dict[bytes, list[Signature]] = {word.encode(): [] for word in WORDS if errors}
        self._words = set(here)
        alike: dict[bytes, list[Signature | Harmless]] = {}  # by what is left of a literal when its digits are 0
        for signature in signatures:
            for literal in signature.literals:
                here.setdefault(literal.encode(), []).append(signature)
                if not _no_digits(literal):
                    alike.setdefault(literal.encode().translate(FOLD), []).append(signature)
        for rule in harmless():
            alike.setdefault(rule.literal.encode().translate(FOLD), []).append(rule)
        self._here, self._alike = list(here.items()), list(alike.values())
        self._finder, self._finder_of_alike = engine(list(here)), engine(list(alike))
        self._suspects: dict[tuple[int, ...], _Suspects] = {}
        self._last: tuple[bytes, int | None, str, Parts] | None = None

    @property
    def engine(self) -> str:
        """What searches: see `Finder`."""
        return self._finder.engine

    def places(self, block: bytes) -> list[int]:
        """See `Finder`."""
        return self._finder.places(block)

    def program(self, line: bytes, end: int) -> str:
        """The program that said this dated line."""
        return self._parts(line, end, "").program

    def message(self, verdict: Verdict, line: bytes) -> tuple[bytes, bytes]:
        """What a line with this verdict says, and of that what a template is made of."""
        if not verdict.structured:
            said = line[verdict.begins :]
            return said, said
        first = verdict.first
        told = first[1] if first and first[0] is line else self._parts(line, verdict.end, verdict.program)
        return told.message.encode("utf-8", "surrogateescape"), told.summary.encode("utf-8", "surrogateescape")

    def of(self, line: bytes, end: int | None, head: str = "") -> Verdict:
        """The verdict on lines like this one. end: see `Verdict`. head: the program of the line it belongs to."""
        told = self._parts(line, end, head)
        verdict = self._passed(line, end, told)
        if (told.record and told.record.fragile) or any(name.value for name in verdict.names):
            verdict.open = Open(afresh=True)
        return verdict

    def _passed(self, line: bytes, end: int | None, told: Parts) -> Verdict:
        begins = told.begins if line.isascii() else _bytes(_text(line)[: told.begins])
        verdict = Verdict(
            kind=line.translate(MASK),
            end=end,
            begins=begins,
            ends=begins + _bytes(told.message),
            program=told.program,
            structured=told.record is not None,
        )
        said = Said(told.program, told.message)
        blind, sharp, blind_rules, sharp_rules, word = self._suspected(line, verdict.kind, told)
        sharp = [(s, literals) for s, literals in sharp if _may_say(s.by, said.program)]
        met = list(_names(verdict, told, line, blind))
        level = told.stated.digits if word else None
        error = word and says_error(said.message, told.stated.level)
        if (met or sharp or error or level) and not any(rule.covers(said) for rule in blind_rules):
            verdict.signatures, verdict.names = _told(met)
            verdict.says_error = error
            if sharp or sharp_rules or level or not (end is None or _no_digits(said.program)):
                verdict.open = Open(signatures=sharp, harmless=sharp_rules, level=level)
        if verdict.structured and verdict.counts:
            verdict.first = (line, told)
        return verdict

    def settled(self, verdict: Verdict, open_: Open, line: bytes) -> Verdict:
        """The verdict on this very line, by the open one on lines like it. The same verdict is the same object."""
        if open_.afresh:
            fresh = self._passed(line, verdict.end, self._parts(line, verdict.end, verdict.program))
            return self.settled(fresh, fresh.open, line) if fresh.open else fresh
        if verdict.structured or not (verdict.end is None or _no_digits(verdict.program)):
            told = self._parts(line, verdict.end, verdict.program)
        else:
            message = line[verdict.begins : verdict.ends].decode("utf-8", "surrogateescape")
            told = Parts(verdict.program, 0, message, 0, NOTHING, None)
        harmless = any(rule.covers(Said(told.program, told.message)) for rule in open_.harmless)
        lower = line.lower()
        held = [s for s, literals in open_.signatures if any(literal in lower for literal in literals)]
        met = () if harmless else tuple(_names(verdict, told, line, held))
        error = verdict.says_error
        if open_.level:
            error = says_error(told.message, level_in_digits(line, open_.level))
        settled = open_.settled.get((harmless, error, told.program, met))
        if settled is None:
            signatures, names = _told(met)
            first = (line, told) if verdict.structured else None
            settled = replace(verdict, program=told.program, says_error=error, open=None, met=[], first=first)
            if harmless:
                settled.signatures, settled.names, settled.says_error = (), (), False
            else:
                settled.signatures += signatures
                settled.names += names
            if len(open_.settled) >= _MOST_VARIANTS:
                open_.settled.clear()
            open_.settled[harmless, error, told.program, met] = settled
        return settled

    def _suspected(self, line: bytes, kind: bytes, told: Parts) -> _Suspects:
        held, alike = self._finder.held(line), self._finder_of_alike.held(kind)
        if told.record:  # rules look at the message, which has what the line has not
            message = told.message.replace("\n", "\0").encode("utf-8", "surrogateescape").translate(MASK)
            alike = sorted({*alike, *self._finder_of_alike.held(message)})
        if not (
            line.isascii() and told.message.isascii()
        ):  # a letter beyond ASCII may have one of ASCII in lower case (the Kelvin sign)
            alike = list(range(len(self._alike)))
        key = (*held, -1, *alike)
        if key not in self._suspects:
            if len(self._suspects) >= _MOST_VARIANTS:
                self._suspects.clear()
            certain = {s.id: s for number in held for s in self._here[number][1]}
            near = [one for number in alike for one in self._alike[number]]
            digits = {s.id: s for s in near if isinstance(s, Signature)}
            sharp = digits | {name: s for name, s in certain.items() if not _is_blind(s)}
            rules = [rule for rule in near if isinstance(rule, Harmless)]
            self._suspects[key] = _Suspects(
                blind=[s for name, s in certain.items() if name not in sharp],
                sharp=[(s, [literal.encode() for literal in s.literals]) for s in sharp.values()],
                blind_rules=[rule for rule in rules if _is_blind(rule)],
                sharp_rules=[rule for rule in rules if not _is_blind(rule)],
                word=any(self._here[number][0] in self._words for number in held),
            )
        return self._suspects[key]

    def _parts(self, line: bytes, end: int | None, head: str) -> Parts:
        """The same line mostly is asked about twice: taking a record apart is what costs most."""
        head = head if end is None else ""
        if (last := self._last) and last[0] is line and last[1:3] == (end, head):
            return last[3]
        text = _text(line)
        if end is None:
            told = parts_without_time(text, head)
        else:
            told = parts(self._log, text, end if line.isascii() else len(_text(line[:end])))
        self._last = (line, end, head, told)
        return told


def _text(line: bytes) -> str:
    return line[:LONGEST].rstrip(b"\r").decode("utf-8", "surrogateescape")


def _names(
    verdict: Verdict, told: Parts, line: bytes, signatures: Iterable[Signature]
) -> Iterator[tuple[str, tuple[Name, ...]]]:
    """Those of these signatures that the line has, each with whom it names."""
    for signature in signatures:
        spans = signature.spans(Said(told.program, told.message))
        if spans is not None:
            names = ((field, *_place(verdict, told, line, *span)) for field, span in spans.items())
            yield signature.id, tuple(Name(signature.id, *name) for name in names)


def _place(verdict: Verdict, told: Parts, line: bytes, start: int, end: int) -> tuple[int, int, str]:
    """Where in the line these characters of its message stand; what they are, where they stand nowhere like that."""
    if told.record is None:
        return (
            verdict.begins + _bytes(told.message[:start]),
            verdict.begins + _bytes(told.message[:end]),
            "",
        )
    span = told.record.span(start, end)
    if span is None:
        return 0, 0, told.message[start:end]
    raw = _text(line)[told.begins :]
    return verdict.begins + _bytes(raw[: span[0]]), verdict.begins + _bytes(raw[: span[1]]), ""


def _told(met: Iterable[tuple[str, tuple[Name, ...]]]) -> tuple[tuple[str, ...], tuple[Name, ...]]:
    """The signatures and the names."""
    return tuple(signature for signature, _ in met), tuple(name for _, names in met for name in names)


def _may_say(by: Iterable[str], program: str) -> bool:
    """Whether a program whose name differs from this one in digits at most is among these; all are, where none is."""
    return not by or program.translate(_ALIKE) in {name.translate(_ALIKE) for name in by}


def _is_blind(kind: Signature | Harmless) -> bool:
    """Whether its pattern and its programs cannot tell digits apart, nor, of a rule, its literal."""
    said = (kind.literal,) if isinstance(kind, Harmless) else ()
    return _no_digits(*said, *kind.by) and is_blind(kind.pattern)


def _no_digits(*texts: str) -> bool:
    return not any(_DIGIT.search(text) for text in texts)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
