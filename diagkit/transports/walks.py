"""Several `find` as one: a tree that is walked for one question is not walked again for the next.

Each has its own form of lines, by which what they say is told apart again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from diagkit.model import Ask, Reply, Run

Cut = Callable[[Reply], Reply]
Walk = tuple[tuple[str, ...], dict[Ask, Cut]]

NAMED = ("-exec", "grep", "-HiE")  # lines with the names of their files
BARE = ("-exec", "grep", "-hsiE")  # without them, and without complaints
CHANGES = ("-exec", "stat", "-c", "%Y %n", "{}", "+")
END = ("{}", "+")
LINKS = ("-printf", r"%p %l\n")
QUOTED = ("-exec", "stat", "-c", "%N", "{}", "+")
CLASSES = {"[:alnum:]": "0-9A-Za-z", "[:space:]": r"\s"}


def walks(runs: Sequence[Run]) -> Iterator[Walk]:
    """What can be walked for as one, each with what it is walked for."""
    for named in runs:
        if _greps(named, NAMED):
            bare = next((run for run in runs if _greps(run, BARE) and run.argv[:-6] == named.argv[:-6]), None)
            if bare:
                changes = next((run for run in runs if _of_changes(run) and named.argv[1] in run.argv), None)
                yield _searched(named, bare, changes)
    descriptors = ("find", "/proc", "-maxdepth", "3")
    found = [run for run in runs if run.argv[:4] == descriptors]
    deleted = next((run for run in found if run.argv[-2:] == LINKS), None)
    opened = next((run for run in found if _holds(run.argv, QUOTED)), None)
    if deleted and opened:
        option, tests = deleted.argv[4:6], deleted.argv[6:]
        argv = (*descriptors, *option, "(", *tests, ")", ",", "(", *opened.argv[4:], ")")
        yield argv, {deleted: partial(_beginning_with, b"/"), opened: partial(_beginning_with, b"'")}


def _greps(run: Run, how: tuple[str, ...]) -> bool:
    return run.argv[0] == "find" and run.argv[-6:-3] == how and run.argv[-2:] == END


def _of_changes(run: Run) -> bool:
    return run.argv[0] == "find" and run.argv[-6:] == CHANGES and "-mmin" in run.argv


def _holds(argv: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(argv[at : at + len(part)] == part for at in range(len(argv)))


def _searched(named: Run, bare: Run, changes: Run | None) -> Walk:
    """Files of one tree, searched for both at once; and those of it, and of other places, that have changed.

    The tree is searched whatever is mounted in it, so changes are seen there, too.
    """
    one, two = named.argv[-3], bare.argv[-3]
    grep = (*named.argv[2:-3], f"({one})|({two})", *END)
    cuts: dict[Ask, Cut] = {named: partial(_named, one), bare: partial(_bare, two)}
    if not changes:
        return (*named.argv[:2], *grep), cuts
    places = changes.argv[1 : changes.argv.index("-xdev")]
    recent = changes.argv[changes.argv.index("-xdev") + 1 :]
    elsewhere = tuple(place.encode() for place in places if place != named.argv[1])
    cuts = {run: partial(_without, elsewhere, cut) for run, cut in cuts.items()}
    cuts[changes] = partial(_without, (b"grep:",), partial(_matching, rb"\d+ /"))
    of_tree = ("-path", f"{named.argv[1]}/*")
    # What has changed is looked at further: the test that fails ends the first alternative. No parentheses: of what
    # stands in them, busybox forgets the last files.
    return ("find", *places, *recent, "!", "-type", "f", "-o", *of_tree, *grep), cuts


def _without(words: Sequence[bytes], cut: Cut, reply: Reply) -> Reply:
    """What is cut out, without the complaints that have one of these words in them."""
    lines = reply.err.splitlines(keepends=True)
    return cut(replace(reply, err=b"".join(line for line in lines if not any(word in line for word in words))))


def _matching(pattern: bytes, reply: Reply) -> Reply:
    wanted = re.compile(pattern)
    return replace(reply, out=b"".join(filter(wanted.match, reply.out.splitlines(keepends=True))))


def _beginning_with(sign: bytes, reply: Reply) -> Reply:
    return _matching(re.escape(sign), reply)


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
