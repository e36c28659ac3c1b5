"""The one signature of `diagkit check` and its four phases. Light: the work is imported when a command runs."""

from __future__ import annotations

from collections.abc import Callable

from diagkit.cli import options


def checklist(phase: str, doc: str) -> Callable[..., int]:
    """The command that runs one phase of the checklist, or with no phase all of it."""

    def command(
        targets: options.Targets = None,
        inventory: options.Inventory = None,
        limit: options.Limit = None,
        exclude: options.Exclude = None,
        canary: options.Canary = "",
        only: options.Only = None,
        skip: options.Skip = None,
        since: options.Since = "",
        until: options.Until = "",
        at: options.At = "",
        deep: options.Deep = False,
        timeout: options.Timeout = None,
        parallel: options.Parallel = 0,
        baseline: options.Baseline = None,
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
        executor: options.Executor = "threads",
    ) -> int:
        from diagkit.cli.manner import Manner
        from diagkit.cli.plan import Order
        from diagkit.cli.run import run

        order = Order(
            targets=targets or [],
            inventory=inventory or [],
            limit=limit or [],
            exclude=exclude or [],
            canary=canary,
            phase=phase,
            only=only or [],
            skip=skip or [],
            since=since,
            until=until,
            at=at,
            deep=deep,
            timeout=timeout,
            parallel=parallel,
            baseline=baseline,
            config=config,
            ssh_config=ssh_config,
            transport=transport,
            executor=executor,
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
        )
        return run(order, manner)

    command.__doc__ = doc
    return command
