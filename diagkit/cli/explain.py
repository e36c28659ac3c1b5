"""`diagkit explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from diagkit.cli import complete, streams


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="As diagkit list names it; with --why-not, the report (JSON) or tape of a run.",
            autocompletion=complete.explicable,
        ),
    ],
    why_not: Annotated[
        str,
        typer.Option("--why-not", metavar="CAUSE", help="Why that run did not name this cause: what spoke against it."),
    ] = "",
) -> int:
    """Tell what a check, cause or probe is, needs and runs on the host; or why a cause was not named."""
    if why_not:
        from diagkit.cli.why_not import ruled_out

        return streams.say("\n".join(ruled_out(why_not, name)))
    from diagkit.cli.knowledge import about

    return streams.say("\n".join(about(name)))
