"""The way up to one machine, over jump hosts where the configuration names some, and the shell at its end.

Import it only after `lazy_paramiko.load()`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import paramiko  # noqa: TID253 - see above

from diagkit.model import Layer, Silence, Unreached
from diagkit.transports import host_key
from diagkit.transports.forwarding import meaning
from diagkit.transports.known_hosts import KnownHosts
from diagkit.transports.proxy_command import open_proxy
from diagkit.transports.shell import NoShell
from diagkit.transports.ssh_auth import authenticate
from diagkit.transports.ssh_config import Route
from diagkit.transports.ssh_connect import connect
from diagkit.transports.ssh_protocol import Client, signature_holds
from diagkit.transports.ssh_stream import Stream
from diagkit.transports.stages import Stopped, seconds_for
from diagkit.transports.switchboard import Line, Routes, Switchboard

SEND_SECONDS = 10.0  # for the shell to take what it is sent; a forced command may never read
HEARD = 200  # bytes of what came instead of a shell that are shown


@dataclass(frozen=True, slots=True)
class Way:
    """A connection to one machine that has let us in, and what the user should be told of how that came about."""

    client: Client
    notes: tuple[str, ...]


def climb(routes: Routes, board: Switchboard, deadline: float, at: Callable[[Layer], None] = lambda _: None) -> Way:
    """Connect to the last of these machines by way of the others, check its host key, log in.

    at: is told which stage comes next. Raises Stopped and leaves nothing open. When the connection to a jump host is
    lost on the way, another is tried, but not after a log-in was tried: servers count those.
    """
    before, route = routes[:-1], routes[-1]
    tries = 0
    while True:
        tries += 1
        line = board.line(before, deadline) if before else None
        try:
            with board.pace.turn(routes, deadline):
                return _arrive(route, line, deadline, at)
        except Stopped as stop:
            pause = board.pace.again(stop, tries, deadline)
            if line and stop.why.layer is not Layer.AUTHENTICATION and _lost(line):
                pause = 0.0
            if pause is None:
                raise
            time.sleep(pause)


def _arrive(route: Route, line: Line | None, deadline: float, at: Callable[[Layer], None]) -> Way:
    at(Layer.TCP)
    if line:
        stream = _through(line, route, deadline)
    else:
        stream = open_proxy(route.proxy_command, deadline) if route.proxy_command else connect(route, deadline)
    known = KnownHosts.load(route.known_hosts)
    client = Client(stream, host_key.algorithms(route, known), deadline)
    try:
        at(Layer.HOST_KEY)
        client.negotiate()
        note = host_key.check(route, known, client.presented, time.time(), signature_holds)
        at(Layer.AUTHENTICATION)
        authenticate(client, route)
    except BaseException:
        client.hang_up()
        raise
    return Way(client, (*(line.notes if line else ()), *route.notes, *((note,) if note else ())))


def _lost(line: Line) -> bool:
    """Whether the connection to the jump host is gone; what it carried ends a moment before it does."""
    for _ in range(10):
        if line.lost:
            return True
        time.sleep(0.01)
    return False


def _through(line: Line, route: Route, deadline: float) -> Stream:
    """A connection to the route's host, made by a jump host."""
    try:
        return line.client.open_tcp(route.host, route.port, seconds_for(Layer.TCP, deadline))
    except OSError as error:
        layer, silence = meaning(error)
        words = f"{line.name} cannot connect to {route.host} port {route.port}: {error.strerror or error}"
        raise Stopped(layer, silence, f"the jump host {words}") from None


class ShellPipe:
    """Standard input and output of the one shell. Of standard error only the start is kept, to explain a failure."""

    def __init__(self, channel: paramiko.Channel, deadline: float) -> None:
        self._channel = channel
        self._complaint = b""
        self._first_word_until = time.monotonic() + seconds_for(Layer.SHELL, deadline)
        self._spoke = False

    def send(self, data: bytes) -> None:
        """Write all of it, or raise OSError."""
        self._channel.settimeout(SEND_SECONDS)
        try:
            self._channel.sendall(data)
        except (EOFError, paramiko.SSHException) as error:
            raise ConnectionResetError(str(error)) from None

    def recv(self, timeout: float) -> bytes | None:
        """What has arrived on standard output; None when nothing has by then, b"" at its end.

        A shell that has said nothing at all when the stage's time is over is taken for closed.
        """
        while self._channel.recv_stderr_ready():
            self._complaint = (self._complaint + self._channel.recv_stderr(1 << 16))[:HEARD]
        self._channel.settimeout(max(0.0, timeout))
        try:
            data = self._channel.recv(1 << 17)
        except TimeoutError:
            mute = not self._spoke and time.monotonic() >= self._first_word_until
            return b"" if mute else None
        except (OSError, EOFError, paramiko.SSHException):
            return b""
        self._spoke = True
        return data

    def absence(self, absent: NoShell) -> Unreached:
        """Why there was no shell, from what came instead."""
        self.recv(0.0)
        ended = self._channel.status_event.wait(0.2) or self._channel.closed
        said = (absent.heard.strip() or self._complaint.strip())[:HEARD].decode("utf-8", "replace")
        code = self._channel.exit_status
        detail = "logged in, but no POSIX shell answered: " + (
            "the account is locked to something else (a forced command, nologin, a restricted shell)"
            if ended
            else "the login shell hangs, or a forced command waits for something else"
        )
        detail += f', which said "{said}"' if said else ", which said nothing"
        detail += f" and ended with status {code}" if code >= 0 else ""
        return Unreached(Layer.SHELL, Silence.REFUSED if ended else Silence.TIMEOUT, detail)
