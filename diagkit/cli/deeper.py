"""`--deep`: ask what would settle the diagnosis, until it is settled or there is nothing left to ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from diagkit import catalog
from diagkit.checks import Check
from diagkit.cli.plan import Plan
from diagkit.cli.progress import Progress
from diagkit.cli.side_by_side import ask_all
from diagkit.cli.stop import Stop
from diagkit.cli.ways import open_transport
from diagkit.conclusions import Settings
from diagkit.model import Fault, Report, Tape

MOST_TIMES = 2  # further visits to a target

Diagnose = Callable[[Sequence[Tape], Settings], Report]


def deepen(
    intended: Plan, tapes: list[Tape], report: Report, diagnose: Diagnose, stop: Stop, *, quiet: bool
) -> tuple[Report, Settings, list[Fault]]:
    """The report once the checks that would tell most were run on the targets that are still open, and those settings.

    What a check needs that was not allowed is not asked again. A recording says no more than it holds.
    """
    usual = intended.settings.checks
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
        progress = Progress(quiet=quiet)
        progress.say(f"not settled yet: asking {', '.join(sorted(names))}")
        visit = replace(intended, targets=live, settings=replace(settings, checks=_with(usual, names)))
        told, failed = ask_all(visit, open_transport, stop, progress, {tape.target.label: tape for tape in tapes})
        faults += failed
        anew = {tape.target.label: tape for tape in told}
        tapes = [anew[t.label] if t in live else tape for t, tape in zip(intended.targets, tapes, strict=True)]
        added = names - {check.name for check in usual}
        only_of |= {name: only_of.get(name, frozenset()) | anew.keys() for name in added}
        settings = replace(settings, checks=_with(usual, only_of), only_of=only_of)
        report = diagnose(tapes, settings)
    return report, settings, faults


def _with(usual: Sequence[Check], names: Collection[str]) -> tuple[Check, ...]:
    """These checks and those of that name, in the order of the checklist."""
    return tuple(check for check in catalog.all_checks().values() if check in usual or check.name in names)
