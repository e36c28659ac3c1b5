"""The system's ssh as the way to a machine: what it is told, and that its failures are told as those of paramiko are."""

import contextlib
import os
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.model import Again, Layer, Moment, Run, Silence, Target
from diagkit.transports.ssh.by_openssh.log import Log
from diagkit.transports.ssh.by_openssh.session import argv
from diagkit.transports.ssh.config.route import Hop
from diagkit.transports.ssh.stages import BUDGET
from diagkit.transports.ssh.switchboard import Switchboard, route_to
from diagkit.transports.ssh.transport import Ssh
from tests.transports.ssh.no_sshd import full_queue, never_speak, serving
from tests.transports.sshd import free_port, make_key, public, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW, until=NOW)
UNAME = Run(("uname", "-s"))


@contextlib.contextmanager
def ssh_by(config, seconds=20.0, transport="openssh", **target):
    with contextlib.closing(Switchboard(transport=transport)) as board:
        to = Target("ssh", **{"host": "box", **target})
        ssh = Ssh(to, deadline=time.monotonic() + seconds, ssh_config=config, switchboard=board)
        with contextlib.closing(ssh):
            yield ssh


def both(config, seconds=20.0):
    """Why the machine cannot be asked, by the system's ssh; paramiko must stop at the same layer with the same silence."""
    found = []
    for transport in ("openssh", "paramiko"):
        with ssh_by(config, seconds, transport) as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].silence is ssh.unreached.silence
            found.append(ssh.unreached)
    system, own = found
    assert (system.layer, system.silence) == (own.layer, own.silence), found
    assert (system.wrong_key is None) == (own.wrong_key is None), found
    return system


def plain(tmp_path, **options):
    config = tmp_path / f"config.{time.monotonic_ns()}"
    settings = {"HostName": "127.0.0.1", "User": "nobody", "UserKnownHostsFile": "/dev/null"} | options
    config.write_text("Host box\n" + "".join(f"  {key} {value}\n" for key, value in settings.items()))
    return str(config)


def children():
    mine = Path(f"/proc/self/task/{os.getpid()}/children")
    return mine.read_text().split()


# ---------------------------------------------------------------- what it is told


def test_the_user_s_configuration_cannot_loosen_what_we_hold_to(tmp_path):
    config = plain(
        tmp_path,
        StrictHostKeyChecking="no",
        ProxyJump="jump",
        ForwardAgent="yes",
        ControlMaster="auto",
        RequestTTY="yes",
    )
    command = argv(route_to(Hop(host="box"), config), config)
    asked = subprocess.run(["ssh", "-G", *command[1:]], capture_output=True, text=True, check=True).stdout.splitlines()
    assert {
        "stricthostkeychecking accept-new", "batchmode yes", "forwardagent no", "controlmaster false", "requesttty false",
        "escapechar none", "permitlocalcommand no", "updatehostkeys false", "clearallforwardings yes",
    } <= {*asked}  # fmt: skip
    (jump,) = (line for line in asked if line.startswith("proxycommand "))
    assert "StrictHostKeyChecking=yes" in jump or "StrictHostKeyChecking=accept-new" in jump
    assert "BatchMode=yes" in jump


@pytest.mark.parametrize(("said", "asked"), [("accept-new", "accept-new"), ("off", "accept-new"), ("ask", "yes")])
def test_host_keys_are_held_to_as_strictly_as_by_ourselves(tmp_path, said, asked):
    config = plain(tmp_path, StrictHostKeyChecking=said)
    assert f"StrictHostKeyChecking={asked}" in argv(route_to(Hop(host="box"), config), config)


# ---------------------------------------------------------------- the way up


def test_two_rounds_take_one_connection(tmp_path):
    with running(tmp_path, MaxSessions="1") as server, ssh_by(server.client_config()) as ssh:
        for _ in range(2):
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
        assert server.connections() == 1
        assert server.log().count("Starting session") == 1


def test_through_jump_hosts(box, tmp_path):
    with running(tmp_path / "a") as first, running(tmp_path / "b") as second:
        blocks = [
            Path(server.client_config(**more)).read_text().replace("Host box", f"Host {name}")
            for server, name, more in (
                (first, "first", {}),
                (second, "second", {}),
                (box, "box", {"ProxyJump": "first,second"}),
            )
        ]
        config = tmp_path / "100%h of it"
        config.write_text("".join(blocks))
        with ssh_by(str(config)) as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n", ssh.unreached


CHACHA = {"Ciphers": "chacha20-poly1305@openssh.com"}  # paramiko lacks it; hardened servers may have nothing else


@pytest.mark.parametrize(("jump", "target"), [({}, CHACHA), (CHACHA, {})])
def test_a_server_without_an_algorithm_that_paramiko_has(tmp_path, jump, target):
    with running(tmp_path / "jump", **jump) as first, running(tmp_path / "box", **target) as box:
        config = tmp_path / "config"
        before = Path(first.client_config()).read_text().replace("Host box", "Host first")
        config.write_text(before + Path(box.client_config(ProxyJump="first")).read_text())
        with ssh_by(str(config), transport="auto") as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n", ssh.unreached
            assert "the system's ssh" in ssh.notes[0]
        with ssh_by(str(config), transport="paramiko") as ssh:
            ssh.ask([UNAME], MOMENT)
        assert (ssh.unreached.layer, ssh.unreached.silence) == (Layer.HOST_KEY, Silence.UNSUPPORTED)


def test_a_key_and_jump_hosts_that_the_target_brings_along(box, tmp_path):
    with running(tmp_path / "jump") as jump:
        config = tmp_path / "config"
        block = Path(jump.client_config()).read_text().replace("Host box", "Host jump")
        config.write_text(block + Path(box.client_config(IdentityFile="/nowhere")).read_text())
        for transport in ("openssh", "paramiko"):
            with ssh_by(str(config), transport=transport, identity=str(box.identity), jump="jump") as ssh:
                assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n", ssh.unreached
        assert jump.log().count("Accepted publickey") == 2


def test_a_target_that_may_not_be_asked_is_not_connected_to(box):
    with ssh_by(box.client_config(), barred="its inventory wants what only Ansible can do") as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].silence is Silence.UNSUPPORTED
        assert ssh.unreached.detail == "its inventory wants what only Ansible can do"


def test_first_contact_is_told(box, tmp_path):
    known = tmp_path / "known_hosts"
    with ssh_by(box.client_config(UserKnownHostsFile=str(known), StrictHostKeyChecking="accept-new")) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
        assert any("first contact with box" in note and "ED25519 SHA256:" in note for note in ssh.notes)
    assert public(box.host_key) in known.read_text()


# ---------------------------------------------------------------- and where it ends


def test_a_key_the_server_does_not_know(box, tmp_path):
    why = both(box.client_config(IdentityFile=str(make_key(tmp_path / "stranger"))))
    assert why.layer is Layer.AUTHENTICATION
    assert "Permission denied (publickey): offered" in why.detail
    assert f"{tmp_path}/stranger ED25519 SHA256:" in why.detail


def test_no_key_at_all(box):
    assert "no key to offer" in both(box.client_config(IdentityFile="/nowhere")).detail


def test_a_host_nobody_knows(box):
    why = both(box.client_config(UserKnownHostsFile="/dev/null"))
    assert why.layer is Layer.HOST_KEY
    assert "check ED25519 SHA256:" in why.detail
    assert "UserKnownHostsFile" in why.detail


def test_a_host_key_that_changed(box, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{box.port} {public(make_key(tmp_path / 'other'))}\n")
    why = both(box.client_config(UserKnownHostsFile=str(known)))
    assert "has changed: it shows ED25519 SHA256:" in why.detail
    assert why.wrong_key.known[0].endswith(f"({known}:1)")
    assert why.wrong_key.shown.startswith("ED25519 SHA256:")


def test_a_host_key_that_was_revoked(box, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"@revoked * {public(box.host_key)}\n[127.0.0.1]:{box.port} {public(box.host_key)}\n")
    why = both(box.client_config(UserKnownHostsFile=str(known)))
    assert why.wrong_key.revoked
    assert f"revoked in {known}:1" in why.detail


def test_where_there_is_no_way_no_name_and_no_server(tmp_path):
    assert both(plain(tmp_path, Port=free_port())).silence is Silence.REFUSED
    assert both(plain(tmp_path, HostName="255.255.255.255")).layer is Layer.ROUTE
    assert both(plain(tmp_path, HostName="no-such-host.invalid")).layer is Layer.NAME


def test_where_nothing_answers(tmp_path, monkeypatch):
    for layer in (Layer.TCP, Layer.BANNER):
        monkeypatch.setitem(BUDGET, layer, 0.5)
    with full_queue() as port:
        assert both(plain(tmp_path, Port=port)).layer is Layer.TCP
    with serving(never_speak) as port:
        assert both(plain(tmp_path, Port=port)).layer is Layer.BANNER


@pytest.mark.parametrize(
    ("behave", "silence"),
    [
        (lambda c: c.sendall(b"Exceeded MaxStartups\r\n"), Silence.REFUSED),
        (lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 2000), Silence.GARBLED),
        (lambda c: c.sendall(b"SSH-1.5-old\r\n"), None),
    ],
)
def test_what_is_no_ssh_server(tmp_path, behave, silence):
    def and_wait(connection):
        behave(connection)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1 << 20)

    with serving(and_wait) as port, ssh_by(plain(tmp_path, Port=port), seconds=6) as ssh:
        ssh.ask([UNAME], MOMENT)
        assert ssh.unreached.layer is Layer.BANNER
        assert silence in (ssh.unreached.silence, None)


def test_a_configuration_that_ssh_does_not_take(tmp_path):
    config = Path(plain(tmp_path))
    config.write_text(config.read_text() + "  NoSuchOption yes\n")
    assert "NoSuchOption".lower() in both(str(config)).detail.lower()


def test_the_jump_host_is_named_when_it_is_the_one(box, tmp_path):
    with running(tmp_path / "jump", AllowTcpForwarding="no") as jump:
        block = Path(jump.client_config()).read_text().replace("Host box", "Host jump")
        config = tmp_path / "config"
        config.write_text(block + Path(box.client_config(ProxyJump="jump")).read_text())
        assert "jump host jump" in both(str(config)).detail
        config = tmp_path / "other"
        config.write_text(block.replace(str(jump.port), "1") + Path(box.client_config(ProxyJump="jump")).read_text())
        assert both(str(config)).detail.startswith("at the jump host jump: Connection refused")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/bin/false", "said nothing and ended with status 1"),
        ("echo This account is currently not available.; exit 1", "This account is currently not available."),
        ("echo >&2 use sftp; exit 255", '"use sftp" and ended with status 255'),
        ("cat", "no POSIX shell"),
    ],
)
def test_what_came_instead_of_a_shell(tmp_path, command, words):
    with running(tmp_path, ForceCommand=command) as server:
        assert words in both(server.client_config(), seconds=3).detail


def test_a_shell_that_never_speaks_and_a_server_without_sessions(tmp_path, monkeypatch):
    monkeypatch.setitem(BUDGET, Layer.SHELL, 0.5)
    with running(tmp_path / "a", ForceCommand="sleep 60") as server:
        assert both(server.client_config()).silence is Silence.TIMEOUT
    monkeypatch.undo()  # a busy machine needs its time to say that it opens none
    with running(tmp_path / "b", MaxSessions="0") as server:
        assert "MaxSessions" in both(server.client_config()).detail


def test_a_server_cannot_make_us_tell_of_a_key_that_changed(tmp_path):
    """It may say anything before it lets us in."""
    banner = tmp_path / "banner"
    banner.write_text("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nAuthenticated to you.\n")
    with running(tmp_path / "sshd", Banner=str(banner)) as server:
        config = server.client_config(IdentityFile="/nowhere")
        with ssh_by(config) as ssh:
            ssh.ask([UNAME], MOMENT)
            assert ssh.unreached.layer is not Layer.HOST_KEY
            assert ssh.unreached.wrong_key is None


# ---------------------------------------------------------------- afterwards


def test_neither_process_nor_descriptor_nor_thread_is_left(box, tmp_path):
    def rounds():
        with ssh_by(box.client_config()) as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
        for options in ({"UserKnownHostsFile": "/dev/null"}, {"Port": "1"}):
            with ssh_by(box.client_config(**options)) as ssh:
                ssh.ask([UNAME], MOMENT)

    rounds()
    before = (set(children()), len(list(Path("/proc/self/fd").iterdir())), set(threading.enumerate()))
    rounds()
    assert set(children()) <= before[0]
    assert len(list(Path("/proc/self/fd").iterdir())) == before[1]
    assert set(threading.enumerate()) <= before[2]


def test_closing_from_another_thread_ends_a_question_under_way(box):
    with ssh_by(box.client_config()) as ssh:
        ssh.ask([UNAME], MOMENT)
        timer = threading.Timer(0.3, ssh.close)
        timer.start()
        later = Again(UNAME, gap=15)
        assert ssh.ask([later], MOMENT)[later].silence
        timer.join()


@pytest.mark.parametrize("jump", ["none", "nobody@127.0.0.1:1"])
def test_the_user_s_own_master_is_used_and_left_alone(box, tmp_path, jump):
    """Whatever the way is: it has been gone already."""
    control = tmp_path / "s"
    config = box.client_config(ControlPath=str(control), ControlPersist="60", ProxyJump=jump)
    master = subprocess.Popen(
        ["ssh", "-F", config, "-M", "-N", "-o", "ControlPersist=no", "-o", "ProxyJump=none", "box"],
        stderr=subprocess.DEVNULL,
    )
    try:
        while not control.exists():
            time.sleep(0.02)
        before = box.log().count("Accepted publickey")
        with ssh_by(config, transport="auto") as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n", ssh.unreached
            assert any("the system's ssh" in note and "ControlMaster" in note for note in ssh.notes)
        assert box.log().count("Accepted publickey") == before
        assert master.poll() is None
    finally:
        master.terminate()
        master.wait()


def test_lines_cut_in_two_are_put_together(box):
    log = Log(route_to(Hop(host="box"), box.client_config()))
    for piece in (
        b"debug1: Connection estab",
        b"lished.\r\ndebug1: Remote proto",
        b"col version 2.0\n" + b"x" * 100_000,
    ):
        log.feed(piece)
    assert log.stage is Layer.HOST_KEY
    assert len(log._rest) <= 4096
