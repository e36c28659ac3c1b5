"""What this workstation lets us do: for `diagkit doctor`."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from diagkit.transports.ssh.by_paramiko import lazy_paramiko
from diagkit.transports.ssh.host_keys.known_hosts import file_at
from diagkit.transports.wire.icmp import open_socket

KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


def ping_rights() -> tuple[str, ...]:
    """The kinds of ICMP socket the system gives us: `raw`, `datagram`, both or neither."""
    found = []
    for kind in ("raw", "datagram"):
        try:
            open_socket(socket.AF_INET, raw=kind == "raw").close()
        except OSError:
            continue
        found.append(kind)
    return tuple(found)


def agent_keys() -> int | None:
    """How many keys the ssh agent holds; None where no agent answers."""
    if "SSH_AUTH_SOCK" not in os.environ:
        return None
    paramiko = lazy_paramiko.load()
    try:
        agent = paramiko.Agent()
    except (OSError, paramiko.SSHException):
        return None
    try:
        return len(agent.get_keys()) if getattr(agent, "_conn", None) else None
    finally:
        agent.close()


def known_hosts() -> dict[str, tuple[int, int] | None]:
    """The usual files of known host keys that exist: how many lines each has, and how many names in it are hashed.

    None where we may not read it.
    """
    found: dict[str, tuple[int, int] | None] = {}
    for name in KNOWN_HOSTS:
        path = str(Path(name).expanduser())
        try:
            index = file_at(path).index()
        except FileNotFoundError:
            continue
        except OSError:
            found[path] = None
        else:
            found[path] = index.lines, index.hashed
    return found


def ssh_program() -> str | None:
    """Where the system's ssh is, which reads ssh_config better than anybody else."""
    return shutil.which("ssh")
