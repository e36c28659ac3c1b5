"""What is wrong with a log signature: its own two lines must prove it, and it must not slow down the search."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from time import process_time
from typing import Any

from diagkit.logs.lines import Line
from diagkit.logs.marks import forms
from diagkit.logs.occurrences import is_harmless
from diagkit.logs.signatures import Signature, catalogue, harmless

LONGEST_TITLE = 80
# From one ordinary line in twenty on, looking at its lines costs as much as the search for all literals: 0.1 us a line
# of 120 bytes, against 2 us for each line looked at (measured).
TOO_OFTEN = 0.05
# A pattern whose time grows with the cube of the line needs eight times as long for one twice as long, and minutes for
# one of 8 KB; with the square, four times, which we bear.
STEEP, NOTICEABLE = 6.0, 0.002  # times as long; seconds of CPU
AGAIN = 3  # measurements that must agree before a pattern is blamed
ENDLESS = 1000  # times; a repeat of more than so many is as bad as one without end


def problems(signature: Signature) -> Iterator[tuple[str, str]]:
    """Each thing that is wrong, and what to do about it."""
    if signature.pattern and _repeats_a_repeat(signature.pattern):
        yield "its pattern has a repeat within a repeat, which may take for ever", "write it without the inner one"
        return  # nothing more can be said: we would have to try it
    if not meets(signature, signature.match):
        yield f"it does not meet its own line {signature.match!r}", "mend `literal`, `pattern`, `by` or `match`"
    if meets(signature, signature.miss):
        yield f"it meets the line that it must not, {signature.miss!r}", "make `pattern` say more, or mend `miss`"
    if is_harmless(line(signature, signature.match)):
        yield "its own line is known to be harmless, so it is never met", "choose another line"
    if _is_steep(signature):
        yield (
            "its pattern takes eight times as long for a line twice as long",
            "let fewer of its parts repeat `.*` or `\\S+`",
        )
    for literal in signature.literals:
        share = _share_of_ordinary_lines(literal)
        if share > TOO_OFTEN:
            yield (
                f"its literal {literal!r} is in {share:.0%} of ordinary lines",
                "choose more of the text, or a rarer part",
            )
    if signature.least < 1:
        yield "`least` is below 1", "leave it out, or say how many lines it takes"
    if not signature.title or len(signature.title) > LONGEST_TITLE or signature.title.endswith("."):
        yield f"its title is no line of 1 to {LONGEST_TITLE} letters without a full stop", "shorten it"
    if not signature.source:
        yield "it does not say where its text comes from", "name the program in `source`"


def meets(signature: Signature, text: str) -> bool:
    """Whether a message has the signature; where that says who must have said it, the text is `program: message`."""
    held = any(literal in text.lower() for literal in signature.literals)
    return held and signature.fields(line(signature, text)) is not None


def line(signature: Signature, text: str) -> Line:
    """The line of a log that an example stands for."""
    program, _, message = text.partition(": ") if signature.by else ("", "", text)
    return Line(source="journal", at=datetime(2000, 1, 1, tzinfo=UTC), program=program, message=message)


def _share_of_ordinary_lines(literal: str) -> float:
    lines = _ordinary_lines()
    return sum(literal in line for line in lines) / len(lines)


@cache
def _ordinary_lines() -> tuple[str, ...]:
    """Lines that mean no trouble, of some hundred programs: marks, harmless lines, and near misses."""
    marks = (text for form in forms() for text in (form.match, form.miss))
    misses = (signature.miss for signature in catalogue().values())
    return tuple(text.lower() for text in (*marks, *misses, *(kind.match for kind in harmless())))


def _is_steep(signature: Signature) -> bool:
    """Whether the pattern's time grows faster than with the square of the line, on lines that nearly match."""
    if signature.pattern is None:
        return False
    search = signature.pattern.search
    for text in ("a", "a ", "a.", "1 ", "a: ", signature.match, signature.miss):
        before = 0.0
        for length in (15, 30, 60, 125, 250, 500, 1000, 2000):
            line = (text * length)[:length]
            taken = _seconds(search, line)
            if taken > NOTICEABLE and before and taken > STEEP * before:
                again = min(_seconds(search, line) for _ in range(AGAIN))  # a busy machine may have made it slow
                shorter = min(_seconds(search, line[: length // 2]) for _ in range(AGAIN))
                if again > NOTICEABLE and again > STEEP * shorter:
                    return True
            before = taken
    return False


def _seconds(search: Callable[[str], object], line: str) -> float:
    began = process_time()
    search(line)
    return process_time() - began


def _repeats_a_repeat(pattern: re.Pattern[str]) -> bool:
    """Whether something that repeats without end has a part that does: the ways to try may double with each letter."""
    parser: Any = import_module("re._parser")  # the syntax tree that `re` itself compiles; it has no public name
    return _has_endless(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG), within=False)


def _has_endless(node: Any, *, within: bool) -> bool:
    if not isinstance(node, tuple | list) and not hasattr(node, "data"):
        return False
    if isinstance(node, tuple) and str(node[0]) in {"MAX_REPEAT", "MIN_REPEAT"} and node[1][1] > ENDLESS:
        return within or _has_endless(node[1][2], within=True)
    return any(_has_endless(part, within=within) for part in node)
