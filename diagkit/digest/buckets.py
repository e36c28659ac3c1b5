"""The window cut into buckets of a round length, and since when they hold more than before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from diagkit.frozen import frozen
from diagkit.model import epoch

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MOST = 61  # buckets: an hour's minutes, of which the last may be cut; on 80 columns beside their label and their sum
STEPS = (
    *(MINUTE * n for n in (1, 2, 3, 5, 10, 15, 20, 30)),
    *(HOUR * n for n in (1, 2, 3, 4, 6, 8, 12)),
    *(DAY * n for n in (1, 2, 3, 7, 14, 30, 90, 365)),
)
TIMES_MORE = 2.0  # as many lines per bucket as outside of it, at least, is a rise
UNLIKELY = (
    10.0  # nats of the likelihood ratio from which a rise is no chance; our choice: one in 20,000, of 1,800 spans
)


@frozen(kw_only=True)
class Grid:
    """Buckets of `step` seconds, the first beginning at `origin`, so many that they cover the window."""

    origin: datetime
    step: int
    number: int

    @classmethod
    def over(cls, since: datetime, until: datetime) -> Grid:
        """The finest round buckets of which no more than `MOST` cover this time; they begin at round times in UTC."""
        first, last = since.timestamp(), max(since.timestamp(), until.timestamp() - 1)
        step = next((step for step in STEPS if _number(first, last, step) <= MOST), STEPS[-1])
        return cls(origin=epoch(first // step * step), step=step, number=min(_number(first, last, step), MOST))

    def counts(self, by_minute: Mapping[int, int]) -> tuple[int, ...]:
        """Lines in each bucket, from lines in each minute since the epoch; what lies outside is left out.

        What was said at the very end of the window counts to the last.
        """
        counts = [0] * self.number
        start = int(self.origin.timestamp()) // MINUTE
        for minute, lines in by_minute.items():
            at = (minute - start) * MINUTE // self.step
            if 0 <= at <= self.number:
                counts[min(at, self.number - 1)] += lines
        return tuple(counts)

    def begin(self, bucket: int) -> datetime:
        """When this bucket begins."""
        return self.origin.astimezone(UTC) + timedelta(seconds=self.step * bucket)

    def bucket(self, at: datetime) -> int:
        """In which bucket this time lies; it may be outside."""
        return math.floor((at - self.origin).total_seconds() / self.step)


def _number(first: float, last: float, step: int) -> int:
    return int(last // step - first // step) + 1


def rise(counts: Sequence[int]) -> int | None:
    """The bucket in which the most unlikely run of many lines begins; None where all are as many as chance has it.

    Kulldorff's scan statistic: of all runs of buckets, that whose lines are hardest to explain if the same number of
    lines were to be expected of every bucket. One that fills the window has no beginning to be seen.
    """
    total, number = sum(counts), len(counts)
    best, begins = UNLIKELY, None
    for start in range(number):
        inside = 0
        for end in range(start, number):
            inside += counts[end]
            if counts[start] and counts[end] and (ratio := _unlikely(inside, end - start + 1, total, number)) > best:
                best, begins = ratio, start
    return begins


def _unlikely(inside: int, width: int, total: int, number: int) -> float:
    outside, rest = total - inside, number - width
    if not rest or inside / width < TIMES_MORE * outside / rest:
        return 0.0
    found = inside * math.log(inside / (total * width / number))
    return found + (outside * math.log(outside / (total * rest / number)) if outside else 0.0)
