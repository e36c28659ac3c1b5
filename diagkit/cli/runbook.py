"""`diagkit runbook`: what to do, one page for each cause and each phase, shipped with diagkit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from diagkit.cli import complete, streams
from diagkit.cli.app import command_line
from diagkit.cli.exits import USAGE, Refusal
from diagkit.spelling import nearest

SECTIONS = ("Meaning", "Impact", "Diagnosis", "Mitigation", "Verify", "Escalate")

app = command_line(help="List the runbooks, or show one.", no_args_is_help=True)


@cache
def shelf() -> Mapping[str, Traversable]:
    """Every runbook by id, family/cause. In a checkout they stand beside the package, in a wheel inside it."""
    checkout: Traversable = Path(__file__).parents[2] / "runbooks"
    root = checkout if checkout.is_dir() else files("diagkit") / "_runbooks"
    families = sorted((f for f in root.iterdir() if f.is_dir()), key=lambda f: f.name) if root.is_dir() else []
    pages = [(f.name, page) for f in families for page in f.iterdir() if page.name.endswith(".md")]
    return {
        f"{family}/{page.name.removesuffix('.md')}": page for family, page in sorted(pages, key=lambda p: p[1].name)
    }


@app.command("list")
def list_() -> int:
    """List the runbooks."""
    width = max(map(len, shelf()), default=0)
    return streams.say("\n".join(f"{name:<{width}}  {title(read(name))}" for name in sorted(shelf())))


@app.command()
def show(
    runbook: Annotated[
        str, typer.Argument(metavar="ID", help="A cause or phase; ID#section too.", autocompletion=complete.runbooks)
    ],
    section: Annotated[
        str, typer.Argument(help="Only this section.", autocompletion=lambda: [s.lower() for s in SECTIONS])
    ] = "",
) -> int:
    """Show one runbook, or one section of it."""
    name, _, fragment = runbook.partition("#")
    text = read(find(name))
    return streams.say(part(text, section or fragment) if section or fragment else text)


def find(word: str) -> str:
    """The id of the runbook that a word means: its id, or the cause or phase alone."""
    known = {name.rpartition("/")[2]: name for name in shelf()} | {name: name for name in shelf()}
    if word not in known:
        raise Refusal(USAGE, f"there is no runbook {word!r}{nearest(word, known) or '; see diagkit runbook list'}")
    return known[word]


def read(name: str) -> str:
    """The text of a runbook."""
    return shelf()[name].read_text("utf-8")


def title(text: str) -> str:
    """The first heading."""
    return text.partition("\n")[0].removeprefix("# ")


def part(text: str, section: str) -> str:
    """One section with its heading."""
    wanted = section.capitalize()
    if wanted not in SECTIONS:
        known = [s.lower() for s in SECTIONS]
        raise Refusal(USAGE, f"there is no section {section!r}{nearest(section, known)}")
    _, _, rest = f"\n{text}".partition(f"\n## {wanted}\n")
    return f"## {wanted}\n{rest.partition(chr(10) + '## ')[0].rstrip()}"
