"""What is wrong with a log signature, as far as it tells by itself: its own two lines must prove it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from diagkit.logs.lines import Line
from diagkit.logs.occurrences import is_harmless
from diagkit.logs.signatures import Signature

LONGEST_TITLE = 80
NESTED = re.compile(r"[*+][^?)]*\)[*+]")  # a repeat within a repeat may take time without end


def problems(signature: Signature) -> Iterator[tuple[str, str]]:
    """Each thing that is wrong, and what to do about it."""
    if not meets(signature, signature.match):
        yield f"it does not meet its own line {signature.match!r}", "mend `literal`, `pattern`, `by` or `match`"
    if meets(signature, signature.miss):
        yield f"it meets the line that it must not, {signature.miss!r}", "make `pattern` say more, or mend `miss`"
    if is_harmless(line(signature, signature.match)):
        yield "its own line is known to be harmless, so it is never met", "choose another line"
    if signature.pattern and NESTED.search(signature.pattern.pattern):
        yield "its pattern has a repeat within a repeat, which may take for ever", "write it without the inner one"
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
