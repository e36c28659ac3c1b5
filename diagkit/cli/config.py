"""`diagkit config`: what is set, and where it came from."""

from __future__ import annotations

from typing import Annotated

import typer

from diagkit.cli import options, streams
from diagkit.cli.app import command_line

app = command_line(help="Show each setting and where it came from.", no_args_is_help=True)


@app.callback()
def config_group() -> None:
    """Show each setting and where it came from."""


@app.command()
def show(
    config: options.ConfigFile = "",
    everything: Annotated[bool, typer.Option("--all", help="The default limits of every check too.")] = False,
    form: options.ListFormat = "text",
) -> int:
    """Print each setting with its value and where it came from."""
    import json

    rows = settings(config, everything=everything)
    if form == "json":
        keys = ("key", "value", "origin")
        return streams.say(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
    shown = [(key, json.dumps(value, ensure_ascii=False), origin) for key, value, origin in rows]
    wide = [max(len(row[column]) for row in shown) for column in (0, 1)]
    return streams.say("\n".join(f"{k:<{wide[0]}} = {v:<{wide[1]}}  # {o}" for k, v, o in shown))


def settings(named: str, *, everything: bool) -> list[tuple[str, object, str]]:
    """Key, value and origin of what is set, and of the defaults."""
    from diagkit import catalog, codec, config
    from diagkit.cli import exits

    try:
        stack = config.layers(named)
        settled = codec.dump(config.load(stack))
        limits = config.limits(stack, catalog.all_checks())
    except config.Misconfigured as error:
        raise exits.Refusal(exits.CONFIG, str(error)) from error
    origins = config.origins(stack)
    shown = {name: check.limits for name, check in catalog.all_checks().items()} if everything else {}
    settled["checks"] = codec.dump(shown | limits)
    return [
        (key, value, origins.get(key, "default"))
        for key, value in config.leaves(settled)
        if key in origins or not key.startswith(("services.", "targets.", "groups.", "deploys", "logs"))
    ]
