"""TCP connections that a server makes on our behalf, and what its refusal to make one means."""

from __future__ import annotations

import errno
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

from diagkit.model import Layer, Silence

if TYPE_CHECKING:
    import paramiko
    from paramiko.message import Message

CLOSE = b"\x61"  # SSH_MSG_CHANNEL_CLOSE, RFC 4254 section 9
# reason codes of SSH_MSG_CHANNEL_OPEN_FAILURE, RFC 4254 5.1
PROHIBITED, CONNECT_FAILED, UNKNOWN_TYPE, SHORTAGE = range(1, 5)
SAID = {  # sshd passes on strerror() of its own attempt; dropbear and others paraphrase it
    "refused": errno.ECONNREFUSED,
    "timed out": errno.ETIMEDOUT,
    "no route": errno.EHOSTUNREACH,
    "host is unreachable": errno.EHOSTUNREACH,
    "network is unreachable": errno.ENETUNREACH,
    "reset": errno.ECONNRESET,
}
NO_NAME = ("name or service not known", "name resolution", "no address associated", "resolve", "nodename nor servname")
_SILENCES = {
    ConnectionRefusedError: Silence.REFUSED,
    TimeoutError: Silence.TIMEOUT,
    PermissionError: Silence.DENIED,
}


class Latch:
    """Stands between a channel and its connection, and lets nothing pass after the channel's own CLOSE.

    paramiko looks whether a channel is open, and sends a moment later (its issue 1115). A server takes that for an
    attack and drops the whole connection, and with it all that goes over it; or, worse, it has given the number to
    another channel by then.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        self._connection: Any = channel.transport
        self._passing = threading.Lock()
        self._closed = False

    def _send_user_message(self, message: Message) -> None:
        with self._passing:
            if not self._closed:
                self._closed = message.asbytes().startswith(CLOSE)
                self._connection._send_user_message(message)  # noqa: SLF001

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def latched(channel: paramiko.Channel) -> paramiko.Channel:
    """The same channel, behind a latch."""
    channel.transport = Latch(channel)  # type: ignore[assignment]
    return channel


def forward_error(code: int, words: str) -> OSError:
    """The OSError that a connection from here would raise.

    code, words: the reason of the refusal as the server gave it.
    """
    said = words.lower()
    if code in (PROHIBITED, UNKNOWN_TYPE):
        return PermissionError(errno.EPERM, f"the ssh server does not forward connections ({words})")
    if code == SHORTAGE:
        return OSError(errno.EAGAIN, f"the ssh server has no room for another connection ({words})")
    for phrase, number in SAID.items():
        if phrase in said:
            return OSError(number, os.strerror(number))
    if any(phrase in said for phrase in NO_NAME):
        return socket.gaierror(socket.EAI_NONAME, words)
    return OSError(errno.EIO, f"the ssh server could not connect: {words}")


def meaning(error: OSError) -> tuple[Layer, Silence]:
    """At which layer the way to a machine ends when a jump host's connection to it fails like this, and how."""
    if isinstance(error, socket.gaierror):
        return Layer.NAME, Silence.MISSING
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return Layer.ROUTE, Silence.UNREACHABLE
    for kind, silence in _SILENCES.items():
        if isinstance(error, kind):
            return Layer.TCP, silence
    return Layer.TCP, Silence.UNREACHABLE
