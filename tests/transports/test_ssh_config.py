"""Where a target leads, by the user's ssh configuration."""

import os
import pwd
import shutil
import socket
import subprocess

import pytest

from diagkit.model import Layer, Silence
from diagkit.transports import ssh_config
from diagkit.transports.ssh_config import Hop, resolve
from diagkit.transports.stages import Stopped

HOME = pwd.getpwuid(os.getuid()).pw_dir
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(params=["ssh", "paramiko"])
def reader(request, monkeypatch):
    """Both readers must understand what both can."""
    assert shutil.which("ssh"), "these tests need OpenSSH's client: apt-get install openssh-client"
    resolve.cache_clear()
    if request.param == "paramiko":
        monkeypatch.setattr(ssh_config.shutil, "which", lambda _: None)
    yield request.param
    resolve.cache_clear()


def written(folder, text):
    path = folder / "config"
    path.write_text(text)
    return str(path)


def test_without_a_configuration_the_defaults_of_ssh_hold(reader):
    route = resolve(Hop(host="web1"), "none")
    assert (route.host, route.port, route.user) == ("web1", 22, ME)
    assert route.key_names == ("web1",)
    assert f"{HOME}/.ssh/known_hosts" in route.known_hosts
    assert "/etc/ssh/ssh_known_hosts" in route.known_hosts
    assert f"{HOME}/.ssh/id_ed25519" in route.identities
    assert route.agent == os.environ.get("SSH_AUTH_SOCK", "")
    assert not route.accept_new
    assert not route.jumps
    assert route.family == socket.AF_UNSPEC


def test_everything_of_a_host_is_taken_from_its_block(reader, tmp_path):
    config = written(
        tmp_path,
        """
Host web
  HostName web1.example.org
  Port 2222
  User deploy
  IdentityFile ~/keys/%r_%h
  IdentityFile "/keys/with space"
  IdentitiesOnly yes
  IdentityAgent none
  HostKeyAlias Web-One
  UserKnownHostsFile ~/known /other/known
  GlobalKnownHostsFile none
  StrictHostKeyChecking accept-new
  ConnectTimeout 7
  AddressFamily inet
  ProxyJump me@bastion:2200,inner
""",
    )
    route = resolve(Hop(host="web"), config)
    assert (route.name, route.host, route.port, route.user) == ("web", "web1.example.org", 2222, "deploy")
    assert route.key_names == ("web-one",)
    assert route.identities[0] == f"{HOME}/keys/deploy_web1.example.org"
    assert route.identities[1].strip('"') == "/keys/with space"
    assert route.identities_only
    assert route.agent == ""
    assert route.known_hosts == (f"{HOME}/known", "/other/known")
    assert route.accept_new
    assert route.connect_seconds == 7
    assert route.family == socket.AF_INET
    assert route.jumps == (Hop(host="bastion", user="me", port=2200), Hop(host="inner"))


def test_the_command_line_wins_over_the_configuration(reader, tmp_path):
    config = written(tmp_path, "Host *\n  User deploy\n  Port 2222\n")
    route = resolve(Hop(host="web", user="root", port=2200), config)
    assert (route.user, route.port, route.key_names) == ("root", 2200, ("[web]:2200", "web"))


def test_included_files_are_read_by_ssh_and_refused_without_it(reader, tmp_path):
    (tmp_path / "more").write_text("Host web\n  User hidden\n")
    config = written(tmp_path, f"Include {tmp_path}/more\n")
    if reader == "ssh":
        assert resolve(Hop(host="web"), config).user == "hidden"
    else:
        with pytest.raises(Stopped, match="Include") as stopped:
            resolve(Hop(host="web"), config)
        assert stopped.value.why.layer is Layer.NAME


@pytest.mark.parametrize("line", ["ProxyCommand nc %h %p"])
def test_what_cannot_be_done_is_said_and_not_passed_over(reader, tmp_path, line):
    with pytest.raises(Stopped, match="ProxyCommand") as stopped:
        resolve(Hop(host="web"), written(tmp_path, f"Host web\n  {line}\n"))
    assert stopped.value.why.silence is Silence.UNSUPPORTED


def test_a_configuration_that_does_not_parse_is_named(tmp_path):
    with pytest.raises(Stopped, match=r"(?i)no argument|missing argument") as stopped:
        resolve(Hop(host="web"), written(tmp_path, "Host web\n  Port\n"))
    assert (stopped.value.why.layer, stopped.value.why.silence) == (Layer.NAME, Silence.GARBLED)


def test_a_missing_configuration_is_an_error_and_not_an_empty_one(reader, tmp_path):
    with pytest.raises(Stopped, match="absent"):
        resolve(Hop(host="web"), str(tmp_path / "absent"))


@pytest.mark.parametrize("hop", [Hop(host="-oProxyCommand=id"), Hop(host="a;b"), Hop(host="web", user="-l")])
def test_names_that_are_not_names_never_reach_ssh(hop, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    with pytest.raises(Stopped):
        resolve(hop, "none")


def test_a_proxy_jump_that_is_no_host_is_refused(reader, tmp_path):
    with pytest.raises(Stopped):
        resolve(Hop(host="web"), written(tmp_path, "Host web\n  ProxyJump a:b:c:d\n"))


def test_a_command_of_the_configuration_that_hangs_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(ssh_config, "ANSWER_SECONDS", 0.3)
    config = written(tmp_path, 'Match exec "sleep 60"\n  User nobody\n')
    with pytest.raises(Stopped, match="not answered") as stopped:
        resolve(Hop(host="hangs"), config)
    assert stopped.value.why.silence is Silence.TIMEOUT
