"""The host's own network: its interfaces and addresses, its routes, its neighbours."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import pairwise

from diagkit.frozen import frozen
from diagkit.model import Read, Reply, Run
from diagkit.probes import Garbled, probe

REJECTING = ("blackhole", "unreachable", "prohibit", "throw")
GATEWAY_FLAG, UP_FLAG = 0x2, 0x1  # RTF_GATEWAY, RTF_UP of /proc/net/route


@frozen(kw_only=True)
class Link:
    """One interface. `up`: switched on by the administrator; `carrier`: there is a link on the wire. MTU in bytes."""

    name: str
    up: bool
    carrier: bool
    mtu: int
    addresses: tuple[str, ...]  # with prefix length: 10.0.0.5/24
    duplicates: tuple[str, ...]  # addresses that somebody else has too (duplicate address detection failed)
    queue: str = ""  # the queueing discipline at its root: fq_codel, mq, …; empty where it is not said


@frozen(kw_only=True)
class Links:
    """Every interface."""

    all: tuple[Link, ...]


@frozen(kw_only=True)
class Route:
    """One route. kind: unicast, or one of blackhole, unreachable, prohibit, throw."""

    kind: str
    destination: str  # `default`, an address, or a network with prefix length
    via: str = ""  # empty on the local network
    device: str = ""
    protocol: str = ""  # who set it: kernel, boot, static, dhcp, bird, …
    table: str = "main"
    dead: bool = False  # the interface has no link


@frozen(kw_only=True)
class Routes:
    """Every route, of every table and both families where we could see them."""

    all: tuple[Route, ...]

    @property
    def defaults(self) -> tuple[Route, ...]:
        """The ways out to everywhere else."""
        return tuple(r for r in self.all if r.destination == "default" and r.kind == "unicast")


@frozen(kw_only=True)
class Neighbour:
    """A machine on the local network. state: REACHABLE, STALE, DELAY, PROBE, PERMANENT, INCOMPLETE, FAILED or so."""

    address: str
    device: str
    state: str


@frozen(kw_only=True)
class Neighbours:
    """Whom the host knows on its local networks (ARP and neighbour discovery)."""

    all: tuple[Neighbour, ...]


_LINK = re.compile(r"\d+: ([^:@\s]+)(?:@\S+)?: <([A-Z0-9_,-]*)> mtu (\d+)(?: .*?\bqdisc (\S+))?")
_ADDRESS = re.compile(r"\s+inet6? (\S+)(.*)$")


@probe(Run(("ip", "addr")))
def links(reply: Reply) -> Links:
    """Interfaces with their flags, MTU and addresses (`ip addr`, of iproute2 or busybox)."""
    found: list[Link] = []
    for line in reply.lines:
        if head := _LINK.match(line):
            name, flags, mtu = head[1], head[2].split(","), int(head[3])
            carrier = "LOWER_UP" in flags and "NO-CARRIER" not in flags
            found.append(
                Link(
                    name=name,
                    up="UP" in flags,
                    carrier=carrier,
                    mtu=mtu,
                    addresses=(),
                    duplicates=(),
                    queue=head[4] or "",
                )
            )
        elif found and (row := _ADDRESS.match(line)):
            last, address = found[-1], row[1]
            twice = (*last.duplicates, address) if "dadfailed" in row[2].split() else last.duplicates
            found[-1] = replace(last, addresses=(*last.addresses, address), duplicates=twice)
    if not found:
        raise Garbled(reply.text[:60] or reply.complaint[:60])
    return Links(all=tuple(found))


def _from_proc(reply: Reply) -> Routes:
    header, *rows = reply.lines or [""]
    if not header.startswith("Iface"):
        raise Garbled(header[:60])
    found = []
    for device, destination, gateway, flags, *_, mask, _, _, _ in (row.split() for row in rows):
        if int(flags, 16) & UP_FLAG:
            prefix = int(mask, 16).bit_count()
            network = f"{_dotted(destination)}/{prefix}" if prefix else "default"
            via = _dotted(gateway) if int(flags, 16) & GATEWAY_FLAG else ""
            found.append(Route(kind="unicast", destination=network, via=via, device=device))
    return Routes(all=tuple(found))


def _dotted(word: str) -> str:
    return str(IPv4Address(int(word, 16).to_bytes(4, "little")))


@probe(
    Run(("ip", "route", "show", "table", "all")),
    otherwise=[((Read("/proc/net/route"),), _from_proc)],
)
def routes(reply: Reply) -> Routes:
    """Routes of every table (`ip route show table all`), or the main IPv4 table of /proc where there is no `ip`."""
    if reply.code:
        raise Garbled(reply.complaint[:80])
    found = []
    understood = False
    for line in reply.lines:
        words = line.split()
        if not words or words[0] == "nexthop":
            continue
        if words[0] not in REJECTING and "dev" not in words:
            raise Garbled(line[:60])
        understood = True
        if words[0] in ("local", "broadcast", "anycast", "multicast", "nat"):
            continue
        kind = words.pop(0) if words[0] in (*REJECTING, "unicast") else "unicast"
        after = dict(pairwise(words[1:]))  # `dev eth0 proto kernel …`: each word and the next
        found.append(
            Route(
                kind=kind,
                destination=words[0],
                via=after.get("via", ""),
                device=after.get("dev", ""),
                protocol=after.get("proto", ""),
                table=after.get("table", "main"),
                dead="linkdown" in words or "dead" in words,
            )
        )
    if not understood:
        raise Garbled("no route at all, not even to the host itself")
    return Routes(all=tuple(found))


@frozen(kw_only=True)
class PolicyRule:
    """A rule that chooses the routing table (action `lookup TABLE`), or refuses at once: blackhole, unreachable, …."""

    selector: str  # `to 10.0.0.9`, `from all fwmark 0x1`
    action: str


@frozen(kw_only=True)
class PolicyRules:
    """The routing policy, in order of precedence."""

    all: tuple[PolicyRule, ...]


@probe(Run(("ip", "rule")))
def policy_rules(reply: Reply) -> PolicyRules:
    """Routing policy (`ip rule`): `32765:  from all to 10.0.0.9 prohibit`."""
    rows = [re.fullmatch(r"\d+:\s+(.+?)\s+(lookup \S+|blackhole|unreachable|prohibit|\S+)\s*", r) for r in reply.lines]
    if reply.code or not rows or not all(rows):
        raise Garbled(reply.complaint[:60] or reply.text[:60])
    return PolicyRules(all=tuple(PolicyRule(selector=row[1], action=row[2]) for row in rows if row))


def _from_arp(reply: Reply) -> Neighbours:
    if not reply.text.startswith("IP address"):
        raise Garbled(reply.text[:60])
    rows = [row.split() for row in reply.lines[1:]]
    state = {True: "REACHABLE", False: "INCOMPLETE"}  # flag ATF_COM: the hardware address is known
    return Neighbours(
        all=tuple(Neighbour(address=r[0], device=r[-1], state=state[bool(int(r[2], 16) & 2)]) for r in rows)
    )


@probe(Run(("ip", "neigh")), otherwise=[((Read("/proc/net/arp"),), _from_arp)])
def neighbours(reply: Reply) -> Neighbours:
    """The neighbour table (`ip neigh`), or the ARP table of /proc where there is no `ip`."""
    if reply.code:
        raise Garbled(reply.complaint[:80])
    rows = [line.split() for line in reply.lines]
    if strange := next((row for row in rows if "dev" not in row), None):
        raise Garbled(" ".join(strange)[:60])
    return Neighbours(
        all=tuple(Neighbour(address=r[0], device=r[r.index("dev") + 1], state=r[-1]) for r in rows if r[-1].isupper())
    )
