"""Logs of any size read to the end: for each what is known in it, and the error-like lines of all as templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

from diagkit.logs.census import Census
from diagkit.logs.dating import Dater
from diagkit.logs.events import Heard
from diagkit.logs.lines import Log
from diagkit.logs.reading.answers import Answered, is_access_log
from diagkit.logs.reading.jobs import ALONE, Job
from diagkit.logs.reading.mined import Mined
from diagkit.logs.reading.workers import Crew, Gauge, processors
from diagkit.logs.sources import Form, Part
from diagkit.logs.tallies import Counts
from diagkit.logs.timestamps import Clock, micros
from diagkit.logs.window import ALWAYS

NAMELESS = {"access", "current", "err", "error", "errors", "log", "main", "out", "output", "stderr", "stdout"}
NO_ANSWERS = Answered()  # of what is no access log
NEAR = 4096  # bytes at either end of a block
AT_ONCE = 8  # workers at most: each holds its own counts

Beat = Callable[[], None]


@dataclass(slots=True)
class Found:
    """What some of the jobs found. counts, notes: of each log, by its number. assumed: what its stamps do not say.

    answered: the requests of logs that are access logs. reach: stamps of the oldest and the youngest line of each log,
    to the block, in microseconds since the epoch. lines: of any kind, about. died: workers that did not finish.
    """

    counts: dict[int, Counts] = field(default_factory=dict)
    mined: Mined = field(default_factory=Mined)
    answered: dict[int, Answered] = field(default_factory=dict)
    notes: dict[int, list[str]] = field(default_factory=dict)
    assumed: dict[int, set[str]] = field(default_factory=dict)
    reach: dict[int, tuple[int, int]] = field(default_factory=dict)
    lines: int = 0
    died: int = 0

    def merge(self, other: Found) -> None:
        """Add what others found."""
        for number, counts in other.counts.items():
            self.count(number, counts)
        for number, answered in other.answered.items():
            self.answered.setdefault(number, Answered()).merge(answered)
        for number, notes in other.notes.items():
            mine = self.notes.setdefault(number, [])
            mine += [note for note in notes if note not in mine]
        for number, parts in other.assumed.items():
            self.assumed.setdefault(number, set()).update(parts)
        for number, (first, last) in other.reach.items():
            self.reached(number, first, last)
        self.mined.merge(other.mined)
        self.lines += other.lines
        self.died += other.died

    def listener(self, source: str, gauge: Gauge | None = None) -> Callable[[Heard], None]:
        """Whom to tell of lines of this log that say something."""

        def heard(lines: Heard) -> None:
            self.mined.learn(lines.message, lines.times, source, lines.program, lines.signatures)
            if gauge:
                gauge.met(len(lines.times))

        return heard

    def reached(self, number: int, *stamps: int) -> None:
        """Note that a log has lines of these times."""
        known = (*self.reach.get(number, ()), *stamps)
        if known:
            self.reach[number] = (min(known), max(known))

    def count(self, number: int, counts: Counts) -> None:
        """Add what was counted in one stretch of a log."""
        if number in self.counts:
            self.counts[number].merge(counts)
        else:
            self.counts[number] = counts


def read(jobs: Sequence[Job], gauge: Gauge, beat: Beat) -> Found:
    """Do all of these jobs, over several processes where that pays. `beat` is called every now and then."""
    portable = [job for job in jobs if job.portable]
    workers = min(processors(), AT_ONCE, len(portable)) if sum(job.size for job in portable) > ALONE else 1
    if workers < 2:
        return _done(iter(jobs), gauge, beat)
    largest_first = sorted(portable, key=lambda job: -job.size)
    crew: Crew[Found] = Crew(largest_first, workers, partial(_taken, gauge))
    found = _done((job for job in jobs if not job.portable), gauge, beat)
    results, found.died = crew.results(beat)
    for result in results:
        found.merge(result)
    return found


def _taken(gauge: Gauge, take: Callable[[], Job | None]) -> Found:
    return _done(iter(take, None), gauge, lambda: None)


def _done(jobs: Iterable[Job], gauge: Gauge, beat: Beat) -> Found:
    found = Found()
    for job in jobs:
        if gauge.stopped:
            break
        _read(job, found, gauge, beat)
    return found


def _read(job: Job, found: Found, gauge: Gauge, beat: Beat) -> None:
    """One stretch of one log."""
    log, heard = log_of(job.part), found.listener(job.part.name, gauge)
    census = Census(log, job.clock, job.window, heard=heard, start=job.start, near=job.near)
    dater = Dater(job.clock, near=job.near)
    since, until = micros(job.window.since), micros(job.window.until)
    answered: Answered | None = None
    if job.start:
        census.before(job.before())
    for block in job.part.blocks(job.start, job.end):
        census.read(block)
        found.lines += _lines(block)
        ends = list(_outer(block, dater))
        found.reached(job.series, *ends)
        if answered is None:
            answered = Answered() if is_access_log(block) else NO_ANSWERS
        if answered is not NO_ANSWERS:
            inside = len(ends) == 2 and all(since <= at <= until for at in ends)
            answered.count(block, dater, since, until, inside=inside)
            answered.read(block, dater, since, until)
        gauge.add(len(block))
        beat()
        if gauge.stopped:
            break
    if answered and answered.requests:
        found.answered.setdefault(job.series, Answered()).merge(answered)
    found.count(job.series, census.counts)
    found.assumed.setdefault(job.series, set()).update(census.assumed)
    notes = found.notes.setdefault(job.series, [])
    notes += [note for note in job.part.notes if note not in notes]


def _lines(block: bytes) -> int:
    """About how many lines it has, if it is like its beginning: to count them takes half as long as to search."""
    near = block[:NEAR]
    return near.count(b"\n") * len(block) // max(len(near), 1)


def _outer(block: bytes, dater: Dater) -> Iterator[int]:
    """The stamps of the first and of the last dated line of a block, if they are near its ends."""
    for lines in (block[:NEAR].split(b"\n"), reversed(block[-NEAR:].split(b"\n")[1:])):
        stamp = next((at for line in lines if (at := dater.at(line)) is not None), None)
        if stamp is not None:
            yield stamp


def read_texts(logs: Sequence[Log], clock: Clock) -> Found:
    """The same of logs that are held as a whole, as a tape has them."""
    found = Found()
    for number, log in enumerate(logs):
        census = Census(log, clock, ALWAYS, heard=found.listener(log.source))
        census.read(log.raw)
        found.lines += log.raw.count(b"\n")
        found.count(number, census.counts)
    return found


def log_of(part: Part) -> Log:
    """How the lines of this part are told apart. Its name says who wrote it, as it would on its host."""
    form = "syslog" if part.form.enveloped else "kernel" if part.form is Form.KERNEL else part.form.value
    path = PurePosixPath(part.name.replace(":", "/"))
    under = next((at for at in range(len(path.parts)) if path.parts[at : at + 2] == ("var", "log")), None)
    if under is not None:
        return Log("/" + "/".join(path.parts[under:]), b"", form=form)
    return Log(f"/{path.parent.name}/{path.name}" if path.stem in NAMELESS else path.name, b"", form=form)
