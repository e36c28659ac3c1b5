"""How fast a fleet is called upon: no server, jump host or network gets more connections than it can take.

What the limits keep clear of, as OpenSSH ships it:

    MaxStartups 10:30:100    sshd drops connections at random once ten have not logged in yet, whoever they belong to
    PerSourcePenalties       sshd 9.8 and newer turns away for a while whoever hung up or failed to log in too often
    MaxSessions 10           sessions of one connection; forwarded channels are not counted
    a jump host              resolves the names it forwards to one after the other, and all its channels wait meanwhile
    firewalls and scanners   count the new connections of a source, by network
"""

from __future__ import annotations

import ipaddress
import random
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.stages import Stopped

RETRIES = 2
FEWEST_SECONDS = 2.0  # left before the deadline; with less there is no use in trying again
SERVER_AT_ONCE = 6  # connections to one server that have not logged in; it may have other guests below its ten
JUMP_AT_ONCE = 32  # log-ins through one jump host; those that wait for an answer to the first packet do not count
JUMP_RATE = 64.0  # new channels a second
NETWORK_RATE = 64.0  # new connections a second to one /24 or /64, and as many at once after a rest
PAUSE, LONGEST_PAUSE = 0.4, 8.0  # seconds that a server is left alone once it has had too many
CROWDED = {(Layer.BANNER, Silence.REFUSED), (Layer.HOST_KEY, Silence.UNREACHABLE)}  # how a full server looks from here
TRANSIENT = CROWDED | {(Layer.NAME, Silence.UNREACHABLE)}  # EAI_AGAIN; no layer of these has seen a key of ours


class Gate:
    """The way to one server: lets so many through at once; fewer, and after a pause, when it says it has too many.

    The width grows by one for as many connections as it is wide, and halves when some are refused, as TCP does.
    """

    def __init__(self) -> None:
        self.width = float(SERVER_AT_ONCE)
        self._inside = 0
        self._pause = 0.0
        self._refused_at = self._open_at = 0.0  # monotonic
        self._changed = threading.Condition()

    @contextmanager
    def place(self, deadline: float) -> Iterator[None]:
        """Wait for a place and hold it. Raises Stopped when none is free by then."""
        entered = self._enter(deadline)
        try:
            yield
        except BaseException as error:
            crowded = isinstance(error, Stopped) and (error.why.layer, error.why.silence) in CROWDED
            self._leave(refused=entered if crowded else 0.0)
            raise
        self._leave(welcome=True)

    def _enter(self, deadline: float) -> float:
        with self._changed:
            while (pause := self._open_at - time.monotonic()) > 0 or self._inside >= int(self.width):
                left = deadline - time.monotonic()
                if left <= 0:
                    detail = f"no turn to connect before the deadline: {self._inside} others are logging in there"
                    raise Stopped(Layer.TCP, Silence.NOT_RUN, detail)
                self._changed.wait(min(left, pause) if pause > 0 else left)
            self._inside += 1
            return time.monotonic()

    def _leave(self, *, refused: float = 0.0, welcome: bool = False) -> None:
        """refused: when a connection was begun that the server had no place for."""
        with self._changed:
            self._inside -= 1
            if refused > self._refused_at:  # else it went with those that were refused before, and we know already
                self.width = max(1.0, self.width / 2)
                self._pause = min(LONGEST_PAUSE, 2 * self._pause or PAUSE)
                self._refused_at = time.monotonic()
                self._open_at = self._refused_at + spread(self._pause)
            elif welcome:
                self.width = min(float(SERVER_AT_ONCE), self.width + 1 / self.width)
                self._pause = 0.0
            self._changed.notify_all()


class Rate:
    """So many a second, and as many at once after a rest."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._empty_at = 0.0  # monotonic; when all that was let through has drained
        self._counting = threading.Lock()

    def wait(self, deadline: float) -> None:
        """Wait for a turn. Raises Stopped when it would come too late."""
        with self._counting:
            now = time.monotonic()
            self._empty_at = max(self._empty_at, now) + 1 / self.per_second
            delay = self._empty_at - now - 1.0
        if now + delay >= deadline:
            raise Stopped(Layer.TCP, Silence.NOT_RUN, "too many others are to be connected to before it")
        if delay > 0:
            time.sleep(delay)


class Jump:
    """The way through one jump host, whatever becomes of those who take it."""

    def __init__(self) -> None:
        self.rate = Rate(JUMP_RATE)
        self._places = threading.Semaphore(JUMP_AT_ONCE)

    @contextmanager
    def place(self, deadline: float) -> Iterator[None]:
        """Wait for a place and hold it. Raises Stopped when none is free by then."""
        if not self._places.acquire(timeout=max(0.0, deadline - time.monotonic())):
            detail = f"no turn at the jump host before the deadline: {JUMP_AT_ONCE} others are logging in through it"
            raise Stopped(Layer.TCP, Silence.NOT_RUN, detail)
        try:
            yield
        finally:
            self._places.release()


class Turn:
    """Leave to connect to one machine; ends with the block that it was given for."""

    def __init__(self, jump: Jump | None, deadline: float, held: ExitStack) -> None:
        self._jump, self._deadline, self._held = jump, deadline, held

    def answered(self) -> None:
        """The machine has answered the jump host: wait for a place among those who log in through it.

        Until then none is held: a machine that is down would keep it from others for as long as we have patience.
        Raises Stopped when none is free before the deadline.
        """
        if self._jump:
            self._held.enter_context(self._jump.place(self._deadline))


class Pace:
    """The gates and rates of one run. Safe to use from many threads."""

    def __init__(self) -> None:
        self._gates: dict[Hashable, Gate] = {}
        self._jumps: dict[Hashable, Jump] = {}
        self._rates: dict[Hashable, Rate] = {}
        self._making = threading.Lock()
        self._round_trips: deque[float] = deque(maxlen=64)

    @property
    def round_trip(self) -> float:
        """Seconds to the machines and back: the median of those connected to last; 0 before there is any."""
        return median(self._round_trips or [0.0])

    def felt(self, seconds: float) -> None:
        """A round trip that was measured."""
        self._round_trips.append(seconds)

    @contextmanager
    def turn(self, routes: Sequence[Route], deadline: float) -> Iterator[Turn]:
        """A turn to connect to the last of these machines by way of the others.

        Hold it from before the connection, or the channel of the jump host, until we are logged in; say when the
        connection is there. Raises Stopped when it does not come before the deadline (monotonic).
        """
        places = tuple((route.host, route.port) for route in routes)
        with self._making:
            gate = self._gates.setdefault(places, Gate())
            jump = self._jumps.setdefault(places[:-1], Jump()) if places[:-1] else None
        if jump:
            jump.rate.wait(deadline)
        with ExitStack() as held:
            held.enter_context(gate.place(deadline))
            yield Turn(jump, deadline, held)

    def meet(self, address: str, deadline: float) -> None:
        """Wait until another connection may be made to the network of this IP address. Raises Stopped if too late."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        if ip.is_loopback:
            return
        network = ipaddress.ip_network((ip, 24 if ip.version == 4 else 64), strict=False)
        with self._making:
            rate = self._rates.setdefault(network, Rate(NETWORK_RATE))
        rate.wait(deadline)

    @staticmethod
    def again(stop: Stopped, tries: int, deadline: float) -> float | None:
        """Seconds until a way up that failed is tried again; None when it is not.

        tries: attempts made so far. Only what is transient, and ended before a key was offered: nobody is locked out by
        us trying again.
        """
        if tries > RETRIES or (stop.why.layer, stop.why.silence) not in TRANSIENT:
            return None
        wait = spread(PAUSE * 2**tries)
        return wait if time.monotonic() + wait + FEWEST_SECONDS < deadline else None


def spread(seconds: float) -> float:
    """About so many seconds: those who failed together do not come back together."""
    return seconds * random.uniform(0.5, 1.5)  # noqa: S311 - it hides nothing


def most_at_once() -> int:
    """How many machines can be asked at once with the file descriptors that this process may have.

    Raises the soft limit to the hard one first. A machine takes up to three: its connection, and two where the way to
    it is a process; 64 are for everything else.
    """
    try:
        import resource
    except ImportError:  # not a POSIX system, and no such limit
        return 1 << 16
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # macOS: its hard limit is more than it grants
            pass
        else:
            soft = hard
    return 1 << 16 if soft == resource.RLIM_INFINITY else max(1, (soft - 64) // 3)
