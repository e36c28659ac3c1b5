"""Reach tests: one layer of the network each, from this machine or from the machine under test.

Each kind of `Reach` answers with one JSON object. A port that refuses is an answer, not a silence; a reply is silent
only where the test itself was not possible: `unsupported` (not from that vantage), `denied` (the system forbids it).
Times are in milliseconds. `state` is one of

    open         the port took the connection
    refused      the machine answered that nothing listens there (TCP reset)
    filtered     no answer at all: lost, or dropped by a packet filter
    unreachable  the network said no: no route, host unreachable, prohibited
    unresolved   the name has no address
    failed       anything else; see `error`

    resolve  {state: resolved | unresolved | filtered, addresses, hosts_file, search, error, took_ms,
              servers: [{server, state: answered | …, rcode, answers}]}      by the system, and by each server itself
    dns      {state: answered | …, rcode, answers, over: udp | tcp, took_ms, error}       name: `db1.example.org A`
    ping     {method, address, sent, rtts_ms: [one for each reply], refusals: [what routers said]}
    long_ping  the same, of five times as many packets
    trace    {method, address, hops: [{ttl, address, rtt_ms}], reached, refusal}   empty address: that hop was silent
    mtu      {method, address, mtu, sizes: {IP packet size: answered}, told_by: the router that said "too big"}
    tcp      {state, took_ms, error}
    banner   the same and {banner}; state `mute` when the port is open and says nothing
    tls      {state: trusted | untrusted | no_tls | …, version, verify_code, verify_message, subject, issuer, names,
              not_before, not_after, self_signed, served, fetchable, sha256, took_ms, error}       name: SNI
    http     {state: answered | mute | no_http | …, status, reason, headers, body: the first 4 KiB,
              phases_ms: {connect, tls, first_byte, total}, error}           name: the URL
    redis    {state: answered | refusing | mute | …, before, after: fields of INFO, seconds between the two,
              slow: [{at, ms, command}], took_ms, error: the refusal, such as NOAUTH}

`to` may be `_gateway`, the word of nss-myhostname for this machine's default gateway.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from diagkit.model import Ask, Reach, Reply, Silence, Transport, Vantage
from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.wire.dns import ask_server, resolve
from diagkit.transports.wire.http import http
from diagkit.transports.wire.mtu import mtu
from diagkit.transports.wire.ping import long_ping, ping
from diagkit.transports.wire.redis import redis
from diagkit.transports.wire.tcp import banner, tcp
from diagkit.transports.wire.tls import tls
from diagkit.transports.wire.trace import trace
from diagkit.transports.wire.way import Unsupported, Way, is_address, way_from_here, way_from_target

Kind = Callable[[Reach, Way, float], Mapping[str, object]]

KINDS: dict[str, tuple[Kind, float]] = {  # how to test, and for how many seconds at most
    "long_ping": (long_ping, 4.0),  # the slowest first, so that they run while the others come and go
    "ping": (ping, 4.0),
    "mtu": (mtu, 4.0),
    "trace": (trace, 4.0),
    "resolve": (resolve, 5.0),
    "dns": (ask_server, 4.5),
    "http": (http, 8.0),
    "tls": (tls, 6.0),
    "banner": (banner, 5.0),
    "redis": (redis, 6.0),
    "tcp": (tcp, 4.0),
}
FROM_HERE_ONLY = {"ping", "long_ping", "mtu", "trace", "resolve"}  # ssh forwards nothing but TCP
AT_ONCE = 24


def wire(asks: Iterable[Reach], transport: Transport, deadline: float) -> Mapping[Ask, Reply]:
    """Run the tests side by side. `deadline` is on the monotonic clock; what is not done by then is left out.

    The threads are daemons and their sockets have timeouts, so one that is late is left behind, never waited for.
    """
    order = list(KINDS)
    asked = sorted(set(asks), key=lambda a: (order.index(a.kind) if a.kind in order else 0, str(a)))
    ways = {Vantage.HERE: way_from_here(), Vantage.TARGET: way_from_target(transport)}
    done: dict[Ask, Reply] = {}
    # An ssh server looks a name up before it forwards, and forwards nothing meanwhile: on a host whose DNS is dead the
    # names would take all the other tests with them.
    named = [a for a in asked if a.vantage is Vantage.TARGET and not is_address(a.to)]
    for part in ([a for a in asked if a not in named], named):
        _side_by_side(part, ways, deadline, done)
    return dict(done)


def _side_by_side(asked: list[Reach], ways: Mapping[Vantage, Way], deadline: float, done: dict[Ask, Reply]) -> None:
    waiting: queue.SimpleQueue[Reach] = queue.SimpleQueue()
    for ask in asked:
        waiting.put(ask)

    def work() -> None:
        while time.monotonic() < deadline:
            try:
                ask = waiting.get_nowait()
            except queue.Empty:
                return
            done[ask] = _answer(ask, ways[ask.vantage], deadline)

    crew: list[threading.Thread] = []
    while len(crew) < AT_ONCE and not waiting.empty():  # a refusal is there before the next thread is
        crew.append(threading.Thread(target=work, daemon=True, name="wire"))
        crew[-1].start()
    for thread in crew:
        thread.join(max(0.0, deadline - time.monotonic()))


def _answer(ask: Reach, way: Way, deadline: float) -> Reply:
    at, started = time.time(), time.monotonic()
    out, err, silence = b"", b"", None
    test, patience = KINDS.get(ask.kind, (_unknown_kind, 0.0))
    if way.vantage is Vantage.TARGET and ask.kind in FROM_HERE_ONLY:
        test = _from_here_only
    try:
        found = test(ask, way, min(patience, deadline - started))
        out = json.dumps(found, sort_keys=True).encode()
    except Unsupported as why:
        err, silence = str(why).encode(), Silence.UNSUPPORTED
    except PermissionError as why:
        err, silence = str(why).encode(), Silence.DENIED
    except Stopped as stop:  # the vantage itself is out of reach: that says nothing about the way from there
        err, silence = stop.why.detail.encode(), stop.why.silence
    except Exception as bug:  # noqa: BLE001 - one broken test must not take its thread and the tests behind it along
        err, silence = f"a bug in diagkit: {type(bug).__name__}: {bug}".encode(), Silence.GARBLED
    return Reply(out=out, err=err, at=at, took=time.monotonic() - started, silence=silence)


def _unknown_kind(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:  # noqa: ARG001 - a `Kind` like the others
    raise Unsupported(f"no reach test is called {ask.kind!r}")


def _from_here_only(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:  # noqa: ARG001 - a `Kind` like the others
    raise Unsupported(f"{ask.kind} is not possible through an ssh connection")
