"""Would the programs accept their settings if they had to read them now?"""

from __future__ import annotations

from dataclasses import replace

from diagkit.checks import Findings, check, fail, ok, unknown, warn
from diagkit.model import Evidence, Unknown, Untrusted
from diagkit.probes import Inapplicable
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.trials import OPENS, Tested, Trials


@check(noise=(0.01, 0.0005), vital=False, deep=True, cost=1.0)
def accepted(trials: Trials, units: Units | Unknown | Inapplicable) -> Findings:
    """Programs that can test their settings accept them: sshd, sudo, named, haproxy.

    Why: the words of a service that refuses its settings may be lost, or not be ours to read; its test says them again.
    It also tells an edit that waits for the next start to break it from one that does no harm.
    Limits: a test reads, and does no more: a port that is taken or a name that does not resolve later is not seen.
    """
    for trial in trials.all:
        unit = _unit(trial.test, units)
        subject = unit.name if unit else trial.test.file
        command = " ".join(trial.test.command.argv)
        if not trial.complaint:
            found = ok(f"`{command}` accepts its settings", subject)
        elif unit and unit.active == "active":
            found = warn(f"it runs with older ones, and `{command}` refuses those on disk: {trial.complaint}", subject)
        else:
            found = fail(f"`{command}` refuses its settings: {trial.complaint}", subject)
        said = Evidence(Untrusted(str(trial.test.command)), Untrusted(trial.complaint))
        yield replace(found, evidence=(said,))
    for test in trials.denied:
        yield unknown(f"`{' '.join(test.command.argv)}` may not read everything", test.file, hint=OPENS)


def _unit(test: Tested, units: object) -> Unit | None:
    """The unit that runs the program."""
    named = (units.named(name) for name in test.units) if isinstance(units, Units) else ()
    return next((unit for unit in named if unit and unit.load == "loaded"), None)
