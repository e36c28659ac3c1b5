"""One conversation with a POSIX shell over any pair of byte streams.

A transport starts `sh -s` on the machine (nothing else: that spelling works under bash, dash, ash, fish, csh and rbash as
login shells) and hands its standard input and output to `converse` as a `Pipe`. It must not ask for a terminal.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from diagkit.model import Ask, Moment, Reply


class Pipe(Protocol):
    """The two ends of a running `sh -s`: its standard input and its standard output.

    Standard error is of no interest; read it and throw it away. Closing the pipe (the shell sees the end of its input)
    ends everything that was started through it, so keep it open between rounds and close it when done.
    """

    def send(self, data: bytes, /) -> None:
        """Write all of it. Raises OSError when the other end is gone."""
        ...

    def recv(self, timeout: float, /) -> bytes | None:
        """Whatever has arrived, waiting at most `timeout` seconds: None = nothing yet, b"" = closed by the other end."""
        ...


class NoShell(Exception):
    """No POSIX shell answered; `heard` is what came instead (a forced command, `nologin`, a banner)."""

    def __init__(self, why: str, heard: bytes = b"") -> None:
        super().__init__(why)
        self.heard = heard


def converse(
    pipe: Pipe,
    asks: Collection[Ask],
    moment: Moment,
    deadline: float,
    *,
    declared: Collection[tuple[str, ...]] = (),
) -> dict[Ask, Reply]:
    """One round of questions: one script sent, one framed answer read. May be called again on the same pipe.

    deadline: on the monotonic clock; what was not answered by then is a silence, never an empty answer.
    declared: commands that the user's own configuration names, allowed beside `allowed.COMMANDS`.
    Every ask is in the result. Raises NoShell when no start mark came; then nothing was learned.
    """
    raise NotImplementedError
