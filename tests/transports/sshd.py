"""A real OpenSSH server on a loopback port, with keys made for the test and thrown away after it."""

from __future__ import annotations

import base64
import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from diagkit.model import Target

START_SECONDS = 20.0  # a busy machine; it takes 0.05 on an idle one


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A key pair; the path of its private half."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", path.name, "-f", str(path)], check=True)
    return path


def public(path: Path) -> str:
    """Type and key of a pair, as in known_hosts and authorized_keys."""
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


def raw(line: str) -> bytes:
    """The key itself, as it goes over the wire, from a line of `public`."""
    return base64.b64decode(line.split()[1])


def free_port() -> int:
    """A port on which nobody listens, below those that the kernel gives to whoever connects meanwhile."""
    while True:
        port = 10_000 + secrets.randbelow(22_000)  # tests that run beside this one have the same seed for `random`
        with suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port


class Sshd:
    """The server, the client's key that it accepts, and a client configuration that reaches it as `box`."""

    READY = "Server listening"

    def __init__(self, folder: Path, host_key: Path | None, options: Mapping[str, str]) -> None:
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "these tests need OpenSSH's sshd: apt-get install openssh-server"
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists, even without privilege separation's user
        self.folder = folder
        self.port = free_port()
        self.user = getpass.getuser()
        self.host_key = host_key or make_key(folder / "host_key")
        self.identity = make_key(folder / "identity")
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public(self.host_key)}\n")
        self.authorized = folder / "authorized_keys"
        self.authorized.write_text(public(self.identity) + "\n")
        self._configs = count()
        self._log = folder / "sshd.log"
        self._process = self._start(program, options)
        self._await_start()

    def _start(self, program: str, options: Mapping[str, str]) -> subprocess.Popen[bytes]:
        settings = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": str(self.host_key),
            "AuthorizedKeysFile": str(self.authorized),
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PermitRootLogin": "yes",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PrintMotd": "no",
            "LogLevel": "VERBOSE",
            "MaxStartups": "100",
        } | dict(options)
        config = self.folder / "sshd_config"
        config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        return subprocess.Popen(
            [program, "-D", "-f", str(config), "-E", str(self._log)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _await_start(self) -> None:
        end = time.monotonic() + START_SECONDS
        while self.READY not in self.log():
            assert self._process.poll() is None, f"sshd did not start:\n{self.log()}"
            assert time.monotonic() < end, f"sshd did not start in time:\n{self.log()}"
            time.sleep(0.01)

    def log(self) -> str:
        """What the server has logged so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def connections(self) -> int:
        """How many have spoken SSH to it so far: tests that run beside this one look what answers on this machine."""
        log = self.log()
        return log.count("Connection from") - log.count("kex_exchange_identification")

    @property
    def pid(self) -> int:
        """The listening process; it has a child for every connection."""
        return self._process.pid

    def close(self) -> None:
        """End the server; the connections it still serves end with their clients."""
        self._process.terminate()
        self._process.wait()

    # ------------------------------------------------------------ the client's side

    @property
    def target(self) -> Target:
        return Target(scheme="ssh", host="box", label="box")

    def client_config(self, **options: str) -> str:
        """Path of a new ssh configuration in which `box` is this server; options are added or replace ours."""
        settings = {
            "HostName": "127.0.0.1",
            "Port": str(self.port),
            "User": self.user,
            "IdentityFile": str(self.identity),
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "none",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
        } | options
        body = "".join(f"  {key} {value}\n" for key, value in settings.items())
        path = self.folder / f"ssh_config.{next(self._configs)}"
        path.write_text(f"Host box\n{body}")
        return str(path)


@contextmanager
def running(folder: Path, host_key: Path | None = None, kind: type[Sshd] = Sshd, **options: str) -> Iterator[Sshd]:
    """A server with these options of sshd_config, for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    server = kind(folder, host_key, options)
    try:
        yield server
    finally:
        server.close()
