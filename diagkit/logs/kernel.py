"""The kernel's own buffer beside the journal, which mostly has the same lines.

Mostly: in containers journald takes over the buffer at boot and hears nothing later; a journal that was cut starts too
late. So the buffer adds what is older or younger than the kernel lines of the journal, and nothing is counted twice.
"""

from __future__ import annotations

from datetime import timedelta

from diagkit.logs.lines import Log, line_at, span, starts
from diagkit.logs.timestamps import Clock

DRIFT = timedelta(seconds=2)  # the buffer counts from boot, the journal by the clock; they part a little
_SAYS_KERNEL = b" kernel: "


def lacking(journal: Log, buffer: Log, clock: Clock) -> Log:
    """The lines of the kernel's buffer that are not in the journal."""
    ends = span(journal, clock)
    outer = (journal.raw.find(_SAYS_KERNEL), journal.raw.rfind(_SAYS_KERNEL))
    heard = [line_at(journal, journal.raw.rfind(b"\n", 0, at) + 1, clock) for at in outer if at >= 0]
    youngest = max((line.at for line in heard if line), default=None)
    if ends is None or youngest is None:
        return buffer
    kept = []
    for start in starts(buffer.raw):
        line = line_at(buffer, start, clock)
        if line and not ends[0] - DRIFT <= line.at <= youngest + DRIFT:
            end = buffer.raw.find(b"\n", start) + 1
            kept.append(buffer.raw[start : end or None])
    return Log(buffer.source, b"".join(kept), buffer.cut)
