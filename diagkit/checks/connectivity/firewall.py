"""Does the host's own packet filter keep out what it listens for?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.probes.filters import PacketFilter
from diagkit.probes.sockets import Listeners

SMTP = 25  # many sites forbid sending mail directly


@check(noise=(0.01, 0.001), vital=False)
def rules(filters: PacketFilter, listeners: Listeners) -> Findings:
    """No rule closes a port on which a process listens for others.

    Why: dropped packets make clients wait until they time out, while the service itself looks healthy.
    Look-alikes: a rule that also looks at the sender or the interface closes the port to some on purpose.
    """
    found = False
    outer = {one.port: one for one in listeners.all if not one.local_only}
    for block in filters.blocks:
        if block.direction == "output" and not block.qualified and not block.covers(SMTP):
            ports = ", ".join(map(str, block.ports))
            found = True
            yield warn(f"packet filter {block.action}s outgoing {block.protocol}/{ports}", ports, quote=block.rule)
        shut = [one for port, one in sorted(outer.items()) if block.covers(port)]
        if block.direction != "input" or block.protocol != "tcp":
            continue
        for one in shut:
            who = one.process or "a process"
            say = f"packet filter {block.action}s tcp/{one.port}, on which {who} listens"
            found = True
            if block.qualified:
                yield ok(f"{say}, for some senders only", str(one.port), quote=block.rule)
            else:
                yield fail(say, str(one.port), quote=block.rule)
    if not found:
        yield ok(f"no rule closes a port that is listened on ({len(filters.blocks)} rules close others)")
