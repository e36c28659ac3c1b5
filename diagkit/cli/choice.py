"""Which targets a command is about: those that were named, less what --limit, --exclude and --canary leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from diagkit.cli.exits import DATA, NO_INPUT, USAGE, Refusal
from diagkit.cli.known import Known, several
from diagkit.cli.targets import Words, nothing_like
from diagkit.config import Config
from diagkit.frozen import frozen
from diagkit.inventories import Malformed, Unreadable
from diagkit.inventories.addresses import LOCAL
from diagkit.inventories.canary import how_many, sample
from diagkit.inventories.groups import ALL
from diagkit.inventories.patterns import NothingMatches, select, terms
from diagkit.inventories.text import read_text
from diagkit.model import Target, Untrusted
from diagkit.outputs.rendering import Form, render

SAMPLE = 20  # labels of a sample that are named


@frozen
class Choice:
    """The targets, in order, and what the user should know about how they came to be chosen."""

    targets: tuple[Target, ...]
    notes: tuple[str, ...] = ()


def choose(
    words: Sequence[str],
    config: Config,
    *,
    inventory: Sequence[str] = (),
    limit: Sequence[str] = (),
    exclude: Sequence[str] = (),
    canary: str = "",
    ssh_config: str = "",
) -> Choice:
    """The targets of a command. Without a word they are this machine, or all of an inventory that was named.

    inventory: files, directories, `-` for stdin. limit, exclude: patterns, or @FILE with one a line. canary: `5`, `5%`.
    Raises `Refusal` with the first thing that is wrong, or where nothing is left.
    """
    known = Known(config, inventory, ssh_config)
    named = Words(known).meant(words or ([ALL] if inventory else [LOCAL]))
    left: Sequence[Target] = named
    for option, patterns in (("--limit", limit), ("--exclude", exclude)):
        if patterns:
            meant = _meant(option, patterns, known, named)
            left = [target for target in left if (target.label in meant) is (option == "--limit")]
    narrowed = " ".join([*(f"--limit {p}" for p in limit), *(f"--exclude {p}" for p in exclude)])
    if not left:
        raise Refusal(
            USAGE, f"no target is left of {several([t.label for t in named])}" + (narrowed and f": {narrowed}")
        )
    if canary:
        narrowed = f"{narrowed} --canary {canary}".strip()
        left = _sampled(canary, left)
    counted = (
        [f"{len(left)} of {len(named)} targets ({narrowed}): {_named(left, all_of_them=bool(canary))}"]
        if narrowed
        else []
    )
    notes = [*counted, *known.notes(left)]
    return Choice(tuple(left), tuple(render(Untrusted(note), Form.TERMINAL) for note in notes))


def _meant(option: str, patterns: Sequence[str], known: Known, targets: Sequence[Target]) -> set[str]:
    """The labels that an option means, among these targets and all that the inventories know."""
    names = known.around(targets)
    meant: set[str] = set()
    for pattern in _lines(option, patterns):
        try:
            meant.update(select(terms(pattern) if pattern not in names.known else [pattern], names))
        except NothingMatches as error:
            raise nothing_like(error.term, names, f"{option}: there is no target, group or tag") from error
        except ValueError as error:
            raise Refusal(USAGE, f"{option}: {error}") from error
    return meant


def _lines(option: str, patterns: Sequence[str]) -> Iterator[str]:
    """The patterns; of `@FILE` those in the file, one a line."""
    for pattern in patterns:
        if not pattern.startswith("@"):
            yield pattern
            continue
        try:
            lines = (line.partition("#")[0].strip() for line in read_text(Path(pattern[1:]).expanduser()).splitlines())
        except Unreadable as error:
            raise Refusal(NO_INPUT, f"{option}: {error}") from error
        except Malformed as error:
            raise Refusal(DATA, f"{option}: {error}") from error
        yield from filter(None, lines)


def _sampled(count: str, targets: Sequence[Target]) -> Sequence[Target]:
    try:
        return sample(targets, how_many(count, len(targets)))
    except ValueError as error:
        raise Refusal(USAGE, f"--canary: {error}") from error


def _named(targets: Sequence[Target], *, all_of_them: bool) -> str:
    """Those that will be asked: a sample in full, of what a pattern left some."""
    labels = [target.label for target in targets]
    return ", ".join(labels) if all_of_them and len(labels) <= SAMPLE else several(labels)
