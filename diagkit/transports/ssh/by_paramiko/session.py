"""The way up to one machine, over jump hosts where the configuration names some, and the shell at its end.

Import it only after `lazy_paramiko.load()`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import paramiko  # noqa: TID253 - see above

from diagkit.frozen import frozen
from diagkit.model import Connection, Layer, Unreached
from diagkit.transports.shell import NoShell
from diagkit.transports.ssh.by_paramiko import hooks
from diagkit.transports.ssh.by_paramiko.client import Client, signature_holds
from diagkit.transports.ssh.config.algorithms import restrict
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.connect import connect
from diagkit.transports.ssh.forwarding import meaning
from diagkit.transports.ssh.host_keys import host_key
from diagkit.transports.ssh.host_keys.known_hosts import KnownHosts
from diagkit.transports.ssh.login.authenticate import authenticate
from diagkit.transports.ssh.no_shell import HEARD, cut_off, no_shell
from diagkit.transports.ssh.pacing import Turn
from diagkit.transports.ssh.proxy_command import open_proxy
from diagkit.transports.ssh.stages import Stopped, seconds_for
from diagkit.transports.ssh.stream import Stream
from diagkit.transports.ssh.switchboard import Line, Routes, Switchboard

SEND_SECONDS = 10.0  # for the shell to take what it is sent; a forced command may never read


@frozen
class Way:
    """A connection to one machine that has let us in, and what the user should be told of how that came about."""

    client: Client
    notes: tuple[str, ...]

    def open_shell(self, deadline: float) -> ShellPipe:
        """A shell of the machine. Raises Stopped at SHELL."""
        return ShellPipe(self.client, self.client.open_shell(), deadline)

    def open_tcp(self, host: str, port: int, seconds: float) -> Connection:
        """A TCP connection that starts at the machine. Raises OSError as one from here would, or Stopped."""
        return self.client.open_tcp(host, port, seconds)

    def hang_up(self) -> None:
        """End the connection, from any thread."""
        self.client.hang_up()

    def is_active(self) -> bool:
        """Whether it is still up."""
        return self.client.is_active()

    def last_words(self) -> str:
        """Those of the server, ready to follow a sentence."""
        return self.client.last_words()

    close = hang_up


def climb(routes: Routes, board: Switchboard, deadline: float, at: Callable[[Layer], None] = lambda _: None) -> Way:
    """Connect to the last of these machines by way of the others, check its host key, log in.

    at: is told which stage comes next. Raises Stopped and leaves nothing open. When the connection to a jump host is
    lost on the way, another is tried, but not after a log-in was tried: servers count those.
    """
    before, route = routes[:-1], routes[-1]
    tries = 0
    while True:
        tries += 1
        line = board.line(before, climb, deadline) if before else None
        try:
            with board.pace.turn(routes, deadline) as turn:
                return _arrive(route, line, deadline, board, turn, at)
        except Stopped as stop:
            pause = board.pace.again(stop, tries, deadline)
            if line and stop.why.layer is not Layer.AUTHENTICATION and _lost(line):
                pause = 0.0
            if pause is None:
                raise
            time.sleep(pause)


def _arrive(
    route: Route, line: Line[Way] | None, deadline: float, board: Switchboard, turn: Turn, at: Callable[[Layer], None]
) -> Way:
    known = KnownHosts.load(route.known_hosts)
    key_algorithms = host_key.algorithms(route, known)
    at(Layer.TCP)
    stream: Stream
    if line:
        stream = _through(line, route, deadline)
    elif route.proxy_command:
        stream = open_proxy(route.proxy_command, deadline)
    else:
        stream = connect(route, deadline, board.pace)
    try:
        turn.answered()
        client = Client(stream, key_algorithms, deadline)
    except BaseException:
        stream.close()
        raise
    try:
        at(Layer.HOST_KEY)
        restrict(client, route)
        client.negotiate()
        note = host_key.check(route, known, client.presented, time.time(), signature_holds)
        at(Layer.AUTHENTICATION)
        authenticate(client, route, board.passphrases)
    except BaseException:
        client.hang_up()
        raise
    ours = hooks.notes(paramiko.__version__)
    return Way(client, (*ours, *(line.way.notes if line else ()), *route.notes, *((note,) if note else ())))


def _lost(line: Line[Way]) -> bool:
    """Whether the connection to the jump host is gone; what it carried ends a moment before it does."""
    for _ in range(10):
        if line.lost:
            return True
        time.sleep(0.01)
    return False


def _through(line: Line[Way], route: Route, deadline: float) -> Stream:
    """A connection to the route's host, made by a jump host."""
    try:
        return line.way.client.open_tcp(route.host, route.port, seconds_for(Layer.TCP, deadline))
    except OSError as error:
        layer, silence = meaning(error)
        words = f"{line.name} cannot connect to {route.host} port {route.port}: {error.strerror or error}"
        raise Stopped(layer, silence, f"the jump host {words}") from None


class ShellPipe:
    """Standard input and output of the one shell. Of standard error only the start is kept, to explain a failure."""

    def __init__(self, client: Client, channel: paramiko.Channel, deadline: float) -> None:
        self._client = client
        self._channel = channel
        self._deadline = deadline
        self._complaint = b""
        self._first_word_until = time.monotonic() + seconds_for(Layer.SHELL, deadline)
        self._spoke = False
        self._arrived = threading.Event()  # something, on either of the two
        channel.settimeout(0.0)
        channel.in_buffer.set_event(self._arrived)
        channel.in_stderr_buffer.set_event(self._arrived)

    def send(self, data: bytes) -> None:
        """Write all of it before the deadline, or raise OSError."""
        end = min(self._deadline, time.monotonic() + SEND_SECONDS)
        try:
            while data:
                self._channel.settimeout(max(0.0, end - time.monotonic()))
                sent = self._channel.send(data)
                if not sent:
                    raise ConnectionResetError("the channel is closed")
                data = data[sent:]
        except (EOFError, paramiko.SSHException) as error:
            raise ConnectionResetError(str(error)) from None
        finally:
            self._channel.settimeout(0.0)

    def recv(self, timeout: float) -> bytes | None:
        """What has arrived on standard output; None when nothing has by then, b"" at its end.

        A shell that has said nothing at all when the stage's time is over is taken for closed.
        """
        until = time.monotonic() + timeout
        until = until if self._spoke else min(until, self._first_word_until)
        while True:
            while self._channel.recv_stderr_ready():
                self._complaint = (self._complaint + self._channel.recv_stderr(1 << 16))[:HEARD]
            try:
                data = self._channel.recv(1 << 17)
            except TimeoutError:
                left = until - time.monotonic()
                if left <= 0:
                    return None if self._spoke or time.monotonic() < self._first_word_until else b""
                self._arrived.wait(left)
            except (OSError, EOFError, paramiko.SSHException):
                return b""
            else:
                self._spoke = True
                return data

    def absence(self, absent: NoShell) -> Unreached:
        """Why there was no shell, from what came instead."""
        self.recv(0.0)
        ended = self._channel.status_event.wait(0.2) or self._channel.closed
        code = self._channel.exit_status
        if code < 0 and not (self._client.is_active() or self._channel.eof_received):
            return cut_off(self._client.last_words())
        return no_shell(absent, self._complaint, code if code >= 0 else None, ended=ended)
