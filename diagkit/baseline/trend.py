"""When will it run out? Theil-Sen on the last third of the points, believed only where the slope is beyond doubt.

The slope is the median of the slopes between all pairs of points (Theil 1950, Sen 1968), so that a third of the points
may be wild. It counts where Sen's 95 % interval of it lies above zero and most steps rise: a copy made once is one
step, however high. Only the last third is looked at, for what began lately is what fills the disk tonight.

What is emptied at times (rotated logs, a restarted process) makes a saw-tooth. A fall of more than a quarter of the
range is such an emptying. As long as the series stays below its last peak nothing is wrong with its climbing; then the
peaks themselves may climb, and are extrapolated. Above the last peak, what follows the last fall is its own series.

`tests/bench/forecast.py` measures this against two points and against a least-squares line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median

from diagkit.frozen import frozen

Point = tuple[float, float]  # seconds, value

LEAST = 12  # points; with fewer every fourth saw-tooth is called a leak
MOST = 72  # points looked back
RECENT, FEW = 86_400.0, 24  # seconds looked back, or so many points where those are sparse
FITTED = 4  # points that a slope is read from, at least
RISING = 0.6  # share of the steps that must go up
FALL = 0.25  # of the range: more than this down in one step is an emptying
ABOVE = 0.01  # of the last peak: as far above it the saw-tooth has broken its habit
REACH = 4.0  # times the time looked at that is looked ahead: 6 hours of samples for 24, as in kubernetes-mixin
CERTAIN = 1.96  # standard deviations: 95 %


@frozen(kw_only=True)
class Trend:
    """A climb: how fast (per second), the range that holds this with 95 %, and over how many seconds it was seen."""

    slope: float
    low: float
    high: float
    span: float


@frozen(kw_only=True)
class Exhaustion:
    """In how many seconds the limit is met if it goes on like this; the soonest and latest of it, and the climb."""

    seconds: float
    soonest: float
    latest: float
    trend: Trend


def exhaustion(points: Sequence[Point], limit: float) -> Exhaustion | None:
    """When this series, oldest point first, meets its limit. None: it does not climb, or nobody can tell."""
    points = _recent(points)
    if len(points) < LEAST:
        return None
    now = points[-1][1]
    peaks, after = _emptied(points)
    habitual = peaks and now <= peaks[-1][1] * (1 + ABOVE)
    found = climb(peaks if habitual else last_third(after))
    if found is None or now >= limit:
        return None
    left = limit - now
    if left / found.slope > REACH * found.span:
        return None
    return Exhaustion(seconds=left / found.slope, soonest=left / found.high, latest=left / found.low, trend=found)


def _recent(points: Sequence[Point]) -> Sequence[Point]:
    """The points of the last day: what began lately would drown in more."""
    within = sum(points[-1][0] - seconds <= RECENT for seconds, _ in points)
    return points[-min(MOST, max(FEW, within)) :]


def last_third(points: Sequence[Point]) -> Sequence[Point]:
    """The youngest third, but no fewer points than a slope takes."""
    return points[-max(FITTED, len(points) // 3) :]


def climb(points: Sequence[Point]) -> Trend | None:
    """The Theil-Sen slope, if it is above zero beyond doubt and most steps rise."""
    if len(points) < FITTED:
        return None
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] > a[0])
    if not slopes:
        return None
    n = len(points)
    doubt = CERTAIN * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)  # of Kendall's S, on which Sen's interval rests
    below = max(0, round((len(slopes) - doubt) / 2))
    low, high = slopes[below], slopes[-1 - below]
    rising = sum(b[1] > a[1] for a, b in pairwise(points)) / (n - 1)
    if low <= 0 or rising < RISING:
        return None
    return Trend(slope=median(slopes), low=low, high=high, span=points[-1][0] - points[0][0])


def _emptied(points: Sequence[Point]) -> tuple[list[Point], Sequence[Point]]:
    """The peaks from which it fell, and the points since the last fall."""
    values = [value for _, value in points]
    deep = FALL * (max(values) - min(values))
    falls = [i for i in range(1, len(points)) if values[i - 1] - values[i] > deep]
    return [points[i - 1] for i in falls], points[falls[-1] :] if falls else points
