"""Since when it hurts: read off averages that decay, and off the first lines of trouble. Evidence, never a rule.

A step of height L that began T ago shows in an average of time constant tau as L (1 - exp(-T / tau)). The kernel keeps
three such averages of its pressure (10, 60 and 300 s) and three of its load (1, 5 and 15 min): two unknowns and three
figures, so least squares finds T and the residual tells whether it was a step at all. In simulations with 5 % of noise
the median error of T is a factor of 1.1, with 15 % it is 1.2 to 1.4; hence +-50 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from operator import mul
from statistics import median
from typing import NamedTuple

from diagkit.frozen import frozen
from diagkit.model import Event, Moment, Onset, Relief, Untrusted
from diagkit.probes.cpu import Load
from diagkit.probes.pressure import Pressure, Stall

STEPS = 120  # of the grid of T
SHORTEST = 5.0  # seconds: the kernel renews both kinds of average every 2 to 5 s
MOST_RESIDUAL = 0.1  # of the size of the averages; above, they do not look like one step
DOUBT = 0.5  # relative, of the time since the onset
LONGEST_PRESSURE, LONGEST_LOAD = (
    900.0,
    2400.0,
)  # seconds; a step longer ago cannot be told from one that was always there
HURTS = 0.1  # share of time stalled from which we look for an onset; our choice, GLib warns of memory from 0.035 on
EASED = 0.5  # of the longer average: the shorter one is so far below it only when the trouble ends
TOGETHER = timedelta(minutes=15)  # troubles further apart are not of one onset; as the window of `--at` before it


@frozen
class Jump:
    """A step that fits the averages: seconds since it began, its height, and the relative residual."""

    ago: float
    height: float
    residual: float


def step(averages: Mapping[float, float], longest: float) -> Jump | None:
    """The jump that fits these averages (by time constant, in seconds) best; None if it was none, or is too old."""
    size = math.sqrt(sum(a * a for a in averages.values()))
    if not size:
        return None
    means = tuple(averages.values())
    # of vectors of length 1 the one that means reach farthest along is the one they miss least
    best = _fit(means, max(_shapes(tuple(averages), longest), key=lambda shape: sum(map(mul, means, shape.unit))), size)
    return best if best.residual <= MOST_RESIDUAL and SHORTEST < best.ago < longest else None


class _Shape(NamedTuple):
    """What shows, in the average of each time constant, of a step of height 1 so long ago; the same of length 1."""

    ago: float
    of: tuple[float, ...]
    unit: tuple[float, ...]


@cache
def _shapes(constants: tuple[float, ...], longest: float) -> tuple[_Shape, ...]:
    """The grid of T."""
    found = []
    for i in range(STEPS):
        ago = SHORTEST * (longest / SHORTEST) ** (i / (STEPS - 1))
        shape = tuple(1 - math.exp(-ago / tau) for tau in constants)
        found.append(_Shape(ago, shape, tuple(f / math.hypot(*shape) for f in shape)))
    return tuple(found)


def _fit(means: tuple[float, ...], shape: _Shape, size: float) -> Jump:
    height = sum(map(mul, means, shape.of)) / sum(map(mul, shape.of, shape.of))
    missed = math.sqrt(sum((mean - height * f) ** 2 for mean, f in zip(means, shape.of, strict=True)))
    return Jump(shape.ago, height, missed / size)


def onsets(
    target: Untrusted, moment: Moment, events: Sequence[Event], pressure: Pressure | None, load: Load | None, cpus: int
) -> Iterator[Onset]:
    """Every onset that can be told of one host. What the averages say counts only if we look at the present."""
    if moment.until >= moment.now:
        for what, stall in _stalls(pressure):
            averages = {10.0: stall.some_10, 60.0: stall.some_60, 300.0: stall.some_300}
            found = step(averages, LONGEST_PRESSURE) if max(averages.values()) >= HURTS else None
            if found and found.height >= HURTS:
                said = ", ".join(f"{share:.0%} over {tau:.0f} s" for tau, share in averages.items())
                yield _stepped(target, f"{what} pressure", moment.now, found, said)
        if load:
            averages = {60.0: load.one, 300.0: load.five, 900.0: load.fifteen}
            found = step(averages, LONGEST_LOAD)
            if found and found.height > cpus > 0:
                said = f"{load.one:.2f}, {load.five:.2f}, {load.fifteen:.2f} over 1, 5, 15 min; processors: {cpus}"
                yield _stepped(target, "load", moment.now, found, said)
    yield from _logged(target, events)


def reliefs(target: Untrusted, moment: Moment, pressure: Pressure | None) -> Iterator[Relief]:
    """What eases already: the shorter the average, the less is left."""
    for what, stall in _stalls(pressure if moment.until >= moment.now else None):
        if stall.some_300 >= HURTS / 2 and stall.some_60 < stall.some_300 and stall.some_10 < EASED * stall.some_60:
            said = f"{what} pressure eases: {stall.some_10:.0%} over 10 s, after {stall.some_300:.0%} over 300 s"
            yield Relief(target=target, summary=Untrusted(said))


def _stalls(pressure: Pressure | None) -> Iterable[tuple[str, Stall]]:
    return (("CPU", pressure.cpu), ("memory", pressure.memory), ("I/O", pressure.io)) if pressure else ()


def _stepped(target: Untrusted, what: str, now: datetime, found: Jump, said: str) -> Onset:
    ago, doubt = timedelta(seconds=found.ago), timedelta(seconds=found.ago * DOUBT)
    return Onset(
        target=target,
        what=what,
        at=now - ago,
        earliest=now - ago - doubt,
        latest=now - ago + doubt,
        summary=Untrusted(f"{what} began about {_minute(now - ago)} UTC, ±50 %: {said}"),
    )


def _minute(at: datetime) -> str:
    return f"{at + timedelta(seconds=30):%H:%M}"


def _logged(target: Untrusted, events: Sequence[Event]) -> Iterator[Onset]:
    """The median begin of the last troubles that belong together; one that is long over is not of this onset."""
    grave = [e for e in events if e.grave and e.target == target]
    latest: list[Event] = []
    for event in sorted(grave, key=lambda e: e.at):
        if latest and event.at - max(e.until for e in latest) > TOGETHER:
            latest = []
        latest.append(event)
    if latest:
        begins = sorted(e.at for e in latest)
        at = begins[0] + timedelta(seconds=median((b - begins[0]).total_seconds() for b in begins))
        span = f"{begins[0]:%H:%M:%S} to {begins[-1]:%H:%M:%S}"
        of = f"; the median of {len(begins)} begins, {span}" if begins[1:] else ""
        yield Onset(
            target=target,
            what="logs",
            at=at,
            earliest=begins[0],
            latest=begins[-1],
            summary=Untrusted(f"trouble is logged since {at:%H:%M:%S} UTC{of}"),
        )
