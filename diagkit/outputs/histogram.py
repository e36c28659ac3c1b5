"""A window of time as columns of a page: sparklines that share one axis, so that the eye compares them downwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

LEVELS = "▁▂▃▄▅▆▇█", ":-=+*#%@"
ZERO = "·", "."  # a bucket without a line is shown, not left blank
TICK = "╵", "'"
TICKS = (60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000)
DAY = 86_400
GAP = 2  # columns between the labels of two ticks, at least


class Axis:
    """Where in `room` columns each bucket is drawn: several columns wide, or several to one. `plain`: in ASCII."""

    def __init__(self, origin: datetime, step_seconds: float, buckets: int, room: int, *, plain: bool) -> None:
        self._origin, self._step, self._plain = origin, step_seconds, plain
        self._grouped = max(1, math.ceil(buckets / max(room, 1)))
        columns = math.ceil(buckets / self._grouped)
        self._wide = max(1, room // max(columns, 1))
        self.width = columns * self._wide

    @property
    def each(self) -> timedelta:
        """How much time one bar stands for."""
        return timedelta(seconds=self._step * self._grouped)

    def spark(self, counts: Sequence[int]) -> str:
        """These counts of buckets as bars, the largest of them of full height; one line is never drawn as none."""
        sums = [sum(counts[i : i + self._grouped]) for i in range(0, len(counts), self._grouped)]
        levels, top = LEVELS[self._plain], max(sums, default=0)
        bars = (levels[math.ceil(n / top * len(levels)) - 1] if n else ZERO[self._plain] for n in sums)
        return "".join(bar * self._wide for bar in bars)

    def column(self, at: datetime) -> int:
        """The first column of the bar in which this time lies."""
        bucket = int((at - self._origin).total_seconds() // self._step)
        return min(max(bucket // self._grouped * self._wide, 0), self.width - 1)

    def ticks(self) -> str:
        """The line below the bars: round times in UTC, each label behind its mark."""
        seconds_of_a_column = self.each.total_seconds() / self._wide
        label = "%b %d" if seconds_of_a_column * self.width > 4 * DAY else "%H:%M"
        needed = (len(self._origin.strftime(label)) + 1 + GAP) * seconds_of_a_column
        tick = next((tick for tick in TICKS if tick >= needed and (tick >= DAY or label == "%H:%M")), TICKS[-1])
        start = self._origin.timestamp()
        line = " " * self.width
        at = math.ceil(start / tick) * tick
        while at < start + seconds_of_a_column * self.width:
            said = TICK[self._plain] + datetime.fromtimestamp(at, UTC).strftime(label)
            column = self.column(datetime.fromtimestamp(at, UTC))
            if column + len(said) <= self.width:
                line = line[:column] + said + line[column + len(said) :]
            at += tick
        return line.rstrip()
