"""Path MTU: echo requests of many sizes that may not be fragmented (DF), to see which come back."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from diagkit.model import Reach
from diagkit.transports.wire.icmp import ECHO_REPLIES, FRAGMENTATION_NEEDED, fire, new_number, open_socket, requests
from diagkit.transports.wire.way import Way

# IP packet sizes in bytes: Ethernet, PPPoE, GRE, clouds, VXLAN, IPsec, WireGuard and others, least of IPv6, of IPv4
SIZES = (1500, 1492, 1476, 1460, 1450, 1440, 1420, 1400, 1380, 1280, 576)
TRIES, TRIES_AGAIN, INTERVAL, GRACE = 2, 5, 0.01, 1.0
DONT_FRAGMENT = (socket.IPPROTO_IP, 10, 3)  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE: DF, whatever the kernel guesses
DONT_FRAGMENT_6 = (socket.IPPROTO_IPV6, 23, 3)  # IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE
EMSGSIZE = "Message too long"


def mtu(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """The largest packet that comes back. Sizes that were not answered are tried again, for they may just be lost."""
    try:
        family, address = way.address(ask.to, patience)
    except OSError:
        return {"method": "none", "address": "", "mtu": 0, "sizes": {}, "told_by": ""}
    number = new_number()
    try:
        sock = open_socket(family, raw=True, number=number)
    except PermissionError:
        sock = open_socket(family, raw=False)
    with sock:
        six = family == socket.AF_INET6
        sock.sock.setsockopt(*(DONT_FRAGMENT_6 if six else DONT_FRAGMENT))
        headers = 48 if six else 28
        sizes = [size for size in SIZES if size >= 1280 or not six]
        came, told = _sound(
            sock, number, address, sizes[:1], headers, TRIES
        )  # enough on most paths; spares slow ones the rest
        if not any(came.values()):
            came, told = _sound(sock, number, address, sizes, headers, TRIES)
        largest = max((size for size, answered in came.items() if answered), default=0)
        if largest and not told and (silent := [size for size in came if size > largest]):
            again, told = _sound(sock, number, address, silent, headers, TRIES_AGAIN)
            came |= again
    return {
        "method": "raw ICMP" if sock.is_privileged else "datagram ICMP",
        "address": address,
        "mtu": max((size for size, answered in came.items() if answered), default=0),
        "sizes": {str(size): answered for size, answered in came.items()},
        "told_by": told,
    }


def _sound(
    sock: Any, number: int, address: str, sizes: list[int], headers: int, tries: int
) -> tuple[dict[int, bool], str]:
    """Which sizes came back, and who said "too big" (`this machine`: larger than our interface takes)."""
    shots, size_of = [], {}
    for sequence, size in enumerate(sizes * tries):
        shots += requests(number, address, 1, size=size - headers, first=sequence)
        size_of[sequence] = size
    volley = fire(sock, shots, INTERVAL, GRACE)
    answered = {size_of[n] for n, reply in volley.replies.items() if reply.type in ECHO_REPLIES}
    told = [r.source for r in volley.replies.values() if (r.type, r.code) in FRAGMENTATION_NEEDED]
    if not told and any(EMSGSIZE in error for error in volley.errors.values()):
        told = ["this machine"]
    return {size: size in answered for size in sizes}, told[0] if told else ""
