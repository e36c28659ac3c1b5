"""`diagkit timeline`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from diagkit.cli import exits, options, streams

if TYPE_CHECKING:
    from diagkit.cli.manner import Manner
    from diagkit.cli.plan import Order

Format = Annotated[Literal["text", "json", "jsonl", "markdown"], typer.Option("--format", help="How to say it.")]
Everything = Annotated[bool, typer.Option("--all", help="Every event, however little it tells.")]


def timeline(
    targets: options.Targets = None,
    inventory: options.Inventory = None,
    limit: options.Limit = None,
    exclude: options.Exclude = None,
    canary: options.Canary = "",
    since: options.Since = "",
    until: options.Until = "",
    at: options.At = "",
    timeout: options.Timeout = None,
    parallel: options.Parallel = 0,
    format_: Format = "text",
    everything: Everything = False,
    quiet: options.Quiet = False,
    colour: options.Colour = None,
    ascii_: options.Ascii = False,
    config: options.ConfigFile = "",
    ssh_config: options.SshConfigFile = "",
    transport: options.Transport = "auto",
) -> int:
    """Tell what happened when, on one host or many.

    Trouble in the logs, starts and stops, OOM kills, changes, jobs, logins, and since when it hurts, all in the order
    of time. What a clock is wrong by is taken out. It names no cause and gives no verdict: the exit code is 0, or 3 if
    a target could not be reached.
    """
    from diagkit.cli.manner import Manner
    from diagkit.cli.plan import Order
    from diagkit.cli.run import refusals_as

    order = Order(
        targets=targets or [],
        inventory=inventory or [],
        limit=limit or [],
        exclude=exclude or [],
        canary=canary,
        since=since,
        until=until,
        at=at,
        timeout=timeout,
        parallel=parallel,
        config=config,
        ssh_config=ssh_config,
        transport=transport,
    )
    manner = Manner(format=format_, everything=everything, quiet=quiet, colour=colour, ascii=ascii_)
    with refusals_as(format_):
        return tell(order, manner)


def tell(order: Order, manner: Manner) -> int:
    """Ask, and say what happened."""
    from diagkit import catalog
    from diagkit.cli.asking import ask
    from diagkit.cli.plan import plan
    from diagkit.cli.run import run_info
    from diagkit.cli.stop import Stop
    from diagkit.conclusions import Settings
    from diagkit.outputs.chronicle import FORMATS
    from diagkit.session import chronicle

    intended = replace(plan(order), settings=Settings(checks=(), tellers=catalog.all_tellers()), baseline=False)
    started = datetime.now(UTC)
    with Stop() as stop:
        heard = ask(intended, lambda tape: tape, stop, quiet=manner.quiet)
        run = run_info(started, (tape.moment for tape in heard.results), stop)
        told = chronicle(heard.results, intended.settings, run)
        told = replace(told, faults=(*catalog.faults(), *heard.faults, *told.faults))
        undelivered = streams.say(FORMATS[manner.format](told, manner.view(intended.config)))
        if stop.number:
            return stop.code
        return undelivered or exits.of_silence(heard.results)
