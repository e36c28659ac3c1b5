"""ICMP echo by icmplib's sockets, on our own schedule.

icmplib.ping() sends the next packet when the last one was answered or given up, so ten lost packets cost ten seconds.
A volley sends at fixed intervals and listens beside it: forty packets and the wait for the last take three seconds.
"""

from __future__ import annotations

import math
import secrets
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagkit.transports.wire.icmp_filter import hear_only

ECHO_REPLIES = (0, 129)  # ICMP, ICMPv6
UNREACHABLES = (3, 1)
TIME_EXCEEDED = (11, 3)
FRAGMENTATION_NEEDED = ((3, 4), (2, 0))  # (type, code) of ICMP, and "packet too big" of ICMPv6
BEAT = 0.01  # seconds: volleys send together
GLANCE = 0.05  # seconds after which the battery has noticed a new volley


@dataclass(slots=True)
class Volley:
    """Replies by sequence number (an icmplib.ICMPReply each), and what our own system said to some packets.

    awaited: the packets by sequence number. left: those not sent yet. due: when the next is; end: when it is over,
    whatever came (both on the monotonic clock).
    """

    sock: Any
    awaited: dict[int, Any]
    left: deque[Any]
    interval: float
    due: float
    end: float
    replies: dict[int, Any] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    bug: Exception | None = None

    def open(self, now: float) -> bool:
        """Whether anything is still to be sent or heard."""
        return now < self.end and len(self.replies) + len(self.errors) < len(self.awaited)

    @property
    def next(self) -> float:
        """When there is something to be done even if nothing comes."""
        return self.due if self.left else self.end

    def send(self) -> None:
        """The packet that is due."""
        import icmplib

        shot = self.left.popleft()
        self.due += self.interval
        try:
            self.sock.send(shot)
        except icmplib.ICMPLibError as error:
            self.errors[shot.sequence] = str(error)

    def hear(self) -> None:
        """One packet that has come. Where one arrived, none has to be sent that would go farther."""
        reply = _receive(self.sock)
        shot = self.awaited.get(reply.sequence) if reply else None
        if not shot or reply.id != shot.id:
            return
        self.replies.setdefault(reply.sequence, reply)
        if reply.type in ECHO_REPLIES:
            for farther in [other for other in self.left if other.ttl > shot.ttl]:
                self.left.remove(farther)
                del self.awaited[farther.sequence]


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

    payload = secrets.token_bytes(size)  # made once: icmplib makes new ones for each packet, byte by byte
    return [icmplib.ICMPRequest(address, number, first + i, payload, ttl=ttl) for i in range(count)]


def fire(sock: Any, shots: Sequence[Any], interval: float, grace: float) -> Volley:
    """Send one packet each `interval` seconds, listen beside, and wait up to `grace` seconds for stragglers."""
    due = math.ceil(time.monotonic() / BEAT) * BEAT
    end = due + interval * len(shots) + grace
    volley = Volley(sock, {shot.sequence: shot for shot in shots}, deque(shots), interval, due, end)
    _battery.take(volley)
    volley.over.wait(end + GLANCE - time.monotonic())
    if volley.bug:
        raise volley.bug
    return volley


class _Battery:
    """All volleys of this process, in one thread that sends on the beat: to wake up costs more than a packet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new: list[Volley] = []
        self._manned = False

    def take(self, volley: Volley) -> None:
        """Fire this one too."""
        with self._lock:
            self._new.append(volley)
            if not self._manned:
                self._manned = True
                threading.Thread(target=self._fire, daemon=True, name="icmp").start()

    def _fire(self) -> None:
        """Until there is no volley left. A bug must not look like packets that were lost."""
        firing: dict[int, Volley] = {}  # by the file descriptor of the socket
        try:
            ready = select.poll()
            while self._manned_for(firing, ready):
                now = time.monotonic()
                for volley in list(firing.values()):
                    if volley.left and volley.due <= now:
                        volley.send()
                        _hear(firing, ready, 0.0)  # at once: it is dated when it is heard
                _hear(firing, ready, min(now + GLANCE, *(volley.next for volley in firing.values())) - time.monotonic())
        except Exception as bug:  # noqa: BLE001 - raised again where each volley is waited for
            with self._lock:
                self._manned = False
                broken, self._new = [*firing.values(), *self._new], []
            for volley in broken:
                volley.bug = bug
                volley.over.set()

    def _manned_for(self, firing: dict[int, Volley], ready: select.poll) -> bool:
        """Whether there are volleys to fire, now that those which are over have gone and new ones have come."""
        now = time.monotonic()
        for number in [number for number, volley in firing.items() if not volley.open(now)]:
            ready.unregister(number)
            firing.pop(number).over.set()
        with self._lock:
            for volley in self._new:
                number = volley.sock.sock.fileno()
                ready.register(number, select.POLLIN)
                firing[number] = volley
            self._new.clear()
            self._manned = bool(firing)
            return self._manned


_battery = _Battery()


def _hear(firing: Mapping[int, Volley], ready: select.poll, seconds: float) -> None:
    """What has come, or comes first within so many seconds."""
    for number, _ in ready.poll(1000 * max(0.0, seconds)):
        firing[number].hear()


def _receive(sock: Any) -> Any:
    import icmplib

    try:
        return sock.receive(None, timeout=0.05)  # it is there already; what cannot be parsed must not hold us up
    except icmplib.ICMPLibError:
        return None


def rtt_ms(shot: Any, reply: Any) -> float:
    """Round-trip time in milliseconds."""
    return round(max(0.0, float(reply.time - shot.time)) * 1000, 3)
