"""Pressure: how much of the time work had to wait for CPU, memory or disk (PSI, Linux 4.20 and later)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagkit.model import Again, Glob, Reply, Silence
from diagkit.probes import Absent, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import by_file, elapsed

PRESSURE = Glob("/proc/pressure/*")
LINE = re.compile(r"(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=[\d.]+ total=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Share of the time (0 to 1) that some task had to wait for a resource, and that all tasks had to at once.

    now: between our two samples; 10 and 60: the kernel's running averages over that many seconds.
    """

    some_now: float
    some_10: float
    some_60: float
    full_now: float
    full_10: float
    full_60: float


@dataclass(frozen=True, slots=True, kw_only=True)
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
        some, some_10, some_60 = _shares(first[path], second[path], "some", seconds)
        full, full_10, full_60 = _shares(first[path], second[path], "full", seconds)
        return Stall(some_now=some, some_10=some_10, some_60=some_60, full_now=full, full_10=full_10, full_60=full_60)

    return Pressure(cpu=stall("cpu"), memory=stall("memory"), io=stall("io"))


def _shares(first: list[str], second: list[str], kind: str, seconds: float) -> tuple[float, float, float]:
    rows = [[m for line in lines if (m := LINE.fullmatch(line)) and m[1] == kind] for lines in (first, second)]
    if kind == "full" and not rows[1]:
        return 0.0, 0.0, 0.0  # before Linux 5.13 there was no `full` for the CPU: nothing can be stalled altogether
    if not all(rows):
        raise Garbled(f"no {kind!r} line")
    (before,), (after,) = rows
    stalled = (int(after[4]) - int(before[4])) / 1e6
    return (
        round(min(1.0, max(0.0, stalled / seconds)), 4),
        round(float(after[2]) / 100, 4),
        round(float(after[3]) / 100, 4),
    )
