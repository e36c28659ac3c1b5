"""Outputs SAY: a report, said in one format each. Pure: they return text, or yield it in pieces, and never print.

    @output
    def text(report: Report, view: View) -> str:
        \"\"\"For a person at a terminal.\"\"\"

An output is called what its module is called, and that is what `--format` and `--report FORMAT=PATH` take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from diagkit.conclusions import Conclusion
from diagkit.frozen import frozen
from diagkit.model import Report, Status


@frozen(kw_only=True)
class View:
    """How the report is to be shown. Formats for machines look at `fail_on` alone.

    width: columns. ascii: the stream cannot encode more. everything: passed checks one by one too (`--all`).
    fail_on: the mildest status that fails a run; None when nothing does. by_signature: the histogram of logs has a row
    for each signature, not for each severity. found_by: the options of this run without which the names of its targets
    may mean others, for commands to type.
    """

    width: int = 80
    colour: bool = False
    ascii: bool = False
    everything: bool = False
    quiet: bool = False
    verbose: bool = False
    fail_on: Status | None = Status.WARN
    by_signature: bool = False
    found_by: tuple[str, ...] = ()


Say = Callable[[Report, View], str | Iterator[str]]


@frozen
class Stream:
    """A format that can be said piece by piece, while others are still being asked.

    opening: given the id of the run, the version, and when it began. told: of one target, once it is known. closing:
    what only all of them together tell. What is said so is what `render` says of the same report.
    """

    opening: Callable[[str, str, datetime], str]
    told: Callable[[Conclusion], str]
    closing: Callable[[Report], str]


@frozen(eq=False)
class Output:
    """One format: the same report and view always give the same text."""

    name: str
    doc: str
    say: Say
    stream: Stream | None = None

    def pieces(self, report: Report, view: View) -> Iterator[str]:
        """The text as it comes: that on a large fleet would fill the memory."""
        said = self.say(report, view)
        yield from (said,) if isinstance(said, str) else said

    def render(self, report: Report, view: View) -> str:
        """All of it."""
        return "".join(self.pieces(report, view))


def output(say: Say) -> Output:
    """Make an output of a function, named by the module it lives in."""
    return Output(say.__module__.rpartition(".")[2], (say.__doc__ or "").strip(), say)


def streamed(stream: Stream) -> Callable[[Say], Output]:
    """The same, of a format that can also be said while others are still being asked."""
    return lambda say: replace(output(say), stream=stream)


def output_named(name: str) -> Output | None:
    """The output of this name. To find one of ours no other is loaded."""
    place = f"{__name__}.{name}"
    ours = getattr(import_module(place), name, None) if name.isidentifier() and find_spec(place) else None
    return ours if isinstance(ours, Output) else all_outputs().get(name)


def all_outputs() -> dict[str, Output]:
    """Every output by name: our modules, and those of the entry point `diagkit.outputs`."""
    from diagkit import catalog, outputs

    return dict(sorted((found.name, found) for _, found, _ in catalog.members(outputs, Output)))
