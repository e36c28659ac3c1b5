"""The user's ssh-agent: what keys it holds, and its signatures (draft-miller-ssh-agent).

Its keys are listed once per run. Each request has a connection of its own: that costs 50 µs and leaves nothing shared
between threads, so that one key which waits for a finger on a token holds up nobody else.
"""

from __future__ import annotations

import socket
from functools import lru_cache

from diagkit.frozen import frozen
from diagkit.transports.ssh.host_keys.public_key import CERTIFIED, Fields, packed

AGENT_SECONDS = 3.0  # for one answer; an agent may be waiting for somebody to touch a token
LARGEST_ANSWER = 1 << 20  # bytes; ssh's own limit is 256 KiB
_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
SHA2_FLAGS = {"rsa-sha2-256": 2, "rsa-sha2-512": 4}


@frozen
class Agent:
    """path: its socket, or empty. held: public keys and certificates, in its order. trouble: why there are none."""

    path: str
    held: tuple[bytes, ...] = ()
    trouble: str = ""

    def sign(self, public: bytes, data: bytes, algorithm: str) -> bytes:
        """The signature in SSH's form. Raises OSError when it declines: locked, or its owner asked in vain."""
        flags = SHA2_FLAGS.get(algorithm.removesuffix(CERTIFIED), 0)
        asked = bytes([_SIGN_REQUEST]) + packed(public) + packed(data) + flags.to_bytes(4, "big")
        try:
            return Fields(_answer(self.path, asked, _SIGN_RESPONSE)).string()
        except ValueError as error:
            raise OSError(str(error)) from None


@lru_cache(maxsize=8)
def agent_at(path: str) -> Agent:
    """The agent there, asked for its keys once per run."""
    if not path:
        return Agent(path)
    try:
        answer = Fields(_answer(path, bytes([_REQUEST_IDENTITIES]), _IDENTITIES_ANSWER))
        held = []
        for _ in range(answer.number(4)):
            held.append(answer.string())
            answer.string()  # its comment
    except (OSError, ValueError) as error:
        return Agent(path, trouble=getattr(error, "strerror", None) or str(error) or "it made no sense")
    return Agent(path, tuple(held))


def _answer(path: str, request: bytes, wanted: int) -> bytes:
    """What the agent answers. Raises OSError when it does not, or not that."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(AGENT_SECONDS)
        line.connect(path)
        line.sendall(packed(request))
        size = int.from_bytes(_exactly(line, 4), "big")
        if not 0 < size <= LARGEST_ANSWER:
            raise OSError(f"an answer of {size} bytes")
        answer = _exactly(line, size)
    if answer[0] != wanted:
        raise OSError("it declined")
    return answer[1:]


def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = line.recv(size - len(data))
        if not more:
            raise OSError("it hung up")
        data += more
    return data
