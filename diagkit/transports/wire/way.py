"""The way out of one vantage: how a connection is opened from there, and how a name becomes an address."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.model import Connection, Transport, Vantage

GATEWAY = "_gateway"
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ENONET}
REJECTING_ROUTE = {
    errno.EINVAL,
    errno.EACCES,
    errno.EPERM,
}  # connect() over a blackhole, a prohibit route, a local filter


class Unsupported(Exception):
    """This test is not possible from that vantage."""


@frozen
class Way:
    """One vantage. `dial` opens a TCP connection from there and raises OSError; `addresses` looks names up here."""

    vantage: Vantage
    dial: Callable[[str, int, float], Connection]
    addresses: Addresses

    def address(self, host: str, patience: float) -> tuple[socket.AddressFamily, str]:
        """The address that programs would try first."""
        found = self.addresses.of(host, patience)[0]
        return (socket.AF_INET6 if ":" in found else socket.AF_INET), found


def way_from_here() -> Way:
    """From this machine, by its own sockets."""
    addresses = Addresses()

    def dial(host: str, port: int, timeout: float) -> Connection:
        return socket.create_connection((addresses.of(host, timeout)[0], port), timeout)

    return Way(Vantage.HERE, dial, addresses)


def way_from_target(transport: Transport) -> Way:
    """From the machine under test. There the machine looks names up itself."""

    def dial(host: str, port: int, timeout: float) -> Connection:
        try:
            return transport.dial(host, port, timeout)
        except PermissionError as error:
            if "forward" in str(error):  # not the network's word but the ssh server's: it forwards nothing
                raise Unsupported(error.strerror or str(error)) from error
            raise

    return Way(Vantage.TARGET, dial, Addresses())


@dataclass(slots=True)
class Addresses:
    """The system's resolver, asked once for each name.

    getaddrinfo() cannot be interrupted, so it runs in a daemon thread that is left behind when it takes too long.
    """

    _known: dict[str, _Lookup] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, host: str, patience: float) -> list[str]:
        """Its addresses, in the order programs try them. Raises gaierror, or TimeoutError."""
        if host == GATEWAY:
            return [default_gateway()]
        if is_address(host):
            return [host]
        with self._lock:
            lookup = self._known.get(host)
            if lookup is None:
                lookup = self._known[host] = _Lookup(host)
                threading.Thread(target=lookup.run, daemon=True, name="getaddrinfo").start()
        return lookup.wait(patience)


@dataclass(slots=True)
class _Lookup:
    host: str
    found: list[str] = field(default_factory=list)
    error: OSError | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            rows = socket.getaddrinfo(self.host, None, type=socket.SOCK_STREAM)
            self.found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA cannot encode
            self.error = error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error))
        self.ended.set()

    def wait(self, patience: float) -> list[str]:
        if not self.ended.wait(patience):
            raise TimeoutError(f"looking up {self.host} took longer than {patience:.0f} s")
        if self.error:
            raise self.error
        return self.found


def is_address(host: str) -> bool:
    """Whether this is an IP address, as opposed to a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def default_gateway() -> str:
    """The next hop of this machine's IPv4 default route with the lowest metric. Raises gaierror where there is none."""
    rows = [line.split() for line in Path("/proc/thread-self/net/route").read_text("ascii").splitlines()[1:]]
    ways = sorted((int(row[6]), row[2]) for row in rows if row[1] == row[7] == "00000000" and int(row[3], 16) & 2)
    if not ways:
        raise socket.gaierror(socket.EAI_NONAME, "no default gateway")
    return socket.inet_ntoa(struct.pack("=I", int(ways[0][1], 16)))  # the kernel prints it in its own byte order


def state_of(error: OSError) -> str:
    """The state of a way that failed with this error."""
    said = str(error).lower()
    if isinstance(error, socket.gaierror):
        return "unresolved"
    if isinstance(error, ConnectionRefusedError) or "refused" in said:
        return "refused"
    if isinstance(error, TimeoutError) or "timed out" in said:
        return "filtered"
    if error.errno in UNREACHABLE | REJECTING_ROUTE or "unreachable" in said or "no route" in said:
        return "unreachable"
    return "failed"
