"""Does what is measured now stand out from what earlier runs measured here?

Levels by z, the distance from the mean in standard deviations: on 20 real server series (NAB) it told anomalies from
the rest better than medians and MADs do, which call every burst of a bursty server an anomaly. Counts by G, twice the
log-likelihood ratio of a Poisson rate (Wilks), for a rare error has no meaningful standard deviation.

Neither calls anybody ill. They become evidence: how many times as likely such a distance is on a host where something
is wrong.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from statistics import fmean, stdev

from diagkit.frozen import frozen

MORE = "run it with --baseline from time to time"  # what to do where the history is too short
LEAST = 24  # samples
LEAST_SPAN = 86_400.0  # seconds between the first and the last: a night and a day
FAR = 3.0  # standard deviations
LEAST_SPREAD = 0.01  # of the mean: less is how figures are rounded
TAIL = 0.01  # of the samples on either side that are not called usual
STEEP, LEAST_EVENTS = 10.8, 5  # G, and events: one in a thousand by chance, and never for a handful
# What a distance is worth. On the NAB series 59 % of the anomalies and 5 % of the rest lay beyond 2, 45 % and 1 %
# beyond 2.9: ratios of 0.43 below, 3.5 between, 45 above. Capped, because other hosts are not those.
DISTANCES = (1.0, 2.0, 2.9, 4.0)
WORTH = (0.43, 1.0, 10.0, 20.0)


@frozen(kw_only=True)
class Compared:
    """What is measured now beside what is usual: the range that holds 98 % of `count` samples.

    distance: in standard deviations (of a count: the root of G), below zero where it is less than usual.
    """

    now: float
    low: float
    high: float
    count: int
    distance: float

    @property
    def unusual(self) -> bool:
        """Far from the mean, and outside all that is usual."""
        return abs(self.distance) >= FAR and not self.low <= self.now <= self.high

    @property
    def likelihood_ratio(self) -> float:
        """How many times as likely such a surplus is where something is wrong."""
        worth = _between(self.distance)
        return worth if self.unusual else min(worth, 1.0)


def compared(now: float, before: Sequence[float], grain: float = 0.0) -> Compared:
    """A level beside those of earlier runs, of which there must be two. grain: no smaller spread counts."""
    mean = fmean(before)
    spread = max(stdev(before), LEAST_SPREAD * abs(mean), grain) or 1.0
    low, high = _usual(before)
    return Compared(now=now, low=low, high=high, count=len(before), distance=(now - mean) / spread)


def compared_counts(now: float, seconds: float, before: Sequence[tuple[float, float]]) -> Compared:
    """Events in so many seconds beside (events, seconds) of earlier runs; `now` and the range are per hour."""
    events, watched = (sum(column) for column in zip(*before, strict=True))
    expected = max(events, 0.5) / watched * seconds  # of what never happened, half of one is assumed
    g = 2 * ((now * math.log(now / expected) if now else 0.0) - (now - expected))
    enough = now >= LEAST_EVENTS and g > STEEP
    distance = math.copysign(math.sqrt(max(0.0, g)), now - expected)
    low, high = _usual([n / s * 3600 for n, s in before])
    return Compared(
        now=now / seconds * 3600,
        low=low,
        high=high,
        count=len(before),
        distance=distance if enough else min(distance, 2.0),
    )


def _usual(before: Sequence[float]) -> tuple[float, float]:
    """Between which values all samples lie but a few on either side."""
    ordered = sorted(before)
    spared = int(TAIL * len(ordered))
    return ordered[spared], ordered[-1 - spared]


def _between(distance: float) -> float:
    """The worth of a distance, log-linear between the known ones."""
    i = bisect(DISTANCES, distance)
    if i in (0, len(DISTANCES)):
        return WORTH[min(i, len(WORTH) - 1)]
    share = (distance - DISTANCES[i - 1]) / (DISTANCES[i] - DISTANCES[i - 1])
    return WORTH[i - 1] * math.exp(share * math.log(WORTH[i] / WORTH[i - 1]))
