"""`diagkit explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from diagkit.cli import complete, streams


def explain(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="As diagkit list names it.", autocompletion=complete.explicable)
    ],
) -> int:
    """Tell what a check, cause or probe is, needs and runs on the host."""
    from diagkit.cli.knowledge import about

    return streams.say("\n".join(about(name)))
