"""The report for a person, who may be tired: what it is first, why second, what to type last."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from diagkit.differences.alike import LEADING
from diagkit.model import NO_TEXT, Report, Suspect, Weighed
from diagkit.outputs import View, output
from diagkit.outputs.checklist import checklist, silences, told_above, unexplained
from diagkit.outputs.outlook import outlook
from diagkit.outputs.overview import is_fleet, overview, who
from diagkit.outputs.page import Page, Part
from diagkit.outputs.shared import Shared, shared, together
from diagkit.outputs.timeline import moments
from diagkit.outputs.verdict import next_command, verdict_line
from diagkit.outputs.wording import (
    STEPS,
    about,
    counted,
    fold,
    in_common,
    leading,
    listed,
    of_files,
    percent,
    title,
    typed,
    window,
)

EVIDENCE = 5  # pieces of evidence shown of one kind, and names in one list
FULLY = 3  # causes told in full, of many targets, unless --all
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
    if is_fleet(report):
        overview(page, report)
    above = told_above(report, _causes(page, report))
    if report.logs:
        from diagkit.outputs.logs import digests

        digests(page, report)
    unexplained(page, report, above)
    moments(page, report)
    outlook(page, report)
    if not of_files(report):
        checklist(page, report, above)
    silences(page, report)
    _faults(page, report)
    command, good_for = next_command(report, page.say)
    page.heading("NEXT", good_for)
    page.line((typed(command, view.found_by), "bold"), lead=("   ",))
    return page.text()


def _causes(page: Page, report: Report) -> list[Shared]:
    """Tell the causes; those that were told in full."""
    established = leading(report)
    kinds = shared(established or report.diagnosis.causes, report)
    if established:
        told, more = fold(kinds, FULLY if is_fleet(report) and not page.view.everything else len(kinds))
        rest = shared((c for c in report.diagnosis.causes if c.verdict not in LEADING), report)
        page.heading("LIKELY CAUSES")
    else:
        told, more, rest = kinds[:CANDIDATES], 0, kinds[CANDIDATES:]
    if told and not established:
        page.heading("CANDIDATES", "none of them is established")
    once: set[str] = set()
    for n, kind in enumerate(told, 1):
        on = f" on {page.say(kind.cause.target)}{_and(kind)}" if report.targets[1:] else ""
        _cause(page, n, kind.cause, on)
        if (same := in_common(kind.cause, report, partial(who, page))) and kind.cause.id not in once:
            once.add(kind.cause.id)
            page.labelled("in common", [(same,)])
        elif kind.twins:
            page.labelled("also on", [(who(page, [c.target for c in kind.twins]),)])
    if more:
        page.line((f"and {counted(more, 'more cause')} (--all tells them in full)", "dim"), lead=("   ",))
    _less_likely(page, report, rest)
    return told


def _and(kind: Shared) -> str:
    """` and 3 more`: other targets with the same cause."""
    others = {cause.target for cause in kind.twins} - {kind.cause.target}
    return f" and {len(others)} more" if others else ""


def _less_likely(page: Page, report: Report, kinds: list[Shared]) -> None:
    several = bool(report.targets[1:])
    shown, more = fold(kinds, EVIDENCE if several and not page.view.everything else len(kinds))
    lines = [
        f"{title(kind.cause, page.say)}{_where(page, kind) if several else ''}, {percent(kind.cause)}" for kind in shown
    ]
    if lines:
        page.line("; ".join([*lines, *([f"{more} more"] if more else [])]), lead=(("less likely: ", "bold"),))


def _where(page: Page, kind: Shared) -> str:
    hosts = {cause.target for cause in kind.all}
    return f" on {page.say(kind.cause.target)}" if len(hosts) == 1 else f" on {len(hosts)} targets"


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
        yield (f"{STEPS[i]}: " if i < len(STEPS) else "", "bold"), typed(page.say(step), page.view.found_by)
    if cause.runbook:
        yield ("runbook: ", "bold"), f"diagkit runbook show {cause.runbook}"


def _faults(page: Page, report: Report) -> None:
    """Bugs, ours or of knowledge that was added: never hidden, for what they touched was not judged."""
    if report.faults:
        page.heading("BUGS", "in diagkit or in what was added to it; what they touched was not judged")
    for same in together(report.faults, lambda fault: fault):
        times = f" ({len(same)} times)" if same[1:] else ""
        page.line(f"{same[0].where}: {page.say(same[0].error)}{times}", lead=("   - ",))
