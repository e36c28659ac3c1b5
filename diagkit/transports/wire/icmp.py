"""ICMP echo by icmplib's sockets, on our own schedule.

icmplib.ping() sends the next packet when the last one was answered or given up, so ten lost packets cost ten seconds.
A volley sends at fixed intervals and listens beside it: forty packets and the wait for the last take three seconds.
"""

from __future__ import annotations

import secrets
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from diagkit.transports.wire.icmp_filter import hear_only

ECHO_REPLIES = (0, 129)  # ICMP, ICMPv6
UNREACHABLES = (3, 1)
TIME_EXCEEDED = (11, 3)
FRAGMENTATION_NEEDED = ((3, 4), (2, 0))  # (type, code) of ICMP, and "packet too big" of ICMPv6


@dataclass(slots=True)
class Volley:
    """Replies by sequence number (an icmplib.ICMPReply each), and what our own system said to some packets."""

    replies: dict[int, Any] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)


def new_number() -> int:
    """What tells the echo requests of one socket from those of others."""
    return secrets.randbits(16)


def open_socket(family: socket.AddressFamily, *, raw: bool, number: int | None = None) -> Any:
    """A raw ICMP socket (also hears routers complain), or a datagram one. Raises PermissionError.

    number: of the requests that it will send; a raw one hears nothing else then.
    """
    import icmplib

    make = icmplib.ICMPv6Socket if family == socket.AF_INET6 else icmplib.ICMPv4Socket
    try:
        sock = make(privileged=raw)
    except icmplib.ICMPLibError as error:
        raise PermissionError(f"ICMP is not permitted: {error}") from error
    if raw and number is not None:
        hear_only(sock.sock, number)
    return sock


def requests(number: int, address: str, count: int, *, size: int = 56, ttl: int = 64, first: int = 0) -> list[Any]:
    """Echo requests of one socket with sequence numbers from `first`; `size` in bytes of ICMP payload."""
    import icmplib

    return [icmplib.ICMPRequest(address, number, first + i, payload_size=size, ttl=ttl) for i in range(count)]


def fire(sock: Any, shots: Sequence[Any], interval: float, grace: float) -> Volley:
    """Send one packet each `interval` seconds, listen beside, and wait up to `grace` seconds for stragglers."""
    import icmplib

    volley = Volley()
    by_sequence = {shot.sequence: shot for shot in shots}
    left = deque(shots)
    ready = select.poll()
    ready.register(sock.sock, select.POLLIN)
    due = time.monotonic()
    end = due + interval * len(shots) + grace
    while (now := time.monotonic()) < end and len(volley.replies) + len(volley.errors) < len(shots):
        if left and now >= due:
            shot = left.popleft()
            due += interval
            try:
                sock.send(shot)
            except icmplib.ICMPLibError as error:
                volley.errors[shot.sequence] = str(error)
        elif ready.poll(1000 * ((due if left else end) - now)):
            reply = _receive(sock)
            if reply and reply.sequence in by_sequence and reply.id == by_sequence[reply.sequence].id:
                volley.replies.setdefault(reply.sequence, reply)
    return volley


def _receive(sock: Any) -> Any:
    import icmplib

    try:
        return sock.receive(None, timeout=0.05)  # it is there already; what cannot be parsed must not hold us up
    except icmplib.ICMPLibError:
        return None


def rtt_ms(shot: Any, reply: Any) -> float:
    """Round-trip time in milliseconds."""
    return round(max(0.0, float(reply.time - shot.time)) * 1000, 3)
