"""Do the network interfaces carry their traffic without loss?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.resources import size
from diagkit.frozen import frozen
from diagkit.probes.interfaces import Bonds, Interfaces

BRIDGES = ("docker", "br-", "virbr", "lxcbr", "lxdbr", "cni", "podman")  # down as long as no guest is plugged in


@frozen(kw_only=True)
class Lost:
    """Share of the packets that are faulty or dropped, of at least `packets` of them.

    Source: node-exporter mixin NodeNetworkReceiveErrs (1 %). Drops include packets that nobody here wanted.
    """

    errors: float = 0.01
    drops: float = 0.05
    fail: float = 0.10
    packets: int = 5


@check(limits=Lost(), noise=(0.01, 0.001))
def errors(interfaces: Interfaces, limits: Lost) -> Findings:
    """No interface loses packets to errors or for want of buffers.

    Why: errors (CRC, frame) are a cable or a port; drops are a receiver that is too slow.
    """
    for interface in interfaces.all:
        seen = max(interface.packets, 1)
        text = f"{interface.errors} errors and {interface.drops} drops in {interface.packets} packets"
        measured = {"errors": interface.errors, "drops": interface.drops, "packets": interface.packets}
        faulty = interface.errors >= limits.packets and interface.errors / seen >= limits.errors
        dropping = interface.drops >= limits.packets and interface.drops / seen >= limits.drops
        if faulty or dropping:
            worst = max(interface.errors, interface.drops) / seen
            verdict = fail if worst >= limits.fail else warn
            yield verdict(f"{interface.name} loses packets: {text}", interface.name, measured=measured)
        else:
            yield ok(text, interface.name, measured=measured)
    if not interfaces.all:
        yield skip("no interface but the loopback")


@check(noise=(0.005, 0.001))
def link(interfaces: Interfaces) -> Findings:
    """Every interface that packets are sent through has a link.

    Why: a route over a dead link swallows every packet.
    Look-alikes: bridges of containers are down while nothing is plugged in; a port nobody uses has no route.
    """
    used = [i for i in interfaces.all if i.routed and i.enabled and not i.name.startswith(BRIDGES)]
    for interface in used:
        if interface.state in {"down", "lowerlayerdown", "notpresent"}:
            yield fail(f"link down: {interface.name} has no carrier, but routes lead through it", interface.name)
        else:
            yield ok(f"link {interface.state}", interface.name)
    if not used:
        yield skip("no route leads through an interface of this machine")


@check(noise=(0.001, 0.0005))
def flaps(interfaces: Interfaces) -> Findings:
    """No link goes down and up while we look.

    Why: a link that flaps loses what is on the way each time and sets sessions back; a cable, a port or its module.
    """
    unsteady = [i for i in interfaces.all if i.flaps and i.enabled and not i.name.startswith(BRIDGES)]
    for interface in unsteady:
        text = f"link of {interface.name} flaps: {interface.flaps} carrier changes while we looked"
        yield fail(text, interface.name, measured={"flaps": interface.flaps})
    if not unsteady:
        yield ok(f"{len(interfaces.all)} links are steady") if interfaces.all else skip("no interface but the loopback")


@check(noise=(0.002, 0.001), vital=False)
def bonds(bonds: Bonds) -> Findings:
    """Every link of every bond works.

    Why: traffic goes on over the others, so nobody notices until the last of them fails too.
    """
    for bond in bonds.all:
        if bond.down:
            verdict = fail if len(bond.down) == len(bond.links) else warn
            say = f"bond degraded: {', '.join(bond.down)} of {len(bond.links)} links is down"
            yield verdict(say, bond.name, quote="MII Status: down")
        else:
            yield ok(f"all {len(bond.links)} links are up", bond.name)


@frozen(kw_only=True)
class Full:
    """Share of the link's speed in one direction. Source: our own."""

    warn: float = 0.90


@check(limits=Full(), noise=(0.01, 0.001), vital=False)
def utilisation(interfaces: Interfaces, limits: Full) -> Findings:
    """No interface is used to its full speed.

    Why: a full link queues, then drops, whatever is sent over it.
    """
    known = [interface for interface in interfaces.all if interface.speed]
    for interface in known:
        rate = max(interface.received_rate, interface.sent_rate)
        text = f"{size(rate)}/s of {size(interface.speed)}/s"
        verdict = warn if rate >= limits.warn * interface.speed else ok
        yield verdict(
            text if verdict is ok else f"bandwidth of {interface.name} is used up: {text}",
            interface.name,
            measured={"received_per_s": interface.received_rate, "sent_per_s": interface.sent_rate},
        )
    if not known:
        yield skip("no interface tells its speed")
