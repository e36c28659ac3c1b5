"""`diagkit schema`."""

from __future__ import annotations

from diagkit.cli import streams


def schema() -> int:
    """Print the JSON Schema of the JSON report."""
    import json

    from diagkit.outputs.json import schema as of_report

    return streams.say(json.dumps(of_report(), indent=2))
