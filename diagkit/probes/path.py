"""The path from here to the target: loss and latency, hops, and the largest packet that gets through.

Where the target is this machine, or lies behind others, our default gateway stands in for it: beyond that nothing is
known to be the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from statistics import median
from typing import Any

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Target
from diagkit.probes import Answers, Withheld, probe
from diagkit.probes.names import is_address

GATEWAY = "_gateway"
ICMP = "allow this user ICMP: sysctl net.ipv4.ping_group_range"
SSH = 22


def aim(target: Target) -> str:
    """What to test the path to."""
    return target.address if target.elsewhere else GATEWAY


def ssh_port(target: Target) -> int:
    """The port the target's ssh server ought to listen on."""
    return target.found_port or target.port or SSH


def typed_name(target: Target) -> str:
    """The target's name as somebody typed it; the ssh configuration may know only its address."""
    typed = target.label.rpartition("//")[2].rpartition("@")[2]
    host, _, port = typed.rpartition(":")
    typed = host if port.isdigit() and ":" not in host else typed
    return typed if is_address(target.address) and typed and not is_address(typed.strip("[]")) else target.address


def bracketed(host: str) -> str:
    """The host as it stands in a URL or before a port."""
    return f"[{host}]" if ":" in host else host


@frozen(kw_only=True)
class Echoes:
    """Echo requests sent and round-trip times in milliseconds of those that came back.

    address: empty where the name did not resolve. refusals: what routers, or our own system, said instead.
    """

    to: str
    address: str
    method: str
    sent: int
    rtts_ms: tuple[float, ...]
    refusals: tuple[str, ...] = ()

    @property
    def loss(self) -> float:
        """Share of the packets that did not come back."""
        return 1 - len(self.rtts_ms) / self.sent if self.sent else 1.0

    @property
    def median_ms(self) -> float:
        """Half of the replies were faster."""
        return median(self.rtts_ms)


def _ping(target: Target) -> Iterable[Ask]:
    return [Reach("ping", aim(target), ssh_port(target))]


@probe(also=_ping, opens=ICMP)
def echoes(target: Target, answers: Answers) -> Echoes:
    """Forty pings from here: loss and round-trip times."""
    return Echoes(**_echoed(target, answers))


@frozen(kw_only=True)
class ManyEchoes(Echoes):
    """The same of five times as many, over eight seconds."""


def _long_ping(target: Target) -> Iterable[Ask]:
    return [Reach("long_ping", aim(target), ssh_port(target))]


@probe(also=_long_ping, opens=ICMP)
def many_echoes(target: Target, answers: Answers) -> ManyEchoes:
    """Two hundred pings from here, where forty leave it to chance."""
    return ManyEchoes(**_echoed(target, answers))


def _echoed(target: Target, answers: Answers) -> dict[str, Any]:
    data = _only(answers)
    return data | {"to": aim(target), "rtts_ms": tuple(data["rtts_ms"]), "refusals": tuple(data["refusals"])}


@frozen(kw_only=True)
class Hop:
    """One router on the way, or the target. `address` is empty where nobody answered, which is not loss."""

    ttl: int
    address: str
    rtt_ms: float


@frozen(kw_only=True)
class Hops:
    """The routers on the way, nearest first. `refusal`: a router said that it goes no further."""

    to: str
    method: str
    all: tuple[Hop, ...]
    reached: bool
    refusal: str = ""

    @property
    def last(self) -> str:
        """The farthest address that answered."""
        return next((hop.address for hop in reversed(self.all) if hop.address), "")


def _trace(target: Target) -> Iterable[Ask]:
    return [Reach("trace", aim(target))]


@probe(also=_trace)
def hops(target: Target, answers: Answers) -> Hops:
    """The routers between here and the target."""
    data = _only(answers)
    return Hops(
        to=aim(target),
        method=data["method"],
        all=tuple(Hop(ttl=h["ttl"], address=h["address"], rtt_ms=h["rtt_ms"]) for h in data["hops"]),
        reached=data["reached"],
        refusal=data["refusal"],
    )


@frozen(kw_only=True)
class PathMtu:
    """The largest IP packet, in bytes, that came back without being cut up; 0 where none did.

    silent: larger sizes that got no answer. told_by: the router (or `this machine`) that said "too big"; empty: nobody.
    """

    to: str
    mtu: int
    silent: tuple[int, ...]
    told_by: str


def _sound(target: Target) -> Iterable[Ask]:
    return [Reach("mtu", aim(target))]


@probe(also=_sound, opens=ICMP)
def path_mtu(target: Target, answers: Answers) -> PathMtu:
    """Which sizes of packet get through with DF set."""
    data = _only(answers)
    silent = sorted(int(size) for size, came in data["sizes"].items() if not came and int(size) > data["mtu"])
    return PathMtu(to=aim(target), mtu=data["mtu"], silent=tuple(silent), told_by=data["told_by"])


def _only(answers: Answers) -> dict[str, Any]:
    (reply,) = answers.values()
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    return dict(json.loads(reply.text))
