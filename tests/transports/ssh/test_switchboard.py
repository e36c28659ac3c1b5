"""What the connections of one run share: one connection to a jump host, however many targets lie behind it."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.model import Layer, Moment, Run, Silence, Target, Unreached
from diagkit.transports.ssh import pacing
from diagkit.transports.ssh.by_paramiko import lazy_paramiko
from diagkit.transports.ssh.config.route import Hop
from diagkit.transports.ssh.stages import BUDGET
from diagkit.transports.ssh.switchboard import Switchboard, route_to
from diagkit.transports.ssh.transport import Ssh
from tests.transports.ssh.no_sshd import full_queue, listening
from tests.transports.sshd import free_port, make_key, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW, until=NOW)
UNAME = Run(("uname", "-s"))


@pytest.fixture
def bastion(tmp_path):
    with running(tmp_path / "bastion") as server:
        yield server


@pytest.fixture
def board():
    with contextlib.closing(Switchboard()) as shared:
        yield shared


def block(server, host, **options):
    return Path(server.client_config(**options)).read_text().replace("Host box", f"Host {host}")


def configure(box, bastion, bastion_options=None, **options):
    """A configuration in which `t0`, `t1` … all are `box` behind `bastion`."""
    path = box.folder / f"config.{time.monotonic_ns()}"  # resolve() knows a configuration by its path
    behind = {"ProxyJump": "bastion", "HostKeyAlias": f"[127.0.0.1]:{box.port}"} | options
    path.write_text(block(bastion, "bastion", **(bastion_options or {})) + block(box, "t*", **behind))
    return str(path)


@pytest.fixture
def unhurried(monkeypatch):
    """A machine that is busy with dozens of log-ins at once has the time that each of them takes then."""
    for layer in BUDGET:
        monkeypatch.setitem(BUDGET, layer, 50.0)


@contextlib.contextmanager
def ssh_to(host, config, board, seconds=60.0):
    with contextlib.closing(
        Ssh(Target("ssh", host=host), deadline=time.monotonic() + seconds, ssh_config=config, switchboard=board)
    ) as ssh:
        yield ssh


def ask(host, config, board, seconds=60.0):
    """What it is called, or why it could not be asked."""
    with ssh_to(host, config, board, seconds) as ssh:
        reply = ssh.ask([UNAME], MOMENT)[UNAME]
        return ssh.unreached or reply.text


def ask_all(count, config, board):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda n: ask(f"t{n}", config, board), range(count)))


def relay(connection, port):
    """Pass everything on to another port, both ways, until either end hangs up."""
    with socket.create_connection(("127.0.0.1", port)) as beyond:

        def pump(source, sink):
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        back = threading.Thread(target=pump, args=(beyond, connection), daemon=True)
        back.start()
        pump(connection, beyond)
        back.join(10)


def only_line(board):
    (line,) = board._lines.values()
    return line


# ---------------------------------------------------------------- one connection


def test_many_targets_share_one_connection_to_their_jump_host(box, bastion, board, unhurried):
    config = configure(box, bastion)
    for _ in range(2):
        assert ask_all(32, config, board) == ["Linux\n"] * 32
    board.close()
    log = bastion.log()
    assert (bastion.connections(), log.count("Accepted publickey")) == (1, 1)
    assert "nonexistent channel" not in log
    assert log.count("Received disconnect") <= 1


def test_nothing_is_sent_on_a_channel_after_its_end(box, bastion, board):
    """sshd would drop the connection of all the others."""
    with ssh_to("t1", configure(box, bastion), board) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
        channel = only_line(board).way.client.open_tcp("127.0.0.1", box.port, 5)
        late = lazy_paramiko.load().Message()
        late.add_byte(b"\x5e")  # SSH_MSG_CHANNEL_DATA, put together before the channel was closed
        late.add_int(channel.remote_chanid)
        late.add_string(b"late")
        channel.close()
        channel.transport._send_user_message(late)
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
    assert "nonexistent channel" not in bastion.log()


def test_what_a_jump_host_connects_to_too_late_is_not_kept_open(box, bastion, board):
    """By then nobody waits for it, and paramiko has forgotten that it asked."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        listener.settimeout(20)
        filler = waiting.enter_context(socket.create_connection(listener.getsockname()))  # the queue is full
        with ssh_to("t1", configure(box, bastion), board) as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
            with pytest.raises(TimeoutError):
                only_line(board).way.client.open_tcp(*listener.getsockname(), 0.2)
            waiting.enter_context(listener.accept()[0])
            late = waiting.enter_context(listener.accept()[0])  # it has knocked again
            late.settimeout(20)
            assert late.recv(1) == b""
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
        assert filler.fileno() >= 0


def test_a_chain_is_shared_link_by_link(box, bastion, board, tmp_path):
    with running(tmp_path / "inner") as inner:
        both = Path(configure(box, bastion, ProxyJump="bastion,inner"))
        both.write_text(block(inner, "inner") + both.read_text())
        assert ask_all(6, str(both), board) == ["Linux\n"] * 6
        assert inner.connections() == 1
    assert bastion.connections() == 1


def test_a_jump_host_with_a_user_a_port_and_a_key_of_its_own(box, bastion, board, tmp_path):
    key = make_key(tmp_path / "bastion_key")
    bastion.authorized.write_text(key.with_suffix(".pub").read_text())
    config = configure(
        box,
        bastion,
        {"IdentityFile": str(key), "User": "nobody-we-know", "Port": "1"},
        ProxyJump=f"{bastion.user}@bastion:{bastion.port}",
    )
    assert ask("t1", config, board) == "Linux\n"
    assert f"Accepted publickey for {bastion.user}" in bastion.log()


# ---------------------------------------------------------------- and its end


def test_a_jump_host_that_refuses_fails_all_its_targets_with_one_sentence(box, bastion, board, tmp_path):
    config = configure(box, bastion, {"IdentityFile": str(make_key(tmp_path / "stranger"))})
    (why,) = {*ask_all(8, config, board), ask("t9", config, board)}
    assert (why.layer, why.silence) == (Layer.AUTHENTICATION, Silence.DENIED)
    assert why.detail.startswith("at the jump host bastion: ")
    assert "Permission denied" in why.detail
    assert bastion.connections() == 1


def test_in_a_chain_the_jump_host_that_failed_is_the_one_named(box, bastion, board, tmp_path):
    both = Path(configure(box, bastion, {"Port": str(free_port())}, ProxyJump="bastion,inner"))
    both.write_text("Host inner\n  HostName 127.0.0.1\n" + both.read_text())
    why = ask("t1", str(both), board)
    assert why.silence is Silence.REFUSED
    assert why.detail.startswith("at the jump host bastion: Connection refused")


def test_the_first_target_s_time_is_not_that_of_the_jump_host(box, bastion, board):
    def slowly(_, connection):
        time.sleep(1.5)
        relay(connection, bastion.port)

    with listening(slowly) as port:
        bastion.known_hosts.write_text(bastion.known_hosts.read_text().replace(f"{bastion.port}", f"{port}"))
        config = configure(box, bastion, {"Port": str(port)})
        why = ask("t1", config, board, seconds=0.5)
        assert why.silence is Silence.TIMEOUT
        assert why.detail.startswith("at the jump host bastion: ")
        assert ask("t2", config, board) == "Linux\n"
        board.close()
    assert bastion.log().count("Accepted publickey") == 1


def test_a_dead_target_takes_nothing_down(box, bastion, board):
    def never_speak(_, connection):
        connection.recv(1 << 20)
        connection.recv(1)

    with listening(never_speak) as port:
        config = Path(configure(box, bastion))
        config.write_text(f"Host t13\n  Port {port}\n{config.read_text()}")
        assert ask("t1", str(config), board) == "Linux\n"
        why = ask("t13", str(config), board, seconds=0.5)
        assert (why.layer, why.silence) == (Layer.BANNER, Silence.TIMEOUT)
        assert ask("t2", str(config), board) == "Linux\n"
    assert bastion.connections() == 1


def test_a_lost_jump_host_is_connected_to_once_more_and_the_waiting_are_asked_again(box, bastion, board):
    """The first connection to the target is made just when the jump host is lost."""

    def lose(number, connection):
        if not number:
            only_line(board).way.client.stream.stream.shutdown(socket.SHUT_RDWR)
            return
        relay(connection, box.port)

    with listening(lose) as port:
        config = configure(box, bastion, Port=str(port))
        assert ask("t1", config, board) == "Linux\n"
        assert bastion.log().count("Accepted publickey") == 2
        only_line(board).way.client.stream.stream.shutdown(socket.SHUT_RDWR)
        while not only_line(board).lost:
            time.sleep(0.01)
        why = ask("t2", config, board)
        assert (why.layer, why.silence) == (Layer.TCP, Silence.UNREACHABLE)
        assert why.detail.startswith("at the jump host bastion: the connection to it was lost")
        assert bastion.log().count("Accepted publickey") == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"AllowTcpForwarding": "no"}, "does not forward connections"),
        ({"PermitOpen": "192.0.2.1:22"}, "does not forward connections"),
    ],
)
def test_a_jump_host_that_forwards_nothing_is_told_from_a_dead_target(box, board, tmp_path, options, words):
    with running(tmp_path / "strict", **options) as strict:
        why = ask("t1", configure(box, strict), board)
    assert (why.layer, why.silence) == (Layer.TCP, Silence.DENIED)
    assert "the jump host bastion cannot connect to 127.0.0.1" in why.detail
    assert words in why.detail


def test_a_target_without_a_name_at_the_jump_host(box, bastion, board):
    why = ask("t1", configure(box, bastion, HostName="no-such-host.invalid"), board)
    assert why.layer in (Layer.NAME, Layer.TCP)  # a resolver that is down takes longer than the stage
    assert "no-such-host.invalid" in why.detail


# ---------------------------------------------------------------- afterwards


def test_no_thread_and_no_descriptor_is_left(box, bastion):
    config = configure(box, bastion)

    def run():
        with contextlib.closing(Switchboard()) as board:
            ask_all(4, config, board)

    run()
    threads, descriptors = set(threading.enumerate()), len(list(Path("/proc/self/fd").iterdir()))
    run()
    assert set(threading.enumerate()) <= threads
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_a_run_that_is_over_connects_to_nobody(box, bastion, board):
    board.close()
    assert ask("t1", configure(box, bastion), board).silence is Silence.NOT_RUN
    assert not bastion.connections()


def test_a_run_that_ends_while_it_connects_leaves_no_thread(box, bastion):
    def slowly(_, connection):
        time.sleep(0.5)
        relay(connection, bastion.port)

    with listening(slowly) as port:
        bastion.known_hosts.write_text(bastion.known_hosts.read_text().replace(f"{bastion.port}", f"{port}"))
        config = configure(box, bastion, {"Port": str(port)})
        before = set(threading.enumerate())
        with contextlib.closing(Switchboard()) as board:
            assert ask("t1", config, board, seconds=0.2).silence is Silence.TIMEOUT
        end = time.monotonic() + 10
        while (left := set(threading.enumerate()) - before) and time.monotonic() < end:
            time.sleep(0.05)
        assert not [thread for thread in left if "jump" in thread.name]
    assert "Accepted publickey" not in bastion.log()


def test_a_note_is_told_once_a_run(box, bastion, board):
    config = configure(box, bastion, {"UserKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "accept-new"})
    told = []
    for host in ("t1", "t2"):
        with ssh_to(host, config, board) as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"
            told += ssh.notes
    assert len(told) == 1
    assert "first contact with bastion" in told[0]


def test_the_way_is_resolved_before_anything_is_connected_to(box, bastion):
    routes = route_to(Hop(host="t1"), configure(box, bastion))
    assert [route.name for route in routes] == ["bastion", "t1"]


def test_machines_that_are_down_do_not_keep_the_others_behind_a_jump_host_waiting(
    box, bastion, board, unhurried, monkeypatch
):
    """They hold no place there while nothing answers: here all the places would be theirs until the end."""
    monkeypatch.setattr(pacing, "JUMP_AT_ONCE", 8)
    with full_queue("") as silent, ThreadPoolExecutor(64) as pool:
        down = block(box, "127.1.*", ProxyJump="bastion", HostName="%h", Port=str(silent))
        config = configure(box, bastion)
        Path(config).write_text(Path(config).read_text() + down)
        lost = [pool.submit(ask, f"127.1.0.{number}", config, board, 60) for number in range(1, 41)]
        time.sleep(0.2)  # they have come first
        up = [pool.submit(ask, f"t{number}", config, board, 35) for number in range(24)]
        assert [one.result() for one in up] == ["Linux\n"] * 24
        assert not all(one.done() for one in lost)
        board.close()
        assert all(isinstance(one.result(), Unreached) for one in lost)
