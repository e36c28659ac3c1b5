"""What the connections of one run share: above all the connections to jump hosts.

There is one connection to each jump host, however many targets lie behind it; each target gets a channel on it. So the
user's key is used once, and neither MaxStartups nor a ban for connecting too often is met. MaxSessions does not count
these channels.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.config.route import Hop, Route, resolve
from diagkit.transports.ssh.login.passphrases import Passphrases
from diagkit.transports.ssh.pacing import Pace
from diagkit.transports.ssh.stages import Stopped

if TYPE_CHECKING:
    from diagkit.transports.ssh.login.private_keys import PrivateKey

Choice = Literal["auto", "paramiko", "openssh"]
Routes = tuple[Route, ...]
"""The machines on the way to one of them, the first to be connected to first, that one last."""

LONGEST_CHAIN = 8  # machines, jump hosts and target together
LINE_SECONDS = 40.0  # to be let in by one jump host; every stage of it has a budget of its own
CONNECTIONS = 2  # to one jump host: when the first is lost, what waits for it gets a second


class Held(Protocol):
    """A connection to a jump host that has let us in. notes: what the user should be told of it."""

    @property
    def notes(self) -> tuple[str, ...]: ...

    def is_active(self) -> bool: ...

    def last_words(self) -> str:
        """Those of the server, ready to follow a sentence."""
        ...

    def hang_up(self) -> None:
        """End it and leave nothing of it, from any thread."""
        ...


H = TypeVar("H", bound=Held)
Climb = Callable[[Routes, "Switchboard", float, Callable[[Layer], None]], H]
"""Connects to the last of the machines until a deadline, telling each stage it begins. Raises Stopped."""


class AtJumpHost(Stopped):
    """The way to a machine ended at a jump host on it; the detail says at which."""


def at_jump_host(name: str, stop: Stopped) -> AtJumpHost:
    """The same for those who want to go on from there."""
    why = stop.why
    return AtJumpHost(why.layer, why.silence, f"at the jump host {name}: {why.detail}", why.wrong_key)


def route_to(
    hop: Hop, config: str, jumps: tuple[Hop, ...] = (), passed: tuple[tuple[str, int, str], ...] = ()
) -> Routes:
    """The machines on the way to `hop` by the user's ssh configuration. Raises Stopped at layer NAME.

    jumps: the chain named by whoever sends us here; without one, the hop's own ProxyJump. passed: who sent us.
    """
    route = resolve(hop, config)
    jumps = jumps or route.jumps
    here = (route.host, route.port, route.user)
    if here in passed or len(passed) == LONGEST_CHAIN:
        raise Stopped(Layer.NAME, Silence.UNSUPPORTED, f"the jump hosts lead in a circle by way of {route.name}")
    if not jumps:
        return (route,)
    try:
        return (*route_to(jumps[-1], config, jumps[:-1], (*passed, here)), route)
    except AtJumpHost:
        raise
    except Stopped as stop:
        raise at_jump_host(jumps[-1].host, stop) from None


class Switchboard:
    """Shared by all `Ssh` of one run and process, and closed at its end. Safe to use from any thread.

    transport: how to speak SSH; `auto` is paramiko, and the system's ssh for what paramiko cannot do. pace: how fast
    new connections are made. passphrases: how locked key files are unlocked, for all at once.
    """

    def __init__(self, *, transport: Choice = "auto") -> None:
        self.transport = transport
        self.pace = Pace()
        self.passphrases: Passphrases[PrivateKey] = Passphrases()
        self._lines: dict[tuple[Routes, object], Line[Any]] = {}
        self._told: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def line(self, routes: Routes, climb: Climb[H], deadline: float) -> Line[H]:
        """The connection to the jump host at the end of `routes`, made by `climb` when the first asks for it.

        Waits for whoever is making it until `deadline`. Raises Stopped, the same for all, when it cannot be made.
        """
        with self._lock:
            line = self._lines.get((routes, climb))
            if self._closed:
                raise Stopped(Layer.TCP, Silence.NOT_RUN, "the run is over")
            if line is None or (line.lost and line.number < CONNECTIONS):
                line = Line(routes, climb, self, line.number + 1 if line else 1)
                self._lines[routes, climb] = line
        line.wait(deadline)
        return line

    def once(self, *notes: str) -> tuple[str, ...]:
        """Those of the notes that nobody of this run has been told yet."""
        with self._lock:
            fresh = tuple(note for note in dict.fromkeys(notes) if note not in self._told)
            self._told.update(fresh)
            return fresh

    def close(self) -> None:
        """Hang up at every jump host, the far ends first."""
        with self._lock:
            self._closed = True
            lines = sorted(self._lines.values(), key=lambda line: -len(line.routes))
        self.passphrases.close()
        for line in lines:
            line.close()


class Line(Generic[H]):
    """The connection to one jump host: being made, up, lost, or failed for good.

    It is made by a thread of its own, so that it does not end with the time of the target that wanted it first.
    """

    def __init__(self, routes: Routes, climb: Climb[H], board: Switchboard, number: int) -> None:
        self.routes = routes
        self.number = number
        self.stage = Layer.NAME
        self._climb = climb
        self._board = board
        self._way: H | None = None
        self._failure: Exception | None = None
        self._settled = threading.Event()
        self._closed = False
        threading.Thread(target=self._connect, daemon=True, name=f"jump host {self.name}").start()

    @property
    def name(self) -> str:
        """As it was named by the user."""
        return self.routes[-1].name

    @property
    def way(self) -> H:
        """The connection, once `wait` has returned."""
        assert self._way  # noqa: S101 - for the type checker
        return self._way

    @property
    def lost(self) -> bool:
        """Whether it was up and is no longer."""
        return self._settled.is_set() and self._way is not None and not self._way.is_active()

    def wait(self, deadline: float) -> None:
        """Return when it is up. Raises Stopped when it cannot be made, was lost too often, or not in time."""
        if not self._settled.wait(max(0.0, deadline - time.monotonic())):
            detail = "it had not let us in when the time for this machine was over"
            raise at_jump_host(self.name, Stopped(self.stage, Silence.TIMEOUT, detail))
        if isinstance(self._failure, AtJumpHost):
            why = self._failure.why  # each who waits raises one of its own
            raise AtJumpHost(why.layer, why.silence, why.detail, why.wrong_key)
        if self._failure:
            raise self._failure
        if self.lost:
            raise self.loss()

    def loss(self) -> AtJumpHost:
        """What to say when it was lost."""
        words = f"the connection to it was lost{self.way.last_words()}"
        return at_jump_host(self.name, Stopped(Layer.TCP, Silence.UNREACHABLE, words))

    def close(self) -> None:
        """Hang up. Targets that are still being asked through it are cut off."""
        self._closed = True
        if self._way:
            self._way.hang_up()

    def _connect(self) -> None:
        try:
            self._way = self._climb(self.routes, self._board, time.monotonic() + LINE_SECONDS, self._at)
            if self._closed:
                self._way.hang_up()
        except AtJumpHost as stop:
            self._failure = stop
        except Stopped as stop:
            self._failure = at_jump_host(self.name, stop)
        except Exception as bug:  # noqa: BLE001 - raised again by those who wait
            self._failure = bug
        finally:
            self._settled.set()

    def _at(self, stage: Layer) -> None:
        if self._closed:
            raise Stopped(stage, Silence.NOT_RUN, "the run is over")
        self.stage = stage
