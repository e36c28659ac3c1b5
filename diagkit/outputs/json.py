"""The report for programs: one JSON document, and its schema."""

from __future__ import annotations

import json as encoder
import math
from dataclasses import replace
from functools import partial
from typing import Any

from diagkit import codec
from diagkit.model import SCHEMA_VERSION, Finding, Report
from diagkit.outputs import View, output
from diagkit.outputs.rendering import Form, render


@output
def json(report: Report, view: View) -> str:  # noqa: ARG001 - every output takes a view
    """For programs: everything, in the shape that `diagkit schema` describes."""
    return encoder.dumps(plain(report), indent=2) + "\n"


def plain(report: Report) -> dict[str, codec.Json]:
    """The report as JSON values. JSON has no infinity: a measurement that is not a number is left out."""
    findings = tuple(finite(finding) for finding in report.findings)
    values: dict[str, codec.Json] = values_of(replace(report, findings=findings))
    return values


def values_of(part: object) -> Any:
    """A part of the report as JSON values."""
    return codec.dump(part, partial(render, form=Form.JSON))


def schema() -> dict[str, codec.Json]:
    """The JSON Schema of the report. Needs no network: nothing in it is a reference."""
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:diagkit:report:{SCHEMA_VERSION}",
    }
    return about | codec.schema(Report)


def finite(finding: Finding) -> Finding:
    """The finding without what is no number."""
    if all(map(math.isfinite, finding.measured.values())):
        return finding
    return replace(finding, measured={name: v for name, v in finding.measured.items() if math.isfinite(v)})
