"""Do the ports take connections that ought to?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.checks.connectivity.path import BELOW_NAME, BELOW_REACH, silent
from diagkit.model import Unknown
from diagkit.probes.doors import Doorways, KnownPorts, Port
from diagkit.probes.names import NOT_FROM_HERE
from diagkit.probes.path import Echoes
from diagkit.probes.segments import Segments
from diagkit.probes.sockets import Listeners

STORES = {3306, 5432, 6379, 11211, 27017}  # databases and caches
MANY_RESETS = 2  # connections refused while we looked, besides our own
MEANS = {
    "refused": "Connection refused: the host answers, but nothing listens on this port",
    "filtered": "Connection timed out: filtered, no answer to the connection attempt",
    "unreachable": "unreachable: the network answers that there is no way",
    "unresolved": "the name does not resolve",
}


def means(port: Port) -> str:
    """What the state of a closed port says, in words."""
    return f"tcp/{port.port}: {MEANS.get(port.state, port.error)}"


@check(noise=(0.002, 0.0005))
def ssh(ports: KnownPorts, echoes: Echoes | Unknown) -> Findings:
    """The ssh port takes connections and introduces itself as SSH.

    Why: refused, filtered and unreachable are three faults: sshd is down, a filter drops, the network has no way.
    Look-alikes: open but mute is an sshd that hangs, or MaxStartups: too many logins at once.
    """
    door = ports.ssh
    if door is None:
        yield skip(NOT_FROM_HERE)
    elif door.state == "unresolved":
        yield skip(BELOW_NAME)
    elif silent(echoes, ports):
        yield skip(BELOW_REACH)
    elif not door.state:
        yield unknown(door.error)
    elif door.state == "open" and door.banner.startswith("SSH-"):
        yield ok(f"tcp/{door.port} open, {door.banner}", str(door), quote=door.banner)
    elif door.state == "open":
        yield warn(f"tcp/{door.port} open, but this is no SSH: {door.banner[:60]}", str(door), quote=door.banner)
    elif door.state == "mute":
        yield fail(f"tcp/{door.port} open, but sshd says nothing: {door.error}", str(door))
    else:
        yield fail(f"ssh {means(door)}" + (" (sshd is down)" if door.state == "refused" else ""), str(door))


@check(noise=(0.002, 0.01))
def declared(ports: KnownPorts, echoes: Echoes | Unknown, doorways: Doorways | Unknown) -> Findings:
    """Every declared port takes connections from here.

    Why: somebody said that it ought to. Where the host itself reaches a port that we do not, the fault lies between.
    """
    if not ports.declared:
        yield skip("no service is declared")
    for name, port in ports.declared.items():
        inside = doorways.at(port.port) if isinstance(doorways, Doorways) else None
        if port.state == "unresolved":
            yield fail(f"{name} {means(port)}", str(port))
        elif silent(echoes, ports):
            yield skip(BELOW_REACH, str(port))
        elif not port.state:
            yield unknown(f"{name}: {port.error}", str(port))
        elif port.open:
            yield ok(f"{name} tcp/{port.port} open in {port.took_ms:.0f} ms", str(port))
        elif inside and inside.inside.open:
            yield fail(f"{name} {means(port)}; it works from the host itself, not from here", str(port))
        else:
            yield fail(f"{name} {means(port)}", str(port))


@check(noise=(0.002, 0.002), vital=False, for_people="mostly it is meant")
def filtered(doorways: Doorways, ports: KnownPorts | Unknown, echoes: Echoes | Unknown) -> Findings:
    """Ports that listen for others are seen from here, or we say that they are not.

    Why: works from there, not from here: a packet filter, there or on the way. Mostly that is meant, so it is no fault
    by itself; a declared port that is filtered fails in `ports.declared`, a rule that drops in `firewall.rules`.
    """
    if silent(echoes, ports):
        yield skip(BELOW_REACH)
        return
    outer = [d for d in doorways.all if d.outside]
    if not outer:
        yield skip(f"nothing listens for others, or {NOT_FROM_HERE}")
    for door in outer:
        subject = str(door.listener.port)
        if door.outside is None or not door.outside.state:
            yield unknown(f"tcp/{subject}: {door.outside.error if door.outside else ''}", subject)
        elif door.outside.open:
            yield ok(f"tcp/{subject} open from here", subject)
        else:
            yield skip(f"tcp/{subject} works from the host itself, not from here: {door.outside.state}", subject)


@check(noise=(0.003, 0.001), vital=False)
def bound(listeners: Listeners, ports: KnownPorts, segments: Segments | Unknown) -> Findings:
    """What others look for on this host listens where they come to.

    Why: a service bound to 127.0.0.1, or to one address family, works on the host itself and refuses everybody else.
    Limits: declared ports, 80 and 443, and, while the host keeps refusing connections, those of usual databases.
    Look-alikes: databases and caches that only the host itself uses listen on the loopback on purpose.
    """
    found = False
    declared = {port.port for port in ports.declared.values()}
    for port in (p for p in ports.all if p.state == "refused"):
        own = [one for one in listeners.all if one.port == port.port]
        if own and all(one.local_only or ":" in one.address for one in own):
            found = True
            where = ", ".join(map(str, own))
            say = f"Connection refused from here: {own[0].process or 'a process'} listens on {where} only"
            yield (fail if port.port in declared else warn)(say, str(own[0]))
    resets = segments.resets if isinstance(segments, Segments) else 0
    resets -= sum(port.state == "refused" for port in ports.all)  # those are ours
    outer = {one.port for one in listeners.all if not one.local_only}
    for one in (one for one in listeners.all if one.local_only and one.port in STORES - outer):
        if resets >= MANY_RESETS:
            found = True
            say = f"{one.process or 'a process'} listens on {one} only, and this host refuses connections"
            yield warn(f"{say}: {resets} resets while we looked", str(one))
    if not found:
        yield ok("nothing that is looked for listens on the loopback only")


@check(noise=(0.002, 0.003), vital=False)
def inside(doorways: Doorways) -> Findings:
    """Every port that listens takes a connection from the host itself.

    Why: a socket that listens and does not take connections has a full accept queue: the process behind it hangs.
    """
    if not doorways.all:
        yield skip("nothing listens")
    for door in doorways.all:
        subject, port = str(door.listener), door.inside
        who = f" ({door.listener.process})" if door.listener.process else ""
        if not port.state:
            hint = "allow TCP forwarding in the ssh server" if "forward" in port.error else ""
            yield unknown(f"tcp/{port.port}: {port.error}", subject, hint=hint)
        elif port.open:
            yield ok(f"tcp/{port.port}{who} takes connections", subject)
        elif port.state == "filtered":
            yield fail(f"tcp/{port.port}{who} listens, but takes no connection from the host itself", subject)
        else:
            yield skip(f"tcp/{port.port}{who}: {port.state} from the host itself; it may be gone by now", subject)
