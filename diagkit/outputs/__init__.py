"""Outputs SAY: a report, said in one format each. Pure: they return text, they never print.

    @output
    def text(report: Report, view: View) -> str:
        \"\"\"For a person at a terminal.\"\"\"

An output is called what its module is called, and that is what `--format` and `--report FORMAT=PATH` take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diagkit.model import Report, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the report is to be shown. Formats for machines look at `fail_on` alone.

    width: columns. ascii: the stream cannot encode more. everything: passed checks one by one too (`--all`).
    fail_on: the mildest status that fails a run; None when nothing does. by_signature: the histogram of logs has a row
    for each signature, not for each severity.
    """

    width: int = 80
    colour: bool = False
    ascii: bool = False
    everything: bool = False
    quiet: bool = False
    verbose: bool = False
    fail_on: Status | None = Status.WARN
    by_signature: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One format: the same report and view always give the same text."""

    name: str
    doc: str
    render: Callable[[Report, View], str]


def output(render: Callable[[Report, View], str]) -> Output:
    """Make an output of a function, named by the module it lives in."""
    return Output(render.__module__.rpartition(".")[2], (render.__doc__ or "").strip(), render)


def all_outputs() -> dict[str, Output]:
    """Every output by name: our modules, and those of the entry point `diagkit.outputs`."""
    from diagkit import catalog, outputs

    return dict(sorted((found.name, found) for _, found, _ in catalog.members(outputs, Output)))
