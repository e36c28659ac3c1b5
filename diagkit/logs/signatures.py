"""Signatures: log lines whose meaning is known. Knowledge as data, one TOML file per family in `signatures/`.

The user's own lie in `~/.config/diagkit/signatures/`; a file named like one of ours adds to that family.

    [too_many_open_files]
    literal = "too many open files"          # or a list: one of them must be in the line, in any case of letters
    pattern = '^(?!.*inotify).*open files(?! in system)'   # and this must match the message; may be left out
    by = ["kernel"]                          # and one of these programs must have said it; may be left out
    severity = "fail"                        # fail, warn, or info: counted for others to use, no finding of its own
    least = 3                                # fewer lines than this in the window are no finding; 1 if left out
    causes = { fd_limit = "usually" }        # what it speaks for; from "often" on, the line says just that
    title = "Too many open files (EMFILE)"
    source = "libc strerror(EMFILE)"         # the program that says it; `seen on` where we met it on a real host
    match = "accept: Too many open files"    # a message that must match (`program: message` where `by` is given)
    miss = "Too many open files in system"   # and one that must not

A cause with a weight of `often`, `usually` or `always` is what the line itself says, and can be confirmed by it; causes
that would merely explain the line have `sometimes`, `rarely` or `hint`.

Named groups of a pattern (process, unit, device, mount, interface, peer, user, path, …) tell whom a line is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from diagkit import own
from diagkit.frozen import frozen
from diagkit.logs.families import families, parsed
from diagkit.logs.lines import Line
from diagkit.model import Fault, Status
from diagkit.spelling import nearest

SHORTEST = 5  # letters of a literal: a shorter one is met too often
SEVERITIES = {"fail": Status.FAIL, "warn": Status.WARN, "info": Status.OK}
WANTED: dict[str, type | tuple[type, ...]] = {
    "literal": (str, list),
    "severity": str,
    "causes": dict,
    "title": str,
    "source": str,
    "match": str,
    "miss": str,
}
ALLOWED = WANTED | {"pattern": str, "by": list, "least": int}


class Unusable(ValueError):
    """A table that is no signature; one sentence about what is wrong with it."""


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.ASCII | re.MULTILINE)  # a structured line may hold a stack trace


class Said(NamedTuple):
    """What a line says and who, where nobody asks when."""

    program: str
    message: str


@frozen(kw_only=True)
class Signature:
    """A kind of line, and what it speaks for. `severity` OK: worth counting, not worth a finding. `file`: its home.

    expression: the pattern as it was written; it is compiled when a line first asks for it, as most never are.
    """

    id: str
    file: str
    family: str
    literals: tuple[str, ...]
    expression: str | None
    by: frozenset[str]
    severity: Status
    least: int
    causes: Mapping[str, str]
    title: str
    source: str
    match: str
    miss: str

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What the message must match; None where the literal is enough."""
        return None if self.expression is None else _compiled(self.expression)

    def fields(self, line: Line) -> dict[str, str] | None:
        """Whom the line is about, if it has this signature; None if it has not. The literal is taken as seen."""
        spans = self.spans(line)
        return None if spans is None else {name: line.message[start:end] for name, (start, end) in spans.items()}

    def spans(self, line: Line | Said) -> dict[str, tuple[int, int]] | None:
        """Where in its message the line names them; None if it has not this signature."""
        if self.by and line.program not in self.by:
            return None
        if self.expression is None:
            return {}
        found = _compiled(self.expression).search(line.message)
        return {name: found.span(name) for name, value in found.groupdict().items() if value} if found else None


@frozen(kw_only=True)
class Harmless:
    """Lines that look like trouble and are not, and why not."""

    literal: str
    expression: str | None
    by: frozenset[str]
    reason: str
    match: str

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What the message must match; None where the literal is enough."""
        return None if self.expression is None else _compiled(self.expression)

    def covers(self, line: Line | Said) -> bool:
        """Whether this is such a line."""
        said_by = not self.by or line.program in self.by
        lower = self.literal in line.message.lower()
        return said_by and lower and (self.pattern is None or bool(self.pattern.search(line.message)))


@cache
def catalogue() -> Mapping[str, Signature]:
    """Every signature by its id."""
    return _known()[0]


def faults() -> tuple[Fault, ...]:
    """What of the user's own signatures could not be used, and why."""
    return _known()[1]


@cache
def _known() -> tuple[Mapping[str, Signature], tuple[Fault, ...]]:
    found: dict[str, Signature] = {}
    for path, tables in families("signatures").items():
        for name, table in tables.items():
            _add(found, name, path, table)
    paths, faults = own.files("signatures", "*.toml")
    for path in paths:
        try:
            tables = parsed(path.read_text("utf-8"))
        except (ValueError, OSError) as error:
            faults.append(own.fault(path, 0, f"cannot be read: {error}"))
            continue
        for name, table in tables.items():
            try:
                refuse_unusable(table)
                _add(found, name, path, table)
            except Unusable as error:
                faults.append(own.fault(path, own.line_of(path, name), f"{name}: {error}"))
    return found, tuple(faults)


def _add(found: dict[str, Signature], name: str, file: Path, table: Any) -> None:
    if name in found:
        raise Unusable(f"there is a signature of that name in {found[name].file}; call it something else")
    found[name] = _signature(name, file, table)


@cache
def harmless() -> tuple[Harmless, ...]:
    """Every kind of line to pass over."""
    return tuple(
        Harmless(
            literal=table["literal"],
            expression=table.get("pattern"),
            by=frozenset(table.get("by", ())),
            reason=table["reason"],
            match=table["match"],
        )
        for tables in families("harmless").values()
        for table in tables.values()
    )


def _signature(name: str, file: Path, table: Any) -> Signature:
    literal = table["literal"]
    return Signature(
        id=name,
        file=str(file),
        family=file.stem,
        literals=tuple(literal) if isinstance(literal, list) else (literal,),
        expression=table.get("pattern"),
        by=frozenset(table.get("by", ())),
        severity=SEVERITIES[table["severity"]],
        least=table.get("least", 1),
        causes=table["causes"],
        title=table["title"],
        source=table["source"],
        match=table["match"],
        miss=table["miss"],
    )


def refuse_unusable(table: Any) -> None:
    """Raise `Unusable` if this is no table of a signature. Of ours that is known: the tests have asked."""
    if not isinstance(table, dict):
        raise Unusable("it is not a table: write [NAME] above its keys")
    for key, value in table.items():
        if key not in ALLOWED:
            raise Unusable(f"there is no key {key!r}{nearest(key, ALLOWED)}")
        if not isinstance(value, ALLOWED[key]):
            raise Unusable(f"{key} has a value of the wrong kind: {value!r}")
        if isinstance(value, list | dict) and not all(isinstance(v, str) for v in _members(value)):
            raise Unusable(f"{key} may hold text alone, in quotes")
    if missing := [key for key in WANTED if key not in table]:
        raise Unusable(f"it has no {' and no '.join(missing)}")
    if table["severity"] not in SEVERITIES:
        raise Unusable(f"there is no severity {table['severity']!r}{nearest(table['severity'], SEVERITIES)}")
    for literal in [table["literal"]] if isinstance(table["literal"], str) else table["literal"]:
        if len(literal) < SHORTEST or not literal.isascii() or literal != literal.lower() or "\n" in literal:
            raise Unusable(f"the literal {literal!r} is not {SHORTEST} or more characters of lower-case ASCII")
    try:
        _compiled(table.get("pattern", ""))
    except re.error as error:
        raise Unusable(f"its pattern is no regular expression: {error}") from error


def _members(value: list[Any] | dict[str, Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
