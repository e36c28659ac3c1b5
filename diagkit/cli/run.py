"""One run of the checklist, from the order to the exit code."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from diagkit import __version__, catalog
from diagkit.cli import exits, streams
from diagkit.cli.asking import ask
from diagkit.cli.deeper import Told, deepen, told_by
from diagkit.cli.manner import Manner, Telling, say, verdict_code, write
from diagkit.cli.plan import Order, plan
from diagkit.cli.stop import Stop
from diagkit.model import SCHEMA_VERSION, Moment, RunInfo
from diagkit.session import assemble


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
    started, number = datetime.now(UTC), uuid.uuid4().hex[:12]
    with Stop() as stop:
        then = told_by(intended.settings, keep=order.deep)
        concluded = None if order.deep else Told
        telling = Telling(output.stream, number, started) if output.stream and not order.deep else None

        def each(one: Told) -> None:
            if telling:
                telling.told(one.conclusion)
                if telling.unread and not files:
                    stop.unread()

        heard = ask(intended, then, stop, quiet=manner.quiet, concluded=concluded, each=each, brief=Told.brief)
        told, faults, settings = heard.results, heard.faults, intended.settings
        about = replace(run_info(started, [one.conclusion.moment for one in told], stop), id=number)
        report = assemble([one.conclusion for one in told], settings, about)
        if order.deep:
            report, settings, bugs = deepen(intended, told, report, stop, quiet=manner.quiet)
            faults += tuple(bugs)
            report = replace(report, run=replace(about, finished_at=datetime.now(UTC), interrupted=bool(stop.number)))
        report = replace(report, faults=(*catalog.faults(), *faults, *report.faults))
        view = replace(manner.view(intended.config), found_by=order.found_by)
        if telling:
            unwritten = write(report, view, files)
            undelivered = telling.close(report) or unwritten
        else:
            undelivered = say(report, view, output, files)
        if stop.number:
            return stop.code
        return undelivered or verdict_code(report, settings, manner.tolerance(intended.config))


def run_info(started: datetime, moments: Iterable[Moment], stop: Stop) -> RunInfo:
    """What there is to say about a run that has asked its targets; their moments are those of their tapes."""
    moments = list(moments)
    return RunInfo(
        id=uuid.uuid4().hex[:12],
        version=__version__,
        started_at=started,
        finished_at=datetime.now(UTC),
        since=min(moment.since for moment in moments),
        until=max(moment.until for moment in moments),
        interrupted=bool(stop.number),
    )
