"""A list of targets that comes in on standard input."""

from __future__ import annotations

import sys

from diagkit.cli import streams
from diagkit.cli.exits import NO_INPUT, Refusal
from diagkit.inventories.text import LARGEST, decoded


def text() -> str:
    """All of it. Somebody who sits at the terminal is told what is waited for. Raises `Refusal` or `Malformed`."""
    if sys.stdin is None or sys.stdin.closed:
        raise Refusal(NO_INPUT, "there is no standard input to read targets from")
    if sys.stdin.isatty():
        streams.note("diagkit: type the targets, one a line; Ctrl-D ends the list")
    try:
        said = decoded(sys.stdin.buffer.read(LARGEST + 1), "stdin")
    except OSError as error:
        raise Refusal(NO_INPUT, f"cannot read standard input: {error.strerror}") from error
    if not said.strip():
        raise Refusal(NO_INPUT, "nothing came in on standard input, and targets were to be read from it")
    return said
