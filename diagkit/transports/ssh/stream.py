"""The byte stream under the SSH protocol: a TCP connection, or a channel through a jump host."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from typing import Protocol

LINE_BYTES = 1024  # RFC 4253 allows 255 for the version line
CHUNK_BYTES = 1 << 15  # taken at once of what has come: paramiko asks for the head and the body of each packet
STUCK_SECONDS = 10.0  # in which the other end takes not one byte; then it is not going to
GLANCE = 0.02  # seconds between two looks at a channel whose window is full


class Stream(Protocol):
    """The part of a socket that SSH runs on: a TCP connection, a channel through a jump host, a ProxyCommand.

    `close` wakes whoever waits in `recv`.
    """

    def recv(self, size: int, /) -> bytes: ...

    def send(self, data: bytes, /) -> int: ...

    def settimeout(self, seconds: float | None, /) -> None: ...

    def close(self) -> None: ...


class GuardedStream:
    """A stream made safe for paramiko: never a byte after close, no waking for nothing, no delayed acknowledgements.

    sshd drops a whole jump connection when a channel gets data after its end, and paramiko may send it
    (paramiko issue 1115). And until a command runs, sshd holds back small packets until the last one is acknowledged,
    which Linux would put off by 40 ms: `hurried` acknowledges at once.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._socket = stream if isinstance(stream, socket.socket) else None
        inet = self._socket is not None and self._socket.family in (socket.AF_INET, socket.AF_INET6)
        self.hurried = inet and hasattr(socket, "TCP_QUICKACK")
        self._ahead = b""
        self._closed = False  # paramiko looks at it
        self._sending = threading.Lock()
        stream.settimeout(None)

    def recv(self, size: int) -> bytes:
        """What has come, at most `size` bytes; empty at the end. Waits until `close` if it must."""
        if not self._ahead:
            self._ahead = self.stream.recv(max(size, CHUNK_BYTES))
            if self.hurried and self._socket:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def readline(self) -> bytes:
        """One line, however slowly it trickles in. EOFError when the stream ends before it does."""
        while b"\n" not in self._ahead:
            if len(self._ahead) > LINE_BYTES:
                raise ValueError("a line without end")
            more = self.stream.recv(LINE_BYTES)
            if not more:
                raise EOFError
            self._ahead += more
        line, _, self._ahead = self._ahead.partition(b"\n")
        return line.rstrip(b"\r")

    @property
    def begun(self) -> str:
        """The start of a line whose end has not come."""
        return self._ahead[:LINE_BYTES].decode("utf-8", "replace")

    def send(self, data: bytes) -> int:
        """How many bytes went out. EOFError when the stream is closed, or the other end takes nothing any more."""
        end = time.monotonic() + STUCK_SECONDS
        while time.monotonic() < end:
            with self._sending:
                if self._closed:
                    raise EOFError
                if sent := self._send_now(data):
                    return sent
            self._await_room()
        raise EOFError

    def _send_now(self, data: bytes) -> int:
        """How many bytes there was room for; never waits, as `close` needs the lock."""
        if self._socket:
            with contextlib.suppress(BlockingIOError):
                return self._socket.send(data, socket.MSG_DONTWAIT)
            return 0
        ready = getattr(self.stream, "send_ready", None)  # of a channel; its own waiting would hold the lock
        if ready and not ready():
            return 0
        if sent := self.stream.send(data):
            return sent
        raise EOFError

    def _await_room(self) -> None:
        if self._socket is None:
            time.sleep(GLANCE)
            return
        writable = select.poll()
        with contextlib.suppress(OSError, ValueError):
            writable.register(self._socket, select.POLLOUT)
            writable.poll(1000)

    def settimeout(self, seconds: float | None) -> None:
        """Nothing: paramiko wants to be woken ten times a second to see whether it was closed. Closing wakes it."""

    def close(self) -> None:
        if self._closed:
            return
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for data
        with self._sending:
            if not self._closed:
                self._closed = True
                self.stream.close()
