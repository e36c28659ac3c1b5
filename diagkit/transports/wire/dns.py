"""DNS: the system's resolver, and one name server asked itself (RFC 1035; UDP from here, TCP through ssh)."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.model import Connection, Reach, Vantage
from diagkit.transports.wire.tcp import since
from diagkit.transports.wire.way import GATEWAY, Way, is_address, state_of

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "AAAA": 28}
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
RECURSE, TRUNCATED = 0x0100, 0x0200
TRIES = 2  # a lost datagram is not a dead server


@frozen
class Answer:
    """What a server said: an rcode, and the addresses among the records."""

    rcode: str
    addresses: tuple[str, ...]
    truncated: bool


def query(number: int, name: str, kind: str) -> bytes:
    """One question, asking for recursion. Raises ValueError for a name DNS cannot carry."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".") if label]
    if any(len(label) > 63 for label in labels):
        raise ValueError(f"a label of {name!r} is longer than 63 bytes")
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">6H", number, RECURSE, 1, 0, 0, 0) + encoded + struct.pack(">2H", TYPES[kind], 1)


def answer(number: int, message: bytes) -> Answer:
    """The answer to question `number`. Raises ValueError for anything else."""
    try:
        got, flags, questions, records, _, _ = struct.unpack_from(">6H", message)
        if got != number or not flags & 0x8000:
            raise ValueError("this is no answer to our question")
        at = 12
        for _ in range(questions):
            at = _after_name(message, at) + 4
        found = []
        for _ in range(records):
            at = _after_name(message, at)
            kind, _, _, length = struct.unpack_from(">2HIH", message, at)
            data = message[at + 10 : at + 10 + length]
            if len(data) < length:
                raise ValueError("the answer is cut short")
            at += 10 + length
            if (kind, length) in ((TYPES["A"], 4), (TYPES["AAAA"], 16)):
                found.append(socket.inet_ntop(socket.AF_INET if length == 4 else socket.AF_INET6, data))
    except (struct.error, IndexError) as error:
        raise ValueError("the answer is cut short") from error
    code = flags & 15
    rcode = RCODES[code] if code < len(RCODES) else f"RCODE{code}"
    return Answer(rcode, tuple(sorted(found)), bool(flags & TRUNCATED))


def _after_name(message: bytes, at: int) -> int:
    while length := message[at]:
        if length >= 0xC0:  # a pointer ends the name
            return at + 2
        at += length + 1
    return at + 1


def ask_server(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """Ask one server one question (`name`: `host.example.org A`)."""
    name, _, kind = ask.name.partition(" ")
    port = ask.port or 53
    if way.vantage is Vantage.HERE:
        return {"over": "udp"} | _timed(lambda: _over_udp(ask.to, port, name, kind or "A", patience))
    return {"over": "tcp"} | _timed(lambda: _over_tcp(way.dial(ask.to, port, patience), name, kind or "A", patience))


def _timed(exchange: Callable[[], Answer]) -> dict[str, object]:
    started = time.monotonic()
    try:
        said = exchange()
    except OSError as error:
        return {"state": state_of(error), "took_ms": since(started), "error": error.strerror or str(error)}
    except ValueError as error:
        return {"state": "failed", "took_ms": since(started), "error": str(error)}
    return {
        "state": "answered",
        "rcode": said.rcode,
        "answers": list(said.addresses),
        "took_ms": since(started),
        "error": "",
    }


def _over_udp(server: str, port: int, name: str, kind: str, patience: float) -> Answer:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((server, port))  # connected, so that "port unreachable" comes back as ConnectionRefusedError
        for left in reversed(range(TRIES)):
            number = secrets.randbits(16)
            sock.send(query(number, name, kind))
            sock.settimeout(patience / TRIES)
            try:
                return answer(number, sock.recv(4096))
            except TimeoutError:
                if not left:
                    raise
    raise AssertionError("unreachable")


def _over_tcp(connection: Connection, name: str, kind: str, patience: float) -> Answer:
    try:
        connection.settimeout(patience)
        number = secrets.randbits(16)
        message = query(number, name, kind)
        connection.sendall(struct.pack(">H", len(message)) + message)
        size = struct.unpack(">H", _exactly(connection, 2))[0]
        return answer(number, _exactly(connection, size))
    finally:
        connection.close()


def _exactly(connection: Connection, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ValueError("the server closed the connection in the middle of its answer")
        data += more
    return data


def resolve(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """Look a name up as programs here do, then ask each server of this machine by itself."""
    started = time.monotonic()
    addresses: list[str] = []
    state, said = "resolved", ""
    try:
        addresses = way.addresses.of(ask.to, patience)
    except OSError as error:
        state, said = state_of(error), error.strerror or str(error)
    took = since(started)
    servers, search = _resolver_here()
    full = ask.to if "." in ask.to or not search else f"{ask.to}.{search[0]}"
    asked = [] if is_address(ask.to) or ask.to == GATEWAY else servers
    each = [{"server": s} | _timed(lambda s=s: _both_families(s, full)) for s in asked]  # type: ignore[misc]
    return {
        "state": state,
        "addresses": addresses,
        "hosts_file": _hosts_file_here(ask.to),
        "search": search,
        "servers": each,
        "took_ms": took,
        "error": said,
    }


def _both_families(server: str, name: str) -> Answer:
    four = _over_udp(server, 53, name, "A", 2.0)
    six = _over_udp(server, 53, name, "AAAA", 2.0)
    return Answer(four.rcode, four.addresses + six.addresses, four.truncated)


def _rows(path: str) -> list[list[str]]:
    try:
        text = Path(path).read_text("utf-8", "replace")
    except OSError:
        return []
    return [line.split("#")[0].split() for line in text.splitlines()]


def _resolver_here() -> tuple[list[str], list[str]]:
    rows = [row for row in _rows("/etc/resolv.conf") if len(row) > 1]
    search = [row[1:] for row in rows if row[0] in ("search", "domain")]
    return [row[1] for row in rows if row[0] == "nameserver"][:3], search[-1] if search else []


def _hosts_file_here(host: str) -> list[str]:
    return [row[0] for row in _rows("/etc/hosts") if host.lower() in (name.lower() for name in row[1:])]
