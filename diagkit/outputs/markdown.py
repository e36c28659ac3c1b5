"""The report as the body of a ticket or a hand-off. Text from outside stands in code spans, where nothing links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from diagkit.differences.alike import impersonal
from diagkit.model import Report, Status, Suspect, Weighed
from diagkit.outputs import View, output
from diagkit.outputs.logs import listed_digest, only_a_part
from diagkit.outputs.outlook import listed_outlook
from diagkit.outputs.overview import by_target, is_fleet, listed_overview, tally, who_listed
from diagkit.outputs.rendering import Form, render, render_lines
from diagkit.outputs.shared import shared, thing, together
from diagkit.outputs.timeline import listed_moments, of_those_who_stand_for_others
from diagkit.outputs.verdict import next_command, verdict_line
from diagkit.outputs.wording import (
    STEPS,
    about,
    bad,
    counted,
    fold,
    in_common,
    leading,
    listed,
    not_reached,
    percent,
    statuses,
    title,
    typed,
    window,
)

SAY = partial(render, form=Form.MARKDOWN)
AT_MOST = 10  # pieces of evidence of one cause
MOST = 100  # findings that are not ok, and reasons; a ticket takes about 65,000 characters
MOST_CAUSES = 20
MOST_LOGS = 20  # targets whose logs are told of
NAMES = partial(who_listed, say=SAY)


@output
def markdown(report: Report, view: View) -> Iterator[str]:
    """For tickets and hand-offs: Markdown."""
    return (f"{line}\n" for line in _lines(report, view))


def _lines(report: Report, view: View) -> Iterator[str]:
    word, rest = verdict_line(report, SAY)
    yield f"# {word}{rest}"
    yield ""
    yield f"diagkit {report.run.version}, window {window(report.run, '–')}, run `{report.run.id}`"
    if is_fleet(report):
        yield from _section(f"{len(report.targets)} targets: {tally(report.targets)}")
        yield from listed_overview(report, SAY)
    yield from _causes(report)
    yield from _logs(report)
    if loose := report.diagnosis.unexplained:
        yield from _section("Unexplained")
        kinds = together(loose, lambda w: (w.check, w.subject))
        yield from _few([f"- {about(same[0], SAY)}{_times(len(same))}" for same in kinds], "finding")
    if report.timeline.events or report.timeline.onsets:
        yield from _section("Timeline")
        yield from listed_moments(of_those_who_stand_for_others(report), several=len(report.targets) > 1)
    yield from listed_outlook(report)
    if not is_fleet(report):
        yield from _targets(report)
    yield from _findings(report)
    yield from _silences(report)
    if report.faults:
        yield from _section("Bugs in diagkit, or in what was added to it")
        yield from (f"- `{fault.where}`: {SAY(fault.error)}" for fault in report.faults)
    command, good_for = next_command(report, SAY)
    yield from _section(f"Next: {good_for}")
    yield f"    {typed(command, view.found_by)}"


def _times(number: int) -> str:
    return f" ({number} times)" if number > 1 else ""


def _few(lines: list[str], thing: str) -> Iterator[str]:
    """As many of them as a ticket has room for."""
    shown, more = fold(lines, MOST)
    yield from shown
    if more:
        yield f"- and {counted(more, f'more {thing}')}"


def _causes(report: Report) -> Iterator[str]:
    kinds = shared(report.diagnosis.causes, report)
    if kinds:
        yield from _section("Likely causes" if leading(report) else "Candidates: none of them is established")
    shown, more = fold(kinds, MOST_CAUSES)
    for n, kind in enumerate(shown, 1):
        yield from _cause(n, kind.cause)
        if same := in_common(kind.cause, report, NAMES):
            yield f"   - in common: {same}"
        elif kind.twins:
            yield f"   - also on: {NAMES(cause.target for cause in kind.twins)}"
    if more:
        yield f"{len(shown) + 1}. and {counted(more, 'more cause')}"


def _logs(report: Report) -> Iterator[str]:
    if report.logs:
        yield from _section("Logs")
    shown, more = fold(list(report.logs), MOST_LOGS)
    for digest in shown:
        on = f" on {SAY(digest.target)}" if report.targets[1:] else ""
        yield from listed_digest(digest, brief=only_a_part(report), on=on)
    if more:
        yield f"- and the logs of {counted(more, 'more target')}"


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
    found = by_target(report)
    for target in report.targets:
        said = statuses(f.status for f in found[target.name])
        seen = f"{target.coverage.judged} of {counted(target.coverage.of, 'check')} judged"
        lost = "" if target.reached else f"; {not_reached(target.layer, SAY(target.detail))}"
        yield f"- {SAY(target.name)}: {said}; {seen}{lost}"


def _findings(report: Report) -> Iterator[str]:
    """What is bad, the worst first; the same on several targets once, with the words of the first."""
    found = sorted(bad(report.findings), key=lambda f: f.status is not Status.FAIL)
    kinds = together(found, thing) if is_fleet(report) else [[finding] for finding in found]
    if found:
        yield from _section("Findings")
    for same in kinds[:MOST]:
        finding = same[0]
        word = f"**{finding.status.value.upper()}** `{finding.check}`"
        subject = f" {SAY(finding.subject)}".rstrip()
        yield f"- {word}{subject} on {NAMES(f.target for f in same)}: {SAY(finding.summary)}"
        for evidence in finding.evidence:
            said = filter(None, render_lines(evidence.excerpt, Form.MARKDOWN))
            yield from (f"  - {SAY(evidence.ask)}: {line}" for line in said)
    if rest := kinds[MOST:]:
        yield f"- and {counted(len(rest), 'more finding')}"


def _silences(report: Report) -> Iterator[str]:
    """What could not be looked at; of a target that was not reached at all, its line above says enough."""
    reached = {t.name for t in report.targets if t.reached}
    notes = [note for note in report.silences if note.target in reached]
    if notes:
        yield from _section("Could not look at")
    kinds = together(notes, lambda n: (n.checks, impersonal(n.detail, n.target), n.opens))
    for same in kinds[:MOST]:
        yield f"- {listed(_code(same[0].checks), AT_MOST)} on {NAMES(note.target for note in same)}"
        yield f"  - {SAY(same[0].detail)}; to open: {SAY(same[0].opens)}"
    if rest := kinds[MOST:]:
        yield f"- and {counted(len(rest), 'more reason')}"


def _code(names: Iterable[str]) -> Iterator[str]:
    return (f"`{name}`" for name in names)
