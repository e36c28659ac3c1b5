"""`diagkit case`: incidents whose cause is known, kept as tests of what diagkit and the user's own knowledge say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diagkit.cli import complete, options, streams
from diagkit.cli.app import command_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagkit.cases import Case
    from diagkit.cases.score import Answer, Score, Share
    from diagkit.conclusions import Settings

app = command_line(help="Keep an incident as a test, or score the diagnosis on those kept.", no_args_is_help=True)


@app.command()
def save(
    tape: Annotated[Path, typer.Argument(help="A tape of the incident, as diagkit capture writes it.")],
    cause: Annotated[
        str,
        typer.Option(metavar="ID", help="What it was: a cause, or healthy.", autocompletion=complete.explicable),
    ],
    entity: Annotated[
        str, typer.Option(metavar="NAME", help="What it concerns, where that must be right too: a mount, a unit.")
    ] = "",
    also: Annotated[list[str] | None, typer.Option(metavar="ID", help="Another cause at work; repeatable.")] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="What was wrong, in words.")] = "",
    directory: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Instead of your own cases.")
    ] = None,
    config: options.ConfigFile = "",
) -> int:
    """Keep the tape of an incident as a test case, and say whether it is diagnosed rightly now.

    Cases lie in ~/.config/diagkit/cases. Exit code 0 if it is kept, rightly diagnosed or not.
    """
    import gzip

    from diagkit import catalog
    from diagkit.cases import HEALTHY, Expected, machine
    from diagkit.cases.files import AlreadyKept, keep
    from diagkit.cli import exits
    from diagkit.cli.recordings import recorded
    from diagkit.model import Target
    from diagkit.outputs.files import Unwritable
    from diagkit.spelling import nearest
    from diagkit.transports.record import dumps

    causes = (*(() if cause == HEALTHY else (cause,)), *(also or ()))
    for name in causes:
        if name not in catalog.all_causes():
            close = nearest(name, (*catalog.all_causes(), HEALTHY))
            raise exits.Refusal(exits.USAGE, f"there is no cause {name!r}{close or '; see diagkit list causes'}")
    if cause == HEALTHY and (entity or also):
        raise exits.Refusal(exits.USAGE, "a healthy host has no --entity and no --also")
    read = recorded(Target("replay", path=str(tape)))
    settings = as_configured(config)
    expected = Expected(causes=causes, entity=entity or None, recorded=machine(read), truth=note)
    try:
        packed = gzip.compress(dumps(read).encode(), 9, mtime=0)
        case = keep(directory or _own(), read.target.label, packed, expected)
    except Unwritable as error:
        raise exits.Refusal(exits.CANNOT_WRITE, str(error)) from error
    except AlreadyKept as error:
        raise exits.Refusal(exits.DATA, str(error)) from error
    wrong = "".join(misses(answers([case], settings)))
    return streams.say(f"{case.tape}: {f'wrong now: {wrong}' if wrong else 'right now'}")


@app.command()
def score(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]...", help="Folders of cases; your own if not given.")
    ] = None,
    form: options.ListFormat = "text",
    config: options.ConfigFile = "",
) -> int:
    """Diagnose every case anew and print how often the truth came first.

    Per family of causes and over all, each share with its 95 % interval (Wilson); then every miss. Exit code 0 if there
    is none, 1 if there is.
    """
    import json

    from diagkit.cases.score import by_family
    from diagkit.cases.score import score as count

    settings = as_configured(config)
    given = [answer for folder in directories or [_own()] for answer in answers(cases_in(folder), settings)]
    families = by_family(given)
    overall = count(given)
    missed = misses(given)
    if form == "json":
        from diagkit import codec

        told = {"all": overall, "families": families, "misses": missed}
        said = streams.say(json.dumps(codec.dump(told), indent=2))
    else:
        said = streams.say("\n".join([*table(families, overall), *([""] if missed else []), *missed]))
    return said or int(bool(missed))


def as_configured(named: str) -> Settings:
    """Every check, as strict as a run would be. Raises `Refusal`."""
    from diagkit import catalog, config
    from diagkit.cli import exits
    from diagkit.conclusions import Settings

    checks = catalog.all_checks()
    try:
        limits = config.limits(config.layers(named), checks)
    except config.Misconfigured as error:
        raise exits.Refusal(exits.CONFIG, str(error)) from error
    return Settings(checks=tuple(checks.values()), limits=limits)


def cases_in(folder: Path) -> list[Case]:
    """The cases of a folder; none is an error, never a perfect score. Raises `Refusal`."""
    from diagkit import catalog
    from diagkit.cases import BadCase, find
    from diagkit.cli import exits

    try:
        found = list(find(folder, catalog.all_causes()))
    except BadCase as error:
        raise exits.Refusal(exits.DATA if folder.is_dir() else exits.NO_INPUT, str(error)) from error
    if not found:
        raise exits.Refusal(exits.NO_INPUT, f"{folder}: there is no case in it; keep one with diagkit case save")
    return found


def answers(cases: Sequence[Case], settings: Settings) -> list[Answer]:
    """What is said of each case now. Raises `Refusal`."""
    from diagkit import catalog
    from diagkit.cases import reports
    from diagkit.cases.score import answer
    from diagkit.cli import exits
    from diagkit.transports.replay import BadTape, NoTape

    families = catalog.families()
    try:
        return [answer(case.name, case.expected, report, families) for case, report in reports(cases, settings)]
    except NoTape as error:
        raise exits.Refusal(exits.NO_INPUT, str(error)) from error
    except BadTape as error:
        raise exits.Refusal(exits.DATA, str(error)) from error


def misses(given: Sequence[Answer]) -> list[str]:
    """One line for each case that is not diagnosed rightly."""
    from diagkit.cases.score import miss
    from diagkit.model import Untrusted
    from diagkit.outputs.rendering import Form, render

    return [render(Untrusted(line), Form.TERMINAL) for line in map(miss, given) if line]


def table(families: dict[str, Score], overall: Score) -> list[str]:
    """The scores, one line for each family that has any."""
    head = ("family", "top-1", "top-3", "false alarms", "confirmed right", "probable right", "ECE", "Brier")
    rows = [head, *(_row(name, one) for name, one in families.items()), _row("all", overall)]
    wide = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows]


def _row(name: str, one: Score) -> tuple[str, ...]:
    shares = (one.top1, one.top3, one.false_alarms, one.confirmed, one.probable)
    return (name, *map(_shown, shares), *("-" if v is None else f"{v:.3f}" for v in (one.ece, one.brier)))


def _shown(share: Share) -> str:
    if not share.of:
        return "-"
    low, high = share.interval
    return f"{share.count}/{share.of} ({low:.0%} to {high:.0%})"


def _own() -> Path:
    from diagkit import own

    return own.root() / "cases"
