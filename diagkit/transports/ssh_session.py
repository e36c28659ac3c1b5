"""The way up to one machine, over jump hosts where the configuration names some, and the shell at its end.

Import it only after `lazy_paramiko.load()`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import paramiko  # noqa: TID253 - see above

from diagkit.model import Layer, Silence, Unreached
from diagkit.transports import host_key
from diagkit.transports.known_hosts import KnownHosts
from diagkit.transports.shell import NoShell
from diagkit.transports.ssh_auth import authenticate
from diagkit.transports.ssh_config import Hop, Route, resolve
from diagkit.transports.ssh_connect import connect
from diagkit.transports.ssh_protocol import Client, signature_holds
from diagkit.transports.ssh_stream import Stream
from diagkit.transports.stages import Stopped, seconds_for

LONGEST_CHAIN = 8  # machines, jump hosts and target together
SEND_SECONDS = 10.0  # for the shell to take what it is sent; a forced command may never read
HEARD = 200  # bytes of what came instead of a shell that are shown


@dataclass(slots=True)
class Way:
    """Connections that hang on one another: those to jump hosts in order, the target's last."""

    clients: list[Client] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def client(self) -> Client:
        """The connection to the target."""
        return self.clients[-1]

    def close(self) -> None:
        """Hang up everywhere, the far end first."""
        for client in reversed(self.clients):
            client.hang_up()


def climb(
    hop: Hop, config: str, deadline: float, jumps: tuple[Hop, ...] = (), passed: tuple[tuple[str, int, str], ...] = ()
) -> Way:
    """Connect, check the host key, log in; at each jump host on the way first. Raises Stopped and leaves nothing open.

    jumps: the chain named by whoever sends us here; without one, the hop's own ProxyJump. passed: who sent us.
    """
    route = resolve(hop, config)
    jumps = jumps or route.jumps
    here = (route.host, route.port, route.user)
    if here in passed or len(passed) == LONGEST_CHAIN:
        raise Stopped(Layer.NAME, Silence.UNSUPPORTED, f"the jump hosts lead in a circle by way of {route.name}")
    way = Way()
    if jumps:
        try:
            way = climb(jumps[-1], config, deadline, jumps[:-1], (*passed, here))
        except Stopped as stop:
            at = f"at the jump host {jumps[-1].host}: {stop.why.detail}"
            raise Stopped(stop.why.layer, stop.why.silence, at) from None
    try:
        stream = _through(way, route, deadline) if jumps else connect(route, deadline)
        known = KnownHosts.load(route.known_hosts)
        client = Client(stream, host_key.algorithms(route, known), deadline)
        way.clients.append(client)
        client.negotiate()
        note = host_key.check(route, known, client.presented, time.time(), signature_holds)
        way.notes += (note,) if note else ()
        authenticate(client, route)
    except BaseException:
        way.close()
        raise
    return way


def _through(way: Way, route: Route, deadline: float) -> Stream:
    """A connection to the route's host, made by the last jump host."""
    try:
        return way.client.open_tcp(route.host, route.port, seconds_for(Layer.TCP, deadline))
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        silence = Silence.TIMEOUT if isinstance(error, TimeoutError) else Silence.UNREACHABLE
        detail = f"the jump host cannot connect to {route.host} port {route.port}: {error.strerror or error}"
        raise Stopped(Layer.TCP, Silence.REFUSED if refused else silence, detail) from None


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
