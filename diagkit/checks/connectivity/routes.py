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
    """The default gateway answers on the local network (ARP).

    Limits: that of IPv6 is judged in `ways.ipv6`, gateways of other routes in `ways.routed`.
    Why: a gateway that is not resolved is as good as no route; the wire, the VLAN or the gateway itself is broken.
    """
    gateways = [r for r in routes.defaults if "." in r.via]
    if not gateways:
        yield skip("no default route by a gateway")
    known = {(n.address, n.device): n.state for n in neighbours.all}
    for route in gateways:
        state = known.get((route.via, route.device), "")
        if state in UNANSWERED:
            yield fail(f"gateway {route.via} dev {route.device} does not answer: neighbour {state}", route.via)
        elif state:
            yield ok(f"gateway {route.via} dev {route.device}: neighbour {state}", route.via)
        else:
            yield skip(f"gateway {route.via} was not needed lately, so nothing is known of it", route.via)


@check(noise=(0.001, 0.002), vital=False)
def addresses(links: Links) -> Findings:
    """Nobody else uses an address of this host.

    Why: where two hosts answer for one address, connections flap between them.
    Limits: only what duplicate address detection found (IPv6), or a network daemon wrote into its log.
    """
    outer = [link for link in links.all if link.name != "lo"]
    twice = [link for link in outer if link.duplicates]
    for link in twice:
        yield fail(f"duplicate address: {', '.join(link.duplicates)} is in use elsewhere too", link.name)
    if not twice:
        yield ok(f"no duplicate address is known on {len(outer)} interfaces")


@check(noise=(0.002, 0.001))
def own_address(routes: Routes, links: Links) -> Findings:
    """The interface that leads out has an address that others can answer to.

    Why: 169.254.x.x is what a host gives itself when no DHCP server answers; without an address nothing comes back.
    Look-alikes: a spare interface that is plugged in and not set up has none either, beside one that has.
    """
    used = {route.device for route in routes.defaults}
    wired = [link for link in links.all if link.up and link.carrier and link.name != "lo"]
    able = {link.name: [one for one in map(_bare, link.addresses) if not one.is_link_local] for link in wired}
    for name in sorted(used & able.keys()):
        if able[name]:
            yield ok(f"{name} has {', '.join(map(str, able[name]))}", name)
        else:
            yield fail(f"{name} carries the default route but has no address of its own (DHCP failed?)", name)
    if not used and able and not any(able.values()):
        first = min(able)
        yield fail(f"{first} is up but no interface has an address (DHCP failed?)", first)
    elif not used & able.keys():
        yield skip("no default route leads through an interface that is up")


def _bare(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_interface(text.partition("%")[0]).ip
