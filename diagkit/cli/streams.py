"""What is written where: the report on stdout, everything else on stderr; and what happens when nobody reads on."""

from __future__ import annotations

import os
import sys

NOBODY_READS = 141  # 128 + SIGPIPE


def forgive() -> None:
    """Write what the terminal's encoding lacks as escapes, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> int:
    """Write to stdout, with a newline at the end. 0, or 141 when the reader has gone."""
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the flush at exit must not fail again
        return NOBODY_READS
    return 0


def note(text: str) -> None:
    """Write one line to stderr. That nobody reads it is no reason to stop."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
