#!/usr/bin/env python3
"""How well "full within 24 h" is foretold, against two points and against a least-squares line (predict_linear).

Disks are simulated for a day, in so many points. recall: said where it is so; error: median |log2(foretold / true time)| where said;
false: said where it is not so.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable

from diagkit.baseline.trend import Point, climb, exhaustion

HOUR, DAY = 3600.0, 86_400.0
SERIES = 400
SIZE = 100.0
NOISE = 0.3  # what comes and goes on any disk, in per cent of it
Foretell = Callable[[list[Point]], float | None]  # seconds until it is full


def sampled(used: Callable[[float], float], n: int) -> list[Point]:
    """So many points of a day; `used` takes hours."""
    hours = [24 * i / (n - 1) for i in range(n)]
    return [(hour * HOUR, used(hour) + random.gauss(0, NOISE)) for hour in hours]


def linear(n: int) -> tuple[list[Point], float]:
    """Filling all day, full in 2 to 20 hours."""
    left, rate = random.uniform(2, 20), random.uniform(0.3, 2.0)
    return sampled(lambda hour: SIZE - rate * (24 + left - hour), n), left * HOUR


def burst(n: int) -> tuple[list[Point], float]:
    """Still, then filling since 4 to 12 hours; full in 2 to 20."""
    since, left, rate = random.uniform(4, 12), random.uniform(2, 20), random.uniform(0.5, 3.0)
    base = SIZE - rate * (since + left)
    return sampled(lambda hour: base + rate * max(0.0, hour - 24 + since), n), left * HOUR


def copied(n: int) -> tuple[list[Point], float]:
    """Still, but for one large copy at some time that took up to two hours."""
    at, took, much = random.uniform(0, 24), random.uniform(0.2, 2), random.uniform(5, 30)
    base = random.uniform(20, 60)
    return sampled(lambda hour: base + much * min(1.0, max(0.0, (hour - at) / took)), n), math.inf


def rotated(n: int) -> tuple[list[Point], float]:
    """Logs that are rotated once a day; yesterday wrote a little more or less than today does."""
    phase, rate, base = random.uniform(0, 24), random.uniform(0.3, 1.0), random.uniform(40, 70)
    weight = [random.gauss(1, 0.05) for _ in range(2)]
    return sampled(
        lambda hour: base + rate * weight[int((hour + phase) // 24) % 2] * ((hour + phase) % 24), n
    ), math.inf


def two_points(points: list[Point]) -> float | None:
    """From the last two."""
    (t1, y1), (t2, y2) = points[-2:]
    return (SIZE - y2) / ((y2 - y1) / (t2 - t1)) if y2 > y1 else None


def least_squares(points: list[Point]) -> float | None:
    """As PromQL's predict_linear does."""
    slope = statistics.linear_regression(*zip(*points, strict=True)).slope
    return (SIZE - points[-1][1]) / slope if slope > 0 else None


def theil_sen(points: list[Point]) -> float | None:
    """Over all points, without the guards."""
    found = climb(points)
    return (SIZE - points[-1][1]) / found.slope if found else None


def ours(points: list[Point]) -> float | None:
    """What diagkit says."""
    found = exhaustion(points, SIZE)
    return found.seconds if found else None


def row(name: str, foretell: Foretell, n: int) -> str:
    """One line of the table."""
    cells = [f"{name:14} {n:3}"]
    for kind in (linear, burst, copied, rotated):
        random.seed(f"{kind.__name__} {n}")
        said, errors = 0, []
        for _ in range(SERIES):
            points, true = kind(n)
            told = foretell(points)
            if told is not None and told <= DAY:
                said += 1
                errors.append(abs(math.log2(max(told, 1.0) / true)) if true < math.inf else 0.0)
        error = f" / {statistics.median(errors):.2f}" if errors and kind in (linear, burst) else ""
        cells.append(f"{said / SERIES:5.2f}{error}")
    return "   ".join(cells)


def main() -> None:
    """Print the table."""
    print("                 n   linear: recall/error   burst   copy: false   rotated: false")
    for n in (12, 24, 72):
        for name, foretell in (
            ("two points", two_points), ("least squares", least_squares), ("Theil-Sen, all", theil_sen), ("diagkit", ours),
        ):  # fmt: skip
            print(row(name, foretell, n))


if __name__ == "__main__":
    main()
