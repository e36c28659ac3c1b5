"""Commands that are run as one, and what it says cut apart again into what each would have said.

It is for those that walk through the same: every socket and every open file of every process (`ss -p`), or a tree of
files (`walks.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from diagkit.frozen import frozen
from diagkit.model import Ask, Reply, Run
from diagkit.transports.walks import Cut, walks

Argv = tuple[str, ...]

LISTENING: Argv = ("ss", "-ltnp")
CLOSE_WAIT: Argv = ("ss", "-tnp", "state", "close-wait")
CLOCK: Argv = ("date", "+%s.%N")
ZONE: Argv = ("date", "+%z")


@frozen
class Joint:
    """One command, and what to cut out of its reply for each of the questions that it answers."""

    argv: Argv
    cuts: Mapping[Ask, Cut]


def joints(runs: Sequence[Run]) -> Iterator[Joint]:
    """Those of these commands that can be run as one, each in one joint at most. All of them want the same rights."""
    by_argv = {run.argv: run for run in runs}
    if LISTENING in by_argv and CLOSE_WAIT in by_argv:
        both_states = ("ss", "-tanp", "state", "listening", "state", "close-wait")
        yield Joint(both_states, {by_argv[LISTENING]: _listening, by_argv[CLOSE_WAIT]: _close_wait})
    if CLOCK in by_argv and ZONE in by_argv:
        both_lines = ("date", f"{CLOCK[1]}%n{ZONE[1].removeprefix('+')}")
        yield Joint(both_lines, {by_argv[CLOCK]: partial(_line, number=0), by_argv[ZONE]: partial(_line, number=1)})
    for argv, cuts in walks(runs):
        yield Joint(argv, cuts)


def _listening(reply: Reply) -> Reply:
    rows = reply.out.splitlines(keepends=True)
    return replace(reply, out=b"".join(rows[:1] + [row for row in rows[1:] if row.startswith(b"LISTEN ")]))


def _close_wait(reply: Reply) -> Reply:
    """Where only one state is asked for, it is not said."""
    rows = re.findall(rb"(?m)^(?:State|CLOSE-WAIT) +(.*\n)", reply.out)
    return replace(reply, out=b"".join(rows))


def _line(reply: Reply, number: int) -> Reply:
    return replace(reply, out=b"".join(reply.out.splitlines(keepends=True)[number : number + 1]))
