"""Trace: the routers on the way, by raw ICMP where we may, else by UDP and the socket's error queue."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

from diagkit.model import Reach
from diagkit.transports.wire.icmp import ECHO_REPLIES, TIME_EXCEEDED, fire, new_number, open_socket, requests, rtt_ms
from diagkit.transports.wire.tcp import since
from diagkit.transports.wire.way import Way

FARTHEST = 24  # hops
PER_HOP, INTERVAL, GRACE = 2, 0.01, 1.2
FIRST_PORT = 33434  # where traceroute has always started
MSG_ERRQUEUE = 0x2000
RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
HOPS = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
}
PORT_UNREACHABLE = ((3, 3), (1, 4))
Heard = tuple[str, float, int, int]  # who, after how many milliseconds, ICMP type, ICMP code


def trace(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """All hop counts at once; a hop that says nothing has an empty address, which is not loss."""
    try:
        family, address = way.address(ask.to, patience)
    except OSError as error:
        return {"method": "none", "address": "", "hops": [], "reached": False, "refusal": str(error)}
    try:
        method, heard = "raw ICMP", _by_icmp(family, address)
    except PermissionError:
        method, heard = "UDP", _by_udp(family, address)
    return {"method": method, "address": address} | _path(heard, address)


def _path(heard: dict[int, Heard], address: str) -> dict[str, object]:
    arrived = [
        ttl
        for ttl, (who, _, kind, code) in heard.items()
        if kind in ECHO_REPLIES or ((kind, code) in PORT_UNREACHABLE and who == address)
    ]
    last = min(arrived, default=max(heard, default=0))
    hops: list[dict[str, object]] = []
    refusal = ""
    for ttl in range(1, last + 1):
        who, took, kind, code = heard.get(ttl, ("", 0.0, TIME_EXCEEDED[0], 0))
        hops.append({"ttl": ttl, "address": who, "rtt_ms": took})
        if kind not in TIME_EXCEEDED and ttl not in arrived:
            refusal = f"destination unreachable (ICMP {kind}/{code}) from {who}"
            break
    return {"hops": hops, "reached": bool(arrived), "refusal": refusal}


def _by_icmp(family: socket.AddressFamily, address: str) -> dict[int, Heard]:
    number = new_number()
    with open_socket(family, raw=True, number=number) as sock:
        shots: list[Any] = []
        for turn in range(PER_HOP):
            for ttl in range(1, FARTHEST + 1):
                shots += requests(number, address, 1, ttl=ttl, size=32, first=turn * FARTHEST + ttl - 1)
        volley = fire(sock, shots, INTERVAL, GRACE)
    heard: dict[int, Heard] = {}
    for shot in shots:
        if reply := volley.replies.get(shot.sequence):
            heard.setdefault(shot.ttl, (reply.source, rtt_ms(shot, reply), reply.type, reply.code))
    return heard


def _by_udp(family: socket.AddressFamily, address: str) -> dict[int, Heard]:
    """The kernel queues the ICMP errors about a datagram on the socket that sent it: nobody needs root for that."""
    ready = select.poll()
    flying: dict[int, tuple[socket.socket, int, float]] = {}
    heard: dict[int, Heard] = {}
    try:
        for ttl in range(1, FARTHEST + 1):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            flying[sock.fileno()] = (sock, ttl, time.monotonic())
            sock.settimeout(0)
            sock.setsockopt(*RECVERR[family], 1)
            sock.setsockopt(*HOPS[family], ttl)
            ready.register(sock, select.POLLERR)
            sock.sendto(b"diagkit", (address, FIRST_PORT + ttl))
            time.sleep(INTERVAL)
        end = time.monotonic() + GRACE
        while len(heard) < FARTHEST and (left := end - time.monotonic()) > 0:
            for number, _ in ready.poll(1000 * left):
                sock, ttl, sent = flying[number]
                ready.unregister(sock)
                if said := _complaint(sock):
                    heard[ttl] = (said[0], since(sent), *said[1:])
    except OSError:
        pass  # no route from here: whoever asks sees no hop at all
    finally:
        for sock, _, _ in flying.values():
            sock.close()
    return heard


def _complaint(sock: socket.socket) -> tuple[str, int, int] | None:
    """Who sent the ICMP error that lies on this socket's queue, its type and code (struct sock_extended_err)."""
    try:
        _, ancillary, _, _ = sock.recvmsg(512, 512, MSG_ERRQUEUE)
    except OSError:
        return None
    for _, _, data in ancillary:
        kind, code = data[5], data[6]
        (family,) = struct.unpack_from("=H", data, 16)
        if family == socket.AF_INET6:
            return socket.inet_ntop(socket.AF_INET6, data[24:40]), kind, code
        if family == socket.AF_INET:
            return socket.inet_ntoa(data[20:24]), kind, code
    return None
