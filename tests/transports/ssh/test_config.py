"""Where a target leads, by the user's ssh configuration."""

import os
import pwd
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.config import beyond as ssh_beyond
from diagkit.transports.ssh.config import settings as ssh_settings
from diagkit.transports.ssh.config.route import Hop, resolve
from diagkit.transports.ssh.stages import Stopped
from tests.transports.sshd import make_key

HOME = pwd.getpwuid(os.getuid()).pw_dir
ME = pwd.getpwuid(os.getuid()).pw_name
NOWHERE = "/nonexistent"  # a PATH without ssh


@pytest.fixture(params=["ssh", "paramiko"])
def reader(request, monkeypatch):
    """Both readers must understand what both can."""
    assert shutil.which("ssh"), "these tests need OpenSSH's client: apt-get install openssh-client"
    resolve.cache_clear()
    if request.param == "paramiko":
        monkeypatch.setenv("PATH", NOWHERE)
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


def test_included_files_are_read(reader, tmp_path):
    """paramiko's own reader passes over Include without a word, and takes the wrong user."""
    (tmp_path / "more").write_text("Host web\n  User hidden\n")
    config = written(tmp_path, f"Include {tmp_path}/m*\nUser other\n")
    assert resolve(Hop(host="web"), config).user == "hidden"


def test_a_proxy_command_is_ready_for_the_shell(reader, tmp_path):
    text = "Host web\n  HostName w.example.org\n  Port 2222\n  User u\n  ProxyCommand ssh -W '[%h]:%p' -o A=%%1 %r@gate-%n\n"
    route = resolve(Hop(host="web"), written(tmp_path, text))
    assert route.proxy_command == "ssh -W '[w.example.org]:2222' -o A=%1 u@gate-web"
    assert not route.beyond
    assert not route.jumps


def test_a_token_that_ssh_does_not_know_in_a_proxy_command_is_an_error(reader, tmp_path):
    with pytest.raises(Stopped, match="%z"):
        resolve(Hop(host="web"), written(tmp_path, "ProxyCommand nc %z\n"))


def test_the_first_of_proxy_command_and_proxy_jump_counts(reader, tmp_path):
    route = resolve(Hop(host="web"), written(tmp_path, "ProxyCommand none\nProxyJump gate\n"))
    assert (route.proxy_command, route.jumps) == ("", ())
    (tmp_path / "other").mkdir()
    route = resolve(Hop(host="web"), written(tmp_path / "other", "ProxyJump gate\nProxyCommand nc\n"))
    assert (route.proxy_command, [jump.host for jump in route.jumps]) == ("", ["gate"])


@pytest.mark.parametrize("host", ["fe80::1%eth0", "named"])
def test_an_ipv6_address_keeps_its_zone(reader, tmp_path, host):
    config = written(tmp_path, "Host named\n  HostName fe80::1%%eth0\nHost *\n  UserKnownHostsFile ~/%h\n")
    route = resolve(Hop(host=host), config)
    assert route.host == "fe80::1%eth0"
    assert route.known_hosts[0] == f"{HOME}/fe80::1%eth0"
    assert route.key_names == ("fe80::1%eth0",)  # ssh 9.2 looks for it with the zone, and only so


@pytest.mark.parametrize("value", ["yes", "unbound", "host-bound"])
def test_public_keys_are_used_however_they_are_allowed(reader, tmp_path, value):
    assert resolve(Hop(host="web"), written(tmp_path, f"PubkeyAuthentication {value}\n")).identities


def test_public_keys_are_not_used_where_the_user_forbids_it(reader, tmp_path, monkeypatch):
    monkeypatch.setenv("SSH_AUTH_SOCK", "/some/agent")
    route = resolve(Hop(host="web"), written(tmp_path, "PubkeyAuthentication no\nCertificateFile ~/c\n"))
    assert (route.identities, route.agent, route.certificates) == ((), "", ())


def test_an_agent_may_be_named_by_its_path_or_by_a_variable(reader, tmp_path, monkeypatch):
    monkeypatch.setenv("OTHER_AGENT", "/other/agent")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/my/agent")
    text = (
        "Host a\n IdentityAgent $OTHER_AGENT\nHost b\n IdentityAgent ~/%h.sock\nHost c\n IdentityAgent SSH_AUTH_SOCK\n"
    )
    config = written(tmp_path, text)
    agents = [resolve(Hop(host=host), config).agent for host in "abcd"]
    assert agents == ["/other/agent", f"{HOME}/b.sock", "/my/agent", "/my/agent"]


def test_algorithms_count_where_the_user_has_changed_them(tmp_path):
    config = written(
        tmp_path, "Host web\n  Ciphers aes256-ctr,chacha20-poly1305@openssh.com\n  KexAlgorithms +ecdh-sha2-nistp256\n"
    )
    route = resolve(Hop(host="web"), config)
    assert route.algorithms("ciphers") == ("aes256-ctr",)
    assert route.algorithms("macs") is None
    assert not route.beyond
    assert resolve(Hop(host="other"), config).allowed == ()


# ---------------------------------------------------------------- what only ssh can do

BEYOND = {
    "KnownHostsCommand": "KnownHostsCommand /bin/true\n",
    "PKCS11Provider": "PKCS11Provider /usr/lib/opensc-pkcs11.so\n",
    "HostbasedAuthentication": "HostbasedAuthentication yes\n",
    "VerifyHostKeyDNS": "VerifyHostKeyDNS yes\n",
    "CheckHostIP": "CheckHostIP yes\n",
    "ProxyUseFdpass": "ProxyCommand connect %h\nProxyUseFdpass yes\n",
    "BindAddress": "BindAddress 127.0.0.1\n",
    "BindInterface": "BindInterface lo\n",
    "PreferredAuthentications without publickey": "PreferredAuthentications hostbased,password\n",
    "Ciphers that paramiko lacks": "Ciphers chacha20-poly1305@openssh.com\n",
    "KexAlgorithms that paramiko lacks": "KexAlgorithms sntrup761x25519-sha512@openssh.com\n",
}


@pytest.mark.parametrize("what", BEYOND)
def test_what_only_ssh_can_do_is_said(tmp_path, what):
    assert resolve(Hop(host="web"), written(tmp_path, BEYOND[what])).beyond == (what,)


def test_where_a_connection_is_made_from_matters_where_it_is_made(tmp_path):
    config = written(tmp_path, "BindAddress 127.0.0.1\nProxyJump gate\n")
    assert not resolve(Hop(host="web"), config).beyond


@pytest.mark.parametrize(
    "text",
    [
        "VerifyHostKeyDNS ask\n",  # shows what DNS says, and goes on as if it had not
        "CheckHostIP yes\nProxyJump gate\n",  # ssh itself does not look where there is no address to look up
        "CheckHostIP yes\nHostKeyAlias other\n",
    ],
)
def test_what_makes_no_difference_to_ssh_makes_none_to_us(tmp_path, text):
    assert not resolve(Hop(host="web"), written(tmp_path, text)).beyond


def test_where_an_old_ssh_checks_addresses_unasked_it_is_no_wish_of_the_user():
    here = {"checkhostip": ["yes"]}
    told = [list(ssh_beyond.beyond(here, by, {}, direct=True, live_master="")) for by in ({}, here)]
    assert told == [[], []]
    told = list(ssh_beyond.beyond(here, {"checkhostip": ["no"]}, {}, direct=True, live_master=""))
    assert told == ["CheckHostIP"]


@pytest.mark.parametrize(("host", "told"), [("localhost", 1), ("127.0.0.7", 1), ("::1", 1), ("192.0.2.1", 0)])
def test_a_machine_at_this_address_is_held_to_its_key_too(tmp_path, host, told):
    config = written(tmp_path, "NoHostAuthenticationForLocalhost yes\n")
    assert len(resolve(Hop(host=host), config).notes) == told


def test_known_hosts_with_blanks_in_their_names(reader, tmp_path):
    """`ssh -G` says them without the quotes."""
    (tmp_path / "my keys").mkdir()
    names = [f"{tmp_path}/my keys/known hosts", f"{tmp_path}/other", f"{HOME}/third  file"]
    text = "UserKnownHostsFile {}\nGlobalKnownHostsFile {}\n".format(*[" ".join(f'"{name}"' for name in names)] * 2)
    route = resolve(Hop(host="web"), written(tmp_path, text))
    assert route.known_hosts == (*names, *names)
    assert route.new_keys_to == names[0]


@pytest.mark.parametrize("ticket", [True, False])
def test_gssapi_counts_with_a_ticket_only(tmp_path, monkeypatch, ticket):
    """Debian and Fedora switch it on for everybody."""
    (tmp_path / "bin").mkdir()
    klist = tmp_path / "bin/klist"
    klist.write_text(f"#!/bin/sh\n[ $1 = -s ] && exit {int(not ticket)}\n")
    klist.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=os.pathsep)
    ssh_beyond.has_ticket.cache_clear()
    try:
        route = resolve(Hop(host="web"), written(tmp_path, "GSSAPIAuthentication yes\n"))
        assert bool(route.beyond) == ticket
    finally:
        ssh_beyond.has_ticket.cache_clear()


def test_a_ticket_is_looked_for_where_kerberos_puts_it(tmp_path, monkeypatch):
    monkeypatch.setattr(ssh_beyond.shutil, "which", lambda _: None)
    for name, there in ((f"FILE:{tmp_path}/cache", True), (str(tmp_path / "cache"), True), ("KCM:0", False)):
        (tmp_path / "cache").touch()
        ssh_beyond.has_ticket.cache_clear()
        monkeypatch.setenv("KRB5CCNAME", name)
        assert ssh_beyond.has_ticket() is there
    ssh_beyond.has_ticket.cache_clear()


def test_a_master_of_the_user_counts_while_it_lives(tmp_path):
    config = written(tmp_path, f"Host *\n  ControlPath {tmp_path}/%n\n  ControlMaster auto\n")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with socket.socket(socket.AF_UNIX) as master:
        master.bind(str(tmp_path / "alive"))
        master.listen()
        assert "ControlMaster" in resolve(Hop(host="alive"), config).beyond[0]
    assert not resolve(Hop(host="dead"), config).beyond
    assert not resolve(Hop(host="none"), config).beyond


FIDO = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHlVJ8PXtJ4hs4IYtVy0s2HnTqrr1aKdyIhXlFXn1bSKAAAABHNzaDo= me"


def test_fido_keys_count_where_there_are_no_others(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text("a handle")
        (tmp_path / f"{name}.pub").write_text(FIDO)
    make_key(tmp_path / "plain")
    head = f"IdentityAgent none\nIdentityFile {tmp_path}/one\n"
    alone = f"{head}IdentityFile {tmp_path}/two\n"
    assert resolve(Hop(host="web1"), written(tmp_path, alone)).beyond == ("a FIDO key",)
    (tmp_path / "beside").mkdir()
    both = f"{head}IdentityFile {tmp_path}/plain\n"
    assert not resolve(Hop(host="web2"), written(tmp_path / "beside", both)).beyond


def test_many_threads_at_once_start_ssh_no_more_often_than_one(tmp_path, monkeypatch):
    told = tmp_path / "told"
    real = shutil.which("ssh")
    (tmp_path / "ssh").write_text(f'#!/bin/sh\necho "$*" >>{told}\nsleep 0.1\nexec {real} "$@"\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    config = written(tmp_path, "User deploy\n")
    with ThreadPoolExecutor(8) as threads:
        routes = list(threads.map(lambda number: resolve(Hop(host=f"web{number}"), config), range(8)))
    assert {route.user for route in routes} == {"deploy"}
    asked = told.read_text().splitlines()
    assert [call for call in asked if "-V" in call] == ["-V"]
    assert len([call for call in asked if config in call]) == 1


# ---------------------------------------------------------------- without ssh


@pytest.fixture
def no_ssh(monkeypatch):
    resolve.cache_clear()
    monkeypatch.setenv("PATH", NOWHERE)
    yield
    resolve.cache_clear()


def test_a_client_of_another_make_is_not_asked(tmp_path, monkeypatch):
    """Dropbear's goes by the name of ssh where machines are small, and knows no -G."""
    (tmp_path / "ssh").write_text("#!/bin/sh\necho 'Dropbear v2022.83' >&2\n[ $1 = -V ]\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    resolve.cache_clear()
    assert resolve(Hop(host="web"), written(tmp_path, "User deploy\n")).user == "deploy"


@pytest.mark.parametrize(
    ("text", "passed_over"),
    [
        ('Match exec "true"\n  IdentityFile ~/x\n', "Match exec"),
        ("Match tagged prod\n  Compression yes\n", "Match tagged"),
        ("Match localnetwork 10.0.0.0/8\n  ConnectTimeout 5\n", "Match localnetwork"),
        ("KnownHostsCommand /bin/x\n", "KnownHostsCommand"),
    ],
)
def test_without_ssh_what_is_passed_over_is_said(no_ssh, tmp_path, text, passed_over):
    (note,) = resolve(Hop(host="web"), written(tmp_path, text)).notes
    assert passed_over in note
    assert "no ssh here" in note


@pytest.mark.parametrize(
    "text",
    [
        'Match exec "true"\n  User other\n',
        "Match canonical\n  HostName other\n",
        "Match localnetwork 10.0.0.0/8\n  ProxyJump gate\n",
        "CanonicalizeHostname yes\n",
        "Include ~/%h.conf\n",
        "ProxyCommand x\nProxyUseFdpass yes\n",
    ],
)
def test_without_ssh_what_decides_where_we_end_up_is_refused(no_ssh, tmp_path, text):
    with pytest.raises(Stopped) as stopped:
        resolve(Hop(host="web"), written(tmp_path, text))
    assert stopped.value.why.layer is Layer.NAME


def test_without_ssh_a_condition_that_fails_anyway_is_nobodys_business(no_ssh, tmp_path):
    text = 'Match host other exec "true"\n  User x\nMatch user root exec "true"\n  Port 2\nHost x\n  Match exec\n'
    route = resolve(Hop(host="web", user="me"), written(tmp_path, text))
    assert (route.user, route.port, route.notes) == ("me", 22, ())


READ_ALIKE = """
Host web?  !web3
  HostName %h.example.org
  User deploy
Match originalhost web3,web4 !user deploy
  Port 2203
Match host *.example.org user deploy
  IdentityFile ~/matched
Match final host *.example.org
  ConnectTimeout 9
Match all
  Port = 2200
  IdentityFile ~/.ssh/%r@%h
  UserKnownHostsFile "~/kh"
"""


@pytest.mark.parametrize("host", ["web1", "web3", "web4", "WEB1", "other", "a.example.org"])
def test_with_and_without_ssh_the_same_route_is_found(tmp_path, monkeypatch, host):
    config = written(tmp_path, READ_ALIKE)
    resolve.cache_clear()
    by_ssh = resolve(Hop(host=host), config)
    resolve.cache_clear()
    monkeypatch.setenv("PATH", NOWHERE)
    by_us = resolve(Hop(host=host), config)
    resolve.cache_clear()
    theirs = {"key_algorithms": "", "authority_algorithms": ""}  # whose defaults only ssh knows
    assert replace(by_ssh, **theirs) == replace(by_us, **theirs)


def test_a_configuration_that_does_not_parse_is_named(reader, tmp_path):
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
    monkeypatch.setattr(ssh_settings, "ANSWER_SECONDS", 0.3)
    config = written(tmp_path, 'Match exec "sleep 60"\n  User nobody\n')
    with pytest.raises(Stopped, match="not answered") as stopped:
        resolve(Hop(host="hangs"), config)
    assert stopped.value.why.silence is Silence.TIMEOUT
