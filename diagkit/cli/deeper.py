"""`--deep`: ask what would settle the diagnosis, until it is settled or there is nothing left to ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from diagkit import catalog
from diagkit.cli.plan import Plan
from diagkit.cli.progress import Progress
from diagkit.cli.side_by_side import ask_all
from diagkit.cli.stop import Stop
from diagkit.cli.ways import open_transport
from diagkit.model import Fault, Report, Tape
from diagkit.session import Settings

MOST_TIMES = 2  # further visits to a target

Diagnose = Callable[[Sequence[Tape], Settings], Report]


def deepen(
    intended: Plan, tapes: list[Tape], report: Report, diagnose: Diagnose, stop: Stop, *, quiet: bool
) -> tuple[Report, Settings, list[Fault]]:
    """The report once the checks that would tell most were run on the targets that are still open, and those settings.

    What a check needs that was not allowed is not asked again. A recording says no more than it holds.
    """
    settings, faults, asked = intended.settings, list[Fault](), set[tuple[str, str]]()
    for _ in range(MOST_TIMES):
        open_ = [
            (check.target.raw, check.check)
            for check in report.diagnosis.next_checks
            if not check.opens.raw and (check.target.raw, check.check) not in asked
        ]
        live = tuple(t for t in intended.targets if t.scheme != "replay" and t.label in {label for label, _ in open_})
        if not live or stop.number:
            break
        asked |= set(open_)
        progress = Progress(quiet=quiet)
        progress.say(f"not settled yet: asking {', '.join(sorted({name for _, name in open_}))}")
        more = tuple(
            c for c in catalog.all_checks().values() if c in settings.checks or c.name in {n for _, n in open_}
        )
        settings = replace(settings, checks=more)
        plan = replace(intended, targets=live, settings=settings)
        told, failed = ask_all(plan, open_transport, stop, progress, {tape.target.label: tape for tape in tapes})
        faults += failed
        anew = {tape.target.label: tape for tape in told}
        tapes = [anew.get(tape.target.label, tape) for tape in tapes]
        report = diagnose(tapes, settings)
    return report, settings, faults
