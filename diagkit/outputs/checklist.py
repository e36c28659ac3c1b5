"""The checklist as text: four phases with the passed checks folded, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, groupby

from diagkit.checks import PHASES
from diagkit.model import Finding, Report, SilenceNote, Status, Suspect, TargetResult, Untrusted, Weighed
from diagkit.outputs.page import LABEL, Page, Part
from diagkit.outputs.wording import BAD, broken_layer, counted, fold, listed, statuses

AT_MOST = 5  # findings of one check, or names in one list, unless --all
UNDER_SIGN = " " * 11

Words = tuple[str, Untrusted, Untrusted]  # check, subject, summary
Told = dict[tuple[Untrusted, Words], str]  # target and words of a finding -> under which heading it stands already


def told_above(report: Report, causes: Sequence[Suspect]) -> Told:
    """The findings that stand in the report before the checklist does, and where: once is enough."""
    loose = {_words(w) for w in report.diagnosis.unexplained}
    told = {(f.target, _words(f)): "unexplained" for f in report.findings if f.status in BAD and _words(f) in loose}
    for n, cause in reversed([*enumerate(causes, 1)]):
        told |= {(cause.target, _words(w)): f"cause {n}" for w in cause.because}
    return told


def unexplained(page: Page, report: Report, told: Told) -> None:
    """The symptoms that none of the causes brings about."""
    loose = [f for f in report.findings if told.get((f.target, _words(f))) == "unexplained"]
    if loose:
        page.heading("UNEXPLAINED", "no cause accounts for " + ("this" if len(loose) == 1 else "these"))
    for _, found in groupby(loose, key=lambda f: (f.target, f.check)):
        several = len(report.targets) > 1
        _findings(page, list(found), on=several)


def checklist(page: Page, report: Report, told: Told) -> None:
    """Every sick target's checklist; the healthy ones in one line."""
    alone = len(report.targets) == 1
    well = [t for t in report.targets if t.status is Status.OK and not alone and not page.view.everything]
    for target in report.targets:
        if target not in well:
            page.heading(
                "CHECKLIST", f"{_coverage(target)}" if alone else f"{page.say(target.name)}: {_coverage(target)}"
            )
            _phases(page, target, [f for f in report.findings if f.target == target.name], told)
    if well:
        page.heading("HEALTHY", ", ".join(f"{page.say(t.name)} ({_coverage(t)})" for t in well))


def _phases(page: Page, target: TargetResult, findings: list[Finding], told: Told) -> None:
    if not target.reached:
        page.line(f"not reached: {broken_layer(target, page.say)}", lead=_lead(page, Status.UNKNOWN))
    for phase in PHASES:
        checks = [[f for f in findings if f.check == name] for name in _names(findings) if name.startswith(f"{phase}.")]
        worst = [Status.worst(f.status for f in found) for found in checks]
        if not checks:
            continue
        page.line(statuses(worst), lead=((phase.ljust(LABEL), "bold"),))
        shown = list(Status) if page.view.everything else BAD
        for status in sorted(shown, key=list(Status).index, reverse=True):
            for found in checks:
                _check(page, [f for f in found if f.status is status], told)


def _check(page: Page, found: list[Finding], told: Told) -> None:
    """One check's findings of one status. What was told above is only named, unless its proof is still to come."""
    places = [(f, told.get((f.target, _words(f)), "")) for f in found]
    proven = {"unexplained"} if page.view.verbose else {where for _, where in places if where}
    _findings(page, [f for f, where in places if where not in proven])
    for where in sorted(proven):
        known = [f for f, place in places if place == where]
        if known:
            names = _listed(page, filter(None, (page.say(f.subject) for f in known)))
            what = f"{_short(known[0])} {names}".rstrip()
            page.line((what, "bold"), (f" ({where})", "dim"), lead=_lead(page, known[0].status))


def _findings(page: Page, found: list[Finding], *, on: bool = False) -> None:
    shown, more = fold(found, len(found) if page.view.everything else AT_MOST)
    for finding in shown:
        place = f"{_short(finding)} {page.say(finding.subject)}".rstrip()
        place += f" on {page.say(finding.target)}" if on else ""
        page.line((place, "bold"), f": {page.say(finding.summary)}", lead=_lead(page, finding.status))
        if page.view.verbose:
            _proof(page, finding)
    if more:
        page.line((f"and {more} more of {found[0].check} (--all shows them)", "dim"), lead=(UNDER_SIGN,))


def _proof(page: Page, finding: Finding) -> None:
    """What was measured, what was asked, and the words of the answer that matter."""
    for name, value in finding.measured.items():
        page.line((f"{name} = {value:.12g}", "dim"), lead=(UNDER_SIGN,))
    for evidence in finding.evidence:
        page.line((f"asked: {page.say(evidence.ask)}", "dim"), lead=(UNDER_SIGN,))
        for line in filter(None, page.say_lines(evidence.excerpt)):
            page.line((line, "dim"), lead=(f"{UNDER_SIGN}| ",))


def silences(page: Page, report: Report) -> None:
    """What could not be looked at, by what would open it: that is what somebody can act on."""
    lost = {t.name for t in report.targets if not t.reached}
    groups: dict[Untrusted, list[SilenceNote]] = {}
    for note in report.silences:
        if note.target not in lost:
            groups.setdefault(note.opens, []).append(note)
    if not groups:
        return
    everything = page.view.verbose or page.view.everything
    page.heading("COULD NOT LOOK AT", counted(len(_silenced(chain.from_iterable(groups.values()))), "check"))
    most_first = sorted(groups.items(), key=lambda group: -len(_silenced(group[1])))
    shown, more = fold(most_first, len(groups) if everything else AT_MOST)
    for opens, notes in shown:
        on = f" on {_listed(page, dict.fromkeys(page.say(n.target) for n in notes))}" if len(report.targets) > 1 else ""
        page.line(f"{_listed(page, _silenced(notes))}{on}", lead=_lead(page, Status.UNKNOWN))
        reasons = list(dict.fromkeys(_reason(page, n) for n in notes))
        told = reasons if everything else reasons[:1]
        others = f" (and {counted(len(reasons) - len(told), 'more reason')})" if reasons[len(told) :] else ""
        for reason in told:
            page.line(f"{reason}{others}", lead=(UNDER_SIGN,))
        page.line(f"to open: {page.say(opens)}", lead=(UNDER_SIGN,))
    if more:
        page.line((f"and {more} more of this kind (-v shows them)", "dim"), lead=(UNDER_SIGN,))


def _reason(page: Page, note: SilenceNote) -> str:
    return f"{note.probe}: {page.say(note.detail)}".removeprefix(": ")


def _silenced(notes: Iterable[SilenceNote]) -> list[str]:
    return list(dict.fromkeys(chain.from_iterable(note.checks for note in notes)))


def _names(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(f.check for f in findings))


def _words(of: Finding | Weighed) -> Words:
    return of.check, of.subject, of.summary


def _short(finding: Finding) -> str:
    return finding.check.partition(".")[2] or finding.check


def _lead(page: Page, status: Status) -> tuple[Part, ...]:
    return "   ", page.sign(status), "  "


def _listed(page: Page, names: Iterable[str]) -> str:
    names = list(names)
    return listed(names, len(names) if page.view.everything else AT_MOST)


def _coverage(target: TargetResult) -> str:
    return f"{target.coverage.judged} of {counted(target.coverage.of, 'check')} judged"
