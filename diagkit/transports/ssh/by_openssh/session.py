"""SSH by the system's own ssh: the same script and the same frames, over its standard input and output.

It is the way for what paramiko cannot do: FIDO keys, Kerberos, KnownHostsCommand, the connection that the user's ssh
keeps open. It costs a process for each machine, and one more for each jump host on the way; but one log-in, however
many connections the machine is to make for us: those are asked for at a control socket, ours or that of the user's ssh.
"""

from __future__ import annotations

import os
import selectors
import shlex
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from diagkit.model import Connection, Layer, Silence, Unreached
from diagkit.transports import child
from diagkit.transports.child import CHUNK, Child
from diagkit.transports.shell import NoShell
from diagkit.transports.ssh.by_openssh import master
from diagkit.transports.ssh.by_openssh.log import Lender, Log
from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.no_shell import no_session, no_shell
from diagkit.transports.ssh.stages import BUDGET, Stopped, seconds_for
from diagkit.transports.ssh.switchboard import Routes

LONG = 3600.0  # seconds
PARTING_SECONDS = 2.0  # for ssh to end and say why, once its output is closed
SETTINGS = {  # win over the user's
    "BatchMode": "yes",
    "NumberOfPasswordPrompts": "0",
    "ConnectionAttempts": "1",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "LogLevel": "DEBUG1",
    "FingerprintHash": "sha256",
    "VisualHostKey": "no",
    "NoHostAuthenticationForLocalhost": "no",
    "UpdateHostKeys": "no",
    "AddKeysToAgent": "no",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "ControlMaster": "no",  # the user's is used, and none of theirs is started: it would outlive us
    "ControlPersist": "no",
}
FOR_SHELL = {
    "ClearAllForwardings": "yes",
    "RequestTTY": "no",
    "RemoteCommand": "none",
    "EscapeChar": "none",
    "Tunnel": "no",
}
ONLY_LENT = ("-o", "ProxyCommand=false")  # where nobody lends it any more, no other way is taken
FOR_SHELL_SINCE_8_7 = {"StdinNull": "no", "ForkAfterAuthentication": "no", "SessionType": "default"}


def argv(routes: Routes, config: str, identity: str = "", *, lent: str = "", idle: bool = False) -> list[str]:
    """The command line of an ssh that runs `sh -s` on the last of these machines, by way of the others.

    identity: a key file to try before those of the configuration. lent: control socket of an ssh that is connected to
    the machine before the last. idle: run nothing there.
    """
    before, route = routes[:-1], routes[-1]
    settings = FOR_SHELL | (FOR_SHELL_SINCE_8_7 if _knows("StdinNull") and not idle else {})
    key = ["-i", identity] if identity else []
    run = ["-N", "--", route.name] if idle else ["--", route.name, "sh -s"]
    return [*_ssh(before, route, config, lent), *key, "-T", *_options(settings), *run]


def _ssh(before: Routes, route: Route, config: str, lent: str = "") -> list[str]:
    strict = {"StrictHostKeyChecking": "accept-new" if route.accept_new else "yes"}
    words = ["ssh", *(["-F", config if config == "none" else str(Path(config).absolute())] if config else [])]
    words += [*_options(SETTINGS | strict), "-l", route.user, "-p", str(route.port)]
    if before:  # ssh would make the same command of ProxyJump, but with the user's settings
        way = [*_ssh((), before[-1], config), "-S", lent, *ONLY_LENT] if lent else _ssh(before[:-1], before[-1], config)
        jump = [*way, "-W", "[%h]:%p", "--", before[-1].name]
        inner = [word if word == "[%h]:%p" else word.replace("%", "%%") for word in jump]
        words += ["-o", f"ProxyCommand={shlex.join(inner)}"]
    return words


def _options(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


@lru_cache(maxsize=8)
def _knows(option: str) -> bool:
    """Whether this ssh has that option; one it does not know would end it."""
    return not child.run(["ssh", "-F", "none", "-o", f"{option}=no", "-G", "any"], timeout=5, env=_environment()).code


def _environment() -> dict[str, str]:
    """Ours, as the user's configuration may name any of its variables; but nobody is asked for anything."""
    return {**os.environ, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


class SystemWay:
    """The system's ssh, and the shell of the machine it leads to. notes: what the user should be told.

    lender: the connection that is lent to it. idle: it is to run nothing, only to lend its own.
    """

    def __init__(self, routes: Routes, command: list[str], *, lender: Lender | None = None, idle: bool = False) -> None:
        self.notes: tuple[str, ...] = ()
        self.socket = routes[-1].live_master
        self._own_socket = "" if self.socket else master.new_socket()
        if self._own_socket:
            self.socket, command = self._own_socket, master.as_master(command, self._own_socket, idle=idle)
        self._log = Log(routes, lender)
        self._pending = b""  # to be sent
        self._spoke = self._over = False
        self._first_word_until = 0.0
        self._closed = False
        self._listening = threading.Lock()
        try:
            self._child = Child(command, talk=True, env=_environment())
        except BaseException:
            master.remove(self._own_socket)
            raise
        os.set_blocking(self._child.err, False)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._child.out, selectors.EVENT_READ)
        self._ready.register(self._child.err, selectors.EVENT_READ)

    def await_entry(self, deadline: float, at: Callable[[Layer], None] = lambda _: None) -> None:
        """Return when we are let in. Raises Stopped when ssh gives up, or a stage takes longer than it may.

        at: is told which stage it is.
        """
        while not self._log.let_in:
            at(self._log.stage)
            limit = min(deadline, self._log.since + BUDGET[self._log.stage])
            if time.monotonic() >= limit:
                raise self._log.silent(time.monotonic() - self._log.since)
            if self._hear(limit - time.monotonic()) == b"":
                self._hear_out(PARTING_SECONDS)
                if not self._log.let_in:
                    raise self._log.ended(self._child.code(time.monotonic() + PARTING_SECONDS))
        self.notes = tuple(self._log.notes)

    def open_shell(self, deadline: float) -> SystemWay:
        """The shell at the other end, which has been started already."""
        self._first_word_until = time.monotonic() + seconds_for(Layer.SHELL, deadline)
        return self

    def open_tcp(self, host: str, port: int, seconds: float) -> Connection:
        """A TCP connection that starts at the machine. Raises OSError as one from here would, or Stopped."""
        if not self.socket:
            detail = "there is no folder for the control socket of ssh, which is asked for connections from the machine"
            raise Stopped(Layer.SHELL, Silence.UNSUPPORTED, detail)
        self._listen()
        try:
            return master.forward(self.socket, host, port, seconds)
        except master.Refused:
            raise self.refusal(host, port) from None
        except master.NoMaster as gone:
            raise Stopped(Layer.SHELL, Silence.UNREACHABLE, f"the ssh connection was lost ({gone})") from None

    def refusal(self, host: str, port: int) -> OSError:
        """Why the machine made no connection to there, the last time it was asked at the control socket."""
        self._listen()
        return self._log.refusal(host, port)

    def last_words(self) -> str:
        """What ssh said last, ready to follow a sentence."""
        return f', saying "{self._log.said[-1][:200]}"' if self._log.said else ""

    def attend(self) -> None:
        """Take what it says until its end: one that nobody listens to would stop."""
        while self._hear(LONG) != b"":
            pass

    # ------------------------------------------------------------ as a Pipe

    def send(self, data: bytes) -> None:
        """Take all of it; it goes out while we listen, as ssh itself may not read before it is heard."""
        self._pending += data

    def recv(self, timeout: float) -> bytes | None:
        """What has arrived. A shell that has said nothing when the stage's time is over is taken for closed."""
        if self._spoke:
            return self._hear(timeout)
        data = self._hear(min(timeout, self._first_word_until - time.monotonic()))
        if data is None and time.monotonic() >= self._first_word_until:
            return b""
        self._spoke = bool(data)
        return data

    def absence(self, absent: NoShell) -> Unreached:
        """Why there was no shell, from what came instead."""
        ended = self._over and self._child.code(time.monotonic() + PARTING_SECONDS) is not None
        self._hear_out(PARTING_SECONDS if ended else 0.0)
        if refused := [line for line in self._log.said if "open failed" in line]:
            return no_session(refused[0].rpartition("open failed: ")[2])
        complaint = "\n".join(self._log.said).encode()
        return no_shell(absent, complaint, self._log.status, ended=ended)

    def hang_up(self) -> None:
        """End ssh and all it started; what it was running on the machine sees the end of its input. From any thread."""
        self._child.kill()

    def close(self) -> None:
        """The same, and give up our ends; nobody may be reading."""
        self._child.kill()
        self._child.code(time.monotonic() + PARTING_SECONDS)
        with self._listening:
            self._closed = True
            self._ready.close()
            self._child.end()
        master.remove(self._own_socket)

    def _hear(self, timeout: float) -> bytes | None:
        """What has come on standard output; None when nothing has by then, b"" at its end."""
        self._speak()
        for key, _ in self._ready.select(max(0.0, min(timeout, 0.02) if self._pending else timeout)):
            if key.fd == self._child.out:
                data = os.read(key.fd, CHUNK)
                self._over = not data
                return data
            if not self._listen():
                self._ready.unregister(key.fd)
        return None

    def _listen(self) -> bool:
        """Take what ssh has said by now, from any thread; whether it may say more."""
        with self._listening, suppress(BlockingIOError):
            while not self._closed:
                data = os.read(self._child.err, CHUNK)
                self._log.feed(data)
                if not data:
                    return False
        return True

    def _speak(self) -> None:
        if self._pending:
            with suppress(OSError):  # it is gone: its output ends
                self._pending = self._pending[self._child.offer(self._pending) :]

    def _hear_out(self, seconds: float) -> None:
        """Take what ssh said last."""
        with suppress(KeyError):  # it said nothing more
            self._ready.unregister(self._child.out)
        end = time.monotonic() + seconds
        while self._ready.get_map() and time.monotonic() < end:
            self._hear(end - time.monotonic())
