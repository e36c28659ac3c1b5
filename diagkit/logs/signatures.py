"""Signatures: log lines whose meaning is known. Knowledge as data, one TOML file per family in `signatures/`.

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
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from diagkit.logs.lines import Line
from diagkit.model import Status

SEVERITIES = {"fail": Status.FAIL, "warn": Status.WARN, "info": Status.OK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A kind of line, and what it speaks for. `severity` OK: worth counting, not worth a finding."""

    id: str
    family: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str] | None
    by: frozenset[str]
    severity: Status
    least: int
    causes: Mapping[str, str]
    title: str
    source: str
    match: str
    miss: str

    def fields(self, line: Line) -> dict[str, str] | None:
        """Whom the line is about, if it has this signature; None if it has not. The literal is taken as seen."""
        if self.by and line.program not in self.by:
            return None
        if self.pattern is None:
            return {}
        found = self.pattern.search(line.message)
        return {name: value for name, value in found.groupdict().items() if value} if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """Lines that look like trouble and are not, and why not."""

    literal: str
    pattern: re.Pattern[str] | None
    by: frozenset[str]
    reason: str
    match: str

    def covers(self, line: Line) -> bool:
        """Whether this is such a line."""
        said_by = not self.by or line.program in self.by
        lower = self.literal in line.message.lower()
        return said_by and lower and (self.pattern is None or bool(self.pattern.search(line.message)))


@cache
def catalogue() -> Mapping[str, Signature]:
    """Every signature by its id."""
    found: dict[str, Signature] = {}
    for family, tables in _tables():
        for name, table in tables.items():
            if name in found:
                raise ValueError(f"signature {name} is in {found[name].family}.toml and in {family}.toml")
            found[name] = _signature(name, family, table)
    return found


@cache
def harmless() -> tuple[Harmless, ...]:
    """Every kind of line to pass over."""
    tables = tomllib.loads((files("diagkit.logs") / "harmless.toml").read_text("utf-8"))
    return tuple(
        Harmless(
            literal=table["literal"],
            pattern=re.compile(table["pattern"], re.ASCII) if "pattern" in table else None,
            by=frozenset(table.get("by", ())),
            reason=table["reason"],
            match=table["match"],
        )
        for table in tables.values()
    )


def _tables() -> Iterator[tuple[str, Mapping[str, Any]]]:
    folder = files("diagkit.logs") / "signatures"
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            yield path.name.removesuffix(".toml"), tomllib.loads(path.read_text("utf-8"))


def _signature(name: str, family: str, table: Mapping[str, Any]) -> Signature:
    literal = table["literal"]
    return Signature(
        id=name,
        family=family,
        literals=tuple(literal) if isinstance(literal, list) else (literal,),
        pattern=re.compile(table["pattern"], re.ASCII) if "pattern" in table else None,
        by=frozenset(table.get("by", ())),
        severity=SEVERITIES[table["severity"]],
        least=table.get("least", 1),
        causes=table["causes"],
        title=table["title"],
        source=table["source"],
        match=table["match"],
        miss=table["miss"],
    )
