"""`diagkit explain --why-not CAUSE REPORT`: what spoke against a cause in a run that is over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from diagkit import catalog, codec
from diagkit.causes.why_not import WhyNot, why_not
from diagkit.cli.exits import DATA, NO_INPUT, USAGE, Refusal
from diagkit.cli.recordings import recorded
from diagkit.cli.selection import select
from diagkit.conclusions import Settings, judge
from diagkit.model import NO_TEXT, Finding, Report, Target, Weighed
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.wording import about
from diagkit.spelling import nearest


def ruled_out(cause: str, path: str) -> Iterator[str]:
    """What there is to say about this cause on each target of the run, line by line."""
    causes = catalog.all_causes()
    if cause not in causes:
        raise Refusal(
            USAGE, f"--why-not: no cause is called {cause!r}{nearest(cause, causes)}; see diagkit list causes"
        )
    by_target: dict[str, list[Finding]] = {}
    for finding in _findings(path):
        by_target.setdefault(finding.target.raw, []).append(finding)
    yield f"{cause}: {causes[cause].title}"
    for target, findings in by_target.items():
        yield ""
        yield from _told(why_not(cause, target, findings, catalog.knowledge()))


def _findings(path: str) -> Sequence[Finding]:
    """The findings of a report as JSON, or of a tape judged anew."""
    file = Path(path.removeprefix("replay:"))
    try:
        start = file.read_bytes()[:1]
    except OSError as error:
        wanted = "--why-not wants the report of a run as JSON, or its tape"
        raise Refusal(NO_INPUT, f"{file}: {error.strerror}; {wanted}") from error
    if start == b"{" and not path.startswith("replay:") and (report := _report(file)):
        return report.findings
    settings = Settings(checks=select(catalog.all_checks(), "", (), ()))
    return judge(recorded(Target("replay", path=str(file), label=str(file))), settings)[0]


def _report(file: Path) -> Report | None:
    """The report in this file; None where it is no report at all, as the first line of a tape is none."""
    try:
        data = json.loads(file.read_bytes())
    except ValueError:
        return None
    if not isinstance(data, dict) or "findings" not in data:
        raise Refusal(DATA, f"{file}: no report of diagkit; it is written with --report json=FILE")
    try:
        report: Report = codec.load(Report, data)
    except codec.Malformed as error:
        raise Refusal(DATA, f"{file}: {error}") from error
    return report


def _told(why: WhyNot) -> Iterator[str]:
    def said(weighed: Weighed) -> str:
        words = about(weighed, lambda text: render(text, Form.TERMINAL))
        return f"  {weighed.decibans:+.1f} dB  {words}  [{weighed.check}]"

    yield f"{render(why.target, Form.TERMINAL)}:"
    if why.impossible != NO_TEXT:
        yield f"  it was no candidate: {render(why.impossible, Form.TERMINAL)}"
        return
    yield f"  probability {why.confidence:.1%}; its own signs give it {why.direct:+.1f} dB (10 dB: ten times the odds)"
    for heading, weighed in (("against it", why.despite), ("for it", why.because)):
        yield f" {heading}:"
        yield from map(said, weighed) if weighed else ("  nothing",)
    if why.unseen:
        yield " could not be judged, and might have shown it:"
        yield from (f"  {check}" for check in why.unseen)
    if why.instead:
        yield " what was found is explained by:"
        yield from (f"  {title}" for title in why.instead)
