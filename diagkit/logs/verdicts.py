"""What a line is: which signatures it has, whom it names, whether it calls itself an error or is harmless.

A `Verdict` holds for all lines that differ from the one it was passed on in digits alone, if nothing that had a say in
it can tell digits apart (see `matching.blindness`). Where something can (`errno 13`, a program called php-fpm8.2), the
verdict stays `open` in that point, and is settled for each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from diagkit.logs.errors import SAYS_ERROR, WORDS
from diagkit.logs.lines import LONGEST, Line, Log, parts
from diagkit.logs.matching.blindness import MASK, is_blind
from diagkit.logs.matching.engine import Engine
from diagkit.logs.matching.plain import FOLD
from diagkit.logs.signatures import Harmless, Signature, harmless

_DIGIT = re.compile(r"[0-9]")
_ALIKE = str.maketrans("123456789", "0" * 9)
_SOME_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # nothing that is asked here depends on when a line was written
_MOST_VARIANTS = 1000  # of one open verdict

Name = tuple[str, str, int, int]  # signature, field, and where in the line its value begins and ends


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What lines of one kind are.

    kind: such a line, with every digit as 0. end: where what follows its stamp begins; None: it has no stamp. begins:
    where its message does. met: the lines met so far, as (microseconds since the epoch, offset in the log, line).
    """

    kind: bytes
    end: int | None
    begins: int
    program: str
    signatures: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    says_error: bool = False
    open: Open | None = None  # what has to be settled for each line
    met: list[tuple[int, int, bytes]] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether anybody is interested in such lines."""
        return self.says_error or bool(self.signatures)


@dataclass(slots=True, kw_only=True)
class Open:
    """What has to be looked at in each line: signatures and rules that tell digits apart."""

    signatures: tuple[Signature, ...]
    harmless: tuple[Harmless, ...]
    settled: dict[tuple[object, ...], Verdict] = field(default_factory=dict)


class Judge:
    """Passes verdicts on the lines of one log. errors: whether lines that call themselves an error matter, too."""

    def __init__(self, log: Log, signatures: Iterable[Signature], engine: Engine, *, errors: bool) -> None:
        self._log = log
        self._by_literal: dict[bytes, list[Signature]] = {}
        self._by_folded: dict[bytes, list[Signature]] = {}  # of literals with digits; all digits are 0
        for signature in signatures:
            for literal in signature.literals:
                self._by_literal.setdefault(literal.encode(), []).append(signature)
                if not _no_digits(literal):
                    self._by_folded.setdefault(literal.encode().translate(FOLD), []).append(signature)
        self._words = {word.encode() for word in WORDS if errors}
        self._literals, self._folded = sorted({*self._by_literal, *self._words}), sorted(self._by_folded)
        self._finder, self._finder_of_folded = engine(self._literals), engine(self._folded)

    @property
    def engine(self) -> str:
        """What searches: see `Finder`."""
        return self._finder.engine

    def places(self, block: bytes) -> list[int]:
        """See `Finder`."""
        return self._finder.places(block)

    def program(self, line: bytes, end: int) -> str:
        """The program that said this dated line."""
        return self._said(line, end, "")[0].program

    def of(self, line: bytes, end: int | None, head: str = "") -> Verdict:
        """The verdict on lines like this one. end: see `Verdict`. head: the program of the line it belongs to."""
        said, begins = self._said(line, end, head)
        verdict = Verdict(kind=line.translate(MASK), end=end, begins=begins, program=said.program)
        if any(_is_blind(rule) and rule.covers(said) for rule in harmless()):
            return verdict
        held = [self._literals[number] for number in self._finder.held(line)]
        perhaps = {s.id: s for literal in held for s in self._by_literal.get(literal, ())}
        folded = [self._folded[number] for number in self._finder_of_folded.held(verdict.kind)]
        sharp = {s.id: s for literal in folded for s in self._by_folded[literal]}
        sharp |= {name: s for name, s in perhaps.items() if not _is_blind(s)}
        self._add(verdict, said, (s for name, s in perhaps.items() if name not in sharp))
        verdict.says_error = not self._words.isdisjoint(held) and bool(SAYS_ERROR.search(said.message))
        sharp = {name: s for name, s in sharp.items() if _may_say(s.by, said.program)}
        if sharp or verdict.counts:
            message = said.message.lower().translate(_ALIKE)
            rules = tuple(r for r in harmless() if not _is_blind(r) and r.literal.translate(_ALIKE) in message)
            if sharp or rules or not (end is None or _no_digits(said.program)):
                verdict.open = Open(signatures=tuple(sharp.values()), harmless=rules)
        return verdict

    def settled(self, verdict: Verdict, open_: Open, line: bytes) -> Verdict:
        """The verdict on this very line, by the open one on lines like it. The same verdict is the same object."""
        said, begins = self._said(line, verdict.end, verdict.program)
        if any(rule.covers(said) for rule in open_.harmless):
            return Verdict(kind=verdict.kind, end=verdict.end, begins=begins, program=said.program)
        lower = line.lower()
        met = [s for s in open_.signatures if any(literal.encode() in lower for literal in s.literals)]
        settled = Verdict(
            kind=verdict.kind,
            end=verdict.end,
            begins=begins,
            program=said.program,
            signatures=verdict.signatures,
            names=verdict.names,
            says_error=verdict.says_error,
        )
        self._add(settled, said, met)
        known = open_.settled
        if len(known) >= _MOST_VARIANTS:
            known.clear()
        return known.setdefault((said.program, begins, settled.signatures, settled.names), settled)

    def _add(self, verdict: Verdict, said: Line, signatures: Iterable[Signature]) -> None:
        """Add those of these signatures that the line has."""
        for signature in signatures:
            spans = signature.spans(said)
            if spans is not None:
                verdict.signatures += (signature.id,)
                for name, (start, end) in spans.items():
                    before = verdict.begins + _bytes(said.message[:start])
                    verdict.names += ((signature.id, name, before, before + _bytes(said.message[start:end])),)

    def _said(self, line: bytes, end: int | None, head: str) -> tuple[Line, int]:
        """The line as it is read, and at which byte its message begins."""
        text = line[end or 0 : LONGEST].rstrip(b"\r").decode("utf-8", "surrogateescape")
        program, pid, message = (head, 0, text.strip()) if end is None else parts(self._log, text)
        said = Line(source=self._log.source, at=_SOME_TIME, program=program, pid=pid, message=message)
        return said, (end or 0) + _bytes(text[: text.rfind(message)])


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
