"""`diagkit capture`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diagkit.cli import complete, options, streams


def capture(
    target: Annotated[str, typer.Argument(help="What to ask.", autocompletion=complete.targets)],
    file: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to put the tape.")],
    inventory: options.Inventory = None,
    only: options.Only = None,
    skip: options.Skip = None,
    since: options.Since = "",
    until: options.Until = "",
    at: options.At = "",
    timeout: options.Timeout = None,
    baseline: options.Baseline = None,
    quiet: options.Quiet = False,
    config: options.ConfigFile = "",
    ssh_config: options.SshConfigFile = "",
    transport: options.Transport = "auto",
) -> int:
    """Ask one target everything and keep the answers as a tape.

    Secrets are taken out before anything is kept. `diagkit check replay:FILE` reads the tape as if it were the target.
    Exit code 0 if the target answered, 3 if it could not be reached; the tape is written either way.
    """
    from diagkit.cli import exits
    from diagkit.cli.asking import tapes
    from diagkit.cli.plan import Order, plan
    from diagkit.cli.stop import Stop
    from diagkit.outputs.files import Unwritable, write_report
    from diagkit.transports.record import dumps

    order = Order(
        targets=[target],
        inventory=inventory or [],
        only=only or [],
        skip=skip or [],
        since=since,
        until=until,
        at=at,
        timeout=timeout,
        baseline=baseline,
        config=config,
        ssh_config=ssh_config,
        transport=transport,
    )
    intended = plan(order)
    if len(intended.targets) != 1:
        raise exits.Refusal(exits.USAGE, f"a tape is of one target; {target} means {len(intended.targets)}")
    with Stop() as stop:
        (tape,) = tapes(intended, stop, quiet=quiet)
        try:
            write_report(file, dumps(tape))
        except Unwritable as error:
            raise exits.Refusal(exits.CANNOT_WRITE, str(error)) from error
        if not quiet:
            streams.note(f"{len(tape.replies)} answers in {file}; read them with: diagkit check replay:{file}")
        return stop.code if stop.number else exits.of_silence([tape])
