"""The control socket of an ssh: TCP connections that its server makes are asked for there, without another log-in.

What is spoken is PROTOCOL.mux of OpenSSH, version 4, the same since 5.4. A process of `ssh -W` for each connection
would do no more than this.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

VERSION = 4
HELLO, NEW_STDIO_FORWARD, SESSION_OPENED = 0x00000001, 0x10000008, 0x80000006
LONGEST_PACKET = 1 << 16
PLAIN = re.compile(r"[\w/.+-]{1,60}", re.ASCII)
"""A folder that ssh takes as it is. An address of a socket has 104 bytes on some systems, and ssh itself adds 17."""
BESIDE = 'ssh "$@"; ended=$?; rm -rf -- "${0%/*}"; exit $ended'  # $0 is the socket; for when nobody is left to tidy up
IDLE = """\
exec 3<&0
ssh "$@" 3<&- </dev/null & ssh=$!
{ cat <&3; kill $ssh; } >/dev/null 2>&1 &
wait $ssh; ended=$?
rm -rf -- "${0%/*}"; exit $ended
"""  # the same for an ssh that reads nothing: somebody else sees the end of the input
CALL_SECONDS = 2.0  # until an ssh that has just logged in listens
GLANCE = 0.005  # seconds between two looks for a socket that is about to be made


class Refused(Exception):
    """The server made no connection. Why is in the words of the ssh that asked it to."""


class NoMaster(Exception):
    """Nobody listens at the control socket, or hung up while asked."""


def new_socket() -> str:
    """A path for a control socket in a folder of its own that nobody else can enter; empty when there is no place."""
    for base in _bases():
        with suppress(OSError):
            return f"{tempfile.mkdtemp(prefix='diagkit-', dir=base)}/m"  # a folder of mode 0700
    return ""


def has_place() -> bool:
    """Whether there is a folder for control sockets."""
    return any(os.access(base, os.W_OK | os.X_OK) for base in _bases())


def _bases() -> Iterator[str]:
    bases = os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"  # noqa: S108 - see new_socket
    return filter(PLAIN.fullmatch, bases)


def remove(path: str) -> None:
    """Take a path of `new_socket` away with its folder."""
    if path:
        shutil.rmtree(Path(path).parent, ignore_errors=True)


def as_master(command: list[str], path: str, *, idle: bool = False) -> list[str]:
    """The command line of an ssh that is to listen at a path of `new_socket`, and to take that away when it ends.

    It ends when its input does, so nothing is left where we are killed. idle: it runs nothing, and reads no input.
    """
    program, *words = command
    assert program == "ssh"  # noqa: S101 - BESIDE says so too
    return ["sh", "-c", IDLE if idle else BESIDE, path, "-o", "ControlMaster=yes", "-S", path, *words]


class Forwarded:
    """A TCP connection made by a server, used like a socket.

    Two pairs of sockets, as ssh closes one of its ends when the server has sent all, and keeps the other.
    """

    def __init__(self, control: socket.socket, incoming: socket.socket, outgoing: socket.socket) -> None:
        self._control, self._incoming, self._outgoing = control, incoming, outgoing

    def sendall(self, data: bytes) -> None:
        self._outgoing.sendall(data)

    def recv(self, size: int) -> bytes:
        return self._incoming.recv(size)

    def settimeout(self, seconds: float) -> None:
        self._incoming.settimeout(seconds)
        self._outgoing.settimeout(seconds)

    def close(self) -> None:
        for one in (self._outgoing, self._incoming, self._control):
            one.close()


def forward(path: str, host: str, port: int, seconds: float) -> Forwarded:
    """A connection to host and port, made by the server of the ssh that listens at `path`.

    Raises Refused, NoMaster, or TimeoutError.
    """
    end = time.monotonic() + seconds
    with ExitStack() as ours, ExitStack() as theirs:
        control = ours.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        try:
            _call(control, path, min(end, time.monotonic() + CALL_SECONDS))
            control.settimeout(_left(end))
            control.sendall(_packet(HELLO, VERSION))
            kind, _ = _receive(control, end)
            incoming, outgoing = (_pair(ours, theirs) for _ in range(2))
            if kind != HELLO:
                raise NoMaster("what listens there is not ssh")
            control.sendall(_packet(NEW_STDIO_FORWARD, 0, b"", host.encode(), port))
            for end_of_theirs in (outgoing[1], incoming[1]):  # its standard input, and its standard output
                socket.send_fds(control, [b"\0"], [end_of_theirs.fileno()])
            theirs.close()
            kind, _ = _receive(control, end)
        except TimeoutError:
            raise TimeoutError(f"no answer from {host} port {port} within {seconds:.1f} s") from None
        except OSError as error:
            raise NoMaster(error.strerror or str(error)) from None
        if kind != SESSION_OPENED:
            raise Refused
        ours.pop_all()
        return Forwarded(control, incoming[0], outgoing[0])


def _call(control: socket.socket, path: str, end: float) -> None:
    """Connect to the socket, which an ssh that has just logged in is about to make. Raises NoMaster."""
    while time.monotonic() < end and Path(path).parent.is_dir():
        control.settimeout(_left(end))
        try:
            return control.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(GLANCE)
        except TimeoutError:
            break
    raise NoMaster("no ssh listens at its control socket")


def _pair(ours: ExitStack, theirs: ExitStack) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair()
    return ours.enter_context(one), theirs.enter_context(other)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _packet(*fields: int | bytes) -> bytes:
    body = b"".join(
        struct.pack(">I", one) if isinstance(one, int) else struct.pack(">I", len(one)) + one for one in fields
    )
    return struct.pack(">I", len(body)) + body


def _receive(control: socket.socket, end: float) -> tuple[int, bytes]:
    """Type and body of the next packet. Raises OSError."""
    size = int.from_bytes(b"".join(_exactly(control, 4, end)))
    if not 4 <= size <= LONGEST_PACKET:
        raise OSError(f"a packet of {size} bytes is not to be expected")
    packet = b"".join(_exactly(control, size, end))
    return int.from_bytes(packet[:4]), packet[4:]


def _exactly(control: socket.socket, size: int, end: float) -> Iterator[bytes]:
    while size:
        control.settimeout(_left(end))
        if not (data := control.recv(size)):
            raise ConnectionResetError("ssh hung up")
        size -= len(data)
        yield data
