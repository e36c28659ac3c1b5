"""Sockets: who listens, how long the queues are, and what is dropped because they are full."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from diagkit.frozen import frozen
from diagkit.model import Again, Read, Reply, Run
from diagkit.probes import Garbled, perhaps, probe
from diagkit.probes.reading import elapsed, since

LISTENERS = Run(("ss", "-ltnp"), root=True)
HEADS = (
    Read("/proc/net/tcp", cap=65_536, unless="ss"),
    Read("/proc/net/tcp6", cap=65_536, unless="ss"),
)  # those that listen come first
TABLES = (Read("/proc/net/tcp", cap=524_288), Read("/proc/net/tcp6", cap=524_288))
NETSTAT = Read("/proc/net/netstat")
LISTENING, TIME_WAIT = "0A", "06"  # states as the kernel numbers them


@frozen(kw_only=True)
class Listener:
    """One listening TCP socket. `process` and `pid` are empty and 0 where we may not see them.

    waiting: connections in the accept queue; backlog: how many fit (0 where not known).
    """

    address: str  # 0.0.0.0, ::, 127.0.0.1, ...
    port: int
    waiting: int
    backlog: int
    process: str = ""
    pid: int = 0

    @property
    def local_only(self) -> bool:
        """Whether only this host itself can reach it."""
        return self.address.startswith("127.") or self.address == "::1"

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


@frozen(kw_only=True)
class Listeners:
    """Every listening TCP socket."""

    all: tuple[Listener, ...]


@frozen(kw_only=True)
class Refusals:
    """What TCP dropped between two samples, in `seconds`, and how often it answered with SYN cookies."""

    seconds: float
    listen_overflows: int  # the accept queue was full
    listen_drops: int  # every reason for which a SYN to a listener was dropped
    cookies: int


_ROW = re.compile(r"LISTEN\s+(\d+)\s+(\d+)\s+(\S+):(\d+)\s+\S+\s*(.*)$")
_SOCKET = re.compile(r"^ *\d+: ([0-9A-F]+:\w{4}) ([0-9A-F]+:\w{4}) (\w\w) \w{8}:(\w{8}) ", re.MULTILINE)
_OWNER = re.compile(r'\(\("([^"]*)",pid=(\d+)')


def _by_proc(tcp: Reply, tcp6: Reply) -> Listeners:
    """The same from the kernel's tables, where there is no `ss`: neither processes nor backlogs are known."""
    rows = table_rows(tcp) + ([] if tcp6.silence else table_rows(tcp6))
    return Listeners(
        all=tuple(
            Listener(address=readable(row[0]), port=int(row[0].split(":")[1], 16), waiting=int(row[3], 16), backlog=0)
            for row in rows
            if row[2] == LISTENING
        )
    )


@probe(LISTENERS, otherwise=(((HEADS[0], perhaps(HEADS[1])), _by_proc),), at_once=True)
def listeners(reply: Reply) -> Listeners:
    """Listening TCP sockets with their accept queues, as `ss` tells it (`-p` names processes where we may see them)."""
    if reply.code or not reply.text.startswith("State"):
        raise Garbled(reply.complaint[:80] or reply.text[:80])
    found = []
    for line in reply.lines[1:]:
        row = _ROW.match(line)
        if not row:
            raise Garbled(line[:80])
        waiting, backlog, address, port, rest = row.groups()
        owner = _OWNER.search(rest)
        found.append(
            Listener(
                address=address.strip("[]").partition("%")[0].replace("*", "::"),
                port=int(port),
                waiting=int(waiting),
                backlog=int(backlog),
                process=owner[1] if owner else "",
                pid=int(owner[2]) if owner else 0,
            )
        )
    return Listeners(all=tuple(found))


def table_rows(reply: Reply) -> list[tuple[str, str, str, str]]:
    """Local address, remote address, state and receive queue of each row, all in hexadecimal."""
    header, *lines = reply.lines or [""]
    if "local_address" not in header:
        raise Garbled(reply.text[:60])
    if reply.cut:
        lines = lines[:-1]
    rows: list[tuple[str, str, str, str]] = _SOCKET.findall("\n".join(lines))
    if len(rows) != len(lines):
        raise Garbled("a row of the socket table")
    return rows


@lru_cache(maxsize=4096)
def readable(text: str) -> str:
    """An address as the kernel writes it: 32-bit words in the byte order of the host (little-endian)."""
    digits = text.partition(":")[0]
    packed = b"".join(bytes.fromhex(digits[i : i + 8])[::-1] for i in range(0, len(digits), 8))
    if len(packed) == 4:
        return str(IPv4Address(packed))
    address = IPv6Address(packed)
    return str(address.ipv4_mapped or address)


@probe(NETSTAT, Again(NETSTAT))
def refusals(before: Reply, after: Reply) -> Refusals:
    """Connections that TCP dropped because a queue was full, between two samples."""
    first, second = _tcp_ext(before), _tcp_ext(after)
    return Refusals(
        seconds=elapsed(before, after),
        listen_overflows=since(first, second, "ListenOverflows"),
        listen_drops=since(first, second, "ListenDrops"),
        cookies=since(first, second, "SyncookiesSent"),
    )


def _tcp_ext(reply: Reply) -> dict[str, int]:
    rows = [line.split()[1:] for line in reply.lines if line.startswith("TcpExt:")]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise Garbled(reply.text[:60])
    return {name: int(value) for name, value in zip(*rows, strict=True)}
