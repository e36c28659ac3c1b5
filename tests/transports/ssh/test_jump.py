"""Jump hosts: two real sshds, the second reached through the first."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.model import Layer, Moment, Run, Silence, Target
from diagkit.transports.ssh.transport import Ssh
from tests.transports.sshd import free_port, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW, until=NOW)
UNAME = Run(("uname", "-s"))


@pytest.fixture(scope="module")
def bastion(tmp_path_factory):
    with running(tmp_path_factory.mktemp("bastion")) as server:
        yield server


@contextmanager
def ssh_over(jump, box, bastion, tmp_path, bastion_options=None, more="", **options):
    """To `box` with ProxyJump `jump`, where `bastion` and `hop` both are the other server."""
    first = Path(bastion.client_config(**(bastion_options or {}))).read_text().replace("Host box", "Host bastion hop")
    second = Path(box.client_config(ProxyJump=jump, **options)).read_text()
    config = tmp_path / f"config.{time.monotonic_ns()}"  # resolve() knows a configuration by its path
    config.write_text(first + second + more)
    ssh = Ssh(Target("ssh", host="box"), deadline=time.monotonic() + 60, ssh_config=str(config))
    try:
        yield ssh
    finally:
        ssh.close()


def test_questions_and_dials_go_through_the_jump_host(box, bastion, tmp_path):
    before = bastion.log().count("Accepted publickey")
    with ssh_over("bastion", box, bastion, tmp_path) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].out == b"Linux\n", ssh.unreached
        with pytest.raises(ConnectionRefusedError):
            ssh.dial("127.0.0.1", 1, 5)
    assert bastion.log().count("Accepted publickey") == before + 1
    assert "Starting session" not in bastion.log()


def test_a_chain_of_jump_hosts(box, bastion, tmp_path):
    with running(tmp_path / "inner") as inner:
        block = Path(inner.client_config()).read_text().replace("Host box", "Host inner")
        with ssh_over("bastion,inner", box, bastion, tmp_path, more=block) as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].out == b"Linux\n", ssh.unreached
        assert inner.log().count("Accepted publickey") == 1


def test_each_hop_has_its_own_host_key_to_show(box, bastion, tmp_path):
    with ssh_over("bastion", box, bastion, tmp_path, {"UserKnownHostsFile": str(box.known_hosts)}) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].silence is Silence.DENIED
        assert ssh.unreached.layer is Layer.HOST_KEY
        assert ssh.unreached.detail.startswith("at the jump host bastion: ")
    with ssh_over("bastion", box, bastion, tmp_path, UserKnownHostsFile=str(bastion.known_hosts)) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].silence is Silence.DENIED
        assert "jump" not in ssh.unreached.detail


def test_a_target_that_the_jump_host_cannot_reach(box, bastion, tmp_path):
    with ssh_over("bastion", box, bastion, tmp_path, Port=str(free_port())) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].silence is Silence.REFUSED
    assert ssh.unreached.layer is Layer.TCP
    assert "the jump host bastion cannot connect" in ssh.unreached.detail


@pytest.mark.parametrize("jump", ["box", "hop"])
def test_jump_hosts_in_a_circle_are_refused(box, bastion, tmp_path, jump):
    with ssh_over(jump, box, bastion, tmp_path, {"ProxyJump": "box"}) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].silence is Silence.UNSUPPORTED
    assert "circle" in ssh.unreached.detail
