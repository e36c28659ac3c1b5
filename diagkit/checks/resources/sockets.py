"""Are connections accepted, completed and tracked, and are there ports for new ones?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.frozen import frozen
from diagkit.probes.handshakes import Handshakes
from diagkit.probes.local_ports import Conntrack, Destinations, Ports
from diagkit.probes.sockets import Listeners, Refusals


@frozen(kw_only=True)
class Waiting:
    """Share of its backlog that waits to be accepted; and how many may wait where the backlog is not known.

    Source: our own. A program that keeps up has hardly ever more than one connection waiting.
    """

    warn: float = 0.70
    unknown_backlog: int = 5


@check(limits=Waiting(), noise=(0.005, 0.001))
def accept_queue(listeners: Listeners, limits: Waiting) -> Findings:
    """Every listening program accepts the connections that come.

    Why: a full accept queue drops new connections without a word, so clients time out although the port is open: the
    program hangs, is too slow, or has no descriptors left.
    Look-alikes: many half-open connections (`half_open`) never reach this queue.
    """
    for listener in listeners.all:
        who = f" ({listener.process}[{listener.pid}])" if listener.pid else ""
        waiting = f"{listener.waiting} connections wait to be accepted{who}"
        measured = {"waiting": listener.waiting, "backlog": listener.backlog}
        if listener.backlog and listener.waiting > listener.backlog:
            text = f"listen queue overflow: {waiting}, the backlog of {listener.backlog} is full, new ones are dropped"
            yield fail(text, str(listener), measured=measured)
        elif listener.waiting >= max(limits.unknown_backlog, limits.warn * listener.backlog):
            yield warn(f"listen queue fills up: {waiting}", str(listener), measured=measured)
        else:
            yield ok(waiting, str(listener), measured=measured)
    if not listeners.all:
        yield skip("nothing listens")


@frozen(kw_only=True)
class Dropped:
    """Connections per second dropped because an accept queue was full. Source: our own; any is one too many."""

    warn: float = 0.0
    fail: float = 10.0


@check(limits=Dropped(), noise=(0.005, 0.001), vital=False)
def overflows(refusals: Refusals, limits: Dropped) -> Findings:
    """No connection is dropped at a full accept queue now (ListenOverflows does not grow).

    Why: a client whose connection is dropped there waits seconds to try again, or gives up.
    """
    rate = refusals.listen_overflows / refusals.seconds
    text = f"ListenOverflows +{refusals.listen_overflows}, ListenDrops +{refusals.listen_drops}"
    verdict = fail if rate >= limits.fail else warn if rate > limits.warn else ok
    yield verdict(f"{text} in {refusals.seconds:.1f} s", measured={"overflows_per_s": rate})


@check(noise=(0.01, 0.001), vital=False)
def pending(handshakes: Handshakes) -> Findings:
    """Connections from this host come about.

    Why: a handshake that is still under way seconds later (SYN-SENT) goes to a host that is down, or a packet filter
    drops it.
    """
    for place in handshakes.ours:
        text = f"{place.count} connections to {place.place} do not come about (SYN-SENT): no answer from there"
        yield warn(text, place.place, measured={"pending": place.count})
    if not handshakes.ours:
        yield ok("none of this host's own connections is pending")


@frozen(kw_only=True)
class HalfOpen:
    """Handshakes at one port that were half open for seconds. Source: our own; a few slow clients are usual.

    fail: net.core.somaxconn and net.ipv4.tcp_max_syn_backlog were 128 for long: more fills the queue.
    """

    warn: int = 32
    fail: int = 128


@check(limits=HalfOpen(), noise=(0.005, 0.0003), vital=False)
def half_open(handshakes: Handshakes, limits: HalfOpen) -> Findings:
    """Connections from outside are completed by those who begin them.

    Why: many that are not (SYN-RECV) are a SYN flood, or our answers do not reach the clients.
    """
    many = [place for place in handshakes.theirs if place.count >= limits.warn]
    for place in many:
        text = f"{place.count} half-open connections (SYN-RECV) at port {place.place}"
        verdict = fail if place.count >= limits.fail else warn
        yield verdict(text, place.place, measured={"half_open": place.count})
    if not many:
        yield ok("no port has many half-open connections")


@frozen(kw_only=True)
class PortShare:
    """Share of the ephemeral ports towards one destination that are in use. Source: our own."""

    warn: float = 0.80
    fail: float = 0.95


@check(limits=PortShare(), noise=(0.001, 0.001), vital=False)
def ephemeral_ports(ports: Ports, destinations: Destinations, limits: PortShare) -> Findings:
    """There are local ports for new connections to every destination.

    Why: each destination address and port has the whole range for itself; when it is used up, connect fails with
    "Cannot assign requested address".
    Look-alikes: many sockets in TIME_WAIT to many destinations are harmless.
    """
    short = False
    for place in destinations.all:
        share = place.used / destinations.size
        if share >= limits.warn:
            short = True
            text = f"ephemeral ports run out: {place.used} of {destinations.size} are in use to {place.peer}"
            verdict = fail if share >= limits.fail else warn
            yield verdict(f"{text}, {place.time_wait} of them in TIME_WAIT", place.peer, measured={"share": share})
    if not short:
        yield ok(f"{ports.open} TCP sockets, {ports.time_wait} in TIME_WAIT, {ports.size} ports to each destination")


@frozen(kw_only=True)
class TableShare:
    """Share of the connection tracking table in use.

    Source: node-exporter mixin NodeHighNumberConntrackEntriesUsed (75 %).
    """

    warn: float = 0.75
    fail: float = 0.95


@check(limits=TableShare(), noise=(0.001, 0.0002), vital=False)
def conntrack(table: Conntrack, limits: TableShare) -> Findings:
    """The packet filter can track more connections.

    Why: when the table is full new connections are dropped ("nf_conntrack: table full, dropping packet"); those that
    exist go on, which makes it look like a network fault.
    """
    share = table.count / table.maximum
    text = f"{table.count} of {table.maximum} tracked connections"
    verdict = fail if share >= limits.fail else warn if share >= limits.warn else ok
    yield verdict(text if verdict is ok else f"conntrack table full: {text}", measured={"share": share})
