"""The checklist as text: four phases with the passed checks folded, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from diagkit.checks import PHASES
from diagkit.differences.alike import impersonal
from diagkit.model import Finding, Report, SilenceNote, Status, TargetResult, Untrusted, Weighed
from diagkit.outputs.overview import by_target, is_fleet, who
from diagkit.outputs.page import LABEL, Page, Part
from diagkit.outputs.shared import Shared, thing, together
from diagkit.outputs.wording import BAD, bad, counted, fold, listed, not_reached, statuses, targets_as_words

CHECKLISTS = 3  # of kinds of targets, unless --all
UNEXPLAINED = 8  # kinds of findings on several targets, unless --all
AT_MOST = 5  # findings of one check, or names in one list, unless --all
UNDER_SIGN = " " * 11

Words = tuple[str, Untrusted, Untrusted]  # check, subject, summary
Told = dict[tuple[Untrusted, Words], str]  # target and words of a finding -> under which heading it stands already


def told_above(report: Report, causes: Sequence[Shared]) -> Told:
    """The findings that stand in the report before the checklist does, and where: once is enough."""
    loose = {_words(w) for w in report.diagnosis.unexplained}
    told = {(f.target, _words(f)): "unexplained" for f in bad(report.findings) if _words(f) in loose}
    for n, kind in reversed([*enumerate(causes, 1)]):
        told |= {(cause.target, _words(w)): f"cause {n}" for cause in kind.all for w in cause.because}
    return told


def unexplained(page: Page, report: Report, told: Told) -> None:
    """The symptoms that none of the causes brings about."""
    loose = [f for f in bad(report.findings) if told.get((f.target, _words(f))) == "unexplained"]
    if loose:
        page.heading("UNEXPLAINED", "no cause accounts for " + ("this" if len(loose) == 1 else "these"))
    if not report.targets[1:]:
        for found in together(loose, lambda f: f.check):
            _findings(page, found)
        return
    kinds = together(loose, thing)
    shown, more = fold(kinds, len(kinds) if page.view.everything else UNEXPLAINED)
    for found in shown:
        _finding(page, found[0], on=who(page, (f.target for f in found)))
    if more:
        page.line((f"and {more} more of this kind (--all shows them)", "dim"), lead=(UNDER_SIGN,))


def checklist(page: Page, report: Report, told: Told) -> None:
    """The checklist of every sick target, or of the one that stands for those like it; the healthy in one line."""
    everything, fleet = page.view.everything, is_fleet(report)
    found = by_target(report)
    if not report.alike or everything:
        for target in report.targets:
            name = f"{page.say(target.name)}: " if report.targets[1:] else ""
            page.heading("CHECKLIST", f"{name}{_coverage(target)}")
            _phases(page, target, found[target.name], told)
        return
    targets = {target.name: target for target in report.targets}
    kinds = [group for group in report.alike if group.status is not Status.OK]
    if fleet:  # what is not even looked at stands in the overview
        kinds = [group for group in kinds if group.checks]
    shown, more = fold(kinds, CHECKLISTS)
    for group in shown:
        others = [name for name in group.targets if name != group.like]
        like = f"; and {len(others)} like it: {who(page, others)}" if others else ""
        target = targets[group.like]
        page.heading("CHECKLIST", f"{page.say(target.name)}: {_coverage(target)}{like}")
        _phases(page, target, found[target.name], told, only_bad=fleet and not target.reached)
        _besides(page, [f for name in others for f in found[name]], found[target.name])
    if more:
        words = targets_as_words([targets[kinds[len(shown)].like]])
        note = f"and the checklists of {more} more kinds of targets (--all shows them; diagkit check {words} shows one)"
        page.line((note, "dim"), lead=("   ",))
    if not fleet and (well := [t for t in report.targets if t.status is Status.OK]):
        page.heading("HEALTHY", ", ".join(f"{page.say(t.name)} ({_coverage(t)})" for t in well))


def _besides(page: Page, theirs: Iterable[Finding], told: Iterable[Finding]) -> None:
    """What is bad on some of those that are alike, and not on the one that was told."""
    known = {thing(f) for f in told}
    kinds = together((f for f in theirs if f.status in BAD and thing(f) not in known), thing)
    kinds.sort(key=lambda found: (found[0].status is not Status.FAIL, -len(found)))
    if kinds:
        page.line(("besides, on some of them", "bold"))
    shown, more = fold(kinds, AT_MOST)
    for found in shown:
        _finding(page, found[0], on=who(page, (f.target for f in found)))
    if more:
        page.line((f"and {more} more (--all shows them)", "dim"), lead=(UNDER_SIGN,))


def _phases(page: Page, target: TargetResult, all_: Iterable[Finding], told: Told, *, only_bad: bool = False) -> None:
    if not target.reached:
        page.line(not_reached(target.layer, page.say(target.detail)), lead=_lead(page, Status.UNKNOWN))
    for phase in PHASES:
        checks = together((f for f in all_ if f.check.startswith(f"{phase}.")), lambda f: f.check)
        worst = [Status.worst(f.status for f in found) for found in checks]
        if not checks or (only_bad and not any(status in BAD for status in worst)):
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


def _findings(page: Page, found: list[Finding]) -> None:
    shown, more = fold(found, len(found) if page.view.everything else AT_MOST)
    for finding in shown:
        _finding(page, finding)
    if more:
        page.line((f"and {more} more of {found[0].check} (--all shows them)", "dim"), lead=(UNDER_SIGN,))


def _finding(page: Page, finding: Finding, on: str = "") -> None:
    place = f"{_short(finding)} {page.say(finding.subject)}".rstrip()
    where = f" on {on}" if on else ""
    page.line((f"{place}{where}", "bold"), f": {page.say(finding.summary)}", lead=_lead(page, finding.status))
    if page.view.verbose:
        _proof(page, finding)


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
        on = f" on {who(page, (n.target for n in notes))}" if len(report.targets) > 1 else ""
        page.line(f"{_listed(page, _silenced(notes))}{on}", lead=_lead(page, Status.UNKNOWN))
        reasons = list(dict.fromkeys(_reason(page, n) for n in notes)) if everything else _reasons(page, notes)
        told = reasons if everything else reasons[:1]
        others = f" (and {counted(len(reasons) - len(told), 'more reason')})" if reasons[len(told) :] else ""
        for reason in told:
            page.line(f"{reason}{others}", lead=(UNDER_SIGN,))
        page.line(f"to open: {page.say(opens)}", lead=(UNDER_SIGN,))
    if more:
        page.line((f"and {more} more of this kind (-v shows them)", "dim"), lead=(UNDER_SIGN,))


def _reasons(page: Page, notes: Iterable[SilenceNote]) -> list[str]:
    """The same reason on several targets once, as the first of them has it."""
    return [_reason(page, same[0]) for same in together(notes, lambda n: (n.probe, impersonal(n.detail, n.target)))]


def _reason(page: Page, note: SilenceNote) -> str:
    return f"{note.probe}: {page.say(note.detail)}".removeprefix(": ")


def _silenced(notes: Iterable[SilenceNote]) -> list[str]:
    return list(dict.fromkeys(chain.from_iterable(note.checks for note in notes)))


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
