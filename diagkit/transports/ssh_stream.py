"""The byte stream under the SSH protocol: a TCP connection, or a channel through a jump host."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Protocol

LINE_BYTES = 1024  # RFC 4253 allows 255 for the version line


class Stream(Protocol):
    """The part of a socket that SSH runs on: a TCP connection, or a channel through a jump host."""

    def recv(self, size: int, /) -> bytes: ...

    def send(self, data: bytes, /) -> int: ...

    def settimeout(self, seconds: float | None, /) -> None: ...

    def close(self) -> None: ...


class GuardedStream:
    """A stream made safe for paramiko: never a byte after close, and no waiting for a delayed acknowledgement.

    sshd drops a whole jump connection when a channel gets data after its end, and paramiko may send it
    (paramiko issue 1115). And until a command runs, sshd holds back small packets until the last one is acknowledged,
    which Linux would put off by 40 ms: `hurried` acknowledges at once.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.hurried = isinstance(stream, socket.socket) and hasattr(socket, "TCP_QUICKACK")
        self._ahead = b""
        self._closed = False  # paramiko looks at it
        self._sending = threading.Lock()

    def recv(self, size: int) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        data = self.stream.recv(size)
        if self.hurried and isinstance(self.stream, socket.socket):
            self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data

    def readline(self, end: float) -> bytes:
        """One line, however slowly it trickles in, until `end` (monotonic). EOFError when the stream ends before it."""
        while b"\n" not in self._ahead:
            if len(self._ahead) > LINE_BYTES:
                raise ValueError("a line without end")
            if time.monotonic() >= end:
                raise TimeoutError
            try:
                more = self.stream.recv(LINE_BYTES)
            except TimeoutError:
                continue
            if not more:
                raise EOFError
            self._ahead += more
        line, _, self._ahead = self._ahead.partition(b"\n")
        return line.rstrip(b"\r")

    def send(self, data: bytes) -> int:
        with self._sending:
            if self._closed:
                raise EOFError
            return self.stream.send(data)

    def settimeout(self, seconds: float | None) -> None:
        self.stream.settimeout(seconds)

    def close(self) -> None:
        if isinstance(self.stream, socket.socket):
            with contextlib.suppress(OSError):
                self.stream.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for data
        with self._sending:
            if not self._closed:
                self._closed = True
                self.stream.close()
