"""ICMP echo requests, and what comes back: RFC 792 for IPv4, RFC 4443 for IPv6."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from diagkit.frozen import frozen
from diagkit.transports.wire.icmp_filter import hear_only

ECHO_REPLIES = (0, 129)  # ICMP, ICMPv6
ECHO = {socket.AF_INET: 8, socket.AF_INET6: 128}
HOPS = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
}
PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
IPV6_HEADER = 40  # bytes
LONGEST = 1500  # bytes that are read of a packet; its beginning tells all


@dataclass(slots=True)
class Request:
    """One echo request. number: of the socket that sends it. sent: when it was, in seconds of the monotonic clock."""

    address: str
    number: int
    sequence: int
    payload: bytes
    ttl: int
    sent: float = 0.0


@frozen
class Reply:
    """What was answered to an echo request: an echo, or the complaint of a router. at: monotonic, in seconds."""

    source: str
    number: int
    sequence: int
    type: int
    code: int
    at: float


class EchoSocket:
    """A socket for echo requests: a raw one also hears routers complain, a datagram one may be had without root.

    number: of the requests that it will send; a raw one hears nothing else then. Raises PermissionError.
    """

    def __init__(self, family: socket.AddressFamily, *, raw: bool, number: int | None = None) -> None:
        self.raw = raw
        self._family = family
        self._ttl = 0
        try:
            self.sock = socket.socket(family, socket.SOCK_RAW if raw else socket.SOCK_DGRAM, PROTOCOL[family])
        except OSError as error:
            raise PermissionError(f"ICMP is not permitted: {error}") from error
        if raw and number is not None:
            hear_only(self.sock, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.sock.close()

    def send(self, request: Request) -> None:
        """Raises OSError with what our own system says."""
        if request.ttl != self._ttl:
            self.sock.setsockopt(*HOPS[self._family], request.ttl)
            self._ttl = request.ttl
        packet = _packed(ECHO[self._family], request)
        request.sent = time.monotonic()
        self.sock.sendto(packet, (request.address, 0))
        if not self.raw:
            request.number = self.sock.getsockname()[1]  # the kernel has one of its own for each of these sockets

    def receive(self) -> Reply | None:
        """What has come; None where that is nothing, or nothing that could be an answer."""
        with contextlib.suppress(OSError, struct.error, IndexError):
            packet, (source, *_) = self.sock.recvfrom(LONGEST, socket.MSG_DONTWAIT)
            at = time.monotonic()
            four = self._family == socket.AF_INET
            start = _header(packet, 0) if four and self.raw else 0
            kind, code = packet[start], packet[start + 1]
            if kind not in ECHO_REPLIES:  # it quotes the packet that it is about
                start += 8 + (_header(packet, start + 8) if four else IPV6_HEADER)
            number, sequence = struct.unpack_from("!HH", packet, start + 4)
            return Reply(source, number, sequence, kind, code, at)
        return None


def _header(packet: bytes, at: int) -> int:
    """How long the IPv4 header is that begins there, in bytes."""
    return (packet[at] & 15) * 4


def _packed(kind: int, request: Request) -> bytes:
    """The packet with its checksum, RFC 1071; where the kernel makes another one, it does no harm."""
    body = struct.pack("!HH", request.number, request.sequence) + request.payload
    padded = body + b"\0" * (len(body) % 2)
    total = (kind << 8) + sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!BBH", kind, 0, ~total & 0xFFFF) + body
