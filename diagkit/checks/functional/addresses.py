"""Is what a service is told about its peers true?"""

from __future__ import annotations

from datetime import timedelta

from diagkit.checks import Findings, check, fail, ok
from diagkit.checks.functional import utc
from diagkit.checks.functional.changes import up_since
from diagkit.model import Moment, Unknown
from diagkit.probes.endpoints import PORTS, Attempt, Attempts
from diagkit.probes.logs import Occurrences
from diagkit.probes.settings import Settings
from diagkit.probes.systemd import Units

UNKNOWN_THERE = ("database_missing",)  # signatures of servers that do not know what they are asked for
PASSING, OVER = timedelta(seconds=5), timedelta(seconds=30)  # a moment, and how long ago; our choice
WHY = {
    "refused": "Connection refused",
    "filtered": "Connection timed out",
    "unreachable": "No route to host",
    "unresolved": "the host name is unknown",
}


@check(noise=(0.001, 0.001), vital=False)
def usual(
    attempts: Attempts, occurrences: Occurrences, settings: Settings | Unknown, units: Units | Unknown, moment: Moment
) -> Findings:
    """No service is configured with an address, or a database, that is not there.

    Why: a typing error in the settings looks like an outage of the peer, which runs well.
    Limits: a refused port that is no usual one of any known service; an address that does not answer, where its file
    was changed in the window; a database that its server does not know.
    Look-alikes: a peer that is down refuses on its usual port: `functional.dependencies.reachable`; a database that is
    being restored is unknown for a moment, and then known again.
    """
    up = max(moment.since, up_since(units))
    known = settings.all if isinstance(settings, Settings) else ()
    edited = {file.path: file.changed for file in known if up < file.changed <= moment.until}
    wrong = False
    for attempt in attempts.all:
        place, file = str(attempt.endpoint), attempt.endpoint.via
        if attempt.state not in WHY or not (file in edited or _odd(attempt)):
            continue
        wrong = True
        when = f", changed at {utc(edited[file])}," if file in edited else ""
        odd = ", and it is no usual port of a service" if _odd(attempt) else ""
        yield fail(f"{file}{when} names {place}: {WHY[attempt.state]}{odd}", place, quote=attempt.error)
    for line in occurrences.of(*UNKNOWN_THERE):
        if line.last - line.first < PASSING and moment.until - line.last > OVER:
            continue
        wrong = True
        about = next((name for names in line.fields.values() for name in names), "")
        yield fail(f"the peer does not know it ({line.count} times): {line.sample}", about, quote=line.sample)
    if not wrong:
        yield ok("every address that the settings name can be right")


def _odd(attempt: Attempt) -> bool:
    """Whether the settings name a port where nothing listens and where no known service would."""
    named = attempt.endpoint.via != "connection"
    return named and attempt.state == "refused" and attempt.endpoint.port not in PORTS.values()
