"""The kernel's own buffer beside the journal, which mostly has the same lines.

Mostly: in containers journald takes over the buffer at boot and hears nothing later; a journal that was cut starts too
late. So the buffer adds what is older or younger than the kernel lines of the journal, and nothing is counted twice.
What it takes over it stamps with the time it does so; only the buffer knows how old such a line really is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagkit.logs.dating import Dater
from diagkit.logs.lines import Log, line_at, span, starts
from diagkit.logs.timestamps import Clock, micros

DRIFT = timedelta(seconds=2)  # the buffer counts from boot, the journal by the clock; they part a little
TAKE_OVER = timedelta(seconds=60)  # after the start, journald has read what was in the buffer
_SAYS_KERNEL = b" kernel: "


def lacking(journal: Log, buffer: Log, clock: Clock) -> Log:
    """The lines of the kernel's buffer that are not in the journal."""
    ends = span(journal, clock)
    outer = (journal.raw.find(_SAYS_KERNEL), journal.raw.rfind(_SAYS_KERNEL))
    heard = [line_at(journal, journal.raw.rfind(b"\n", 0, at) + 1, clock) for at in outer if at >= 0]
    youngest = max((line.at for line in heard if line), default=None)
    if ends is None or youngest is None:
        return buffer
    first, last = micros(ends[0] - DRIFT), micros(youngest + DRIFT)
    kept = [raw for us, raw, _ in _dated(buffer, clock) if not first <= us <= last]
    return Log(buffer.source, b"".join(kept), buffer.cut)


def without_taken_over(journal: Log, buffer: Log, clock: Clock, start: datetime) -> Log:
    """The journal without the kernel's lines from before this system's start, which it stamped as if they were new."""
    before = micros(start - DRIFT)
    old = {message for us, _, message in _dated(buffer, clock) if us < before}
    if not old:
        return journal
    kept = []
    for at in starts(journal.raw):
        raw = journal.raw[at : journal.raw.find(b"\n", at) + 1 or None]
        words = raw.rstrip(b"\n").split(b" ", 2)  # stamp, host, "kernel: " or the program that wrote to the buffer
        taken = len(words) == 3 and words[2].removeprefix(b"kernel: ") in old
        if taken and (line := line_at(journal, at, clock)) and line.at < start + TAKE_OVER:
            continue
        kept.append(raw)
    return Log(journal.source, b"".join(kept), journal.cut)


def _dated(buffer: Log, clock: Clock) -> Iterator[tuple[int, bytes, bytes]]:
    """Its lines that have a time: that, in microseconds since the epoch, the whole line, and what it says."""
    dater = Dater(clock)
    for at in starts(buffer.raw):
        raw = buffer.raw[at : buffer.raw.find(b"\n", at) + 1 or None]
        us = dater.at(raw)
        if us is not None:
            yield us, raw, raw[dater.end(raw) :].rstrip(b"\r\n")
        elif line := line_at(buffer, at, clock):  # by a line before it
            yield micros(line.at), raw, line.message.encode("utf-8", "surrogateescape")
