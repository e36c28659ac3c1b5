"""The report for a person, who may be tired: what it is first, why second, what to type last."""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.model import NO_TEXT, Report, Suspect, Weighed
from diagkit.outputs import View, output
from diagkit.outputs.checklist import checklist, silences, told_above, unexplained
from diagkit.outputs.logs import digests
from diagkit.outputs.outlook import outlook
from diagkit.outputs.page import Page, Part
from diagkit.outputs.timeline import moments
from diagkit.outputs.wording import (
    STEPS,
    about,
    fold,
    in_common,
    leading,
    listed,
    next_command,
    of_files,
    percent,
    title,
    verdict_line,
    window,
)

EVIDENCE = 5  # pieces of evidence shown of one kind, and names in one list
CANDIDATES = 3  # causes told in full when none is established
COLOURS = {"HEALTHY": "bold green", "RECOVERED": "bold green", "CONFIRMED": "bold red", "PROBABLE": "bold red"}


@output
def text(report: Report, view: View) -> str:
    """For a person: verdict, causes, checklist, what could not be seen, what to type next."""
    page = Page(view)
    word, rest = verdict_line(report, page.say)
    page.line((word, COLOURS.get(word, "bold yellow")), rest)
    if view.quiet:
        return page.text()
    took = (report.run.finished_at - report.run.started_at).total_seconds()
    page.line((f"window {window(report.run, page.dash)}, took {took:.0f} s", "dim"))
    causes = _told_once(report, leading(report) or list(report.diagnosis.causes[:CANDIDATES]))
    _causes(page, report, causes)
    told = told_above(report, causes)
    digests(page, report)
    unexplained(page, report, told)
    moments(page, report)
    outlook(page, report)
    if not of_files(report):
        checklist(page, report, told)
    silences(page, report)
    _faults(page, report)
    command, good_for = next_command(report, page.say)
    page.heading("NEXT", good_for)
    page.line((command, "bold"), lead=("   ",))
    return page.text()


def _told_once(report: Report, causes: list[Suspect]) -> list[Suspect]:
    """Of a fault that many hosts have in common, the first."""
    common = {c.id for c in report.diagnosis.common}
    first = {cause.id: cause for cause in reversed(causes)}
    return [cause for cause in causes if cause.id not in common or cause is first[cause.id]]


def _causes(page: Page, report: Report, told: list[Suspect]) -> None:
    if told:
        page.heading(*(("LIKELY CAUSES",) if leading(report) else ("CANDIDATES", "none of them is established")))
    for n, cause in enumerate(told, 1):
        _cause(page, n, cause, on=f" on {page.say(cause.target)}" if report.targets[1:] else "")
        if same := in_common(cause, report, page.say, EVIDENCE):
            page.labelled("in common", [(same,)])
    once = {c.id for c in report.diagnosis.common}
    if rest := [c for c in report.diagnosis.causes if c not in told and c.id not in once]:
        others = "; ".join(f"{title(c, page.say)}, {percent(c)}" for c in rest)
        page.line(others, lead=(("less likely: ", "bold"),))


def _cause(page: Page, n: int, cause: Suspect, on: str) -> None:
    page.line((f"{title(cause, page.say)}{on}", "bold"), f": {cause.verdict.value}, {percent(cause)}", lead=(f"{n}. ",))
    page.labelled("because", _evidence(page, cause.because))
    page.labelled("despite", _evidence(page, cause.despite))
    page.labelled("leads to", _story(page, cause))
    page.labelled("could not see", [(listed(cause.missing, EVIDENCE),)] if cause.missing else [])
    page.labelled("next", _steps(page, cause))


def _evidence(page: Page, weighed: tuple[Weighed, ...]) -> Iterator[tuple[Part, ...]]:
    everything = page.view.verbose or page.view.everything
    shown, more = fold(list(weighed), len(weighed) if everything else EVIDENCE)
    for w in shown:
        weight = f"  [{w.check} {w.decibans:+.1f} dB]" if page.view.verbose else ""
        yield about(w, page.say), (weight, "dim")
    if more:
        yield ((f"and {more} more (-v shows them)", "dim"),)


def _story(page: Page, cause: Suspect) -> Iterator[tuple[Part, ...]]:
    """What follows from the cause, each state with the first finding that shows it; what nothing shows is not told."""
    shown, more = fold([step for step in cause.story[1:] if step.shown_by], EVIDENCE)
    for step in shown:
        where = f"{page.say(step.target)}: " if step.target != NO_TEXT else ""
        others = f" (and {len(step.shown_by) - 1} more)" if step.shown_by[1:] else ""
        yield (where, "bold"), step.title, f": {about(step.shown_by[0], page.say)}{others}"
    if more:
        yield ((f"and {more} more", "dim"),)


def _steps(page: Page, cause: Suspect) -> Iterator[tuple[Part, ...]]:
    for i, step in enumerate(cause.next):
        yield (f"{STEPS[i]}: " if i < len(STEPS) else "", "bold"), page.say(step)
    if cause.runbook:
        yield ("runbook: ", "bold"), f"diagkit runbook show {cause.runbook}"


def _faults(page: Page, report: Report) -> None:
    """Bugs, ours or of knowledge that was added: never hidden, for what they touched was not judged."""
    if report.faults:
        page.heading("BUGS", "in diagkit or in what was added to it; what they touched was not judged")
    for fault in report.faults:
        page.line(f"{fault.where}: {page.say(fault.error)}", lead=("   - ",))
