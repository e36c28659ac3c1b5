"""Do packets leave by the right way, and may those that come back come in?"""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.connectivity.needed import Needed, needed
from diagkit.model import Finding, Status, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies
from diagkit.probes.endpoints import Attempts
from diagkit.probes.handshakes import Handshakes
from diagkit.probes.names import Resolver
from diagkit.probes.network import Neighbours, PolicyRules, Route, Routes
from diagkit.probes.segments import Segments

UNANSWERED = ("FAILED", "INCOMPLETE")
REFUSING = ("blackhole", "unreachable", "prohibit")


def way_to(address: str, routes: Routes) -> Route | None:
    """The route of the main table that packets to this address take: the longest prefix wins."""
    one = ipaddress.ip_address(address)
    best: tuple[int, Route] | None = None
    for route in routes.all:
        if route.table != "main":
            continue
        default = route.destination == "default"
        if default and (":" in route.via) != (one.version == 6):
            continue
        network = ipaddress.ip_network(f"{one}/0" if default else route.destination, strict=False)
        if one in network and (best is None or network.prefixlen > best[0]):
            best = network.prefixlen, route
    return best[1] if best else None


@check(noise=(0.015, 0.0003), vital=False)
def routed(
    routes: Routes,
    neighbours: Neighbours | Unknown,
    known: Dependencies | Unknown | Inapplicable,
    resolver: Resolver | Unknown,
    handshakes: Handshakes | Unknown,
    attempts: Attempts | Unknown | Inapplicable,
) -> Findings:
    """Nobody whom the host needs has a route of his own that leads nowhere.

    Why: a route to a wrong gateway or interface takes what it covers away from the default route: those hosts alone are
    not reached, while all others are.
    Limits: hosts that the configuration names, name servers, and those to whom connections are pending now.
    Look-alikes: a peer that is down does not answer either, but it is on our own network or beyond the default route.
    """
    table = neighbours.all if isinstance(neighbours, Neighbours) else ()
    states = {(n.address, n.device): n.state for n in table}
    strays: dict[str, list[Finding]] = {}
    for address, one in {one.address: one for one in needed(known, resolver, handshakes, attempts)[::-1]}.items():
        route = way_to(address, routes)
        if route and route.destination != "default" and (finding := _strays(one, route, routes, states)):
            strays.setdefault(route.destination, []).append(finding)
    for found in strays.values():
        worst = max(found, key=lambda finding: finding.status is Status.FAIL)
        yield replace(worst, status=Status.FAIL) if len(found) > 1 else worst  # two that are down at once are rare
    if not strays:
        yield ok("no route of its own leads astray what this host sends to those it needs")


def _strays(one: Needed, route: Route, routes: Routes, states: dict[tuple[str, str], str]) -> Finding | None:
    own = {r.device for r in routes.defaults}
    if route.kind != "unicast" or (route.protocol == "kernel" and not route.via and route.device in own):
        return None  # thrown away (`routes.blackholes`), or a neighbour on the network of the default route
    hop = route.via or one.address
    way = f"via {route.via} dev {route.device}" if route.via else f"directly on {route.device}"
    say = f"route {route.destination} {way} is how packets get to {one.address} ({one.what})"
    state = states.get((hop, route.device), "")
    if state in UNANSWERED:
        return fail(f"{say}, but nobody answers for {hop} there: neighbour {state}", route.destination)
    if route.dead:
        return fail(f"{say}, but {route.device} has no carrier", route.destination)
    return warn(f"{say}, and no answer comes", route.destination) if one.pending else None


@check(noise=(0.005, 0.0005), vital=False)
def refused(rules: PolicyRules) -> Findings:
    """No rule of the routing policy refuses to send.

    Why: `ip rule` comes before every routing table, and is the last place where one looks for a lost route.
    """
    refusing = [rule for rule in rules.all if rule.action in REFUSING]
    for rule in refusing:
        say = f"routing policy: {rule.selector} is {rule.action}: packets are thrown away"
        yield fail(say, rule.selector, quote=f"{rule.selector} {rule.action}")
    if not refusing:
        yield ok(f"{len(rules.all)} rules of the routing policy, none refuses")


@check(noise=(0.02, 0.001), vital=False)
def reverse_path(segments: Segments) -> Findings:
    """Packets come in by the interface by which answers leave (rp_filter).

    Why: with two ways in, strict rp_filter drops what arrives by the other one: asymmetric routing looks like a filter.
    Look-alikes: a few strays of a busy segment (multicast, wrong masks of neighbours) are dropped rightly.
    """
    rate = segments.wrong_way / segments.seconds
    say = f"IPReversePathFilter +{segments.wrong_way} in {segments.seconds:.1f} s"
    if segments.wrong_way > 1:
        yield warn(f"{say}: packets dropped by rp_filter (martian source, asymmetric route)", measured={"per_s": rate})
    else:
        yield ok(say, measured={"per_s": rate})


@check(noise=(0.01, 0.001), vital=False)
def ipv6(routes: Routes, neighbours: Neighbours, handshakes: Handshakes | Unknown) -> Findings:
    """Where the host has a way out by IPv6, it works.

    Why: programs try IPv6 first; when its gateway is dead each of them waits, then falls back to IPv4, or fails.
    Look-alikes: a host without any IPv6 route uses IPv4 at once, and is well.
    """
    gateways = [r for r in routes.defaults if ":" in r.via]
    if not gateways:
        yield skip("no default route by IPv6")
        return
    states = {(n.address, n.device): n.state for n in neighbours.all}
    waiting = [p.place for p in handshakes.ours if p.place.count(":") > 1] if isinstance(handshakes, Handshakes) else []
    for route in gateways:
        state = states.get((route.via, route.device), "")
        say = f"IPv6 gateway {route.via} dev {route.device}"
        if state in UNANSWERED:
            yield fail(f"{say} does not answer: neighbour {state}", route.via)
        elif waiting:
            yield warn(f"{say}: connections to {', '.join(waiting[:3])} do not come about", route.via)
        else:
            yield ok(f"{say}: neighbour {state or 'not needed lately'}", route.via)
