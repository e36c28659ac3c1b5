"""One run of the checklist, from the order to the exit code."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from diagkit import __version__, catalog
from diagkit.cli import exits, histories, streams
from diagkit.cli.deeper import deepen
from diagkit.cli.manner import Manner, say, verdict_code
from diagkit.cli.plan import Order, Plan, plan
from diagkit.cli.progress import Progress
from diagkit.cli.side_by_side import ask_all
from diagkit.cli.stop import Stop
from diagkit.cli.ways import open_transport, recorded
from diagkit.model import SCHEMA_VERSION, Fault, RunInfo, Tape
from diagkit.outputs.rendering import Form, render
from diagkit.session import diagnose


def run(order: Order, manner: Manner) -> int:
    """Carry out the order and say what was found; the exit code. A program that reads JSON is told refusals in JSON."""
    with refusals_as(manner.format):
        return _run(order, manner)


@contextmanager
def refusals_as(form: str) -> Iterator[None]:
    """Say refusals on stdout too, where a program reads JSON there."""
    try:
        yield
    except exits.Refusal as refusal:
        if form == "json":
            error = {"code": refusal.code, "message": refusal.sentence}
            streams.say(json.dumps({"schema_version": SCHEMA_VERSION, "errors": [error]}))
        raise


def _run(order: Order, manner: Manner) -> int:
    output, files = manner.output(), manner.files()
    intended = plan(order)
    with Stop() as stop:
        about, tapes, faults = asked(intended, stop, quiet=manner.quiet)
        report, settings = diagnose(tapes, intended.settings, about), intended.settings
        if order.deep:
            more = partial(diagnose, run=about)
            report, settings, bugs = deepen(intended, tapes, report, more, stop, quiet=manner.quiet)
            faults += bugs
            report = replace(report, run=replace(about, finished_at=datetime.now(UTC), interrupted=bool(stop.number)))
        report = replace(report, faults=(*catalog.faults(), *faults, *report.faults))
        undelivered = say(report, manner.view(intended.config), output, files)
        if stop.number:
            return stop.code
        return undelivered or verdict_code(report, settings, manner.tolerance(intended.config))


def asked(intended: Plan, stop: Stop, *, quiet: bool) -> tuple[RunInfo, list[Tape], list[Fault]]:
    """The tapes of the plan's targets, what there is to say about this run, and our bugs met on the way."""
    started = datetime.now(UTC)
    tapes, faults = tapes_of(intended, stop, quiet=quiet)
    about = RunInfo(
        id=uuid.uuid4().hex[:12],
        version=__version__,
        started_at=started,
        finished_at=datetime.now(UTC),
        since=min(tape.moment.since for tape in tapes),
        until=max(tape.moment.until for tape in tapes),
        interrupted=bool(stop.number),
    )
    return about, tapes, faults


def tapes_of(intended: Plan, stop: Stop, *, quiet: bool) -> tuple[list[Tape], list[Fault]]:
    """The tapes of the plan's targets, in order: those recorded read back, the others made now.

    Where that was chosen, those made now bring what earlier runs measured, and are themselves remembered.
    """
    told = {t.label: recorded(t) for t in intended.targets if t.scheme == "replay"}
    progress = Progress(quiet=quiet)
    if intended.understood and len(told) < len(intended.targets):
        progress.say(intended.understood)
    live = replace(intended, targets=tuple(t for t in intended.targets if t.label not in told))
    asked, faults = ask_all(live, open_transport, stop, progress)
    if intended.baseline:
        asked = [histories.keep(tape, intended.settings, finished=not stop.number) for tape in asked]
    made = {t.label: tape for t, tape in zip(live.targets, asked, strict=True)}
    return [(told | made)[t.label] for t in intended.targets], faults


def whole_tapes(intended: Plan, stop: Stop, *, quiet: bool) -> list[Tape]:
    """The same for commands whose result has no place for our own bugs: the first is a refusal."""
    for fault in catalog.faults():
        streams.note(f"diagkit: {fault.where}: {render(fault.error, Form.TERMINAL)}")
    tapes, faults = tapes_of(intended, stop, quiet=quiet)
    for fault in faults:
        what = render(fault.error, Form.TERMINAL)
        raise exits.Refusal(exits.BUG, f"a bug in diagkit, {fault.where}: {what}")
    return tapes
