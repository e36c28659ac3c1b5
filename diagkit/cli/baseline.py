"""`diagkit baseline`: what earlier runs measured on a host, as far as somebody chose to keep it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diagkit.cli import complete, options, streams
from diagkit.cli.app import command_line

if TYPE_CHECKING:
    from diagkit.cli.histories import Kept

app = command_line(help="Show or forget what earlier runs measured on a host.", no_args_is_help=True)
Hosts = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TARGET]...", autocompletion=complete.targets, show_default=False),
]


@app.command()
def show(targets: Hosts = None, form: options.ListFormat = "text", config: options.ConfigFile = "") -> int:
    """Print what is usual on these hosts; without a target, which hosts have a history.

    Exit code 0; 3 if one of them has no history that can be read.
    """
    import json

    from diagkit.cli import histories

    whole, code = [], 0
    for path in _paths(targets, config) if targets else histories.all_kept():
        try:
            kept = histories.read(path)
        except histories.Unreadable as error:
            streams.note(f"diagkit: {error}")
            code = 3
            continue
        whole.append(kept)
        code = code if kept.history.samples else 3
    if form == "json":
        return streams.say(json.dumps([_plain(kept) for kept in whole], indent=2)) or code
    lines = [line for kept in whole for line in _lines(kept, figures=bool(targets))]
    nothing = "" if code else f"No history is kept in {histories.root()}; `diagkit check TARGET --baseline` begins one."
    return (streams.say("\n".join(lines) or nothing) if lines or nothing else 0) or code


@app.command()
def forget(
    targets: Hosts = None,
    everything: Annotated[bool, typer.Option("--all", help="The histories of all hosts.")] = False,
    config: options.ConfigFile = "",
) -> int:
    """Remove the histories of these hosts from this workstation."""
    from diagkit.cli import exits, histories

    if bool(targets) is everything:
        raise exits.Refusal(exits.USAGE, "baseline forget wants targets, or --all")
    paths = list(histories.all_kept()) if everything else _paths(targets or [], config)
    gone = [path for path in paths if path.exists()]
    try:
        for path in gone:
            path.unlink()
    except OSError as error:
        raise exits.Refusal(exits.CANNOT_WRITE, f"cannot remove {str(error.filename)!r}: {error.strerror}") from error
    return streams.say("\n".join(f"removed {path}" for path in gone) or "There was nothing to forget.")


def _paths(words: list[str], named: str) -> list[Path]:
    from diagkit import config
    from diagkit.cli import exits, histories
    from diagkit.cli.targets import resolve

    try:
        found = resolve(words, config.load(config.layers(named)))
    except config.Misconfigured as error:
        raise exits.Refusal(exits.CONFIG, str(error)) from error
    return list(dict.fromkeys(histories.place(target) for target in found if target.scheme != "replay"))


def _plain(kept: Kept) -> dict[str, object]:
    from diagkit import codec

    return {"path": str(kept.path), "damaged": kept.damaged, "samples": codec.dump(kept.history.samples)}


def _lines(kept: Kept, *, figures: bool) -> Iterator[str]:
    """When, how often, and with `figures` the least, mean and most of each figure."""
    from diagkit.model import Untrusted
    from diagkit.outputs.rendering import Form, render

    samples = kept.history.samples
    damaged = f", {kept.damaged} lines damaged" if kept.damaged else ""
    if not samples:
        yield f"{kept.path}: nothing is kept{damaged}"
        return
    yield (
        f"{kept.path}: {len(samples)} runs, "
        f"{samples[0].at:%Y-%m-%d %H:%M} to {samples[-1].at:%Y-%m-%d %H:%M} UTC{damaged}"
    )
    names = dict.fromkeys(name for sample in samples for name in sample.measured) if figures else {}
    for name in names:
        values = [value for _, value in kept.history.series(name)]
        least, mean, most = min(values), sum(values) / len(values), max(values)
        told = f"{least:>12.5g} {mean:>12.5g} {most:>12.5g}  of {len(values)}, now {values[-1]:.5g}"
        yield f"  {render(Untrusted(name), Form.TERMINAL):<32} {told}"
