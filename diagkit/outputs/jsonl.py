"""The report for log shippers: one event to a line, each target as soon as it is known, the summary last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from diagkit.codec import Json
from diagkit.conclusions import Conclusion
from diagkit.model import SCHEMA_VERSION, Report, Untrusted
from diagkit.outputs import Stream, View, streamed
from diagkit.outputs.json import finite, values_of

Event = dict[str, Json]


def _opening(run: str, version: str, started_at: datetime) -> str:
    about = {"id": run, "version": version, "started_at": values_of(started_at)}
    return _lines([{"event": "run", "schema_version": SCHEMA_VERSION, **about}])


def _told(of: Conclusion) -> str:
    return _lines(
        chain(
            _events("target", [of.target]),
            _events("finding", map(finite, of.findings)),
            _events("log", of.logs),
            _events("forecast", of.forecasts),
            _events("silence", of.silences),
        )
    )


def _closing(report: Report) -> str:
    diagnosis, run = report.diagnosis, values_of(report.run)
    ends = {key: run[key] for key in ("finished_at", "since", "until", "interrupted")}
    verdict = {"verdict": values_of(diagnosis.verdict), "condition": values_of(diagnosis.condition)}
    return _lines(
        chain(
            _events("alike", report.alike),
            _events("outlier", report.outliers),
            _events("fault", report.faults),
            _events("cause", diagnosis.causes),
            _events("unexplained", diagnosis.unexplained),
            _events("moment", report.timeline.events),
            _events("onset", report.timeline.onsets),
            [{"event": "summary", **verdict, **values_of(report.summary), **ends}],
        )
    )


@streamed(Stream(_opening, _told, _closing))
def jsonl(report: Report, view: View) -> str:  # noqa: ARG001 - every output takes a view
    """For log shippers: one JSON object a line, named by its `event`; the summary is the last."""
    parts: dict[Untrusted, list[Event]] = {target.name: [] for target in report.targets}
    for event, things in (
        ("finding", map(finite, report.findings)),
        ("log", report.logs),
        ("forecast", report.forecasts),
        ("silence", report.silences),
    ):
        for thing in things:
            parts[thing.target] += _events(event, [thing])
    targets = (_lines(chain(_events("target", [target]), parts[target.name])) for target in report.targets)
    run = report.run
    return "".join((_opening(run.id, run.version, run.started_at), *targets, _closing(report)))


def _events(event: str, things: Iterable[object]) -> Iterator[Event]:
    yield from ({"event": event, **values_of(thing)} for thing in things)


def _lines(events: Iterable[Event]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)
