"""What there is to read for a window, cut into jobs that can be done side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.logs.cut import cut, may_hold
from diagkit.logs.dating import Dater
from diagkit.logs.sources import Part, Series
from diagkit.logs.sources.streams import Slice
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window

ALONE = 64 << 20  # bytes up to which one process is soonest done
RANGE = 32 << 20  # bytes of one job, of a file that can be read from the middle; several for each worker
AN_HOUR = 3600.0  # seconds by which lines may stray, and clocks go back in autumn
BEHIND = 1 << 16  # bytes
AHEAD = 1 << 16  # bytes in which the next line begins


@frozen
class Job:
    """A stretch of one part, from the line at byte `start` up to that at `end`. series: number of its log.

    near: about when its first line was written, in microseconds since the epoch, where that is known.
    """

    series: int
    part: Part
    clock: Clock
    window: Window
    start: int = 0
    end: int | None = None
    near: int | None = None

    @property
    def size(self) -> int:
        """Bytes on disk that it takes to read it."""
        return (self.part.size if self.end is None else self.end) - self.start

    def before(self) -> bytes:
        """The whole lines just before the stretch; its own first lines may continue them."""
        with Path(self.part.path).open("rb") as file:
            file.seek(max(self.start - BEHIND, 0))
            return file.read(min(self.start, BEHIND))

    @property
    def portable(self) -> bool:
        """Whether any process can do it at any time: standard input and compressed archives are read in their order."""
        return isinstance(self.part.origin, Slice)


def jobs(series: Sequence[Series], window: Window, clock: Callable[[Part], Clock], *, whole: bool) -> Iterator[Job]:
    """The jobs for all of these logs. whole: the window is as wide as they are, so that all of them have to be read."""
    for number, log in enumerate(series):
        for part, following in zip(log.parts, [*log.parts[1:], None], strict=True):
            job = Job(number, part, clock(part), window)
            if whole:
                yield from _ranges(job, 0, part.size)
            elif part.plain:
                yield from _cut(job)
            elif _may_hold(job, following):
                yield job


def _may_hold(job: Job, following: Part | None) -> bool:
    """Whether a compressed file may have lines of the window. It was not written to once the next one was begun.

    The first stamps of files were read as if their zone were UTC.
    """
    first, last = job.part.first, job.part.modified
    if following and following.first:
        last = min(last, following.first)
    slack = AN_HOUR + abs(job.clock.ahead)
    return may_hold(job.window.since, job.window.until, first=first, last=last, slack=slack)


def _cut(job: Job) -> Iterator[Job]:
    """What of a plain file has to be read for the window."""
    try:
        with Path(job.part.path).open("rb") as file:
            found = cut(file, job.part.size, job.window.since, job.window.until, job.clock)
    except OSError:
        yield job  # reading it will say why it cannot be read
        return
    if found.note and found.note not in job.part.notes:
        job.part.notes.append(found.note)
    if found.start < found.end:
        yield from _ranges(replace(job, near=found.near), found.start, found.end)


def _ranges(job: Job, start: int, end: int) -> Iterator[Job]:
    """A plain file in stretches that several processes can share; anything else as it is."""
    if not job.part.plain:
        yield job
        return
    while start < end:
        until = end if end - start < 2 * RANGE else _record_from(job.part.path, start + RANGE, job.clock)
        yield replace(job, start=start, end=until)
        start = until


def _record_from(path: str, at: int, clock: Clock) -> int:
    """Where the first dated line begins at this byte or after it: stack traces stay with their heads.

    Any line where none is dated for long; the byte itself where none begins for long.
    """
    try:
        with Path(path).open("rb") as file:
            file.seek(at - 1)
            text = file.read(AHEAD)
    except OSError:
        return at
    first = start = text.find(b"\n") + 1
    dater = Dater(clock)
    while 0 < start < len(text):
        end = text.find(b"\n", start)
        if dater.at(text[start : end if end >= 0 else len(text)]) is not None:
            return at - 1 + start
        start = end + 1
    return at - 1 + (first or len(text))
