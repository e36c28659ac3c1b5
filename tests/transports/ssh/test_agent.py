"""Keys of a real ssh-agent, and of agents that misbehave."""

import contextlib
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime

import pytest

from diagkit.model import Layer, Moment, Run
from diagkit.transports.ssh.login import agent as ssh_agent
from diagkit.transports.ssh.transport import Ssh
from tests.transports.sshd import make_key, public, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW, until=NOW)
UNAME = Run(("uname", "-s"))


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@contextlib.contextmanager
def agent(path, *keys):
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            time.sleep(0.01)
        for key in keys:
            subprocess.run(["ssh-add", "-q", str(key)], check=True, env={"SSH_AUTH_SOCK": str(path)})
        yield str(path)
    finally:
        process.terminate()
        process.wait()


def logged_in(server, **options):
    """None when we got in, else why not."""
    config = server.client_config(**options)
    ssh = Ssh(server.target, deadline=time.monotonic() + 60, ssh_config=config)
    try:
        ssh.ask([UNAME], MOMENT)
        return ssh.unreached
    finally:
        ssh.close()


def test_a_key_of_the_agent_logs_in(box, tmp_path):
    with agent(tmp_path / "agent", box.identity) as path:
        assert logged_in(box, IdentityAgent=path, IdentityFile="none", IdentitiesOnly="no") is None


def test_a_locked_key_file_is_unlocked_by_the_agent_that_holds_it(box, tmp_path):
    """The public half beside the file tells which key of the agent it is."""
    key = make_key(tmp_path / "key")
    box.authorized.write_text(box.authorized.read_text() + public(key) + "\n")
    with agent(tmp_path / "agent", make_key(tmp_path / "other"), key) as path:
        subprocess.run(["ssh-keygen", "-q", "-p", "-N", "secret", "-P", "", "-f", str(key)], check=True)
        assert logged_in(box, IdentityAgent=path, IdentityFile=str(key)) is None


def test_identities_only_keeps_the_agents_other_keys_to_itself(box, tmp_path):
    stranger = make_key(tmp_path / "stranger")
    with agent(tmp_path / "agent", box.identity) as path:
        why = logged_in(box, IdentityAgent=path, IdentityFile=str(stranger), IdentitiesOnly="yes")
    assert why.layer is Layer.AUTHENTICATION
    assert "agent" not in why.detail


def test_without_an_agent_at_its_place_the_key_files_are_used(box, tmp_path):
    assert logged_in(box, IdentityAgent=str(tmp_path / "absent")) is None


def behave_hang(connection):
    connection.recv(1 << 16)
    connection.recv(1)


@pytest.mark.parametrize("behave", [behave_hang, lambda _: None, lambda c: c.sendall(b"\0\0\0\1\5")])
def test_an_agent_that_misbehaves_is_passed_over(box, tmp_path, monkeypatch, behave):
    monkeypatch.setattr(ssh_agent, "AGENT_SECONDS", 0.3)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "agent"))
        listener.listen()

        def serve():
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert logged_in(box, IdentityAgent=str(tmp_path / "agent")) is None
        thread.join(10)


def test_an_agent_that_refuses_to_sign_does_not_cost_the_connection(box, tmp_path):
    """Confirmation is asked for (ssh-add -c) where nobody can give it; the key file is next."""
    with agent(tmp_path / "agent") as path:
        other = make_key(tmp_path / "other")
        box.authorized.write_text(box.authorized.read_text() + public(other) + "\n")
        subprocess.run(["ssh-add", "-q", "-c", str(other)], check=True, env={"SSH_AUTH_SOCK": path})
        assert logged_in(box, IdentityAgent=path, IdentitiesOnly="no") is None
