"""The report for programs: one JSON document, and its schema."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any

from diagkit import codec
from diagkit.model import SCHEMA_VERSION, Finding, Found, Report
from diagkit.outputs import View, output
from diagkit.outputs.encoding import encoded
from diagkit.outputs.rendering import Form, render

_OPEN = 4  # spaces: the report and the tables in it, such as the diagnosis, have a line for each of their fields


@output
def json(report: Report, view: View) -> Iterator[str]:  # noqa: ARG001 - every output takes a view
    """For programs: everything, in the shape that `diagkit schema` describes."""
    yield from _laid_out(report)
    yield "\n"


def _laid_out(part: object, indent: str = "") -> Iterator[str]:
    """Tables and lists of tables item by item, what is deeper on one line."""
    inner = indent + "  "
    if is_dataclass(part) and not isinstance(part, Found) and len(indent) < _OPEN:
        for n, field in enumerate(fields(part)):
            yield f"{',' if n else '{'}\n{inner}{encoded(field.name)}: "
            yield from _laid_out(getattr(part, field.name), inner)
        yield f"\n{indent}}}"
    elif isinstance(part, tuple | Found) and part and is_dataclass(next(iter(part))):
        for n, item in enumerate(part):
            yield f"{',' if n else '['}\n{inner}"
            yield encoded(finite(item) if isinstance(item, Finding) else item)
        yield f"\n{indent}]"
    else:
        yield encoded(part)


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
    """The finding without measurements that are no number: JSON has no infinity."""
    if all(map(math.isfinite, finding.measured.values())):
        return finding
    return replace(finding, measured={name: v for name, v in finding.measured.items() if math.isfinite(v)})
