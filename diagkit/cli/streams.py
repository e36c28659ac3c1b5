"""What is written where: the report on stdout, everything else on stderr; and what happens when nobody reads on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

NOBODY_READS = 141  # 128 + SIGPIPE
CANNOT_WRITE = 73  # EX_CANTCREAT of sysexits.h


def prepare() -> None:
    """Make the streams take all we have to say: what their encoding lacks is escaped, a full pipe is waited for."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # the interpreter's own
        try:
            os.set_blocking(stream.fileno(), True)  # whoever shares the terminal with us may have turned that off
        except OSError:
            continue


def say(text: str) -> int:
    """Write to stdout, with a newline at the end. 0, or an exit code: 141 if the reader has gone, 73 on a full disk."""
    return pour((text,))


def pour(pieces: Iterable[str]) -> int:
    """Write a text to stdout as its pieces come; the same otherwise."""
    ended = False
    try:
        for piece in filter(None, pieces):
            sys.stdout.write(piece)
            ended = piece.endswith("\n")
        sys.stdout.write("" if ended else "\n")
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the flush at exit must not fail again
        if isinstance(error, BrokenPipeError):
            return NOBODY_READS
        note(f"diagkit: cannot write to standard output: {error.strerror}")
        return CANNOT_WRITE
    return 0


def note(text: str) -> None:
    """Write one line to stderr. That nobody reads it is no reason to stop."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
