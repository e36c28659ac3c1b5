"""Which transport reaches a target. Each is imported when a target wants it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from diagkit.fleet.crew import Opener
from diagkit.fleet.errand import Errand
from diagkit.fleet.parallel import at_once
from diagkit.model import Target, Transport
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.switchboard import Switchboard


def unlock(errand: Errand, switchboard: Switchboard) -> None:
    """Ask for the passphrases that will surely be needed before any target's time runs, where somebody is there."""
    from diagkit.transports.ssh.login.passphrases import somebody_is_there

    remote = [target for target in errand.targets if target.scheme == "ssh"]
    if not remote or errand.transport == "openssh" or not somebody_is_there():
        return
    from diagkit.transports.ssh.by_paramiko import lazy_paramiko
    from diagkit.transports.ssh.stages import Stopped
    from diagkit.transports.ssh.transport import Ssh

    lazy_paramiko.load()
    from diagkit.transports.ssh.login.authenticate import unlock_ahead

    routes = list[Route]()
    for target in remote:
        with suppress(Stopped):
            routes += Ssh(target, deadline=0.0, ssh_config=errand.ssh_config, switchboard=switchboard).routes()
    unlock_ahead((route for route in routes if not route.beyond), switchboard.passphrases)


def width(errand: Errand, switchboard: Switchboard) -> Callable[[], int]:
    """How many targets are asked at the same time, by what is known of how far they are."""
    return lambda: at_once(len(errand.targets), errand.parallel, switchboard.pace.round_trip)


def opener(errand: Errand, switchboard: Switchboard) -> Opener:
    """Opens the way to the errand's targets; nothing is asked yet, nor connected to."""

    def open_transport(target: Target, deadline: float) -> Transport:
        declared = [service.command for service in errand.site(target).services if service.command]
        if target.scheme == "local":
            from diagkit.transports.local import Local

            return Local(deadline=deadline, declared=declared)
        from diagkit.transports.ssh.transport import Ssh

        return Ssh(target, deadline=deadline, ssh_config=errand.ssh_config, declared=declared, switchboard=switchboard)

    return open_transport
