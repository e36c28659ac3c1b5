"""`diagkit logs PATH...`: from the files that were named to the report."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial

from diagkit import __version__, catalog, sent
from diagkit.cli.journals import journals, within
from diagkit.cli.log_baseline import ClockOf, Done, before, from_path
from diagkit.cli.log_progress import Meter
from diagkit.cli.log_window import Asked, clock_of, window, zone_of
from diagkit.cli.manner import Manner, say, verdict_code
from diagkit.cli.progress import Progress
from diagkit.cli.stop import Stop
from diagkit.conclusions import Settings
from diagkit.config import Config
from diagkit.frozen import frozen
from diagkit.logs import sources
from diagkit.logs.reading import Found, read
from diagkit.logs.reading.ends import Span, booted, ends, spans
from diagkit.logs.reading.jobs import Job, jobs
from diagkit.logs.reading.workers import Gauge
from diagkit.logs.sources import Part, Series
from diagkit.logs.templates.novelty import Watched
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import ALWAYS, Window
from diagkit.model import Moment, RunInfo
from diagkit.sent.files import Sent


@frozen(kw_only=True)
class Request:
    """What was typed: which files, which window, in which zone, compared with what."""

    paths: Sequence[str]
    asked: Asked
    zone: str = ""
    baseline: str = ""


def of_files(request: Request, settings: Settings, settled: Config, manner: Manner) -> int:
    """Read them, and say what they say; the exit code."""
    output, files = manner.output(), manner.files()
    started = datetime.now(UTC)
    with Stop() as stop:
        read = _read(request, started, stop, quiet=manner.quiet)
        run = RunInfo(
            id=uuid.uuid4().hex[:12],
            version=__version__,
            started_at=started,
            finished_at=datetime.now(UTC),
            since=read.moment.since,
            until=read.moment.until,
            interrupted=bool(stop.number),
        )
        report = sent.diagnose(read, settings, run)
        report = replace(report, faults=(*catalog.faults(), *report.faults))
        undelivered = say(report, manner.view(settled), output, files)
        if stop.number:
            return stop.code
        return undelivered or verdict_code(report, settings, manner.tolerance(settled))


def _read(request: Request, now: datetime, stop: Stop, *, quiet: bool) -> Sent:
    """All that these files hold of the window."""
    zone, called = zone_of(request.zone)
    clock = partial(_clock, zone=zone, called=called)
    progress = Progress(quiet=quiet)
    series, notes = sources.find(request.paths)
    binary, notes = journals(notes)
    series += binary
    reach = ends(spans(series, clock))
    moment, understood = window(request.asked, reach, now, zone)
    if understood:
        progress.say(understood)
    looked_at = Window(since=moment.since, until=moment.until) if request.asked else ALWAYS
    looked_into = within(series, moment.since, moment.until) if request.asked else series
    todo = list(jobs(looked_into, looked_at, clock, whole=not request.asked))
    done = partial(_done, stop=stop, quiet=quiet)
    found = done(todo)
    return Sent(
        words=tuple(request.paths),
        series=tuple(series),
        notes=tuple(notes),
        found=found,
        moment=moment,
        asked=bool(request.asked),
        zone=called,
        clock=clock_of(zone, called, now),
        left_out=_left_out(series, todo),
        before=_baseline(request, moment, series, reach, clock, done),
        baseline=request.baseline,
    )


def _baseline(
    request: Request, moment: Moment, series: Sequence[Series], reach: Span | None, clock: ClockOf, done: Done
) -> Watched | None:
    """What the window is compared with, as far as it was read beside it."""
    if request.baseline:
        return from_path(request.baseline, clock, done)
    return before(moment, series, reach, clock, done) if request.asked else None


def _done(todo: Sequence[Job], stop: Stop, *, quiet: bool) -> Found:
    """What these jobs find, with progress for somebody who waits."""
    gauge = Gauge()
    stop.wake = gauge.stop
    meter = Meter(sum(job.size for job in todo), quiet=quiet)
    try:
        return read(todo, gauge, lambda: meter.show(gauge.read, gauge.hits))
    finally:
        meter.close()


def _left_out(series: Sequence[Series], todo: Sequence[Job]) -> dict[int, int]:
    """How many files of each log were not opened, because they lie outside of the window."""
    opened: dict[int, set[str]] = {}
    for job in todo:
        opened.setdefault(job.series, set()).add(job.part.name)
    return {n: left for n, log in enumerate(series) if (left := len(log.parts) - len(opened.get(n, ())))}


def _clock(part: Part, *, zone: tzinfo, called: str) -> Clock:
    """How whoever wrote this file told time: nothing in it is younger than the file."""
    return clock_of(zone, called, part.modified, booted(part))
