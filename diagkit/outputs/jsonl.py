"""The report for log shippers: one event to a line, the summary last."""

from __future__ import annotations

import json
from collections.abc import Iterator

from diagkit.codec import Json
from diagkit.model import Report
from diagkit.outputs import View, output
from diagkit.outputs.json import plain

# event -> where the report keeps such things
LISTS = {
    "target": "targets",
    "alike": "alike",
    "finding": "findings",
    "log": "logs",
    "forecast": "forecasts",
    "outlier": "outliers",
    "silence": "silences",
    "fault": "faults",
}


@output
def jsonl(report: Report, view: View) -> str:  # noqa: ARG001 - every output takes a view
    """For log shippers: one JSON object a line, named by its `event`; the summary is the last."""
    return "".join(json.dumps(event) + "\n" for event in _events(plain(report)))


def _events(report: dict[str, Json]) -> Iterator[dict[str, Json]]:
    diagnosis = report["diagnosis"]
    yield {"event": "run", "schema_version": report["schema_version"], **report["run"]}
    for event, place in LISTS.items():
        yield from ({"event": event, **thing} for thing in report[place])
    yield from ({"event": "cause", **cause} for cause in diagnosis["causes"])
    yield from ({"event": "unexplained", **finding} for finding in diagnosis["unexplained"])
    yield from ({"event": "moment", **moment} for moment in report["timeline"]["events"])
    yield from ({"event": "onset", **onset} for onset in report["timeline"]["onsets"])
    verdict = {"verdict": diagnosis["verdict"], "condition": diagnosis["condition"]}
    yield {"event": "summary", **verdict, **report["summary"]}
