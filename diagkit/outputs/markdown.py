"""The report as the body of a ticket or a hand-off. Text from outside stands in code spans, where nothing links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from diagkit.model import Report, Status, Suspect, Weighed
from diagkit.outputs import View, output
from diagkit.outputs.logs import listed_digest, only_a_part
from diagkit.outputs.outlook import listed_outlook
from diagkit.outputs.rendering import Form, render, render_lines
from diagkit.outputs.timeline import listed_moments
from diagkit.outputs.wording import (
    BAD,
    STEPS,
    about,
    broken_layer,
    counted,
    in_common,
    leading,
    listed,
    next_command,
    percent,
    statuses,
    title,
    verdict_line,
    window,
)

SAY = partial(render, form=Form.MARKDOWN)
AT_MOST = 10  # pieces of evidence of one cause
MOST_FINDINGS = 100  # of those that are not ok; a ticket takes about 65,000 characters


@output
def markdown(report: Report, view: View) -> str:  # noqa: ARG001 - every output takes a view
    """For tickets and hand-offs: Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    word, rest = verdict_line(report, SAY)
    yield f"# {word}{rest}"
    yield ""
    yield f"diagkit {report.run.version}, window {window(report.run, '–')}, run `{report.run.id}`"
    causes = report.diagnosis.causes
    if causes:
        yield from _section("Likely causes" if leading(report) else "Candidates: none of them is established")
    for n, cause in enumerate(causes, 1):
        yield from _cause(n, cause)
        if same := in_common(cause, report, SAY, AT_MOST):
            yield f"   - in common: {same}"
    if report.logs:
        yield from _section("Logs")
    for digest in report.logs:
        on = f" on {SAY(digest.target)}" if report.targets[1:] else ""
        yield from listed_digest(digest, brief=only_a_part(report), on=on)
    if loose := report.diagnosis.unexplained:
        yield from _section("Unexplained")
        yield from (f"- {about(w, SAY)}" for w in loose)
    if report.timeline.events or report.timeline.onsets:
        yield from _section("Timeline")
        yield from listed_moments(report.timeline, several=len(report.targets) > 1)
    yield from listed_outlook(report)
    yield from _targets(report)
    yield from _findings(report)
    yield from _silences(report)
    if report.faults:
        yield from _section("Bugs in diagkit, or in what was added to it")
        yield from (f"- `{fault.where}`: {SAY(fault.error)}" for fault in report.faults)
    command, good_for = next_command(report, SAY)
    yield from _section(f"Next: {good_for}")
    yield f"    {command}"


def _section(title: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")


def _cause(n: int, cause: Suspect) -> Iterator[str]:
    yield f"{n}. **{title(cause, SAY)}** on {SAY(cause.target)}: {cause.verdict.value}, {percent(cause)}"
    yield from _evidence("because", cause.because)
    yield from _evidence("despite", cause.despite)
    if cause.missing:
        yield f"   - could not see: {listed(_code(cause.missing), AT_MOST)}"
    for i, step in enumerate(cause.next):
        yield f"   - {STEPS[i] if i < len(STEPS) else 'then'}: {SAY(step)}"
    if cause.runbook:
        yield f"   - runbook: `diagkit runbook show {cause.runbook}`"


def _evidence(label: str, weighed: tuple[Weighed, ...]) -> Iterator[str]:
    for w in weighed[:AT_MOST]:
        yield f"   - {label}: {about(w, SAY)}"
    if rest := weighed[AT_MOST:]:
        yield f"   - {label}: {len(rest)} more"


def _targets(report: Report) -> Iterator[str]:
    yield from _section("Targets")
    for target in report.targets:
        found = statuses(f.status for f in report.findings if f.target == target.name)
        seen = f"{target.coverage.judged} of {counted(target.coverage.of, 'check')} judged"
        lost = "" if target.reached else f"; not reached: {broken_layer(target, SAY)}"
        yield f"- {SAY(target.name)}: {found}; {seen}{lost}"


def _findings(report: Report) -> Iterator[str]:
    bad = sorted((f for f in report.findings if f.status in BAD), key=lambda f: f.status is not Status.FAIL)
    if bad:
        yield from _section("Findings")
    for finding in bad[:MOST_FINDINGS]:
        word = f"**{finding.status.value.upper()}** `{finding.check}`"
        subject = f" {SAY(finding.subject)}".rstrip()
        yield f"- {word}{subject} on {SAY(finding.target)}: {SAY(finding.summary)}"
        for evidence in finding.evidence:
            said = filter(None, render_lines(evidence.excerpt, Form.MARKDOWN))
            yield from (f"  - {SAY(evidence.ask)}: {line}" for line in said)
    if rest := bad[MOST_FINDINGS:]:
        yield f"- and {counted(len(rest), 'more finding')}"


def _silences(report: Report) -> Iterator[str]:
    """What could not be looked at; of a target that was not reached at all, its line under Targets says enough."""
    reached = {t.name for t in report.targets if t.reached}
    notes = [note for note in report.silences if note.target in reached]
    if notes:
        yield from _section("Could not look at")
    for note in notes:
        yield f"- {listed(_code(note.checks), AT_MOST)} on {SAY(note.target)}"
        yield f"  - {SAY(note.detail)}; to open: {SAY(note.opens)}"


def _code(names: Iterable[str]) -> Iterator[str]:
    return (f"`{name}`" for name in names)
