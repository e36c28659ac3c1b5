"""What a server's refusal to connect on our behalf means: the OSError that a connection from here would raise."""

from __future__ import annotations

import errno
import os
import socket

PROHIBITED, CONNECT_FAILED = 1, 2  # reason codes of SSH_MSG_CHANNEL_OPEN_FAILURE, RFC 4254 5.1
SAID = {  # sshd passes on strerror() of its own attempt; dropbear and others paraphrase it
    "refused": errno.ECONNREFUSED,
    "timed out": errno.ETIMEDOUT,
    "no route": errno.EHOSTUNREACH,
    "host is unreachable": errno.EHOSTUNREACH,
    "network is unreachable": errno.ENETUNREACH,
    "reset": errno.ECONNRESET,
}
NO_NAME = ("name or service not known", "name resolution", "no address associated", "resolve", "nodename nor servname")


def forward_error(code: int, words: str) -> OSError:
    """code, words: the reason of the refusal as the server gave it."""
    said = words.lower()
    if code == PROHIBITED:
        return PermissionError(errno.EPERM, f"the ssh server does not forward connections ({words})")
    for phrase, number in SAID.items():
        if phrase in said:
            return OSError(number, os.strerror(number))
    if any(phrase in said for phrase in NO_NAME):
        return socket.gaierror(socket.EAI_NONAME, words)
    return OSError(errno.EIO, f"the ssh server could not connect: {words}")
