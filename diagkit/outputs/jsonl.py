"""The report for log shippers: one event to a line, each target as soon as it is known, the summary last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain

from diagkit.conclusions import Conclusion
from diagkit.model import SCHEMA_VERSION, Finding, Forecast, LogDigest, Report, SilenceNote, Untrusted
from diagkit.outputs import Stream, View, streamed
from diagkit.outputs.encoding import encoded
from diagkit.outputs.json import finite, values_of
from diagkit.outputs.overview import by_target

Part = Finding | LogDigest | Forecast | SilenceNote
PARTS: Mapping[type, str] = {Finding: "finding", LogDigest: "log", Forecast: "forecast", SilenceNote: "silence"}


def _opening(run: str, version: str, started_at: datetime) -> str:
    return _line("run", {"schema_version": SCHEMA_VERSION, "id": run, "version": version, "started_at": started_at})


def _told(of: Conclusion) -> str:
    return _line("target", of.target) + _parts(chain(of.findings, of.logs, of.forecasts, of.silences))


def _closing(report: Report) -> str:
    diagnosis, run = report.diagnosis, report.run
    verdict = {"verdict": diagnosis.verdict, "condition": diagnosis.condition, **values_of(report.summary)}
    ends = {"finished_at": run.finished_at, "since": run.since, "until": run.until, "interrupted": run.interrupted}
    return "".join(
        chain(
            _lines("alike", report.alike),
            _lines("outlier", report.outliers),
            _lines("fault", report.faults),
            _lines("cause", diagnosis.causes),
            _lines("unexplained", diagnosis.unexplained),
            _lines("moment", report.timeline.events),
            _lines("onset", report.timeline.onsets),
            [_line("summary", {**verdict, **ends})],
        )
    )


@streamed(Stream(_opening, _told, _closing))
def jsonl(report: Report, view: View) -> Iterator[str]:  # noqa: ARG001 - every output takes a view
    """For log shippers: one JSON object a line, named by its `event`; the summary is the last."""
    yield _opening(report.run.id, report.run.version, report.run.started_at)
    found = by_target(report)
    told: dict[Untrusted, list[Part]] = {target.name: [] for target in report.targets}
    for part in chain[Part](report.logs, report.forecasts, report.silences):
        told[part.target].append(part)
    for target in report.targets:
        yield _line("target", target)
        yield _parts(chain[Part](found[target.name], told[target.name]))
    yield _closing(report)


def _parts(parts: Iterable[Part]) -> str:
    """What is told of one target."""
    return "".join([_line(PARTS[type(p)], finite(p) if isinstance(p, Finding) else p) for p in parts])


def _lines(event: str, things: Iterable[object]) -> Iterator[str]:
    return (_line(event, thing) for thing in things)


def _line(event: str, thing: object) -> str:
    """The object with the name of its event as its first member; it has others."""
    return f'{{"event": "{event}", {encoded(thing)[1:]}\n'
