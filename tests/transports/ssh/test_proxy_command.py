"""The user's ProxyCommand: what it carries, how it fails, and that nothing of it is left."""

import os
import resource
import shutil
import socket
import threading
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.model import Layer, Moment, Run, Silence
from diagkit.transports.ssh.proxy_command import open_proxy
from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.ssh.transport import Ssh
from tests.transports import sshd

GREETING = b"SSH-2.0-test\r\n"


@pytest.fixture(autouse=True)
def _nothing_is_left():
    def mine():
        children = set()
        for thread in Path("/proc/self/task").iterdir():
            with suppress(FileNotFoundError):
                children |= set((thread / "children").read_text().split())
        return len(list(Path("/proc/self/fd").iterdir())), children

    before = mine()
    yield
    assert mine() == before


def soon(seconds=20.0):
    return time.monotonic() + seconds


def running(mark):
    return [p for p in Path("/proc").glob("[0-9]*/cmdline") if mark in _text(p)]


def _text(path):
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""


def gone(mark):
    end = soon()
    while running(mark) and time.monotonic() < end:
        time.sleep(0.01)
    return not running(mark)


@pytest.fixture
def greeter():
    """A server that greets and echoes; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.sendall(GREETING)
                        while data := connection.recv(1 << 16):
                            connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("program", ["nc 127.0.0.1 {}", "busybox nc 127.0.0.1 {}", "socat - TCP:127.0.0.1:{}"])
def test_bytes_go_both_ways(greeter, program):
    if not shutil.which(program.split()[0]):
        pytest.skip(f"there is no {program.split()[0]} here")
    with closing(open_proxy(program.format(greeter), soon())) as proxy:
        proxy.settimeout(10)
        assert proxy.recv(100) == GREETING
        assert proxy.send(b"hello") == 5
        assert proxy.recv(100) == b"hello"


def test_a_time_limit_is_that_of_a_socket():
    with closing(open_proxy("sh -c 'echo hi; sleep 60'", soon())) as proxy:
        proxy.settimeout(5)
        assert proxy.recv(10) == b"hi\n"
        proxy.settimeout(0.01)
        with pytest.raises(TimeoutError):
            proxy.recv(10)


def test_a_command_that_dies_is_quoted():
    with pytest.raises(Stopped) as stopped:
        open_proxy("sh -c 'echo first >&2; echo no route to bastion >&2; exit 3'", soon())
    why = stopped.value.why
    assert (why.layer, why.silence) == (Layer.TCP, Silence.UNREACHABLE)
    assert "status 3" in why.detail
    assert 'saying "first; no route to bastion"' in why.detail


def test_a_command_that_is_not_there_is_named():
    with pytest.raises(Stopped, match="no-such-program"):
        open_proxy("no-such-program", soon())


def test_a_shell_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("SHELL", "/no/such/shell")
    with pytest.raises(Stopped, match="cannot be started"):
        open_proxy("true", soon())


def test_a_command_that_says_nothing_is_given_up():
    with pytest.raises(Stopped) as stopped:
        open_proxy("sh -c 'echo connecting >&2; exec sleep 61.25'", soon(0.4))
    assert stopped.value.why.silence is Silence.TIMEOUT
    assert 'saying "connecting"' in stopped.value.why.detail
    assert gone("61.25")


@pytest.mark.parametrize(
    "command", ["echo hi; sleep 62.25 & wait", "echo hi; trap '' HUP; sleep 62.25", "echo hi; sleep 62.25 &"]
)
def test_grandchildren_end_with_it(command):
    proxy = open_proxy(f'sh -c "{command}"', soon())
    proxy.close()
    assert gone("62.25")


def test_complaints_without_end_do_not_stop_the_bytes(greeter):
    """A pipe holds 64 KiB; `ssh -vvv` writes more."""
    netcat = "nc" if shutil.which("nc") else "busybox nc"
    noise = f"head -c 300000 /dev/zero >&2; exec {netcat} 127.0.0.1 {greeter}"
    with closing(open_proxy(f"sh -c '{noise}'", soon())) as proxy:
        proxy.settimeout(10)
        assert proxy.recv(100) == GREETING


def test_endingwakes_whoever_waits():
    proxy = open_proxy("sh -c 'echo hi; exec sleep 63.25'", soon())
    proxy.settimeout(None)
    proxy.recv(10)
    heard = []

    def wait():
        with suppress(OSError):  # it was closed before we began
            heard.append(proxy.recv(10))

    waiting = threading.Thread(target=wait)
    waiting.start()
    proxy.close()
    waiting.join(10)
    assert heard in ([b""], [])
    assert not waiting.is_alive()
    proxy.close()  # as often as anybody likes


def test_what_is_closed_meanwhile_is_not_read(monkeypatch):
    """Its number may be that of another connection by then."""
    proxy = open_proxy("sh -c 'echo hi; exec sleep 63.25'", soon())
    ending = threading.Thread(target=proxy.close)
    read = os.read

    def slowly(descriptor, size):
        ending.start()
        ending.join(0.5)
        return read(descriptor, size)

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", slowly)
        proxy._listen()
    ending.join(10)
    assert not ending.is_alive()


def test_more_descriptors_than_select_can_hold_do_no_harm():
    """FD_SETSIZE is 1024; a fleet has more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("not that many descriptors are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        with closing(open_proxy("sh -c 'echo hi; sleep 60'", soon())) as proxy:
            assert proxy.fileno() > 1024
            proxy.settimeout(5)
            assert proxy.recv(10) == b"hi\n"
    finally:
        for descriptor in many:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_has_no_terminal_to_ask_on():
    with closing(
        open_proxy("sh -c 'if (: </dev/tty) 2>/dev/null; then echo asks; else echo mute; fi; sleep 60'", soon())
    ) as proxy:
        proxy.settimeout(5)
        assert proxy.recv(10) == b"mute\n"


def test_a_host_is_reached_through_ssh_at_a_bastion(tmp_path):
    now = datetime.now(UTC)
    with sshd.running(tmp_path / "sshd") as box:
        bastion = box.client_config()
        config = box.client_config(ProxyCommand=f"ssh -F {bastion} -W %h:%p box")
        ssh = Ssh(box.target, deadline=soon(), ssh_config=config)
        with closing(ssh):
            (reply,) = ssh.ask([Run(("uname", "-s"))], Moment(now=now, since=now, until=now)).values()
            assert reply.text.strip() == os.uname().sysname
        refused = box.client_config(ProxyCommand=f"ssh -F {bastion} -W 127.0.0.1:1 box")
        ssh = Ssh(box.target, deadline=soon(), ssh_config=refused)
        with closing(ssh):
            ssh.ask([Run(("uname", "-s"))], Moment(now=now, since=now, until=now))
            assert ssh.unreached.layer is Layer.TCP
            assert "Connection refused" in ssh.unreached.detail


def test_many_at_once_and_their_ends():
    threads = [
        threading.Thread(target=lambda: open_proxy("sh -c 'echo hi; exec sleep 64.25'", soon()).close())
        for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gone("64.25")
