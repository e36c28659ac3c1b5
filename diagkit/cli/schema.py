"""`diagkit schema`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from diagkit.cli import streams

Of = Annotated[Literal["report", "timeline"], typer.Argument(help="What diagkit check says, or diagkit timeline.")]


def schema(of: Of = "report") -> int:
    """Print the JSON Schema of what is said with `--format json`."""
    import json

    from diagkit.outputs import chronicle
    from diagkit.outputs.json import schema as of_report

    return streams.say(json.dumps(chronicle.schema() if of == "timeline" else of_report(), indent=2))
