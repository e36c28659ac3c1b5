r"""Lines that mark a moment and tell of no trouble: a unit that starts, a job of cron, a login. `marks.toml` has them.

    [ssh_login]
    literal = "accepted "                     # or a list: one of them must be in the line, in any case of letters
    pattern = '^Accepted \S+ for (?P<user>\S+) from (?P<peer>\S+)'   # and this must match the message
    by = ["sshd"]                             # and one of these programs must have said it
    source = "OpenSSH"                        # the program that says it
    match = "sshd: Accepted publickey for ops from 10.0.0.2 port 42722 ssh2"
    miss = "sshd: Server listening on 0.0.0.0 port 22."

The named groups of the pattern tell who and what.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files

from diagkit.frozen import frozen
from diagkit.logs.lines import Line, Log, line_at
from diagkit.logs.matching.engine import searching
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window


@frozen(kw_only=True)
class Mark:
    """One such line: its id in `marks.toml`, and who and what it names."""

    id: str
    at: datetime
    source: str
    fields: Mapping[str, str]
    assumed: tuple[str, ...] = ()


@frozen(kw_only=True)
class Form:
    """How such lines look."""

    id: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    by: frozenset[str]
    match: str
    miss: str

    def fields(self, line: Line) -> dict[str, str] | None:
        """Whom the line names, if it is one; None if it is not."""
        if line.program not in self.by or (line.program == "systemd" and line.pid > 1):  # a user's own manager
            return None
        found = self.pattern.search(line.message)
        return {name: value for name, value in found.groupdict().items() if value} if found else None


@cache
def forms() -> tuple[Form, ...]:
    """Every form that is known."""
    tables = tomllib.loads((files("diagkit.logs") / "marks.toml").read_text("utf-8"))
    return tuple(
        Form(
            id=name,
            literals=(table["literal"],) if isinstance(table["literal"], str) else tuple(table["literal"]),
            pattern=re.compile(table["pattern"], re.ASCII),
            by=frozenset(table["by"]),
            match=table["match"],
            miss=table["miss"],
        )
        for name, table in tables.items()
    )


def marks(logs: Iterable[Log], clock: Clock, window: Window) -> tuple[Mark, ...]:
    """Every mark in the window, in the order of time; what two logs say in the same second is one."""
    found = {_sameness(mark): mark for log in logs for mark in _of_one_log(log, clock, window)}
    return tuple(sorted(found.values(), key=lambda mark: (mark.at, mark.id)))


def _sameness(mark: Mark) -> tuple[object, ...]:
    return mark.id, mark.at.replace(microsecond=0), *sorted(mark.fields.items())


def _of_one_log(log: Log, clock: Clock, window: Window) -> Iterator[Mark]:
    by_literal = [(literal, form) for form in forms() for literal in form.literals]
    search = searching([literal.encode() for literal, _ in by_literal])
    for start, which in search(log.raw):
        line = line_at(log, start, clock)
        form = by_literal[which][1]
        fields = form.fields(line) if line and window.holds(line.at) else None
        if line and fields is not None:
            yield Mark(id=form.id, at=line.at, source=log.source, fields=fields, assumed=line.assumed)
