"""Pressure: how much of the time work had to wait for CPU, memory or disk (PSI, Linux 4.20 and later)."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Again, Glob, Reply, Silence
from diagkit.probes import Absent, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import by_file, elapsed

PRESSURE = Glob("/proc/pressure/*")
LINE = re.compile(r"(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)")


@frozen(kw_only=True)
class Stall:
    """Share of the time (0 to 1) that some task had to wait for a resource, and that all tasks had to at once.

    now: between our two samples; 10, 60 and 300: the kernel's running averages over that many seconds.
    """

    some_now: float
    some_10: float
    some_60: float
    some_300: float
    full_now: float
    full_10: float
    full_60: float
    full_300: float


@frozen(kw_only=True)
class Pressure:
    """The stalls of the whole machine (of the container, where it sees its own)."""

    cpu: Stall
    memory: Stall
    io: Stall


@probe(perhaps(PRESSURE), perhaps(Again(PRESSURE)))
def pressure(before: Reply, after: Reply) -> Pressure:
    """Pressure stall information: the best single sign that a resource hurts; utilisation only says it is used."""
    for reply in (before, after):
        if reply.silence is Silence.MISSING or "not supported" in reply.complaint:
            raise Absent("this kernel keeps no pressure stall information (PSI)")
        if reply.silence:
            raise Withheld(reply.silence, reply.complaint)
    seconds = elapsed(before, after)
    first, second = by_file(before), by_file(after)

    def stall(resource: str) -> Stall:
        path = f"/proc/pressure/{resource}"
        if path not in first or path not in second:
            raise Garbled(f"no {path}")
        some, full = (_shares(first[path], second[path], kind, seconds) for kind in ("some", "full"))
        return Stall(
            some_now=some[0], some_10=some[1], some_60=some[2], some_300=some[3],
            full_now=full[0], full_10=full[1], full_60=full[2], full_300=full[3],
        )  # fmt: skip

    return Pressure(cpu=stall("cpu"), memory=stall("memory"), io=stall("io"))


def _shares(first: list[str], second: list[str], kind: str, seconds: float) -> tuple[float, ...]:
    """Between the samples, and over 10, 60 and 300 seconds."""
    rows = [[m for line in lines if (m := LINE.fullmatch(line)) and m[1] == kind] for lines in (first, second)]
    if kind == "full" and not rows[1]:
        return 0.0, 0.0, 0.0, 0.0  # before Linux 5.13 the CPU had no `full`: nothing can be stalled altogether
    if not all(rows):
        raise Garbled(f"no {kind!r} line")
    (before,), (after,) = rows
    stalled = (int(after[5]) - int(before[5])) / 1e6
    now = min(1.0, max(0.0, stalled / seconds))
    return tuple(round(share, 4) for share in (now, *(float(percent) / 100 for percent in after.group(2, 3, 4))))
