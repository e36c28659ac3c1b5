"""Do the services on other hosts that this host uses take its connections?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, unknown
from diagkit.probes.endpoints import Attempts

SAY = {
    "refused": "connection refused: nothing listens there, or a packet filter rejects",
    "filtered": "connection timed out: the packets are dropped, or the host is down",
    "unreachable": "no route to host",
}


@check(noise=(0.003, 0.003), vital=False)
def reachable(attempts: Attempts) -> Findings:
    """Every service on another host that this host uses takes a connection from it.

    Why: a web server is as healthy as its database; from here both may look fine.
    Limits: endpoints of our own hosts that the configuration below /etc names, or that connections go to; a port that
    is open can still be a service that hangs.
    Look-alikes: a name that does not resolve is connectivity.names.dependencies.
    """
    for attempt in attempts.all:
        place = str(attempt.endpoint)
        seen = "a connection" if attempt.endpoint.via == "connection" else attempt.endpoint.via
        if attempt.state in ("open", "mute"):
            yield ok(f"takes connections (named by {seen})", place)
        elif attempt.state in SAY:
            yield fail(f"{SAY[attempt.state]} (named by {seen})", place, quote=attempt.error)
        else:
            yield unknown(f"could not be tried from the host itself: {attempt.state or attempt.error}", place)
