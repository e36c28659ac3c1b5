"""Which transport reaches a target. Each is imported when a target wants it."""

from __future__ import annotations

from diagkit.fleet.crew import Opener
from diagkit.fleet.errand import Errand
from diagkit.model import Target, Transport
from diagkit.transports.switchboard import Switchboard


def opener(errand: Errand, switchboard: Switchboard) -> Opener:
    """Opens the way to the errand's targets; nothing is asked yet, nor connected to."""

    def open_transport(target: Target, deadline: float) -> Transport:
        declared = [service.command for service in errand.site(target).services if service.command]
        if target.scheme == "local":
            from diagkit.transports.local import Local

            return Local(deadline=deadline, declared=declared)
        from diagkit.transports.ssh import Ssh

        return Ssh(target, deadline=deadline, ssh_config=errand.ssh_config, declared=declared, switchboard=switchboard)

    return open_transport
