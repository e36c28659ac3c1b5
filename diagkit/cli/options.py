"""The options that several commands share, each said once. Light: the TAB key imports this."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from diagkit.cli import complete

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TARGET]...",
        help="local (the default), [user@]host[:port], replay:FILE; a name, group, tag:TAG or pattern (web*) of "
        "diagkit.toml, ~/.ssh/config or the inventory; - for a list on stdin.",
        autocompletion=complete.targets,
        show_default=False,
    ),
]
Inventory = Annotated[
    list[str] | None,
    typer.Option(
        "-i",
        "--inventory",
        metavar="FILE",
        help="Ansible inventory (INI, YAML, JSON of --list, a directory) or a plain list; - for stdin; repeatable.",
    ),
]
Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="PATTERN",
        help="Of the targets only these; @FILE has one a line; repeatable.",
        autocompletion=complete.targets,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        help="Leave these targets out; repeatable.",
        autocompletion=complete.targets,
    ),
]
Canary = Annotated[
    str, typer.Option("--canary", metavar="N|N%", help="So many of the targets, from all groups; the same ones again.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="NAME",
        help="Only these checks: names, beginnings of names or globs; repeatable.",
        autocompletion=complete.checks,
    ),
]
Skip = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="NAME", help="Leave these checks out.", autocompletion=complete.checks),
]
Since = Annotated[
    str, typer.Option(metavar="TIME", help="Start of the incident window: 20m, 14:05, 'yesterday 22:00', ISO.")
]
Until = Annotated[str, typer.Option(metavar="TIME", help="End of the incident window; now if not given.")]
At = Annotated[str, typer.Option(metavar="TIME", help="When it happened: the window around that time.")]
Timeout = Annotated[
    float | None, typer.Option(metavar="SECONDS", min=0.1, max=3600, help="For each target; 30 if not set.")
]
Deep = Annotated[
    bool,
    typer.Option(
        "--deep", help="Where the cause is not settled, run the checks that would settle it.", show_default=False
    ),
]
Parallel = Annotated[
    int, typer.Option("--parallel", metavar="N", min=0, max=1024, help="Targets at the same time; 0: as many as suit.")
]
Baseline = Annotated[
    bool | None,
    typer.Option(
        "--baseline/--no-baseline",
        help="Remember this run on this workstation, and compare with earlier ones.",
        show_default=False,
    ),
]
ConfigFile = Annotated[str, typer.Option("--config", metavar="FILE", help="A diagkit.toml that wins over the others.")]
SshConfigFile = Annotated[str, typer.Option("--ssh-config", metavar="FILE", help="Instead of ~/.ssh/config.")]
Transport = Annotated[
    Literal["auto", "paramiko", "openssh"],
    typer.Option(help="How to speak SSH; auto takes the system's ssh for what paramiko cannot do."),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="WHERE",
        help="Who asks: threads (here), processes:N, or the workers of dask://HOST:PORT.",
        autocompletion=complete.executors,
    ),
]
FailOn = Annotated[
    Literal["warning", "critical", "never"] | None, typer.Option(help="The mildest status that fails the run.")
]
Format = Annotated[
    str,
    typer.Option(
        "--format", metavar="FORMAT", help="text, json, jsonl, junit or markdown.", autocompletion=complete.formats
    ),
]
Reports = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="FORMAT=PATH", help="Write the same report to a file as well; repeatable."),
]
Everything = Annotated[bool, typer.Option("--all", help="Show passed checks one by one too.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress; of the report only what needs attention.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="More evidence.")]
Colour = Annotated[Literal["auto", "always", "never"] | None, typer.Option("--color", help="Colour in the report.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Nothing but ASCII in the report.")]
ListFormat = Annotated[Literal["text", "json"], typer.Option("--format", help="For people or for programs.")]
