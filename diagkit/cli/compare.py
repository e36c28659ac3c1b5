"""`diagkit compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from diagkit.cli import complete, options, streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagkit.cli.differences import Comparison

Side = Annotated[str, typer.Argument(help="A target, or replay:FILE.", autocompletion=complete.targets)]


def compare(
    a: Side,
    b: Side,
    inventory: options.Inventory = None,
    only: options.Only = None,
    skip: options.Skip = None,
    timeout: options.Timeout = None,
    form: options.ListFormat = "text",
    quiet: options.Quiet = False,
    config: options.ConfigFile = "",
    ssh_config: options.SshConfigFile = "",
    transport: options.Transport = "auto",
) -> int:
    """Show what differs between two tapes or two targets.

    In facts and in findings, and in meaning: what moves by itself is left out. Exit code 0 if nothing differs, 1 if
    something does, 3 if one of them could not be reached or nothing was seen.
    """
    import json

    from diagkit import codec
    from diagkit.cli import exits
    from diagkit.cli.asking import tapes
    from diagkit.cli.differences import compare as differences
    from diagkit.cli.plan import Order, plan
    from diagkit.cli.stop import Stop

    intended = plan(
        Order(
            targets=[a, b],
            inventory=inventory or [],
            only=only or [],
            skip=skip or [],
            timeout=timeout,
            config=config,
            ssh_config=ssh_config,
            transport=transport,
        )
    )
    if len(intended.targets) != 2:
        raise exits.Refusal(exits.USAGE, f"compare wants two targets; {a} and {b} are {len(intended.targets)}")
    with Stop() as stop:
        left, right = tapes(intended, stop, quiet=quiet)
        if stop.number:
            return stop.code
    found = differences(left, right, intended.settings)
    text = json.dumps(codec.dump(found), indent=2) if form == "json" else "\n".join(lines(found))
    blind = left.unreached or right.unreached or not found.seen
    return streams.say(text) or (3 if blind else int(bool(found.facts or found.findings)))


def lines(found: Comparison) -> Iterator[str]:
    """The comparison for a person."""
    from diagkit.outputs.rendering import Form, render

    def shown(text: object) -> str:
        return "-" if text is None else render(text, Form.TERMINAL)  # type: ignore[arg-type]  # it is Untrusted

    yield f"a: {shown(found.a)}"
    yield f"b: {shown(found.b)}"
    if found.seen and not found.facts and not found.findings:
        yield "Nothing differs in what could be seen."
    if found.unseen:
        yield f"Not seen on either: {', '.join(found.unseen)}"
    if found.findings:
        yield "\nFindings that differ, a -> b:"
    for change in found.findings:
        subject = f" {shown(change.subject)}" if change.subject.raw else ""
        before, after = (status.value if status else "-" for status in (change.a, change.b))
        yield f"  {before} -> {after}  {change.check}{subject}: {shown(change.summary)}"
    if found.facts:
        yield "\nFacts that differ, a -> b:"
    for difference in found.facts:
        yield f"  {shown(difference.field)}: {shown(difference.a)} -> {shown(difference.b)}"
