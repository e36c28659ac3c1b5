"""`diagkit list`: what there is, one line each."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from diagkit.cli import options, streams


def list_(
    what: Annotated[Literal["checks", "causes", "probes", "outputs"], typer.Argument(help="What to list.")],
    form: options.ListFormat = "text",
) -> int:
    """List the checks, causes, probes or outputs."""
    import json

    found = entries(what)
    if form == "json":
        return streams.say(json.dumps([{"id": name, "title": line} for name, line in found.items()], indent=2))
    width = max(map(len, found), default=0)
    return streams.say("\n".join(f"{name:<{width}}  {line}" for name, line in found.items()))


def entries(what: str) -> dict[str, str]:
    """Name and first line of each."""
    from diagkit import catalog, outputs

    if what == "causes":
        return {name: cause.title for name, cause in sorted(catalog.all_causes().items())}
    if what == "outputs":
        return {name: output.doc for name, output in outputs.all_outputs().items()}
    known = catalog.all_checks() if what == "checks" else catalog.all_probes()
    return {name: thing.doc.partition("\n")[0] for name, thing in known.items()}
