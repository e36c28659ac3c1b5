"""Exit codes. 0 to 3 are verdicts about the target; from 64 on there is none. In brackets the names of sysexits.h."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from diagkit.cli import streams

if TYPE_CHECKING:  # completion wants these numbers at once, and no nouns
    from diagkit.model import Tape

UNKNOWN = 3  # something vital could not be seen
USAGE = 64  # an option, command or name that does not exist (EX_USAGE)
DATA = 65  # a file that is not what it ought to be (EX_DATAERR)
NO_INPUT = 66  # a file that is not there or cannot be read (EX_NOINPUT)
UNAVAILABLE = 69  # who was to do the asking is not there (EX_UNAVAILABLE)
BUG = 70  # ours (EX_SOFTWARE)
CANNOT_WRITE = streams.CANNOT_WRITE  # a report or tape that could not be written (EX_CANTCREAT)
NO_PERMISSION = 77  # a host showed a key that it is not known by, or a revoked one (EX_NOPERM)
CONFIG = 78  # diagkit.toml is wrong (EX_CONFIG)
INTERRUPTED = 130  # 128 + SIGINT


def of_silence(tapes: Iterable[Tape]) -> int:
    """For commands that give no verdict: 0, or what to say where a target could not be asked."""
    missed = [tape.unreached for tape in tapes if tape.unreached]
    return NO_PERMISSION if any(why.wrong_key for why in missed) else UNKNOWN if missed else 0


class Refusal(Exception):
    """What was asked cannot be done: one sentence for the user, and the exit code."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
