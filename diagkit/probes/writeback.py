"""Written data that still waits in memory for its disk."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Again, Read, Reply
from diagkit.probes import Garbled, probe

MEMINFO = Read("/proc/meminfo")
FIELD = re.compile(r"(Dirty|Writeback|MemAvailable):\s+(\d+) kB")


@frozen(kw_only=True)
class Writeback:
    """Bytes in memory that are newer than the disk (dirty), those on their way to it, and memory available.

    shrank: bytes by which both together fell between the samples; below 0 they grew.
    """

    dirty: int
    under_way: int
    available: int
    shrank: int


@probe(MEMINFO, Again(MEMINFO))
def writeback(before: Reply, after: Reply) -> Writeback:
    """How much is waiting to be written, twice."""
    first, second = _fields(before), _fields(after)
    return Writeback(
        dirty=second["Dirty"],
        under_way=second["Writeback"],
        available=second["MemAvailable"],
        shrank=first["Dirty"] + first["Writeback"] - second["Dirty"] - second["Writeback"],
    )


def _fields(reply: Reply) -> dict[str, int]:
    found = {match[1]: int(match[2]) << 10 for line in reply.lines if (match := FIELD.match(line))}
    if len(found) < 3:
        raise Garbled(reply.text[:60])
    return found
