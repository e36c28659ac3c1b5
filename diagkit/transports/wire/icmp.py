"""Volleys of ICMP echo requests: sent at fixed intervals, and listened for beside.

Who sends the next packet only when the last one was answered, or given up, needs ten seconds to lose ten. Forty packets
and the wait for the last take three seconds here.
"""

from __future__ import annotations

import math
import secrets
import select
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from diagkit.transports.wire.echo import ECHO_REPLIES, EchoSocket, Reply, Request

UNREACHABLES = (3, 1)
TIME_EXCEEDED = (11, 3)
FRAGMENTATION_NEEDED = ((3, 4), (2, 0))  # (type, code) of ICMP, and "packet too big" of ICMPv6
BEAT = 0.01  # seconds: volleys send together
GLANCE = 0.05  # seconds after which the battery has noticed a new volley


@dataclass(slots=True)
class Volley:
    """Replies by sequence number, and what our own system said to some packets.

    awaited: the packets by sequence number. left: those not sent yet, and how far the farthest goes. due: when the next
    is; end: when it is over, whatever came (both on the monotonic clock).
    """

    sock: EchoSocket
    awaited: dict[int, Request]
    left: deque[Request]
    farthest: int
    interval: float
    due: float
    end: float
    replies: dict[int, Reply] = field(default_factory=dict)
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
        shot = self.left.popleft()
        self.due += self.interval
        try:
            self.sock.send(shot)
        except OSError as error:
            self.errors[shot.sequence] = str(error)

    def hear(self) -> None:
        """One packet that has come. Where one arrived, none has to be sent that would go farther."""
        reply = self.sock.receive()
        shot = self.awaited.get(reply.sequence) if reply else None
        if not reply or not shot or reply.number != shot.number:
            return
        self.replies.setdefault(reply.sequence, reply)
        if reply.type in ECHO_REPLIES and shot.ttl < self.farthest:
            self.farthest = shot.ttl
            for farther in [other for other in self.left if other.ttl > shot.ttl]:
                self.left.remove(farther)
                del self.awaited[farther.sequence]


def new_number() -> int:
    """What tells the echo requests of one socket from those of others."""
    return secrets.randbits(16)


def requests(number: int, address: str, count: int, *, size: int = 56, ttl: int = 64, first: int = 0) -> list[Request]:
    """Echo requests of one socket with sequence numbers from `first`; `size` in bytes of ICMP payload."""
    payload = secrets.token_bytes(size)
    return [Request(address, number, first + i, payload, ttl) for i in range(count)]


def fire(sock: EchoSocket, shots: Sequence[Request], interval: float, grace: float) -> Volley:
    """Send one packet each `interval` seconds, listen beside, and wait up to `grace` seconds for stragglers."""
    due = math.ceil(time.monotonic() / BEAT) * BEAT
    end = due + interval * len(shots) + grace
    farthest = max(shot.ttl for shot in shots)
    volley = Volley(sock, {shot.sequence: shot for shot in shots}, deque(shots), farthest, interval, due, end)
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


def rtt_ms(shot: Request, reply: Reply) -> float:
    """Round-trip time in milliseconds."""
    return round(max(0.0, reply.at - shot.sent) * 1000, 3)
