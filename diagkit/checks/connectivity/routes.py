"""Does the host know the way out, and does its gateway answer?"""

from __future__ import annotations

import ipaddress

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.probes.network import Links, Neighbours, Route, Routes

SET_BY_DAEMONS = {
    "kernel",
    "bird",
    "zebra",
    "bgp",
    "ospf",
    "isis",
    "rip",
    "babel",
    "eigrp",
    "gated",
    "80",
}  # 80: calico
UNANSWERED = ("FAILED", "INCOMPLETE")


@check(noise=(0.002, 0.001))
def default(routes: Routes, links: Links) -> Findings:
    """The host has a default route, over a link that is up.

    Why: without it everything beyond the own network is "Network is unreachable", while neighbours still answer.
    """
    outer = [link for link in links.all if link.name != "lo"]
    if not outer:
        yield skip("the host has no interface but its loopback")
    elif not routes.defaults:
        yield fail("no default route: Network is unreachable beyond the own networks")
    for route in routes.defaults:
        if route.dead:
            yield fail(f"the default route's interface {route.device} has no carrier", route.device)
        else:
            yield ok(f"default via {route.via or 'the link itself'} dev {route.device}", route.device)


@check(noise=(0.01, 0.0005), vital=False)
def blackholes(routes: Routes) -> Findings:
    """No route throws packets away.

    Why: a blackhole route silently swallows what is sent to its destination ("Invalid argument" to those who connect).
    Look-alikes: routing daemons and overlay networks set them for whole networks, so that packets do not loop.
    """
    found = [r for r in routes.all if r.kind in ("blackhole", "unreachable", "prohibit")]
    for route in found:
        say = f"{route.kind} route for {route.destination}"
        if route.protocol in SET_BY_DAEMONS:
            yield ok(f"{say}, set by {route.protocol}", route.destination)
        elif _single(route):
            yield fail(
                f"{say}: packets to it are thrown away", route.destination, quote=f"{route.kind} {route.destination}"
            )
        else:
            yield warn(
                f"{say}: packets into it are thrown away", route.destination, quote=f"{route.kind} {route.destination}"
            )
    if not found:
        yield ok("no blackhole, unreachable or prohibit route")


def _single(route: Route) -> bool:
    if route.destination == "default":
        return False
    return ipaddress.ip_network(route.destination, strict=False).num_addresses == 1


@check(noise=(0.03, 0.002), vital=False)
def gateway(routes: Routes, neighbours: Neighbours) -> Findings:
    """The default gateway answers on the local network (ARP, neighbour discovery).

    Why: a gateway that is not resolved is as good as no route; the wire, the VLAN or the gateway itself is broken.
    """
    gateways = [r for r in routes.defaults if r.via]
    if not gateways:
        yield skip("no default route by a gateway")
    known = {(n.address, n.device): n.state for n in neighbours.all}
    states = [known.get((route.via, route.device), "") for route in gateways]
    other = any(state and state not in UNANSWERED for state in states)  # as where IPv6 is half set up beside IPv4
    for route, state in zip(gateways, states, strict=True):
        if state in UNANSWERED:
            verdict = warn if other else fail
            yield verdict(f"gateway {route.via} dev {route.device} does not answer: neighbour {state}", route.via)
        elif state:
            yield ok(f"gateway {route.via} dev {route.device}: neighbour {state}", route.via)
        else:
            yield skip(f"gateway {route.via} was not needed lately, so nothing is known of it", route.via)


@check(noise=(0.001, 0.002), vital=False)
def addresses(routes: Routes, links: Links) -> Findings:
    """The interface of the default route has an address, and nobody else has the same one.

    Why: 169.254.x.x is what a host gives itself when DHCP does not answer; a duplicate address makes connections flap.
    """
    used = {route.device for route in routes.defaults}
    for link in links.all:
        own = [ipaddress.ip_interface(text.partition("%")[0]) for text in link.addresses]
        routable = [one for one in own if not one.ip.is_link_local]
        if link.duplicates:
            yield fail(f"duplicate address: {', '.join(link.duplicates)} is in use elsewhere too", link.name)
        elif link.name in used and not routable:
            yield warn(f"{link.name} carries the default route but has no address of its own (DHCP?)", link.name)
        elif link.name in used:
            yield ok(f"{link.name} has {', '.join(str(one) for one in routable)}", link.name)
    if not used:
        yield skip("no default route")
