"""`diagkit logs`: of hosts, of files that somebody sent, or of a single line."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from diagkit.cli import complete, options

Places = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TARGET|PATH]...",
        help="Hosts, as everywhere (local if none is named); or files, directories, archives of logs, - for stdin.",
        autocompletion=complete.places,
        show_default=False,
    ),
]
Zone = Annotated[
    str,
    typer.Option(
        "--zone", metavar="ZONE", help="Files: zone of stamps without one, Europe/Berlin or +01:00; this machine's."
    ),
]
Compared = Annotated[
    str,
    typer.Option(
        "--baseline",
        metavar="PATH",
        help="Files: logs of a healthy time or host, or its tape; else what lies before the window.",
    ),
]
By = Annotated[Literal["severity", "signature"], typer.Option("--by", help="What the histogram has a row for.")]
Line = Annotated[
    str | None,
    typer.Option(
        "--explain-line", metavar="LINE", help="Only tell what is read in this line, and why.", show_default=False
    ),
]


def logs(
    places: Places = None,
    inventory: options.Inventory = None,
    limit: options.Limit = None,
    exclude: options.Exclude = None,
    canary: options.Canary = "",
    only: options.Only = None,
    skip: options.Skip = None,
    since: options.Since = "",
    until: options.Until = "",
    at: options.At = "",
    zone: Zone = "",
    baseline: Compared = "",
    by: By = "severity",
    explain_line: Line = None,
    deep: options.Deep = False,
    timeout: options.Timeout = None,
    parallel: options.Parallel = 0,
    fail_on: options.FailOn = None,
    format_: options.Format = "text",
    report: options.Reports = None,
    everything: options.Everything = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    colour: options.Colour = None,
    ascii_: options.Ascii = False,
    config: options.ConfigFile = "",
    ssh_config: options.SshConfigFile = "",
    transport: options.Transport = "auto",
) -> int:
    """What do the logs say happened in the window?

    Of hosts, their journals, kernel logs and files, for the last hour. Of files (rotated, compressed, in archives, of
    containers; a sosreport; exported journals), the whole of what was sent: what is known in them and what causes it,
    since when, how often, and what is new. A name that is both is the target; write ./NAME for the file. With files, a
    time such as 2h that does not reach back to their newest line counts from that line.
    """
    from diagkit.cli.manner import Manner
    from diagkit.cli.places import told_apart
    from diagkit.cli.plan import Order

    order = Order(
        targets=places or [],
        inventory=inventory or [],
        limit=limit or [],
        exclude=exclude or [],
        canary=canary,
        phase="logs",
        only=only or [],
        skip=skip or [],
        since=since,
        until=until,
        at=at,
        deep=deep,
        timeout=timeout,
        parallel=parallel,
        config=config,
        ssh_config=ssh_config,
        transport=transport,
    )
    manner = Manner(
        format=format_,
        reports=report or [],
        everything=everything,
        quiet=quiet,
        verbose=verbose,
        colour=colour,
        ascii=ascii_,
        fail_on=fail_on,
        by_signature=by == "signature",
    )
    if explain_line is not None:
        from diagkit.cli.explain_line import explain

        return explain(explain_line, zone, format_)
    return told_apart(order, manner, zone=zone, baseline=baseline)
