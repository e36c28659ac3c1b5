"""The stages below the SSH protocol: a name becomes addresses, one of them a TCP connection."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable
from queue import Empty, SimpleQueue

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.pacing import Pace
from diagkit.transports.ssh.stages import Stopped, seconds_for

STAGGER = 0.25  # seconds between attempts, RFC 8305 section 5
ROUND_TRIP_AT = 68  # bytes into struct tcp_info of linux/tcp.h: tcpi_rtt, in microseconds
# For a handful of sockets: epoll takes four system calls more, at each of which other threads may cut in.
Selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)
DEAD_PEER_MS = 15_000  # of unanswered data or probes, then the kernel gives the connection up

AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]


def addresses(route: Route, deadline: float) -> list[AddressInfo]:
    """The addresses of the route's host, in the order the system prefers them."""
    with contextlib.suppress(OSError, UnicodeError):  # an address need not be asked for
        return socket.getaddrinfo(  # type: ignore[return-value]
            route.host, route.port, route.family, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    answer: SimpleQueue[list[AddressInfo] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(route.host, route.port, route.family, socket.SOCK_STREAM))  # type: ignore[arg-type]
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error)))

    # getaddrinfo knows no timeout; its own ends the thread
    threading.Thread(target=ask, daemon=True, name=f"resolve {route.host}").start()
    seconds = seconds_for(Layer.NAME, deadline)
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        detail = f"no answer about the name {route.host} within {seconds:.0f} s: the resolver does not answer"
        raise Stopped(Layer.NAME, Silence.TIMEOUT, detail) from None
    if isinstance(found, OSError):
        if found.errno == socket.EAI_AGAIN:
            detail = (
                f"{route.host} cannot be resolved just now ({found.strerror}): the resolver failed or did not answer"
            )
            raise Stopped(Layer.NAME, Silence.UNREACHABLE, detail)
        detail = f"{route.host} does not resolve ({found.strerror}): check its spelling, the ssh configuration, DNS"
        raise Stopped(Layer.NAME, Silence.MISSING, detail)
    return found


def connect(route: Route, deadline: float, pace: Pace | None = None) -> socket.socket:
    """A TCP connection to the first address that accepts, the next one tried while the last is still silent.

    pace: how fast the networks of this run may be called upon.
    """
    infos = addresses(route, deadline)
    if pace:
        pace.meet(str(infos[0][4][0]), deadline)
    seconds = seconds_for(Layer.TCP, deadline)
    if route.connect_seconds:
        seconds = min(seconds, route.connect_seconds)
    connected, failures = _race(infos, time.monotonic() + seconds)
    if connected is None:
        raise _failed(route, infos, failures, seconds)
    _tune(connected)
    if pace:
        pace.felt(round_trip(connected))
    return connected


def _race(infos: list[AddressInfo], end: float) -> tuple[socket.socket | None, list[OSError]]:
    """Happy eyeballs: start at an address every STAGGER seconds, or at once after a failure; the first answer wins."""
    failures: list[OSError] = []
    waiting = list(reversed(infos))
    next_start = 0.0
    with Selector() as running:
        while (now := time.monotonic()) < end and (waiting or running.get_map()):
            if waiting and (now >= next_start or not running.get_map()):
                next_start = now + STAGGER
                try:
                    running.register(_start(waiting.pop()), selectors.EVENT_WRITE)
                except OSError as error:
                    failures.append(error)
                    continue
            for key, _ in running.select(max(0.0, min(end, next_start if waiting else end) - time.monotonic())):
                attempt: socket.socket = running.unregister(key.fileobj).fileobj  # type: ignore[assignment]
                code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    _give_up(running)
                    return attempt, failures
                attempt.close()
                failures.append(OSError(code, os.strerror(code)))
                next_start = 0.0
        silent = _give_up(running)
    return None, failures + [TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))] * silent


def _give_up(running: selectors.BaseSelector) -> int:
    """Close the attempts still under way; how many there were."""
    attempts = [key.fileobj for key in running.get_map().values()]
    for attempt in attempts:
        running.unregister(attempt)
        attempt.close()  # type: ignore[union-attr]
    return len(attempts)


def _start(info: AddressInfo) -> socket.socket:
    family, kind, protocol, _, address = info
    attempt = socket.socket(family, kind, protocol)
    attempt.settimeout(0)
    code = attempt.connect_ex(address)
    if code not in (0, errno.EINPROGRESS):
        attempt.close()
        raise OSError(code, os.strerror(code))
    return attempt


def _failed(route: Route, infos: Iterable[AddressInfo], failures: list[OSError], seconds: float) -> Stopped:
    """The failure that came farthest speaks for all: an answer before silence, silence before no way at all."""
    where = f"{', '.join(dict.fromkeys(str(info[4][0]) for info in infos))} port {route.port}"
    codes = {failure.errno for failure in failures}
    if errno.ECONNREFUSED in codes or errno.ECONNRESET in codes:
        detail = f"Connection refused by {where}: the host answers, but nothing listens there or a firewall rejects"
        return Stopped(Layer.TCP, Silence.REFUSED, detail)
    if not codes or errno.ETIMEDOUT in codes:
        detail = f"no answer from {where} within {seconds:.0f} s: the host is down or a firewall drops the packets"
        return Stopped(Layer.TCP, Silence.TIMEOUT, detail)
    words = "; ".join(dict.fromkeys(failure.strerror or str(failure) for failure in failures))
    return Stopped(Layer.ROUTE, Silence.UNREACHABLE, f"no way to {where}: {words}")


def round_trip(connected: socket.socket) -> float:
    """Seconds to the other end and back, as the kernel has measured them so far; 0 where it does not tell."""
    if not hasattr(socket, "TCP_INFO"):
        return 0.0
    told = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ROUND_TRIP_AT + 4)
    return struct.unpack_from("=I", told, ROUND_TRIP_AT)[0] / 1e6 if len(told) >= ROUND_TRIP_AT + 4 else 0.0


def _tune(connected: socket.socket) -> None:
    """Small writes go out at once (Nagle costs 40 ms a message here), and a peer that died is noticed."""
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", 5),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", DEAD_PEER_MS),
    ):
        if option := getattr(socket, name, None):
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
