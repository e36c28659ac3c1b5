"""One conversation with a POSIX shell over any pair of byte streams.

A transport starts `sh -s` on the machine (nothing else: that spelling works under bash, dash, ash, fish, csh and rbash
as login shells) and hands its standard input and output to `converse` as a `Pipe`. It must not ask for a terminal.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Protocol

from diagkit.model import Ask, Glob, Moment, Native, Reach, Reply, Silence
from diagkit.transports.frames import Stream
from diagkit.transports.questions import PATTERN, bare
from diagkit.transports.replies import replies
from diagkit.transports.script import Round, plan

WIRE_BYTES = 16 << 20  # a machine that says more than this in one round is not listened to any further
TOO_LATE = Reply(silence=Silence.NOT_RUN, err=b"the deadline passed")
NOT_IN_TIME = Reply(silence=Silence.TIMEOUT, err=b"no answer before the deadline")
CUT_OFF = Reply(silence=Silence.UNREACHABLE, err=b"the connection, or the shell, ended before the answer came")
NOT_REACHED = Reply(silence=Silence.NOT_RUN, err=b"a question before it did not end")
_planning = threading.Lock()


class Pipe(Protocol):
    """The two ends of a running `sh -s`: its standard input and its standard output.

    Standard error is of no interest; read it and throw it away. Closing the pipe (the shell sees the end of its input)
    ends everything that was started through it, so keep it open between rounds and close it when done.
    """

    def send(self, data: bytes, /) -> None:
        """Write all of it. Raises OSError when the other end is gone."""
        ...

    def recv(self, timeout: float, /) -> bytes | None:
        """What has arrived, waiting at most `timeout` seconds: None = nothing yet, b"" = closed by the other end."""
        ...


class NoShell(Exception):
    """No POSIX shell answered; `heard` is what came instead (a forced command, `nologin`, a banner).

    endless: it was still coming when no more of it was listened to.
    """

    def __init__(self, why: str, heard: bytes = b"", *, endless: bool = False) -> None:
        super().__init__(why)
        self.heard = heard
        self.endless = endless


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
    Every ask is in the result. Raises `NoShell` when no start mark came, for then nothing was learned, and
    `allowed.Forbidden` for a command that is not on the list, before anything is sent.
    """
    answered = {ask: why for ask in asks if (why := _unaskable(ask))}
    with _planning:  # of the threads of a fleet the first works it out for all
        round_ = _planned(frozenset(asks).difference(answered), moment, tuple(declared))
    left = deadline - time.monotonic()
    if not round_.lanes or left <= 0:
        return dict.fromkeys(asks, TOO_LATE) | answered
    mark, separator = (f"diagkit={secrets.token_hex(12)}" for _ in range(2))
    stream = Stream(mark.encode(), len(round_.lanes))
    clock, closed = _listen(pipe, stream, round_.script(mark, separator, left), deadline)
    stream.read()
    return answered | _answers(round_, stream, clock, separator.encode(), closed=closed)


@lru_cache(maxsize=8)
def _planned(asks: frozenset[Ask], moment: Moment, declared: tuple[tuple[str, ...], ...]) -> Round:
    """The machines of a fleet are mostly asked the same."""
    return plan(asks, moment, declared)


def hung_up(replies: Mapping[Ask, Reply]) -> dict[Ask, Reply]:
    """The replies of a conversation that we ended ourselves, which says nothing of the machine."""
    return {ask: NOT_IN_TIME if reply == CUT_OFF else reply for ask, reply in replies.items()}


def _unaskable(ask: Ask) -> Reply | None:
    asked = bare(ask)
    if isinstance(asked, Native | Reach):
        return Reply(silence=Silence.UNSUPPORTED, err=b"a shell cannot answer this")
    if isinstance(asked, Glob) and not PATTERN.fullmatch(asked.pattern):
        return Reply(silence=Silence.UNSUPPORTED, err=b"not a pattern that is safe to expand")
    return None


def _listen(pipe: Pipe, stream: Stream, script: bytes, deadline: float) -> tuple[float, bool]:
    """Send the script and read until every lane has been delivered.

    Returns what to add to the machine's uptime, in seconds, to get seconds since the epoch; and whether the other end
    closed before that.
    """
    clock = 0.0
    closed = False
    with suppress(OSError):  # whoever hung up may have said why
        pipe.send(script)
    while not (stream.done or closed) and len(stream.data) < WIRE_BYTES:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            data = pipe.recv(left)
        except OSError:
            data = b""
        closed = data == b""
        stream.feed(data or b"")
        if stream.started is not None and not clock:
            clock = time.time() - stream.started
    if stream.started is None:
        why = "what answers is not a shell" if closed else "no shell answered in time"
        raise NoShell(why, bytes(stream.data[:4096]).lstrip()[:200], endless=len(stream.data) >= WIRE_BYTES)
    return clock, closed


def _answers(round_: Round, stream: Stream, clock: float, separator: bytes, *, closed: bool) -> dict[Ask, Reply]:
    found: dict[Ask, Reply] = {}
    hung: set[int] = set()  # lanes in which a question has not ended
    for number, (lane, question) in enumerate(round_.questions):
        frame = stream.frames.pop(number, None)
        if frame:
            found.update(replies(question, frame, clock, separator))
        else:
            silent = CUT_OFF if closed else NOT_REACHED if lane in hung else NOT_IN_TIME
            found.update(dict.fromkeys(question.asks, silent))
        if not frame or frame.code is None:
            hung.add(lane)
    return found
