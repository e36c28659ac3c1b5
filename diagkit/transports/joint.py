"""Commands that are run as one, and what it says cut apart again into what each would have said.

It is for those that walk through the same: every socket and every open file of every process (`ss -p`), or /etc.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from diagkit.frozen import frozen
from diagkit.model import Ask, Reply, Run

Argv = tuple[str, ...]
Cut = Callable[[Reply], Reply]

LISTENING: Argv = ("ss", "-ltnp")
CLOSE_WAIT: Argv = ("ss", "-tnp", "state", "close-wait")
CLOCK: Argv = ("date", "+%s.%N")
ZONE: Argv = ("date", "+%z")
NAMED: Argv = ("-exec", "grep", "-HiE")  # after what finds the files: lines with the names of their files
BARE: Argv = ("-exec", "grep", "-hsiE")  # without them, and without complaints
END: Argv = ("{}", "+")
CLASSES = {"[:alnum:]": "0-9A-Za-z", "[:space:]": r"\s"}


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
    bare = {run.argv[:-6]: run for run in runs if _greps(run, BARE)}
    for run in runs:
        if _greps(run, NAMED) and (other := bare.get(run.argv[:-6])):
            one, two = run.argv[-3], other.argv[-3]
            yield Joint(
                (*run.argv[:-3], f"({one})|({two})", *END), {run: partial(_named, one), other: partial(_bare, two)}
            )


def _greps(run: Run, how: Argv) -> bool:
    return run.argv[-6:-3] == how and run.argv[-2:] == END


def _listening(reply: Reply) -> Reply:
    rows = reply.out.splitlines(keepends=True)
    return replace(reply, out=b"".join(rows[:1] + [row for row in rows[1:] if row.startswith(b"LISTEN ")]))


def _close_wait(reply: Reply) -> Reply:
    """Where only one state is asked for, it is not said."""
    rows = re.findall(rb"(?m)^(?:State|CLOSE-WAIT) +(.*\n)", reply.out)
    return replace(reply, out=b"".join(rows))


def _line(reply: Reply, number: int) -> Reply:
    return replace(reply, out=b"".join(reply.out.splitlines(keepends=True)[number : number + 1]))


def _named(expression: str, reply: Reply) -> Reply:
    wanted = _compiled(expression)
    lines = reply.out.splitlines(keepends=True)
    return replace(reply, out=b"".join(line for line in lines if wanted.match(line.partition(b":")[2])))


def _bare(expression: str, reply: Reply) -> Reply:
    wanted = _compiled(expression)
    lines = (line.partition(b":")[2] for line in reply.out.splitlines(keepends=True))
    complaints = [line for line in reply.err.splitlines(keepends=True) if not line.startswith(b"grep:")]
    return replace(reply, out=b"".join(filter(wanted.match, lines)), err=b"".join(complaints))


@lru_cache(maxsize=8)
def _compiled(expression: str) -> re.Pattern[bytes]:
    """One of grep -iE, which begins with ^, as Python has it."""
    for name, characters in CLASSES.items():
        expression = expression.replace(name, characters)
    return re.compile(expression.encode(), re.IGNORECASE)
