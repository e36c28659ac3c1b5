"""A connection to a server of our own, to see whether a paramiko that we do not know does what we expect of its kind.

It takes 9 ms, and is made once per process; those versions that the tests are run with need none. Import it only after
`lazy_paramiko.load()`.
"""

from __future__ import annotations

import socket
import threading
import time

import paramiko  # noqa: TID253 - see above
from paramiko.common import (  # noqa: TID253
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from diagkit.transports.ssh.by_paramiko import hooks
from diagkit.transports.ssh.by_paramiko.client import Client, LogIn, Packets
from diagkit.transports.ssh.by_paramiko.public import COMMAND
from diagkit.transports.ssh.stages import Stopped

TESTED = ("3.5.", "4.0.", "5.1.")
SECONDS = 5.0
GREETING = "a line before the version"


def hold() -> None:
    """Unless this paramiko is known, or passes, do without its private parts from now on."""
    if not paramiko.__version__.startswith(TESTED) and not passes():
        for cls in (Packets, LogIn, Client):
            hooks.strip(cls, "a rehearsal that failed")


def passes() -> bool:
    """Whether all goes as it should, from the greeting to a channel that is refused."""
    here, there = socket.socketpair()
    key = paramiko.ECDSAKey.generate()
    server = paramiko.Transport(there)
    client = Client(here, (key.get_name(),), time.monotonic() + SECONDS)
    try:
        there.sendall(f"{GREETING}\r\n".encode())
        server.add_server_key(key)
        server.start_server(threading.Event(), Host())
        return _all_goes_well(client, key)
    except Exception:  # noqa: BLE001 - whatever it is, it is no reason not to ask a machine
        return False
    finally:
        client.hang_up()
        server.close()
        server.join(SECONDS)
        here.close()
        there.close()


def _all_goes_well(client: Client, key: paramiko.PKey) -> bool:
    client.negotiate()
    answered = threading.Event()
    client.offer("anybody", key, answered)
    answered.wait(SECONDS)
    channel = client.open_shell()
    channel.settimeout(SECONDS)
    heard = channel.recv(len(COMMAND))
    try:
        client.open_tcp("nowhere", 1, SECONDS)
    except (OSError, Stopped) as error:
        refused = isinstance(error, PermissionError)
    else:
        refused = False
    return client.said == [GREETING] and client.presented == key.asbytes() and heard == COMMAND.encode() and refused


class Host(paramiko.ServerInterface):
    """Lets anybody in, repeats the command it is to run, and connects to nowhere."""

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        del username, key
        return AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del chanid
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        channel.sendall(command)
        return True
