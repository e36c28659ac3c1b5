"""What sets one host apart from the others: where nearly all say one thing, who says another.

No host has to be declared to be like another: of each field those hosts are compared that have it, so that the version
of nginx is compared among those that run nginx, and the kernel among all. Only fields of known meaning count; that two
hosts have different addresses is no news.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from ipaddress import ip_address, ip_network
from statistics import median
from typing import Any, ClassVar

from diagkit.differences import NOBODY, Tree, is_still, itself, own_names, shown, side_by_side, tree
from diagkit.frozen import frozen
from diagkit.model import Outlier, Tape, Unknown, Untrusted
from diagkit.probes import Facts, Inapplicable, Probe
from diagkit.probes.clock import Clock
from diagkit.probes.network import Routes
from diagkit.probes.recall import Recall
from diagkit.probes.sysctls import Sysctls
from diagkit.probes.versions import Versions

LEAST = 3  # hosts: of two that differ, neither is the odd one
NEARLY_ALL = 2 / 3  # of the hosts that have such a thing say the same
CLOCKS = 1.0  # seconds from the others' clocks
ITS_OWN = re.compile(r"(lower|upper|work)dir=|[gu]id=|fd=|pgrp=")  # mount options that differ from host to host
MOST_OF_ONE = 20  # fields told of one host; with more it is simply another kind of host


@frozen
class Aspect:
    """Fields of one meaning in the facts of some probes. `what` names it, with what the expression puts aside.

    presence: that a host has such a thing at all tells, where the others do not have it.
    """

    what: str
    probe: re.Pattern[str]
    field: re.Pattern[str]
    presence: bool = False


def _aspect(what: str, probe: str, field: str, *, presence: bool = False) -> Aspect:
    return Aspect(what, re.compile(probe), re.compile(rf"{probe}\.{field}"), presence)


_MOUNT = r"mounted\.((?!/proc/|/sys/|/dev/|/run/user/).+)\."
ASPECTS = (
    _aspect("kernel", r"host\.identity", r"kernel"),
    _aspect("distribution", r"host\.identity", r"system"),
    _aspect("package {}", r"versions\.versions", r"(.+)"),
    _aspect("MTU of {}", r"network\.links", r"(.+)\.mtu"),
    _aspect("sysctl {}", r"sysctls\.sysctls", r"(.+)"),
    _aspect("name servers", r"names\.resolver", r"servers"),
    _aspect("name servers behind the stub", r"names\.resolver", r"upstreams"),
    _aspect("search domains", r"names\.resolver", r"search"),
    _aspect("resolver options", r"names\.resolver", r"options"),
    _aspect("order of name lookups", r"names\.resolver", r"hosts_first"),
    _aspect("/etc/hosts", r"names\.hosts_file", r"entries"),
    _aspect("NTP client", r"clock\.time_sync", r"client"),
    _aspect("NTP synchronised", r"clock\.time_sync", r"synchronised"),
    _aspect("route {}", r"network\.routes", r"((?:blackhole|unreachable|prohibit|throw) .+)", presence=True),
    _aspect("packet filter: {}", r"filters\.packet_filter", r"blocks\.(.+)", presence=True),
    _aspect("traffic shaping: {}", r"filters\.shaping", r"(.+)", presence=True),
    _aspect("certificate at {}: issuer", r"certificates\.\w+", r"(.+:\d+)(?: \S+)*\.issuer"),
    _aspect("certificate at {}: verification", r"certificates\.\w+", r"(.+:\d+)(?: \S+)*\.verify_message"),
    _aspect("server at {}", r"pages\.\w+", r"(\S+)\.server"),
    _aspect("mount options of {}", r"mounts\.table", _MOUNT + r"(?:super_)?options"),
    _aspect("type of the filesystem at {}", r"mounts\.table", _MOUNT + r"type"),
    _aspect("task limit of {}", r"cgroups\.task_limits", r"(.+)\.limit"),
)


class SetUp:
    """What is asked of several hosts beyond what their checks need, so that they can be told apart."""

    needs: ClassVar[Mapping[str, Any]] = {"sysctls": Sysctls, "versions": Versions}


@frozen(kw_only=True)
class Traits:
    """What one host has that others can be compared with. gateway: network and address.

    trees: the facts by probe, as JSON text: in a thousand hosts that are set up alike, each text is there once.
    """

    target: Untrusted
    trees: Mapping[str, str]
    gateway: tuple[str, str] | None
    clock: Clock | None


def traits(tape: Tape, facts: Facts, probes: Sequence[Probe]) -> Traits | None:
    """Those of one host; None if it was not reached."""
    if tape.unreached:
        return None
    concerned = [probe for probe in probes if _tells(probe)]
    clock = facts[Clock] if facts.probe_of(Clock) else None
    return Traits(
        target=Untrusted(tape.target.label),
        trees={probe.name: side for probe in concerned if (side := _side(probe, facts, tape)) is not None},
        gateway=_gateway(facts),
        clock=clock if isinstance(clock, Clock) else None,
    )


@cache
def _tells(probe: Probe) -> bool:
    """Whether its fact has a trait in it."""
    return is_still(probe) and any(aspect.probe.fullmatch(probe.name) for aspect in ASPECTS)


def outliers(hosts: Sequence[Traits]) -> tuple[Outlier, ...]:
    """What sets hosts apart, host by host."""
    if len(hosts) < LEAST:
        return ()
    found = list(dict.fromkeys((*_settings(hosts), *_gateways(hosts), *_clocks(hosts))))
    of_one = Counter(outlier.target for outlier in found)
    order = {host.target: i for i, host in enumerate(hosts)}
    kept = [outlier for outlier in found if of_one[outlier.target] <= MOST_OF_ONE]
    return tuple(sorted(kept, key=lambda o: order[o.target]))


def _settings(hosts: Sequence[Traits]) -> Iterator[Outlier]:
    for probe in dict.fromkeys(name for host in hosts for name in host.trees):
        known_by = [host for host in hosts if probe in host.trees]
        if len(known_by) >= LEAST:
            names = [host.target for host in known_by]
            trees = {text: json.loads(text) for text in {host.trees[probe] for host in known_by}}
            for place, values in side_by_side(probe, [trees[host.trees[probe]] for host in known_by]):
                yield from _odd_in(place, names, values)


def _side(probe: Probe, facts: Facts, tape: Tape) -> str | None:
    """A fact as a tree, as text. Hosts that share a fact share that, too, unless it speaks of one of them by name."""
    fact = facts[probe.fact]
    if isinstance(fact, Unknown | Inapplicable):
        return None
    plain = _PLAIN.get((probe, id(fact)))
    if plain is None:
        plain = _written(tree(fact, probe.name, NOBODY))
        if facts.shared((probe.fact,)):
            _PLAIN.put((probe, id(fact)), plain, len(plain), fact)
    by_name = any(name in plain for name in own_names(tape))
    return _written(tree(fact, probe.name, itself(tape))) if by_name else plain


def _written(side: Tree) -> str:
    return sys.intern(json.dumps(side, ensure_ascii=False))


_PLAIN: Recall[str] = Recall(1 << 20)  # characters


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


def _gateway(facts: Facts) -> tuple[str, str] | None:
    """The network of the host's own through which it leaves, and by which gateway."""
    routes = facts[Routes] if facts.probe_of(Routes) else None
    if not isinstance(routes, Routes):
        return None
    gateway = next((r.via for r in routes.defaults if r.via), "")
    network = _network(routes, gateway)
    return (network, gateway) if network else None


def _gateways(hosts: Sequence[Traits]) -> Iterator[Outlier]:
    """Who leaves a network by another gateway than its neighbours do: those in other networks must."""
    within: dict[str, list[tuple[Untrusted, str]]] = {}
    for host in hosts:
        if host.gateway:
            network, gateway = host.gateway
            within.setdefault(network, []).append((host.target, gateway))
    for network, members in within.items():
        what = Untrusted(f"gateway out of {network}")
        yield from _odd(what, [name for name, _ in members], [gateway for _, gateway in members], presence=False)


def _network(routes: Routes, gateway: str) -> str:
    """The network of the host's own in which that gateway is."""
    own = (r.destination for r in routes.all if not r.via and "/" in r.destination and r.kind == "unicast")
    return next((n for n in own if gateway and ip_address(gateway) in ip_network(n, strict=False)), "")


def _clocks(hosts: Sequence[Traits]) -> Iterator[Outlier]:
    """Whose clock is not that of the others: numbers have no majority, but they have a middle."""
    offsets = [(host.target, host.clock) for host in hosts if host.clock]
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
