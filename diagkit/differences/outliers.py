"""What sets one host apart from the others: where nearly all say one thing, who says another.

No host has to be declared to be like another: of each field those hosts are compared that have it, so that the version
of nginx is compared among those that run nginx, and the kernel among all. Only fields of known meaning count; that two
hosts have different addresses is no news.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from statistics import median
from typing import Any, ClassVar

from diagkit.differences import Tree, is_still, itself, shown, side_by_side, tree
from diagkit.model import Outlier, Tape, Unknown, Untrusted
from diagkit.probes import Facts, Inapplicable, Probe
from diagkit.probes.clock import Clock
from diagkit.probes.network import Routes
from diagkit.probes.sysctls import Sysctls
from diagkit.probes.versions import Versions

LEAST = 3  # hosts: of two that differ, neither is the odd one
NEARLY_ALL = 2 / 3  # of the hosts that have such a thing say the same
CLOCKS = 1.0  # seconds from the others' clocks
ITS_OWN = re.compile(r"(lower|upper|work)dir=|[gu]id=|fd=|pgrp=")  # mount options that differ from host to host
MOST_OF_ONE = 20  # fields told of one host; with more it is simply another kind of host


@dataclass(frozen=True, slots=True)
class Aspect:
    """Fields of one meaning. `what` names it, with what the expression puts aside.

    presence: that a host has such a thing at all tells, where the others do not have it.
    """

    what: str
    field: re.Pattern[str]
    presence: bool = False


def _aspect(what: str, field: str, *, presence: bool = False) -> Aspect:
    return Aspect(what, re.compile(field), presence)


_MOUNT = r"mounts\.table\.mounted\.((?!/proc/|/sys/|/dev/|/run/user/).+)\."
ASPECTS = (
    _aspect("kernel", r"host\.identity\.kernel"),
    _aspect("distribution", r"host\.identity\.system"),
    _aspect("package {}", r"versions\.versions\.(.+)"),
    _aspect("MTU of {}", r"network\.links\.(.+)\.mtu"),
    _aspect("sysctl {}", r"sysctls\.sysctls\.(.+)"),
    _aspect("name servers", r"names\.resolver\.servers"),
    _aspect("name servers behind the stub", r"names\.resolver\.upstreams"),
    _aspect("search domains", r"names\.resolver\.search"),
    _aspect("resolver options", r"names\.resolver\.options"),
    _aspect("order of name lookups", r"names\.resolver\.hosts_first"),
    _aspect("/etc/hosts", r"names\.hosts_file\.entries"),
    _aspect("NTP client", r"clock\.time_sync\.client"),
    _aspect("NTP synchronised", r"clock\.time_sync\.synchronised"),
    _aspect("route {}", r"network\.routes\.((?:blackhole|unreachable|prohibit|throw) .+)", presence=True),
    _aspect("packet filter: {}", r"filters\.packet_filter\.blocks\.(.+)", presence=True),
    _aspect("traffic shaping: {}", r"filters\.shaping\.(.+)", presence=True),
    _aspect("certificate at {}: issuer", r"certificates\.\w+\.(.+:\d+)(?: \S+)*\.issuer"),
    _aspect("certificate at {}: verification", r"certificates\.\w+\.(.+:\d+)(?: \S+)*\.verify_message"),
    _aspect("server at {}", r"pages\.\w+\.(\S+)\.server"),
    _aspect("mount options of {}", _MOUNT + r"(?:super_)?options"),
    _aspect("type of the filesystem at {}", _MOUNT + r"type"),
    _aspect("task limit of {}", r"cgroups\.task_limits\.(.+)\.limit"),
)


class SetUp:
    """What is asked of several hosts beyond what their checks need, so that they can be told apart."""

    needs: ClassVar[Mapping[str, Any]] = {"sysctls": Sysctls, "versions": Versions}


def outliers(tapes: Sequence[Tape], facts: Sequence[Facts], probes: Sequence[Probe]) -> tuple[Outlier, ...]:
    """What sets hosts apart, host by host. Those that were not reached are left out."""
    reached = [(tape, known) for tape, known in zip(tapes, facts, strict=True) if not tape.unreached]
    if len(reached) < LEAST:
        return ()
    found = list(dict.fromkeys((*_settings(reached, probes), *_gateways(reached), *_clocks(reached))))
    of_one = Counter(outlier.target for outlier in found)
    order = {Untrusted(tape.target.label): i for i, (tape, _) in enumerate(reached)}
    kept = [outlier for outlier in found if of_one[outlier.target] <= MOST_OF_ONE]
    return tuple(sorted(kept, key=lambda o: order[o.target]))


def _settings(reached: list[tuple[Tape, Facts]], probes: Sequence[Probe]) -> Iterator[Outlier]:
    for probe in filter(is_still, probes):
        sides = [_side(probe, tape, known) for tape, known in reached]
        known_by = [(tape, side) for (tape, _), side in zip(reached, sides, strict=True) if side is not None]
        if len(known_by) >= LEAST:
            names = [Untrusted(tape.target.label) for tape, _ in known_by]
            for place, values in side_by_side(probe.name, [side for _, side in known_by]):
                yield from _odd_in(place, names, values)


def _side(probe: Probe, tape: Tape, facts: Facts) -> Tree:
    fact = facts[probe.fact]
    return None if isinstance(fact, Unknown | Inapplicable) else tree(fact, probe.name, itself(tape))


def _odd_in(place: str, names: Sequence[Untrusted], values: Sequence[Tree]) -> Iterator[Outlier]:
    for aspect in ASPECTS:
        if match := aspect.field.fullmatch(place):
            what = Untrusted(aspect.what.format(*match.groups()))
            yield from _odd(what, names, values, presence=aspect.presence)
            return


def _odd(what: Untrusted, names: Sequence[Untrusted], values: Sequence[Tree], *, presence: bool) -> Iterator[Outlier]:
    """Who says another thing than nearly all of those that say something."""
    told = zip(names, map(_told, values), strict=True)
    saying = [(name, value) for name, value in told if presence or value is not None]
    if len(saying) < LEAST:
        return
    counts = Counter(_key(value) for _, value in saying)
    usual, of_them = counts.most_common(1)[0]
    if of_them == len(saying) or of_them < NEARLY_ALL * len(saying):
        return
    others = next(value for _, value in saying if _key(value) == usual)
    for name, value in saying:
        if _key(value) != usual:
            mine, theirs = _apart(value, others)
            yield Outlier(target=name, what=what, value=mine, usual=theirs, agreeing=of_them, of=len(saying))


def _told(value: Tree) -> Tree:
    """What a value has to tell: no text is no answer, and some options are each host's own."""
    if isinstance(value, list):
        return [item for item in value if not (isinstance(item, str) and ITS_OWN.match(item))]
    return None if value == "" else value


def _key(value: Tree) -> str:
    """Values that say the same have the same key: the order of a list of simple values says nothing."""
    return json.dumps(sorted(map(str, value)) if isinstance(value, list) else value, sort_keys=True)


def _apart(value: Tree, usual: Tree) -> tuple[Untrusted, Untrusted]:
    """Two values in words; of two lists only what the other has not."""
    if isinstance(value, list) and isinstance(usual, list):
        value, usual = [v for v in value if v not in usual], [u for u in usual if u not in value]
    return shown(value) or Untrusted("none"), shown(usual) or Untrusted("none")


def _gateways(reached: list[tuple[Tape, Facts]]) -> Iterator[Outlier]:
    """Who leaves a network by another gateway than its neighbours do: those in other networks must."""
    within: dict[str, list[tuple[Untrusted, str]]] = {}
    for tape, known in reached:
        routes = known[Routes] if known.probe_of(Routes) else None
        gateway = next((r.via for r in routes.defaults if r.via), "") if isinstance(routes, Routes) else ""
        if isinstance(routes, Routes) and (network := _network(routes, gateway)):
            within.setdefault(network, []).append((Untrusted(tape.target.label), gateway))
    for network, members in within.items():
        what = Untrusted(f"gateway out of {network}")
        yield from _odd(what, [name for name, _ in members], [gateway for _, gateway in members], presence=False)


def _network(routes: Routes, gateway: str) -> str:
    """The network of the host's own in which that gateway is."""
    own = (r.destination for r in routes.all if not r.via and "/" in r.destination and r.kind == "unicast")
    return next((n for n in own if gateway and ip_address(gateway) in ip_network(n, strict=False)), "")


def _clocks(reached: list[tuple[Tape, Facts]]) -> Iterator[Outlier]:
    """Whose clock is not that of the others: numbers have no majority, but they have a middle."""
    offsets: list[tuple[Untrusted, Clock]] = []
    for tape, known in reached:
        clock = known[Clock] if known.probe_of(Clock) else None
        if isinstance(clock, Clock):
            offsets.append((Untrusted(tape.target.label), clock))
    if len(offsets) < LEAST:
        return
    middle = median(clock.offset for _, clock in offsets)
    odd = [(name, c) for name, c in offsets if abs(c.offset - middle) > CLOCKS + c.uncertainty]
    agreeing = len(offsets) - len(odd)
    for name, clock in odd if agreeing >= NEARLY_ALL * len(offsets) else ():
        yield Outlier(
            target=name,
            what=Untrusted("clock"),
            value=Untrusted(f"{clock.offset:+.1f} s"),
            usual=Untrusted(f"{middle:+.1f} s"),
            agreeing=agreeing,
            of=len(offsets),
        )
