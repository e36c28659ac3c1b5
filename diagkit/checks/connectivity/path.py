"""Does the way to the host carry packets: all of them, soon, and large ones too?"""

from __future__ import annotations

import ipaddress
from collections import Counter
from itertools import pairwise
from statistics import median

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.frozen import frozen
from diagkit.model import Unknown
from diagkit.probes.doors import KnownPorts
from diagkit.probes.names import NOT_FROM_HERE
from diagkit.probes.path import GATEWAY, Echoes, Hops, PathMtu

BELOW_NAME = "below: the name does not resolve"
BELOW_REACH = "below: the host does not answer at all"
FULL = 1500  # bytes: the MTU of Ethernet


def silent(echoes: Echoes | Unknown, ports: KnownPorts | Unknown) -> bool:
    """Whether nothing at all came back from the host, though packets were sent."""
    sent = not isinstance(echoes, Unknown) and bool(echoes.address) and echoes.to != GATEWAY
    echoed = not isinstance(echoes, Unknown) and bool(echoes.rtts_ms)
    knocked = isinstance(ports, KnownPorts) and any(port.alive for port in ports.all)
    return sent and not echoed and not knocked


@check(noise=(0.002, 0.002))
def reach(echoes: Echoes, ports: KnownPorts | Unknown, hops: Hops | Unknown) -> Findings:
    """The host answers at all: a ping, or any TCP port, be it with a refusal.

    Why: when nothing comes back, whatever stands above the network cannot be judged from here.
    Look-alikes: a host that is off, a cut on the way, and a packet filter that drops everything look the same; where
    the path stops tells how far packets get.
    """
    if echoes.to == GATEWAY:
        yield skip(NOT_FROM_HERE)
    elif not echoes.address:
        yield skip(BELOW_NAME)
    elif silent(echoes, ports):
        tried = " ".join(f"tcp/{p.port} {p.state}" for p in ports.all) if isinstance(ports, KnownPorts) else ""
        say = f"no answer: ping 0 of {echoes.sent}, {tried or 'no TCP port tried'}"
        if isinstance(hops, Hops):
            say += f"; the path stops after {hops.last}" if hops.last else "; no router on the way answers"
            say += f" ({hops.refusal})" if hops.refusal else ""
        yield fail(say, echoes.address, quote=", ".join(echoes.refusals))
    else:
        by = f"ping by {echoes.method}" if echoes.rtts_ms else "TCP"
        yield ok(f"{echoes.address} answers ({by})", echoes.address)


@frozen(kw_only=True)
class Loss:
    """Share of pings lost from which we speak up, and at least how many, for a single one is chance.

    Source: TCP throughput falls with the root of the loss (Mathis 1997); from 5 % on it hurts everyone.
    """

    warn: float = 0.05
    fail: float = 0.15
    at_least: int = 2


@check(limits=Loss(), noise=(0.02, 0.0006), vital=False)
def loss(echoes: Echoes, ports: KnownPorts | Unknown, limits: Loss) -> Findings:
    """Pings come back.

    Why: lost packets make TCP wait and slow down, and everything above it looks slow or flaky.
    Look-alikes: a hop on the way that does not answer is no loss: routers answer ping last; only the end counts.
    """
    if not echoes.address:
        yield skip("no default gateway" if echoes.to == GATEWAY else BELOW_NAME)
    elif not echoes.rtts_ms:
        who = "the gateway" if echoes.to == GATEWAY else "the host"
        down = silent(echoes, ports)
        yield skip(BELOW_REACH if down else f"{who} answers no ping (by {echoes.method}); many are told not to")
    else:
        lost = echoes.sent - len(echoes.rtts_ms)
        counts = lost >= limits.at_least
        verdict = (
            fail if counts and echoes.loss >= limits.fail else warn if counts and echoes.loss >= limits.warn else ok
        )
        say = f"{echoes.loss:.0%} packet loss: {lost} of {echoes.sent} to {echoes.address} (by {echoes.method})"
        yield verdict(say, echoes.address, measured={"loss": echoes.loss, "sent": echoes.sent})


@frozen(kw_only=True)
class Delay:
    """Median round-trip time, in milliseconds, from which we speak up.

    near: to a private address, so most likely on the same site; far: to any other. Halfway round the earth and back
    takes light in fibre 200 ms. Source: ITU-T G.114 (one way: 150 ms is good, 400 ms is not acceptable).
    """

    near: float = 80.0
    far: float = 300.0
    near_fail: float = 150.0
    far_fail: float = 800.0


@check(limits=Delay(), noise=(0.03, 0.001), vital=False)
def latency(echoes: Echoes, ports: KnownPorts | Unknown, limits: Delay) -> Findings:
    """Pings come back soon.

    Why: every round trip pays it; a page that needs thirty of them pays it thirty times.
    Look-alikes: half of the packets fast and half slow is a queue (a full link), not distance.
    """
    if not echoes.rtts_ms:
        yield skip(BELOW_NAME if not echoes.address else BELOW_REACH if silent(echoes, ports) else "no ping came back")
        return
    middle, most = echoes.median_ms, max(echoes.rtts_ms)
    near = ipaddress.ip_address(echoes.address).is_private
    bar, wall = (limits.near, limits.near_fail) if near else (limits.far, limits.far_fail)
    verdict = fail if middle >= wall else warn if middle >= bar else ok
    say = f"round trip {middle:.1f} ms (median; {min(echoes.rtts_ms):.1f} to {most:.1f} ms) to {echoes.address}"
    yield verdict(say, echoes.address, measured={"median_ms": middle, "max_ms": most})


@frozen(kw_only=True)
class Variation:
    """Median difference between one round trip and the next, in milliseconds.

    Source: ITU-T Y.1541 allows 50 ms between the quickest and the slowest packet of interactive traffic; where half of
    the packets differ by half of that from the one before, the slowest differ by more.
    """

    warn: float = 10.0
    fail: float = 25.0


@check(limits=Variation(), noise=(0.02, 0.0005), vital=False)
def jitter(echoes: Echoes, ports: KnownPorts | Unknown, limits: Variation) -> Findings:
    """One ping comes back about as soon as the next.

    Why: where each packet takes another time, TCP waits for the slowest, takes reordered segments for lost ones, and
    calls break up.
    Look-alikes: on a busy machine at either end a few pings wait; then most of them still come back alike.
    """
    if len(echoes.rtts_ms) < 10:
        few = "too few pings came back"
        yield skip(BELOW_NAME if not echoes.address else BELOW_REACH if silent(echoes, ports) else few)
        return
    spread = median(abs(b - a) for a, b in pairwise(echoes.rtts_ms))
    verdict = fail if spread >= limits.fail else warn if spread >= limits.warn else ok
    say = f"jitter {spread:.1f} ms (round trips {min(echoes.rtts_ms):.1f} to {max(echoes.rtts_ms):.1f} ms)"
    yield verdict(f"{say} to {echoes.address}", echoes.address, measured={"jitter_ms": spread})


@check(noise=(0.002, 0.001), vital=False)
def mtu(path_mtu: PathMtu, echoes: Echoes | Unknown) -> Findings:
    """Full-size packets get through, or a router says how large they may be.

    Why: where large packets vanish without a word, connections open and then hang on the first full segment.
    Look-alikes: packet loss hits small packets as well; an MTU that is merely smaller is no fault, TCP learns it.
    """
    if isinstance(echoes, Echoes) and not echoes.rtts_ms:
        yield skip("no ping comes back, so no size can be told from another")
    elif not path_mtu.mtu:
        yield skip("no packet that may not be cut up came back, of any size")
    elif path_mtu.mtu >= FULL or path_mtu.told_by:
        by = f", said by {path_mtu.told_by}" if path_mtu.mtu < FULL else ""
        yield ok(f"path MTU {path_mtu.mtu} bytes{by}", measured={"mtu_bytes": path_mtu.mtu})
    else:
        yield fail(
            f"MTU black hole: packets above {path_mtu.mtu} bytes vanish, and no router says fragmentation needed",
            measured={"mtu_bytes": path_mtu.mtu},
        )


@check(noise=(0.002, 0.002), vital=False)
def loops(hops: Hops) -> Findings:
    """Packets go from router to router towards the host, never in a circle.

    Why: two routers that each think the other is nearer pass a packet on until it dies; the host is never reached.
    """
    met = Counter(hop.address for hop in hops.all if hop.address)
    twice = [address for address, times in met.items() if times > 2]
    if not met:
        yield skip("no router on the way says anything")
    elif twice and not hops.reached:
        yield fail(f"routing loop: {' and '.join(twice)} pass the packets to each other", quote=hops.method)
    else:
        way = " > ".join(hop.address or "*" for hop in hops.all)
        end = "" if hops.reached else "; the end does not answer this probe"
        yield ok(f"{len(hops.all)} hops by {hops.method}: {way}{end}")
