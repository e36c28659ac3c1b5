"""`--deep`: ask what would settle the diagnosis, until it is settled or there is nothing left to ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from diagkit import catalog
from diagkit.checks import Check
from diagkit.cli import streams
from diagkit.cli.asking import ask
from diagkit.cli.live_table import Brief
from diagkit.cli.plan import Plan
from diagkit.cli.stop import Stop
from diagkit.conclusions import Conclusion, Settings, conclude
from diagkit.frozen import frozen
from diagkit.model import NO_TEXT, Fault, Report, Tape
from diagkit.session import assemble

MOST_TIMES = 2  # further visits to a target


@frozen
class Told:
    """What one target tells. The tape is kept only where more may be asked of it."""

    conclusion: Conclusion
    tape: Tape | None = None

    def brief(self) -> Brief:
        """How the target is, and the first of the worst that was found on it."""
        target = self.conclusion.target
        worst = next(self.conclusion.findings.where(lambda f: f.status is target.status), None)
        matter = target.detail if not target.reached else worst.summary if worst else NO_TEXT
        return Brief(target, matter)


def told_by(settings: Settings, *, keep: bool) -> Callable[[Tape], Told]:
    """What to make of a tape by these settings."""
    return lambda tape: Told(conclude(tape, settings), tape if keep else None)


def deepen(
    intended: Plan, told: Sequence[Told], report: Report, stop: Stop, *, quiet: bool
) -> tuple[Report, Settings, list[Fault]]:
    """The report once the checks that would tell most were run on the targets that are still open, and those settings.

    What a check needs that was not allowed is not asked again. A recording says no more than it holds.
    """
    usual = intended.settings.checks
    known = {target.label: one for target, one in zip(intended.targets, told, strict=True)}
    faults, asked = list[Fault](), set[tuple[str, str]]()
    only_of: dict[str, frozenset[str]] = {}
    settings = intended.settings
    for _ in range(MOST_TIMES):
        open_ = {
            (check.target.raw, check.check)
            for check in report.diagnosis.next_checks
            if not check.opens.raw and (check.target.raw, check.check) not in asked
        }
        labels = frozenset(label for label, _ in open_)
        live = tuple(t for t in intended.targets if t.scheme != "replay" and t.label in labels)
        if not live or stop.number:
            break
        asked |= open_
        names = {name for label, name in open_ if any(t.label == label for t in live)}
        if not quiet:
            streams.note(f"not settled yet: asking {', '.join(sorted(names))}")
        added = names - {check.name for check in usual}
        only_of |= {name: only_of.get(name, frozenset()) | {t.label for t in live} for name in added}
        settings = replace(settings, checks=_with(usual, only_of), only_of=only_of)
        visit = replace(intended, targets=live, settings=replace(settings, checks=_with(usual, names)))
        before = {label: one.tape for label, one in known.items() if one.tape}
        heard = ask(visit, told_by(settings, keep=True), stop, quiet=quiet, known=before, brief=Told.brief)
        faults += heard.faults
        known |= {target.label: one for target, one in zip(live, heard.results, strict=True)}
        report = assemble([one.conclusion for one in known.values()], settings, report.run)
    return report, settings, faults


def _with(usual: Sequence[Check], names: Collection[str]) -> tuple[Check, ...]:
    """These checks and those of that name, in the order of the checklist."""
    return tuple(check for check in catalog.all_checks().values() if check in usual or check.name in names)
