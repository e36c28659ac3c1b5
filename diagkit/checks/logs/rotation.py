"""Are logs rotated, so that they do not grow for ever?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip
from diagkit.checks.functional.complaints import last_words
from diagkit.model import Unknown
from diagkit.probes.systemd import Units
from diagkit.probes.unit_log import LastWords


@check(noise=(0.002, 0.0005), vital=False)
def works(units: Units, words: LastWords | Unknown) -> Findings:
    """The last round of logrotate had no error.

    Why: one bad line in /etc/logrotate.d stops the rotation of that log, or of all, and the disk fills weeks later.
    Limits: only where systemd runs it; from cron it complains by mail.
    """
    unit = units.named("logrotate.service")
    if unit is None or unit.load != "loaded":
        yield skip("systemd runs no logrotate here")
    elif unit.failed:
        said = last_words(unit.name, words)
        text = f"log rotation fails: logrotate ended with {unit.ending}" + (f": {said}" if said else "")
        yield fail(text, unit.name, quote=said, at=unit.since)
    else:
        yield ok("its last round succeeded", unit.name)
