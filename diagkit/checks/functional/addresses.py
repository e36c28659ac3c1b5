"""Is what a service is told about its peers true?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok
from diagkit.probes.endpoints import PORTS, Attempts
from diagkit.probes.logs import Occurrences

WRONG = ("database_missing",)  # signatures of servers that say so


@check(noise=(0.001, 0.001), vital=False)
def usual(attempts: Attempts, occurrences: Occurrences) -> Findings:
    """No service is configured with an address, or a database, that is not there.

    Why: a typing error in the settings looks like an outage of the peer, which runs well.
    Limits: a refused port is wrong only if it is not the usual one of any known service; a name, if nobody knows it.
    Look-alikes: a peer that is down refuses on its usual port: `functional.dependencies.reachable`.
    """
    wrong = False
    for attempt in attempts.all:
        place, named = str(attempt.endpoint), attempt.endpoint.via != "connection"
        if named and attempt.state == "refused" and attempt.endpoint.port not in PORTS.values():
            wrong = True
            say = f"{attempt.endpoint.via} names {place}: Connection refused, and it is no usual port of a service"
            yield fail(say, place, quote=attempt.error)
        elif named and attempt.state == "unresolved":
            wrong = True
            yield fail(f"{attempt.endpoint.via} names {place}: the host name is unknown", place, quote=attempt.error)
    for line in occurrences.of(*WRONG):
        wrong = True
        about = next((name for names in line.fields.values() for name in names), "")
        yield fail(f"the peer does not know it ({line.count} times): {line.sample}", about, quote=line.sample)
    if not wrong:
        yield ok("every address that the settings name can be right")
