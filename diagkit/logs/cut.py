"""The part of a plain file that holds a window of time, found by binary search: a few reads, whatever its size.

Some twenty samples tell whether the lines are in order of time, and how far they stray from it; a file that is not in
order is read whole, and the note says so. Between the samples either end of the window is found by halving. What comes
out is never less than the window: lines are held against it one by one when they are read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import BinaryIO

from diagkit.frozen import frozen
from diagkit.logs.dating import Dater
from diagkit.logs.timestamps import Clock, micros, moment
from diagkit.logs.timestamps.clock import HOUR, MINUTE

READS = 64  # at most, of one file
SAMPLES = 18
GRAIN = 1 << 16  # bytes; halving what is smaller than a block is not worth a read
_LENGTHS = (1 << 12, 1 << 14, 1 << 16)  # bytes of one read, and of more where no line of the first says when
_NEIGHBOURS = 16  # lines of one sample that tell how far lines stray from order
_VOTES = 3  # neighbouring lines that bear out the time of one
_TOLERATED = 5 * MINUTE  # of straying in any file; in a longer one an eighth of the time it spans
_HALF_A_YEAR = 182 * 24 * HOUR


@frozen(kw_only=True)
class Cut:
    """Bytes `start` to `end` of a file hold every line of the window.

    reads: how many it took to find them. ordered: whether the lines are in order of time, oldest or youngest first.
    first, last: times of the first and the last dated line of the file; None where none is dated. near: time of a line
    shortly before `start`, for a `Dater`. All in microseconds since the epoch. note: what has to be said of it; mostly
    nothing.
    """

    start: int
    end: int
    reads: int
    ordered: bool
    first: int | None = None
    last: int | None = None
    near: int | None = None
    note: str = ""


def cut(file: BinaryIO, size: int, since: datetime, until: datetime, clock: Clock) -> Cut:
    """Where in the first `size` bytes of this file the lines from `since` to `until` lie, both included."""
    return _Search(file.fileno(), size, clock).window(micros(since), micros(until))


def may_hold(
    since: datetime, until: datetime, *, first: datetime | None, last: datetime | None, slack: float = 3600.0
) -> bool:
    """Whether a file that cannot be searched (a compressed one) may have lines of the window.

    first: the time of its first line. last: no line of it is younger: its time of modification, or the first line of
    the next part of the rotated set. None: not known. slack: seconds by which lines may stray, and clocks go back.
    """
    begins = micros(first) if first else None
    ends = micros(last) if last else None
    width = int(slack * 1_000_000)
    return (begins is None or begins - width <= micros(until)) and (ends is None or ends + width >= micros(since))


@frozen
class _Sample:
    """A dated line, where it begins, and the times of those after it; `text` is what was read from `origin` on."""

    place: int
    us: int
    times: tuple[int, ...]
    assumed: frozenset[str]
    origin: int
    text: bytes


class _Search:
    """One file and what has been read of it."""

    def __init__(self, descriptor: int, size: int, clock: Clock) -> None:
        self._descriptor = descriptor
        self._size = size
        self._clock = clock
        self._dater = Dater(clock)
        self._reads = 0
        self._length = _LENGTHS[0]
        self._sign = 1  # -1 where the youngest line comes first
        self._slack = 0
        self._samples: list[_Sample] = []

    def window(self, since: int, until: int) -> Cut:
        self._samples = _walked_back(self._all_over(), self._clock)
        if not self._samples:
            return self._whole("no line says when it was written: read whole" if self._size else "")
        if any("date" in sample.assumed for sample in self._samples):
            return self._whole("lines say the time of day, not the day: read whole")
        if not self._is_in_order():
            return self._whole("not in order of time: read whole")
        begins, ends = sorted((self._sign * since, self._sign * until))
        before, _ = self._around(begins - self._slack)
        _, after = self._around(ends + self._slack + 1)
        start = before.place if before else 0
        return Cut(
            start=start,
            end=max(start, after.place if after else self._size),
            reads=self._reads,
            ordered=True,
            first=self._samples[0].us,
            last=self._samples[-1].us,
            near=(before or self._samples[0]).us,
            note="" if self._sign > 0 else "its youngest line comes first",
        )

    def _whole(self, note: str) -> Cut:
        times = [sample.us for sample in self._samples]
        first, last = (times[0], times[-1]) if times else (None, None)
        return Cut(
            start=0, end=self._size, reads=self._reads, ordered=False, first=first, last=last, near=first, note=note
        )

    def _all_over(self) -> list[_Sample]:
        """The first line that says when, the last, and some from in between at equal steps."""
        found: list[_Sample] = []
        for n in range(SAMPLES if self._size > GRAIN else 1):
            place = self._data_from(self._size * n // SAMPLES)
            if place < self._size and (not found or place > found[-1].place):
                sample = self._sample(place, self._dater, _NEIGHBOURS)
                found += [sample] if sample else []
        last = self._last()
        return [*found, last] if last and (not found or last.place > found[-1].place) else found

    def _is_in_order(self) -> bool:
        """Whether lines follow time, either way; finds out how far they stray from it."""
        times = [sample.us for sample in self._samples]
        self._sign = 1 if _strays(times, 1) <= _strays(times, -1) else -1
        strays = max(_strays(each, self._sign) for each in (times, *(sample.times for sample in self._samples)))
        if strays <= HOUR and self._may_go_back():
            self._slack, strays = HOUR, 0
        self._slack += max(2 * strays, MINUTE)
        return strays <= max(_TOLERATED, (max(times) - min(times)) // 8)

    def _may_go_back(self) -> bool:
        """Whether, where zones are not said, the clocks of the host may have gone back somewhere in the file."""
        if not any("zone" in sample.assumed for sample in self._samples):
            return False
        if isinstance(self._clock.zone, timezone):  # which of its changes it knows nothing
            return True
        times = sorted(sample.us for sample in self._samples)
        around = (times[0] - 24 * HOUR, *times, times[-1] + 24 * HOUR)
        ahead = {moment(us).astimezone(self._clock.zone).utcoffset() for us in around}
        return len(ahead) > 1 or times[-1] - times[0] > _HALF_A_YEAR

    def _around(self, target: int) -> tuple[_Sample | None, _Sample | None]:
        """The last line found before the target and the first found that is not; None where there is none."""
        known = [(self._sign * sample.us < target, sample) for sample in self._samples]
        before = next((sample for earlier, sample in reversed(known) if earlier), None)
        after = next(
            (sample for earlier, sample in known if not earlier and (not before or sample.place > before.place)), None
        )
        if before is None or after is None:
            return before, after
        dater = self._dater
        if "year" in before.assumed:
            dater = Dater(replace(self._clock, latest=moment(max(before.us, after.us))))
        low, high = before.place + 1, after.place
        while high - low > GRAIN and self._reads < READS - 1:
            place, sample = self._somewhere(low, high, dater, after)
            if sample and sample.place >= high:
                high = place
            elif sample is None:
                break  # a long line, or bytes that are no text
            elif self._sign * sample.us < target:
                before, low = sample, sample.place + 1
            else:
                after, high = sample, place
        return before, after

    def _somewhere(self, low: int, high: int, dater: Dater, after: _Sample) -> tuple[int, _Sample | None]:
        """A place near the middle and the first dated line from there on, which may be the one after `high`."""
        for place in ((low + high) // 2, (low + 3 * high) // 4, (3 * low + high) // 4):
            begin = self._data_from(place)
            if begin >= high:
                return place, after
            if sample := self._sample(begin, dater, _VOTES):
                return place, sample
        return low, None

    def _sample(self, place: int, dater: Dater, many: int) -> _Sample | None:
        """The first dated line that begins there or later, within reach of a read or two."""
        for length in _LENGTHS[_LENGTHS.index(self._length) :]:
            text = self._read(max(place - 1, 0), length)
            start = text.find(b"\n") + 1 if place else 0
            if (start or not place) and (sample := _first(text, start, max(place - 1, 0), dater, many)):
                self._length = length
                return sample
        return None

    def _last(self) -> _Sample | None:
        """The last dated line."""
        for length in _LENGTHS:
            origin = max(self._size - length, 0)
            text = self._read(origin, length)
            dater, found = Dater(self._clock), None
            at = 0 if not origin else text.find(b"\n") + 1 or len(text)
            while at < len(text):
                stop = text.find(b"\n", at) + 1 or len(text)
                us = dater.at(text[at:stop])
                if us is not None:
                    found = _Sample(origin + at, us, (us,), frozenset(dater.assumed), origin, text)
                at = stop
            if found or not origin:
                return found
        return None

    def _read(self, place: int, length: int) -> bytes:
        if self._reads >= READS:
            return b""
        self._reads += 1
        return os.pread(self._descriptor, min(length, self._size - place), place)

    def _data_from(self, place: int) -> int:
        """The first byte from there on that is not in a hole of a sparse file."""
        position = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        try:
            return os.lseek(self._descriptor, place, os.SEEK_DATA)
        except OSError as error:
            return self._size if error.errno == errno.ENXIO else place
        finally:
            os.lseek(self._descriptor, position, os.SEEK_SET)


def _first(text: bytes, start: int, origin: int, dater: Dater, many: int) -> _Sample | None:
    """The first dated line of this text whose time its neighbours bear out: one in a thousand may be wild."""
    dater.elsewhere()
    dater.assumed.clear()
    found: list[tuple[int, int]] = []
    while len(found) < many and (stop := text.find(b"\n", start) + 1):
        us = dater.at(text[start:stop])
        if us is not None:
            found.append((start, us))
        start = stop
    if not found:
        return None
    times = tuple(us for _, us in found)
    usual = sorted(times[:_VOTES])[len(times[:_VOTES]) // 2]
    at, us = next(one for one in found if abs(one[1] - usual) <= HOUR)
    return _Sample(origin + at, us, times, frozenset(dater.assumed), origin, text)


def _walked_back(samples: list[_Sample], clock: Clock) -> list[_Sample]:
    """The samples with the years that they do not say: where time falls back by months, what lies before is older."""
    done: list[_Sample] = []
    for sample in reversed(samples):
        older = None
        if done and "year" in sample.assumed and sample.us - done[-1].us > _HALF_A_YEAR:
            dater = Dater(replace(clock, latest=moment(done[-1].us)))
            older = _first(sample.text, sample.place - sample.origin, sample.origin, dater, _NEIGHBOURS)
        done.append(older or sample)
    return done[::-1]


def _strays(times: Sequence[int], sign: int) -> int:
    """By how many microseconds the worst of them is late, if time rises (1) or falls (-1)."""
    worst, newest = 0, sign * times[0]
    for us in times:
        newest = max(newest, sign * us)
        worst = max(worst, newest - sign * us)
    return worst
