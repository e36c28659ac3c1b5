"""`diagkit lint`: is the knowledge sound, the user's own and what is shipped?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diagkit.cli import options, streams

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagkit.causes.lint import Known


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Only what is wrong in these files and folders."),
    ] = None,
    form: options.ListFormat = "text",
    config: options.ConfigFile = "",
) -> int:
    """Check the knowledge, yours and what is shipped.

    One line for each problem: where, what, and what to do. Your own cases are diagnosed anew, and each that comes out
    wrong is a problem too. Exit code 0 if there is none, 65 if there is.
    """
    import json

    from diagkit.cli import exits

    found = [line for line in problems(config) if not paths or _within(line["place"], paths)]
    if form == "json":
        said = streams.say(json.dumps({"problems": found}, indent=2))
    else:
        said = streams.say("\n".join(map(sentence, found)) if found else "Nothing is wrong with the knowledge.")
    return said or (exits.DATA if found else 0)


def problems(config: str) -> Iterator[dict[str, str]]:
    """What could not be loaded, what is unsound, and which of the user's cases are not diagnosed rightly."""
    from diagkit import catalog, own
    from diagkit.causes.lint import lint as unsound
    from diagkit.cli.case import answers, as_configured, cases_in, misses
    from diagkit.outputs.rendering import Form, render

    for fault in catalog.faults():
        yield {"place": fault.where, "about": "", "sentence": render(fault.error, Form.TERMINAL), "cure": ""}
    homes = catalog.homes()
    for problem in unsound(known()):
        yield {
            "place": homes[problem.about].place,
            "about": problem.about,
            "sentence": problem.sentence,
            "cure": problem.cure,
        }
    folder = own.root() / "cases"
    if folder.is_dir() and any(folder.iterdir()):
        for miss in misses(answers(cases_in(folder), as_configured(config))):
            yield {"place": str(folder), "about": "", "sentence": miss, "cure": ""}


def known() -> Known:
    """All that takes part."""
    from diagkit import catalog
    from diagkit.causes.lint import Known
    from diagkit.cli.runbook import shelf
    from diagkit.logs.signatures import catalogue

    return Known(
        checks=catalog.all_checks(),
        causes=catalog.all_causes(),
        conditions=catalog.all_conditions(),
        signatures=catalogue(),
        runbooks=frozenset(name for name, page in catalog.runbooks().items() if page in shelf()),
        shipped=frozenset(name for name, home in catalog.homes().items() if home.shipped),
    )


def sentence(problem: dict[str, str]) -> str:
    """A problem in one line."""
    about = f"{problem['about']}: " if problem["about"] else ""
    cure = f"; {problem['cure']}" if problem["cure"] else ""
    return f"{problem['place']}: {about}{problem['sentence']}{cure}"


def _within(place: str, paths: Sequence[Path]) -> bool:
    from diagkit.catalog import SHIPPED

    file = SHIPPED.parent / (place.rpartition(":")[0] or place)
    return any(file.is_relative_to(path.absolute()) for path in paths)
