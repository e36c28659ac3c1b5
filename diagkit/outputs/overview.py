"""Many targets at a glance: of each kind how many, what is the matter with them, and who they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from diagkit.model import Alike, Finding, Found, Report, Status, Suspect, TargetResult, Untrusted, Verdict
from diagkit.outputs.page import Page
from diagkit.outputs.ranges import listed_spans
from diagkit.outputs.wording import (
    Say,
    about,
    bad,
    counted,
    fold,
    leading,
    not_reached,
    of_files,
    statuses,
    title,
    unjudged,
)

FLEET = 4  # targets from which on they are told by kinds, not one by one
KINDS = 10  # told, unless --all; the healthy come on top
SPANS = 8  # of names in one list
LISTED = 40  # the same, in Markdown
CAUSES = 2  # of one kind
SURE = {Verdict.CONFIRMED: "", Verdict.PROBABLE: ", probable", Verdict.RECOVERED: ", over by now"}


def is_fleet(report: Report) -> bool:
    """Whether there are too many targets to tell them one by one."""
    return len(report.targets) >= FLEET and bool(report.alike) and not of_files(report)


def is_well(group: Alike) -> bool:
    """Whether nothing is the matter with them, and nothing was."""
    return group.status is Status.OK and group.reached and not group.causes


class Matters:
    """What is the matter with targets of each kind, in one line."""

    def __init__(self, report: Report, say: Say) -> None:
        likes = {group.like for group in report.alike}
        self._say = say
        self._report = report
        self._targets = {target.name: target for target in report.targets}
        self._bad: dict[Untrusted, list[Finding]] = {}
        for finding in bad(report.findings):
            if finding.target in likes:
                self._bad.setdefault(finding.target, []).append(finding)
        self._causes: dict[Untrusted, list[Suspect]] = {}
        for cause in leading(report):
            for target in likes & {cause.target, *cause.affects}:
                self._causes.setdefault(target, []).append(cause)

    def of(self, group: Alike) -> str:
        """The causes behind it, else the worst that was found, else what kept us from looking."""
        causes = self._told(group)
        if not group.reached:
            shown = group.checks and causes  # the cause says it, and what shows it stands below that
            return "; ".join([not_reached(group.layer, "" if shown else self._say(group.detail)), *causes])
        if causes:
            return "; ".join(causes)
        if found := [f for f in self._bad.get(group.like, ()) if f.status is group.status]:
            others = f" (and {counted(len(found) - 1, 'more finding')})" if found[1:] else ""
            return f"{about(found[0], self._say)}{others}"
        if group.status is Status.UNKNOWN:
            seen = self._targets[group.like].coverage
            if seen.poor:
                return f"not judged: {unjudged([self._targets[group.like]], self._report)}"
            return f"nothing wrong in what could be seen; {seen.of - seen.judged} of {seen.of} checks not judged"
        return "nothing wrong found"

    def briefly(self, group: Alike) -> str:
        """The same without the words of a way up that failed."""
        return self.of(group) if group.reached else "; ".join([not_reached(group.layer), *self._told(group)])

    def _told(self, group: Alike) -> list[str]:
        shown, more = fold(self._causes.get(group.like, []), CAUSES)
        return [*(self._cause(cause, group) for cause in shown), *([counted(more, "more cause")] if more else [])]

    def _cause(self, cause: Suspect, group: Alike) -> str:
        elsewhere = cause.target != group.like and cause.target not in group.targets
        on = f" on {self._say(cause.target)}" if elsewhere else ""
        return f"{title(cause, self._say)}{on}{SURE[cause.verdict]}"


def overview(page: Page, report: Report) -> None:
    """A row for each kind, the worst first, and the healthy last."""
    page.heading("OVERVIEW", f"{len(report.targets)} targets: {tally(report.targets)}")
    matters = Matters(report, page.say)
    width = len(str(len(report.targets)))
    ill = [group for group in report.alike if not is_well(group)]
    shown, more = fold(ill, len(ill) if page.view.everything else KINDS)
    for group in shown:
        _row(page, group, matters, width)
    if more:
        rest = ill[len(shown) :]
        names = {name: None for group in rest for name in group.targets}
        how = tally(target for target in report.targets if target.name in names)
        note = f"and {counted(more, 'more kind')}: {how} (--all shows them)"
        page.line((note, "bold"), lead=(" " * (width + 4),))
        page.line((who(page, names), "dim"), lead=(" " * (width + 12),))
    for group in filter(is_well, report.alike):
        _row(page, group, matters, width)


def _row(page: Page, group: Alike, matters: Matters, width: int) -> None:
    """How many, how they are and why, and below that who; `width`: columns of the number."""
    lead = ("  ", (str(len(group.targets)).rjust(width), "bold"), "  ", page.sign(group.status), "  ")
    page.line((matters.of(group), "" if is_well(group) else "bold"), lead=lead)
    page.line((who(page, group.targets), "dim"), lead=(" " * (width + 12),))


def who(page: Page, names: Iterable[Untrusted]) -> str:
    """Who they are, in few words; with --all each by name."""
    return who_listed(names, page.say, everything=page.view.everything)


def who_listed(names: Iterable[Untrusted], say: Say, *, everything: bool = False) -> str:
    """The same in any format."""
    said = list(dict.fromkeys(map(say, names)))
    return ", ".join(said) if everything else listed_spans(said, SPANS)


def listed_overview(report: Report, say: Say) -> Iterator[str]:
    """The rows as a Markdown list: all of them, for no other list has every target."""
    matters = Matters(report, say)
    for group in report.alike:
        names = listed_spans(map(say, group.targets), LISTED)
        yield f"- **{len(group.targets)} {group.status.value.upper()}** {matters.of(group)}: {names}"


def likeness(group: Alike, matters: Matters, say: Say) -> str:
    """`3 like web-17: Disk full (/var)`, or of one alone `web-17: Disk full (/var)`."""
    like = say(group.like)
    return f"{f'{len(group.targets)} like {like}' if group.targets[1:] else like}: {matters.briefly(group)}"


def tally(targets: Iterable[TargetResult]) -> str:
    """`1 failed, 2 ok, 1 not reached`."""
    targets = list(targets)
    reached = statuses(target.status for target in targets if target.reached)
    lost = Counter("not reached" if target.layer else "not asked" for target in targets if not target.reached)
    return ", ".join(filter(None, [reached, *(f"{number} {how}" for how, number in lost.items())]))


def so_far(done: Iterable[TargetResult], of: int) -> str:
    """While it runs: `61 of 100 asked: 1 failed, 2 warnings, 57 ok, 1 not reached`."""
    done = list(done)
    said = tally(done)
    return f"{len(done)} of {of} asked{f': {said}' if said else ''}"


def by_target(report: Report) -> Mapping[Untrusted, Sequence[Finding]]:
    """The findings of each target, so that nobody searches all of them for each."""
    said = Found.over(report.findings).said_of()
    names = dict.fromkeys(chain((target.name for target in report.targets), said))
    return {name: Found(((name, said.get(name, ())),)) for name in names}
