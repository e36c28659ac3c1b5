"""Which transport reaches a target, and how a tape is read back. Each is imported when a target wants it."""

from __future__ import annotations

from diagkit.cli.exits import DATA, NO_INPUT, Refusal
from diagkit.cli.plan import Plan
from diagkit.model import Tape, Target, Transport


def open_transport(target: Target, plan: Plan, deadline: float) -> Transport:
    """The way to ask this target; nothing is asked yet. `deadline` is on the monotonic clock."""
    declared = [service.command for service in plan.site(target).services if service.command]
    if target.scheme == "local":
        from diagkit.transports.local import Local

        return Local(deadline=deadline, declared=declared)
    from diagkit.transports.ssh import Ssh

    return Ssh(target, deadline=deadline, ssh_config=plan.ssh_config, declared=declared)


def recorded(target: Target) -> Tape:
    """The tape that a `replay:` target names. Raises `Refusal`."""
    from diagkit.transports.replay import BadTape, NoTape, read_tape

    try:
        return read_tape(target.path)
    except NoTape as error:
        raise Refusal(NO_INPUT, str(error)) from error
    except BadTape as error:
        raise Refusal(DATA, str(error)) from error
