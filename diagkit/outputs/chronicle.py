"""What `diagkit timeline` says, in each of its formats."""

from __future__ import annotations

import json as encoder
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from diagkit import codec
from diagkit.differences.alike import impersonal
from diagkit.model import SCHEMA_VERSION, Chronicle, SilenceNote, Timeline
from diagkit.outputs import View
from diagkit.outputs.overview import who, who_listed
from diagkit.outputs.page import Page
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.shared import together
from diagkit.outputs.timeline import clocks, events, listed_moments, onsets
from diagkit.outputs.wording import counted, listed, window
from diagkit.timeline.telling import most_telling

AT_MOST = 60  # events on one page, the most telling of them, unless --all
SAY = partial(render, form=Form.MARKDOWN)


def text(chronicle: Chronicle, view: View) -> str:
    """For a person at a terminal."""
    page = Page(view)
    told = _shown(chronicle.timeline, view)
    several = len(chronicle.targets) > 1
    hosts = listed((page.say(target) for target in chronicle.targets), 5)
    page.line(("TIMELINE", "bold"), f" of {hosts}: {_count(told)}, {window(chronicle.run, page.dash)}")
    if not told.events:
        page.line("nothing that we know of, in what could be seen", lead=("   ",))
    events(page, told.events, several=several)
    onsets(page, told, several=several)
    clocks(page, told.clocks, several=several)
    if chronicle.silences:
        page.heading("COULD NOT LOOK AT")
    for same in _alike(chronicle.silences):
        hosts = f"{who(page, (note.target for note in same))}: " if several else ""
        page.line((hosts, "bold"), f"{_tellers(same[0])}{page.say(same[0].detail)}", lead=("   ? ",))
        page.line(f"to open: {page.say(same[0].opens)}", lead=("     ",))
    if chronicle.faults:
        page.heading("BUGS IN DIAGKIT", "please report them")
    for fault in chronicle.faults:
        page.line(f"{fault.where}: {page.say(fault.error)}", lead=("   - ",))
    return page.text()


def markdown(chronicle: Chronicle, view: View) -> str:
    """For tickets and hand-offs."""
    return "\n".join(_markdown(chronicle, _shown(chronicle.timeline, view))) + "\n"


def _markdown(chronicle: Chronicle, told: Timeline) -> Iterator[str]:
    yield f"# Timeline of {listed((SAY(target) for target in chronicle.targets), 5)}"
    yield ""
    yield f"diagkit {chronicle.run.version}, {_count(told)}, window {window(chronicle.run, '–')}"
    yield ""
    yield from listed_moments(told, several=len(chronicle.targets) > 1)
    if chronicle.silences:
        yield from ("", "## Could not look at", "")
    for same in _alike(chronicle.silences):
        hosts = who_listed((note.target for note in same), SAY)
        yield f"- {hosts}: {_tellers(same[0])}{SAY(same[0].detail)}; to open: {SAY(same[0].opens)}"
    if chronicle.faults:
        yield from ("", "## Bugs in diagkit", "")
        yield from (f"- `{fault.where}`: {SAY(fault.error)}" for fault in chronicle.faults)


def json(chronicle: Chronicle, view: View) -> str:  # noqa: ARG001 - every format takes a view
    """For programs: everything, in the shape that `diagkit schema timeline` describes."""
    return encoder.dumps(_plain(chronicle), indent=2) + "\n"


def jsonl(chronicle: Chronicle, view: View) -> str:  # noqa: ARG001 - every format takes a view
    """For log shippers: one event a line."""
    said = _plain(chronicle)
    told = said["timeline"]
    lists = {"moment": told["events"], "onset": told["onsets"], "clock": told["clocks"]}
    lists |= {"silence": said["silences"], "fault": said["faults"]}
    lines = [{"event": "run", "schema_version": said["schema_version"], **said["run"]}]
    lines += [{"event": event, **thing} for event, things in lists.items() for thing in things]
    return "".join(encoder.dumps(line) + "\n" for line in lines)


def schema() -> dict[str, codec.Json]:
    """The JSON Schema of what `json` says."""
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:diagkit:timeline:{SCHEMA_VERSION}",
    }
    return about | codec.schema(Chronicle)


def _plain(chronicle: Chronicle) -> dict[str, codec.Json]:
    values: dict[str, codec.Json] = codec.dump(chronicle, partial(render, form=Form.JSON))
    return values


def _alike(notes: Iterable[SilenceNote]) -> list[list[SilenceNote]]:
    """The same reason on several targets once, in the words of the first."""
    return together(notes, lambda n: (n.checks, n.probe, impersonal(n.detail, n.target), n.opens))


def _tellers(note: SilenceNote) -> str:
    """The tellers that it silenced; of a target that was not reached, all of them."""
    return f"{listed(note.checks, 5)}: " if note.checks else ""


def _shown(told: Timeline, view: View) -> Timeline:
    return told if view.everything else most_telling(told, (), AT_MOST)


def _count(told: Timeline) -> str:
    shown = len(told.events)
    return counted(told.of, "event") if shown == told.of else f"{shown} of {told.of} events (--all shows them)"


FORMATS: dict[str, Callable[[Chronicle, View], str]] = {
    "text": text,
    "json": json,
    "jsonl": jsonl,
    "markdown": markdown,
}
