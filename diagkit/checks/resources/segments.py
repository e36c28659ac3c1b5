"""Do segments and datagrams arrive, and does somebody read them?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.resources import size
from diagkit.frozen import frozen
from diagkit.probes.abandoned import Abandoned
from diagkit.probes.segments import DatagramSockets, Segments, StalledConnections, TcpMemory


@frozen(kw_only=True)
class Again:
    """Share of the segments that TCP sends a second time, of at least `segments` such.

    Source: a healthy path stays far below 1 %; from 2 to 3 % on throughput collapses (Mathis 1997).
    """

    warn: float = 0.03
    fail: float = 0.15
    segments: int = 5


@check(limits=Again(), noise=(0.03, 0.03), vital=False)
def retransmissions(segments: Segments, limits: Again) -> Findings:
    """TCP hardly has to send anything twice.

    Why: retransmissions are loss as this host itself sees it, on whatever path it talks, not only on ours.
    Look-alikes: SYNs sent again go to a host that does not answer at all (`sockets.pending`), and are not counted here;
    a peer that fell silent amid its connections is, so that this alone proves no loss on the way.
    """
    share = segments.retransmitted / max(segments.sent, 1)
    text = f"TCP retransmissions: {segments.retransmitted} of {segments.sent} segments in {segments.seconds:.1f} s"
    many = segments.retransmitted >= limits.segments
    verdict = fail if many and share >= limits.fail else warn if many and share >= limits.warn else ok
    yield verdict(f"{text} ({share:.0%})", measured={"share": share})


@frozen(kw_only=True)
class Overrun:
    """Datagrams per second dropped at a full receive buffer. Source: our own; any is one that nobody gets."""

    warn: float = 1.0
    fail: float = 50.0


@check(limits=Overrun(), noise=(0.01, 0.001), vital=False)
def datagrams(sockets: DatagramSockets, segments: Segments, limits: Overrun) -> Findings:
    """Every UDP socket is read as fast as datagrams come.

    Why: UDP does not wait: what finds the receive buffer full is lost without a word (RcvbufErrors): name lookups,
    metrics, log lines.
    Look-alikes: loss on the way is not counted here; these datagrams had arrived.
    """
    quiet = True
    for one in sockets.dropping:
        rate = one.dropped / sockets.seconds
        if rate >= limits.warn:
            quiet = False
            text = f"UDP receive buffer errors: {one.dropped} datagrams dropped in {sockets.seconds:.1f} s"
            verdict = fail if rate >= limits.fail else warn
            yield verdict(f"{text}, {size(one.waiting)} wait to be read", one.place, measured={"dropped_per_s": rate})
    if quiet:
        yield ok(f"{segments.datagrams_received} datagrams received, {segments.receive_errors} dropped at full buffers")


@frozen(kw_only=True)
class Closed:
    """Connections of one peer that probe a closed window, and bytes that wait. Source: our own."""

    connections: int = 3
    queued: int = 16_384


@check(limits=Closed(), noise=(0.01, 0.001), vital=False)
def zero_window(connections: StalledConnections, limits: Closed) -> Findings:
    """Whoever this host sends to takes it.

    Why: a receiver that does not read closes its window (zero window); the sender waits, and looks slow itself.
    Look-alikes: a slow network fills no window: its segments are on the way, not waiting.
    """
    peers: dict[str, list[int]] = {}
    for one in connections.all:
        peers.setdefault(one.peer.rpartition(":")[0], []).append(one.queued)
    stuck = {peer: q for peer, q in peers.items() if len(q) >= limits.connections or max(q) >= limits.queued}
    for peer, queued in stuck.items():
        text = f"zero window: {peer} does not read from {len(queued)} connections"
        yield warn(f"{text}, {size(sum(queued))} wait to be sent", peer, measured={"connections": len(queued)})
    if not stuck:
        yield ok(f"{len(connections.all)} connections wait for a receiver that does not read")


@frozen(kw_only=True)
class Pages:
    """Share of net.ipv4.tcp_mem's maximum in use. Source: tcp(7): above it, TCP gives connections up."""

    warn: float = 0.80
    fail: float = 1.0


@check(limits=Pages(), noise=(0.001, 0.001), vital=False)
def tcp_memory(memory: TcpMemory, segments: Segments, limits: Pages) -> Findings:
    """TCP has memory for its buffers.

    Why: at the limit the kernel drops what arrives and closes connections ("TCP: out of memory"), while there may be
    plenty of free memory.
    """
    share = memory.pages / max(memory.maximum, 1)
    text = f"TCP buffers use {memory.pages} of {memory.maximum} pages (net.ipv4.tcp_mem)"
    if segments.memory_aborts:
        text += f", {segments.memory_aborts} connections were given up for want of memory"
    verdict = fail if share >= limits.fail or segments.memory_aborts else warn if share >= limits.warn else ok
    yield verdict(f"out of TCP memory: {text}" if verdict is fail else text, measured={"share": share})


@frozen(kw_only=True)
class Held:
    """Connections in CLOSE-WAIT that one process held on to in both samples. Source: our own; pools keep a few."""

    warn: int = 25
    fail: int = 200


@check(limits=Held(), noise=(0.005, 0.0005), vital=False)
def close_wait(abandoned: Abandoned, limits: Held) -> Findings:
    """Programs close the connections that the other end has closed.

    Why: a program that forgets to (CLOSE-WAIT) loses a descriptor with each, until it has none left: "Too many open
    files".
    Look-alikes: pools keep a few that they notice when they use them next; TIME_WAIT is the other side's, and harmless.
    """
    many = [one for one in abandoned.all if one.held >= limits.warn]
    for one in many:
        growing = f", {one.more} more within {abandoned.seconds:.0f} s" if one.more > 0 else ""
        text = f"CLOSE_WAIT leak: {one.held} connections ({one.place}) were closed by the other end, not here{growing}"
        verdict = fail if one.held >= limits.fail else warn
        yield verdict(text, one.process or one.place, measured={"held": one.held, "more": one.more})
    if not many:
        yield ok(f"{sum(one.held for one in abandoned.all)} connections in CLOSE-WAIT")
