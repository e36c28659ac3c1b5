"""The machines that the contract of transports is held against.

To hold another transport to it: write a fixture that yields an `Opener`, and add its name to MACHINES.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from diagkit.model import Moment, Transport, epoch
from diagkit.transports.local import Local
from diagkit.transports.ssh.switchboard import Choice, Switchboard
from diagkit.transports.ssh.transport import Ssh
from tests.transports.dropbear import Dropbear
from tests.transports.sshd import Sshd, running

MACHINES = ("dash", "bash", "busybox", "ssh", "openssh", "dropbear")
SHELLS = {"dash": ("dash", "-s"), "bash": ("bash", "-s"), "busybox": ("busybox", "sh", "-s")}
PATIENCE = 30.0  # seconds until a transport of these tests gives up
MOMENT = Moment(epoch(1_763_762_833), epoch(1_763_759_233), epoch(1_763_762_833))

Opener = Callable[[Collection[tuple[str, ...]]], Transport]


def shell_argv(name: str) -> tuple[str, ...]:
    argv = SHELLS[name]
    if not shutil.which(argv[0]):
        pytest.skip(f"there is no {argv[0]} here")
    return argv


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The command line of each shell that the conversation must work with."""
    return shell_argv(request.param)


def _local(name: str) -> Iterator[Opener]:
    argv = shell_argv(name)
    with ExitStack() as opened:

        def open_local(declared: Collection[tuple[str, ...]]) -> Transport:
            transport = Local(deadline=time.monotonic() + PATIENCE, declared=declared, shell=argv)
            return opened.enter_context(closing(transport))

        yield open_local


@pytest.fixture
def dash() -> Iterator[Opener]:
    yield from _local("dash")


@pytest.fixture
def bash() -> Iterator[Opener]:
    yield from _local("bash")


@pytest.fixture(scope="session")
def applets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with busybox under the names of all its commands, as a machine has it that has nothing else."""
    shell_argv("busybox")
    folder = tmp_path_factory.mktemp("applets")
    subprocess.run(["busybox", "--install", "-s", folder], check=True)
    return folder


@pytest.fixture
def busybox(applets: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    monkeypatch.setenv("PATH", f"{applets}{os.pathsep}{os.environ['PATH']}")
    yield from _local("busybox")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running(Path(tmp_path_factory.mktemp("sshd"))) as sshd:
        yield sshd


@pytest.fixture(scope="session")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running(Path(tmp_path_factory.mktemp("dropbear")), kind=Dropbear) as dropbear:
        yield dropbear


def _remote(server: Sshd, choice: Choice = "auto") -> Iterator[Opener]:
    with ExitStack() as opened:
        board = opened.enter_context(closing(Switchboard(transport=choice)))

        def open_ssh(declared: Collection[tuple[str, ...]]) -> Transport:
            transport = Ssh(
                server.target,
                deadline=time.monotonic() + PATIENCE,
                ssh_config=server.client_config(),
                declared=declared,
                switchboard=board,
            )
            return opened.enter_context(closing(transport))

        yield open_ssh


@pytest.fixture
def ssh(server: Sshd) -> Iterator[Opener]:
    yield from _remote(server)


@pytest.fixture
def openssh(server: Sshd) -> Iterator[Opener]:
    yield from _remote(server, "openssh")


@pytest.fixture
def dropbear(other_server: Sshd) -> Iterator[Opener]:
    yield from _remote(other_server)


@pytest.fixture(params=MACHINES)
def open_machine(request: pytest.FixtureRequest) -> Opener:
    """Opens a transport to a machine of each kind; `declared` are commands it may run beside the allowed ones."""
    opener: Opener = request.getfixturevalue(request.param)
    return opener
