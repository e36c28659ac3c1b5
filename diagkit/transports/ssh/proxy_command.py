"""The user's ProxyCommand as the way to a host: what a command reads and writes is the connection.

paramiko's own leaves processes and descriptors behind (paramiko issues 1713, 2470, 2568). Here the command has a
session of its own, so that it dies with all it started, and no terminal, so that it cannot ask anything: of a hundred
hosts at once nobody could answer.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.stages import BUDGET, Stopped, seconds_for

SAID_BYTES = 4096  # of standard error that are kept, the newest
PARTING_SECONDS = 0.1  # to end by itself after SIGHUP, which is how ssh ends it


class Proxy:
    """A command that carries bytes to a host and back. Use it like a socket; `close` from any thread."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._said = b""
        self._closing = threading.Lock()
        self._hearing = threading.Lock()  # a descriptor that is closed meanwhile may be another's by then
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [os.environ.get("SHELL") or "/bin/sh", "-c", f"exec {command}"],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=subprocess.PIPE,
                    env={**os.environ, "SSH_ASKPASS_REQUIRE": "never"},
                    start_new_session=True,
                )
            except OSError:
                self._socket.close()
                raise
        assert self._process.stderr is not None  # noqa: S101 - for the type checker: we asked for a pipe
        os.set_blocking(self._process.stderr.fileno(), False)

    def fileno(self) -> int:
        return self._socket.fileno()

    def settimeout(self, seconds: float | None) -> None:
        self._socket.settimeout(seconds)

    def recv(self, size: int) -> bytes:
        self._listen()
        return self._socket.recv(size)

    def send(self, data: bytes) -> int:
        self._listen()
        return self._socket.send(data)

    def close(self) -> None:
        """End the command and whatever it started, and leave neither process nor descriptor behind."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for data
        with self._closing:
            if self._process.returncode is None:
                self._signal(signal.SIGHUP)
                end = time.monotonic() + PARTING_SECONDS
                while self._status() is None and time.monotonic() < end:
                    time.sleep(0.002)
                self._signal(signal.SIGKILL)
                self._process.wait()
            assert self._process.stderr is not None  # noqa: S101 - as above
            with self._hearing:
                self._process.stderr.close()
            self._socket.close()

    def await_first_byte(self, deadline: float) -> None:
        """Wait until something comes: a server speaks first. Raises Stopped when the command ends or nothing comes."""
        seconds = seconds_for(Layer.TCP, deadline)
        seconds = min(seconds + BUDGET[Layer.BANNER], deadline - time.monotonic())  # there may be a log-in on the way
        end = time.monotonic() + seconds
        assert self._process.stderr is not None  # noqa: S101 - as above
        with selectors.DefaultSelector() as ready:
            ready.register(self._socket, selectors.EVENT_READ)
            ready.register(self._process.stderr, selectors.EVENT_READ)
            while (left := end - time.monotonic()) > 0:
                for key, _ in ready.select(left):
                    if key.fileobj is self._socket:
                        if self._socket.recv(1, socket.MSG_PEEK):
                            return
                        raise Stopped(Layer.TCP, Silence.UNREACHABLE, self._ended())
                    if not self._listen():
                        ready.unregister(self._process.stderr)
        detail = f"the ProxyCommand `{self._command}` brought no word from the host within {seconds:.0f} s"
        raise Stopped(Layer.TCP, Silence.TIMEOUT, detail + self._last_words())

    def _listen(self) -> bool:
        """Take what it complains of, so that it never waits for a reader; whether there may be more."""
        assert self._process.stderr is not None  # noqa: S101 - as above
        with self._hearing, suppress(BlockingIOError, ValueError):
            while more := os.read(self._process.stderr.fileno(), SAID_BYTES):
                self._said = (self._said + more)[-SAID_BYTES:]
            return False
        return True

    def _last_words(self) -> str:
        """Two lines: ssh gives the reason first, and then says that forwarding failed."""
        lines = [line.strip() for line in self._said.decode("utf-8", "replace").split("\n") if line.strip()]
        return f', saying "{"; ".join(lines[-2:])[:240]}"' if lines else ""

    def _ended(self) -> str:
        end = time.monotonic() + PARTING_SECONDS
        while (status := self._status()) is None and time.monotonic() < end:
            time.sleep(0.002)
        self._listen()
        how = "closed the connection" if status is None else f"ended with status {status}"
        return f"the ProxyCommand `{self._command}` {how} before the host had said a word{self._last_words()}"

    def _status(self) -> int | None:
        """Its exit code as a shell tells it, without collecting it: its number must stay its own until the last signal.

        None while it runs, and on systems that cannot tell (macOS before Python 3.13).
        """
        if not hasattr(os, "waitid"):
            return None
        died = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if died is None:
            return None
        return died.si_status if died.si_code == os.CLD_EXITED else 128 + died.si_status

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def open_proxy(command: str, deadline: float) -> Proxy:
    """Start the command and wait for the host behind it to speak. Raises Stopped at TCP and leaves nothing behind."""
    try:
        proxy = Proxy(command)
    except OSError as error:
        detail = f"the ProxyCommand `{command}` cannot be started: {error.strerror or error}"
        raise Stopped(Layer.TCP, Silence.MISSING, detail) from None
    try:
        proxy.await_first_byte(deadline)
    except BaseException:
        proxy.close()
        raise
    return proxy
