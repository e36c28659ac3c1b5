"""Hosts for the fleet benchmark, all on this machine. It takes root.

Every host is an sshd at an address of its own, with processes of its own: none sees those of another, nor the client's.
Whoever logs in has an empty home, so nothing depends on what root's shell does here when it starts.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from metering import Keeper


@dataclass
class Bed:
    """The hosts. `config`: an ssh configuration that reaches them. `keeper`: of their sshds."""

    folder: Path
    hosts: list[str]
    port: int
    config: Path
    keeper: Keeper


@contextmanager
def bed(count: int) -> Iterator[Bed]:
    """As many hosts as wanted."""
    with tempfile.TemporaryDirectory(prefix="fleet-", dir="/run") as name:
        folder = Path(name)
        hosts = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(count)]
        with socket.socket() as free:
            free.bind((hosts[0], 0))
            port = free.getsockname()[1]
        config = _write(folder, hosts, port)
        keeper = Keeper()
        try:
            for host in hosts:
                keeper.start(_host(folder, host))
            for host in hosts:
                _await(host, port)
            yield Bed(folder, hosts, port, config, keeper)
        finally:
            keeper.close()


def _write(folder: Path, hosts: Sequence[str], port: int) -> Path:
    """Keys, and the settings of both sides."""
    for key in ("host_key", "identity"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    (folder / "authorized_keys").write_text((folder / "identity.pub").read_text())
    public = (folder / "host_key.pub").read_text().split()
    (folder / "known_hosts").write_text("".join(f"[{host}]:{port} {public[0]} {public[1]}\n" for host in hosts))
    (folder / "home").mkdir()
    users = Path("/etc/passwd").read_text()
    (folder / "passwd").write_text(re.sub("(?m)^root:.*", f"root:x:0:0::{folder / 'home'}:/bin/sh", users))
    server = {
        "Port": port,
        "AllowUsers": "root@127.0.0.0/8",
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        "PasswordAuthentication": "no",
        "PrintMotd": "no",
        "UseDNS": "no",
    }
    client = {
        "Port": port,
        "User": "root",
        "IdentityFile": folder / "identity",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": folder / "known_hosts",
        "GlobalKnownHostsFile": "none",
        "BatchMode": "yes",
        "KexAlgorithms": "curve25519-sha256",
        "HostKeyAlgorithms": "ssh-ed25519",
    }
    config = folder / "ssh_config"
    config.write_text("".join(f"{key} {value}\n" for key, value in client.items()))
    (folder / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in server.items()))
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return config


def _host(folder: Path, address: str) -> list[str]:
    """The command that is one host.

    What it sees of processes is its own, and root's home is empty. So is where people leave things lying: what is there
    on a workstation is not what a server has.
    """
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or "sshd"
    listen = f"{sshd} -D -r -f {folder / 'sshd_config'} -o ListenAddress={address} -E {folder / 'log'}"
    mounts = (
        f"mount --bind {folder / 'passwd'} /etc/passwd && for i in /tmp /opt /root; do mount -t tmpfs tmpfs $i; done"
    )
    return [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-c",
        f"{mounts} && exec {listen}",
    ]


def _await(host: str, port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as sock:
            if not sock.connect_ex((host, port)):
                return
        time.sleep(0.05)
    sys.exit(f"the sshd of {host} did not start")
