"""Connections from a machine that is asked by the system's ssh: over its one connection, and with nothing left behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from diagkit.model import Layer, Silence, Target
from diagkit.transports.ssh.by_openssh import master
from diagkit.transports.ssh.by_openssh.log import Log
from diagkit.transports.ssh.config.route import Hop
from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.ssh.switchboard import Switchboard, route_to
from diagkit.transports.ssh.transport import Ssh
from diagkit.transports.wire.way import Unsupported, way_from_target
from tests.transports.conftest import MOMENT
from tests.transports.ssh.no_sshd import full_queue
from tests.transports.ssh.test_openssh import UNAME, ssh_by
from tests.transports.sshd import free_port, running


@pytest.fixture(autouse=True)
def sockets(tmp_path_factory, monkeypatch):
    """The folder in which control sockets lie; nothing may be left in it."""
    folder = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    assert not list(folder.iterdir())


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with running(tmp_path_factory.mktemp("box"), MaxSessions="1") as server:
        yield server


def test_many_at_once_take_one_log_in(tmp_path):
    with (
        running(tmp_path) as box,
        socket.create_server(("127.0.0.1", 0)) as server,
        ssh_by(box.client_config()) as ssh,
        contextlib.ExitStack() as opened,
    ):
        port = server.getsockname()[1]
        dialled = [opened.enter_context(contextlib.closing(ssh.dial("127.0.0.1", port, 10))) for _ in range(30)]
        accepted = [opened.enter_context(server.accept()[0]) for _ in dialled]
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
        for number, theirs in enumerate(accepted):
            theirs.sendall(str(number).encode())
        assert sorted(int(mine.recv(10)) for mine in dialled) == [*range(30)]
        assert box.log().count("Accepted publickey") == 1


def test_why_there_is_none(box):
    with ssh_by(box.client_config()) as ssh, full_queue() as silent:
        with pytest.raises(ConnectionRefusedError):
            ssh.dial("127.0.0.1", free_port(), 10)
        with pytest.raises(socket.gaierror):
            ssh.dial("no-such-host.invalid", 80, 10)
        with pytest.raises(TimeoutError):
            ssh.dial("127.0.0.1", silent, 0.3)


def test_a_server_that_forwards_nothing_is_not_taken_for_a_closed_port(tmp_path):
    with running(tmp_path, AllowTcpForwarding="no") as server, ssh_by(server.client_config()) as ssh:
        with pytest.raises(Unsupported, match="does not forward"):
            way_from_target(ssh).dial("127.0.0.1", server.port, 10)
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"


def test_the_shell_s_own_refusal_is_not_taken_for_that_of_a_connection(tmp_path):
    with running(tmp_path, MaxSessions="0") as server, ssh_by(server.client_config()) as ssh:
        with pytest.raises((OSError, Stopped)):
            ssh.dial("127.0.0.1", 1, 10)
        ssh.ask([UNAME], MOMENT)
        assert "MaxSessions" in ssh.unreached.detail


def test_the_user_s_live_master_is_asked(box, tmp_path):
    control = tmp_path / "s"
    config = box.client_config(ControlPath=str(control))
    theirs = subprocess.Popen(["ssh", "-F", config, "-M", "-N", "box"], stderr=subprocess.DEVNULL)
    try:
        while not control.exists():
            time.sleep(0.02)
        before = box.log().count("Accepted publickey")
        with socket.create_server(("127.0.0.1", 0)) as server, ssh_by(config, transport="auto") as ssh:
            with contextlib.closing(ssh.dial("127.0.0.1", server.getsockname()[1], 10)) as connection:
                server.accept()[0].close()
                assert connection.recv(1) == b""
            with pytest.raises(OSError, match="does not say why"):
                ssh.dial("127.0.0.1", 1, 10)
        assert box.log().count("Accepted publickey") == before
        assert theirs.poll() is None
        assert control.exists()
    finally:
        theirs.terminate()
        theirs.wait()


def test_a_machine_that_is_lost_is_not_news_of_the_way_from_it(box):
    with ssh_by(box.client_config()) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
        ssh._way.hang_up()
        with pytest.raises(Stopped, match="lost"):
            ssh.dial("127.0.0.1", box.port, 10)


def test_without_a_place_for_the_socket_only_the_shell_is_there(box, monkeypatch):
    monkeypatch.setattr(master, "new_socket", str)
    with ssh_by(box.client_config()) as ssh:
        with pytest.raises(Stopped, match="control socket") as stop:
            ssh.dial("127.0.0.1", box.port, 10)
        assert stop.value.why.silence is Silence.UNSUPPORTED
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"


def test_a_folder_that_ssh_could_not_use_is_passed_over(tmp_path, monkeypatch):
    for odd in (tmp_path / ("d" * 100), tmp_path / "100%h of it", tmp_path / "missing"):
        if odd.name != "missing":
            odd.mkdir()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(odd))
        path = master.new_socket()
        try:
            assert not path.startswith(str(odd))
            assert len(path) + 17 < 104
            assert Path(path).parent.stat().st_mode & 0o777 == 0o700
        finally:
            master.remove(path)


def test_neither_descriptor_nor_thread_is_left(box):
    def rounds():
        with ssh_by(box.client_config()) as ssh, socket.create_server(("127.0.0.1", 0)) as server:
            for port in (server.getsockname()[1], 1):
                with contextlib.suppress(OSError):
                    ssh.dial("127.0.0.1", port, 10).close()

    rounds()
    before = len(list(Path("/proc/self/fd").iterdir())), set(threading.enumerate())
    rounds()
    assert len(list(Path("/proc/self/fd").iterdir())) == before[0]
    assert set(threading.enumerate()) <= before[1]


def test_nothing_is_left_when_we_are_killed(box, sockets):
    program = (
        "import sys, time\n"
        "from tests.transports.ssh.test_openssh import MOMENT, UNAME, ssh_by\n"
        "with ssh_by(sys.argv[1]) as ssh:\n"
        "    print(ssh.ask([UNAME], MOMENT)[UNAME].text, flush=True)\n"
        "    time.sleep(60)\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", program, box.client_config()], stdout=subprocess.PIPE)
    with ours.stdout:
        assert ours.stdout.readline() == b"Linux\n"
        assert list(sockets.iterdir())
        os.kill(ours.pid, signal.SIGKILL)
        ours.wait()
    end = time.monotonic() + 20
    while list(sockets.iterdir()) and time.monotonic() < end:
        time.sleep(0.02)
    assert not list(sockets.iterdir())


@pytest.mark.parametrize(
    "lines",
    [
        "channel_connect_stdio_fwd: ::1:80\ndebug1: channel 2: new stdio-forward [stdio-forward] (inactive timeout: 0)",
        "channel_connect_stdio_fwd ::1:80\ndebug1: channel 2: new [stdio-forward]",
    ],
)
def test_what_old_and_new_ones_say(box, lines):
    log = Log(route_to(Hop(host="box"), box.client_config()))
    said = f"Authenticated to box.\ndebug1: {lines}\nchannel 2: open failed: connect failed: Connection refused\r\n"
    log.feed(said.encode())
    assert isinstance(log.refusal("::1", 80), ConnectionRefusedError)
    assert not log.said


# ---------------------------------------------------------------- jump hosts


def behind(jump, box, tmp_path, **more):
    """A configuration in which `t0`, `t1` … all are `box` behind `jump`."""
    alias = {"ProxyJump": "jump", "HostKeyAlias": f"[127.0.0.1]:{box.port}"}
    first = Path(jump.client_config()).read_text().replace("Host box", "Host jump")
    config = tmp_path / f"config.{time.monotonic_ns()}"
    config.write_text(first + Path(box.client_config(**alias | more)).read_text().replace("Host box", "Host t*"))
    return str(config)


def served_by(server):
    """Its processes for connections."""
    return Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()


def ask_through(config, board, *names):
    """What each is called, or why it could not be asked; all at the same time."""

    def ask(name):
        target = Target("ssh", host=name)
        with contextlib.closing(
            Ssh(target, deadline=time.monotonic() + 60, ssh_config=config, switchboard=board)
        ) as ssh:
            reply = ssh.ask([UNAME], MOMENT)[UNAME]
            return ssh.unreached or reply.text

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(ask, names))


@pytest.fixture
def board():
    with contextlib.closing(Switchboard(transport="openssh")) as shared:
        yield shared


def test_all_behind_a_jump_host_share_the_connection_to_it(box, board, tmp_path):
    with running(tmp_path, MaxStartups="1", MaxSessions="0") as jump:
        config = behind(jump, box, tmp_path)
        assert ask_through(config, board, *(f"t{n}" for n in range(8))) == ["Linux\n"] * 8
        assert jump.connections() == 1
        assert jump.log().count("Accepted publickey") == 1


def test_a_chain_shares_each_of_its_connections(box, board, tmp_path):
    with running(tmp_path / "a") as outer, running(tmp_path / "b") as inner:
        config = behind(inner, box, tmp_path, ProxyJump="outer,jump")
        block = Path(outer.client_config()).read_text().replace("Host box", "Host outer")
        Path(config).write_text(Path(config).read_text() + block)
        assert ask_through(config, board, "t1", "t2", "t3") == ["Linux\n"] * 3
        assert [server.log().count("Accepted publickey") for server in (outer, inner)] == [1, 1]


def test_what_the_shared_connection_cannot_reach_is_told_for_each(box, board, tmp_path):
    with running(tmp_path) as jump:
        config = Path(behind(jump, box, tmp_path))
        config.write_text(
            f"Host t1\n  Port {free_port()}\nHost t2\n  HostName no-such-host.invalid\n" + config.read_text()
        )
        closed, nameless, reached = ask_through(str(config), board, "t1", "t2", "t3")
        assert (closed.layer, closed.silence) == (Layer.TCP, Silence.REFUSED)
        assert closed.detail.startswith("the jump host jump cannot connect to 127.0.0.1 port")
        assert nameless.layer is Layer.NAME
        assert reached == "Linux\n"


def test_a_jump_host_that_forwards_nothing(box, board, tmp_path):
    with running(tmp_path, AllowTcpForwarding="no") as jump:
        (why,) = ask_through(behind(jump, box, tmp_path), board, "t1")
    assert "the jump host jump cannot connect" in why.detail
    assert why.silence is not Silence.REFUSED


def test_a_jump_host_that_lets_nobody_in_is_asked_once(box, board, tmp_path):
    with running(tmp_path) as jump:
        jump.authorized.write_text("")
        said = ask_through(behind(jump, box, tmp_path), board, "t1", "t2", "t3")
        assert {why.layer for why in said} == {Layer.AUTHENTICATION}
        assert all(
            why.detail.startswith(f"at the jump host jump: {jump.user}@127.0.0.1: Permission denied") for why in said
        )
        assert jump.connections() == 1


def test_a_lost_connection_is_made_once_more(box, board, tmp_path):
    with running(tmp_path) as jump:
        config = behind(jump, box, tmp_path)
        assert ask_through(config, board, "t1") == ["Linux\n"]
        (line,) = board._lines.values()
        line.way.hang_up()
        assert ask_through(config, board, "t2", "t3") == ["Linux\n"] * 2
        assert jump.log().count("Accepted publickey") == 2


def test_without_a_place_for_its_socket_each_goes_alone(box, board, tmp_path, monkeypatch):
    monkeypatch.setattr(master, "has_place", lambda: False)
    monkeypatch.setattr(master, "new_socket", str)
    with running(tmp_path) as jump:
        assert ask_through(behind(jump, box, tmp_path), board, "t1", "t2") == ["Linux\n"] * 2
        assert jump.log().count("Accepted publickey") == 2


def test_no_jump_host_is_held_when_we_are_killed(box, sockets, tmp_path):
    program = (
        "import sys, time\n"
        "from tests.transports.ssh.test_master import Switchboard, ask_through\n"
        "board = Switchboard(transport='openssh')\n"
        "print(*ask_through(sys.argv[1], board, 't1'), end='', flush=True)\n"
        "time.sleep(60)\n"
    )
    with running(tmp_path) as jump:
        words = [sys.executable, "-c", program, behind(jump, box, tmp_path)]
        ours = subprocess.Popen(words, stdout=subprocess.PIPE)
        with ours.stdout:
            assert ours.stdout.readline() == b"Linux\n"
            os.kill(ours.pid, signal.SIGKILL)
            ours.wait()
        end = time.monotonic() + 20
        while (list(sockets.iterdir()) or served_by(jump)) and time.monotonic() < end:
            time.sleep(0.02)
        assert not served_by(jump)
