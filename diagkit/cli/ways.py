"""Which transport reaches a target, and how a tape is read back. Each is imported when a target wants it."""

from __future__ import annotations

from diagkit.cli.plan import Plan
from diagkit.model import Target, Transport


def open_transport(target: Target, plan: Plan, deadline: float) -> Transport:
    """The way to ask this target; nothing is asked yet. `deadline` is on the monotonic clock."""
    declared = [service.command for service in plan.site(target).services if service.command]
    if target.scheme == "local":
        from diagkit.transports.local import Local

        return Local(deadline=deadline, declared=declared)
    from diagkit.transports.ssh import Ssh

    return Ssh(target, deadline=deadline, ssh_config=plan.ssh_config, declared=declared)
