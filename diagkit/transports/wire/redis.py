"""Redis: what a server of that protocol (Valkey and KeyDB speak it too) says about itself. Nothing is written to it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from diagkit.model import Connection, Reach
from diagkit.transports.wire.tcp import connected, not_open, since
from diagkit.transports.wire.way import Way

GAP = 2.0  # seconds between two samples of INFO, to tell what grows from what grew once
SLOW_COMMANDS = 16  # the youngest of the slow log
LONGEST = 262_144  # bytes of one answer


class Refusal(Exception):
    """An error reply, such as `NOAUTH Authentication required.` or `ERR max number of clients reached`."""


@dataclass(slots=True)
class Resp:
    """The protocol as far as these answers need it: lines, texts, numbers and arrays (RESP2)."""

    connection: Connection
    deadline: float
    unread: bytes = b""

    def ask(self, command: bytes) -> object:
        """Send an inline command and read the answer. Raises Refusal, or OSError."""
        self.connection.settimeout(self._left())
        self.connection.sendall(command + b"\r\n")
        return self._value()

    def _value(self) -> object:
        line = self._until_newline()
        kind, rest = line[:1], line[1:]
        if kind == "-":
            raise Refusal(rest)
        if kind == "*":
            return [self._value() for _ in range(int(rest))]
        if kind == "$" and int(rest) >= 0:
            return self._bytes(int(rest) + 2)[:-2].decode("utf-8", "backslashreplace")
        if kind in ("+", ":", "$"):
            return rest
        raise OSError(f"this is no Redis: {line[:40]!r}")

    def _until_newline(self) -> str:
        while b"\n" not in self.unread:
            self._more()
        line, _, self.unread = self.unread.partition(b"\n")
        return line.decode("utf-8", "backslashreplace").rstrip("\r")

    def _bytes(self, size: int) -> bytes:
        if size > LONGEST:
            raise OSError("the answer is too long")
        while len(self.unread) < size:
            self._more()
        found, self.unread = self.unread[:size], self.unread[size:]
        return found

    def _more(self) -> None:
        if len(self.unread) > LONGEST:
            raise OSError("the answer is too long")
        self.connection.settimeout(self._left())
        data = self.connection.recv(16_384)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self.unread += data

    def _left(self) -> float:
        return max(0.01, self.deadline - time.monotonic())


def redis(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """INFO twice and the slow log. Of slow commands only time, duration and name are kept: arguments are user data."""
    started = time.monotonic()
    try:
        with connected(ask, way, patience) as (connection, took):
            return _answers(Resp(connection, started + patience)) | {"took_ms": took}
    except OSError as error:
        return not_open(error, started)


def _answers(server: Resp) -> dict[str, object]:
    try:
        before, sampled = _fields(server.ask(b"INFO")), time.monotonic()
        slow = _slow(server)
        time.sleep(GAP)
        after = _fields(server.ask(b"INFO"))
    except Refusal as refusal:
        return {"state": "refusing", "error": str(refusal)}
    except OSError as trouble:
        return {"state": "mute", "error": "said nothing in time" if isinstance(trouble, TimeoutError) else str(trouble)}
    seconds = since(sampled) / 1000
    return {"state": "answered", "error": "", "before": before, "after": after, "seconds": seconds, "slow": slow}


def _fields(info: object) -> dict[str, str]:
    lines = (line.partition(":") for line in str(info).splitlines() if ":" in line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def _slow(server: Resp) -> list[dict[str, object]]:
    """The slow log; where it may not be read, there is none. The server's clock is the `time` of its entries."""
    try:
        entries = server.ask(b"SLOWLOG GET %d" % SLOW_COMMANDS)
    except Refusal:
        return []
    found = []
    for entry in entries if isinstance(entries, list) else []:
        _, at, microseconds, words, *_ = entry
        found.append({"at": int(at), "ms": int(microseconds) / 1000, "command": str(words[0]).upper()})
    return found
