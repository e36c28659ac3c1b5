"""What the window of some files is compared with: other files, a healthy host's tape, or what lies before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from diagkit.cli.exits import DATA, Refusal
from diagkit.cli.recordings import recorded
from diagkit.logs import sources
from diagkit.logs.reading import Found, read_texts
from diagkit.logs.reading.ends import Span, ends, spans
from diagkit.logs.reading.jobs import Job, jobs
from diagkit.logs.sources import Part, Series
from diagkit.logs.templates.novelty import Watched
from diagkit.logs.timestamps import Clock, micros
from diagkit.logs.window import ALWAYS, Window
from diagkit.model import Moment, Target
from diagkit.probes import Facts
from diagkit.probes.logs import LogTexts

TIMES = 3  # as long as the window is what lies before it, which it is compared with
TICK = timedelta(microseconds=1)

ClockOf = Callable[[Part], Clock]
Done = Callable[[Sequence[Job]], Found]


def from_path(path: str, clock: ClockOf, done: Done) -> Watched:
    """That of `--baseline`: all of these files, or the logs of this tape. Raises `Refusal`."""
    if path.startswith("replay:") or Path(path).name.endswith((".tape", ".tape.gz")):
        return _of_tape(path.removeprefix("replay:"))
    series, notes = sources.find([path])
    reach = ends(spans(series, clock))
    if reach is None:
        why = f" {notes[0].says}" if notes else ""
        raise Refusal(DATA, f"--baseline: no line in {path!r} says when it was written.{why}")
    return _watched(done(list(jobs(series, ALWAYS, clock, whole=True))), reach)


def before(moment: Moment, series: Sequence[Series], reach: Span | None, clock: ClockOf, done: Done) -> Watched | None:
    """That which lies before the window in the same files; None where they begin with it."""
    since = moment.since - TIMES * (moment.until - moment.since)
    start = max(since, reach[0]) if reach else since
    if start >= moment.since:
        return None
    window = Window(since=start, until=moment.since - TICK)
    found = done(list(jobs(series, window, clock, whole=False)))
    return _watched(found, (start, moment.since))


def _of_tape(path: str) -> Watched:
    from diagkit import catalog

    tape = recorded(Target("replay", path=path, label=path))
    known = Facts(catalog.all_probes().values(), tape)[LogTexts]
    if not isinstance(known, LogTexts) or not known.logs:
        raise Refusal(DATA, f"--baseline: the tape {path!r} has no logs")
    stamps = [at for reading in known.readings for at in (reading.first, reading.last) if at]
    found = read_texts(known.logs, known.clock)
    return _watched(found, (min(stamps, default=tape.moment.since), max(stamps, default=tape.moment.until)))


def _watched(found: Found, reach: Span) -> Watched:
    since, until = map(micros, reach)
    return Watched(miner=found.mined.miner, lines=found.lines, since_us=since, until_us=until)
