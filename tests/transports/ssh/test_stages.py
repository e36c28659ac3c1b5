"""The stages below a log-in: what each says when it fails, and that none takes longer than it may."""

import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from diagkit.model import Layer, Moment, Run, Silence, Target
from diagkit.transports.ssh import connect as ssh_connect
from diagkit.transports.ssh import pacing
from diagkit.transports.ssh.config.route import Hop, resolve
from diagkit.transports.ssh.stages import BUDGET, Stopped
from diagkit.transports.ssh.transport import Ssh
from tests.transports.ssh.no_sshd import full_queue, never_speak, serving
from tests.transports.sshd import free_port, running


def unreached(tmp_path, seconds=10.0, **options):
    """Why a machine with this configuration cannot be asked."""
    config = tmp_path / f"config.{time.monotonic_ns()}"  # resolve() knows a configuration by its path
    settings = {"HostName": "127.0.0.1", "User": "nobody", "UserKnownHostsFile": "/dev/null"} | options
    config.write_text("Host box\n" + "".join(f"  {key} {value}\n" for key, value in settings.items()))
    ssh = Ssh(Target("ssh", host="box"), deadline=time.monotonic() + seconds, ssh_config=str(config))
    ask = Run(("true",))
    try:
        assert ssh.ask([ask], MOMENT)[ask].silence is ssh.unreached.silence
    finally:
        ssh.close()
    return ssh.unreached


MOMENT = Moment(now=None, since=None, until=None)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What is tried again is tried again at once."""
    monkeypatch.setattr(pacing, "PAUSE", 0.01)


def test_a_name_that_does_not_resolve(tmp_path):
    why = unreached(tmp_path, HostName="no-such-host.invalid", ConnectTimeout=3)
    assert why.layer is Layer.NAME
    assert why.silence in (Silence.MISSING, Silence.UNREACHABLE, Silence.TIMEOUT)
    assert "no-such-host.invalid" in why.detail


def test_a_resolver_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setitem(BUDGET, Layer.NAME, 0.2)
    over = threading.Event()

    def never_answer(*_, flags=0):
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not an address")
        over.wait(20)

    monkeypatch.setattr(ssh_connect.socket, "getaddrinfo", never_answer)
    why = unreached(tmp_path)
    over.set()
    assert (why.layer, why.silence) == (Layer.NAME, Silence.TIMEOUT)


def test_an_address_without_a_route(tmp_path):
    why = unreached(tmp_path, HostName="255.255.255.255")
    assert (why.layer, why.silence) == (Layer.ROUTE, Silence.UNREACHABLE)
    assert "Network is unreachable" in why.detail


def test_a_port_where_nothing_listens(tmp_path):
    why = unreached(tmp_path, Port=free_port())
    assert (why.layer, why.silence) == (Layer.TCP, Silence.REFUSED)
    assert "Connection refused" in why.detail


def test_a_port_that_swallows_everything(tmp_path):
    with full_queue() as port:
        why = unreached(tmp_path, Port=port, ConnectTimeout=1)
    assert (why.layer, why.silence) == (Layer.TCP, Silence.TIMEOUT)
    assert "firewall" in why.detail


def test_the_deadline_of_the_whole_bounds_every_stage(tmp_path):
    with full_queue() as port:
        assert unreached(tmp_path, Port=port, seconds=0.5).silence is Silence.TIMEOUT
    assert unreached(tmp_path, seconds=-1).silence is Silence.NOT_RUN


def test_a_second_address_is_tried_while_the_first_is_silent():
    route = resolve(Hop(host="127.0.0.1", port=free_port()), "none")
    with full_queue() as swallowing, serving(lambda _: None) as answering:
        found, failures = ssh_connect._race(
            [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
                for port in (route.port, swallowing, answering)
            ],
            time.monotonic() + 10,
        )
        assert found.getpeername()[1] == answering
        found.close()
        assert [type(failure) for failure in failures] in ([ConnectionRefusedError], [OSError])


# ---------------------------------------------------------------- banner


def drip(connection):
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("behave", "silence", "words"),
    [
        (never_speak, Silence.TIMEOUT, "no SSH version within"),
        (lambda c: c.sendall(b"Exceeded MaxStartups\r\n"), Silence.REFUSED, "Exceeded MaxStartups"),
        (lambda _: None, Silence.REFUSED, "hung up before its SSH version"),
        (lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 100), Silence.GARBLED, "HTTP/1.1 400 Bad Request"),
        (lambda c: c.sendall(b"A" * 65536), Silence.GARBLED, "does not speak SSH"),
        (lambda c: c.sendall(b"\xff\xfe\x00\x1b]0;title\x07\n" * 70), Silence.GARBLED, "does not speak SSH"),
        (lambda c: c.sendall(b"SSH-1.5-old\r\n") or never_speak(c), Silence.GARBLED, "SSH-1.5-old"),
        (
            lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>\r\n"),
            Silence.GARBLED,
            "HTTP/1.1 400 Bad Request",
        ),
        (lambda c: c.sendall(b"\x15\x03\x01\x00\x02\x02\x46"), Silence.GARBLED, "does not speak SSH"),  # a TLS alert
        (lambda c: c.sendall(b"220 mail ESMTP\r\n") or never_speak(c), Silence.TIMEOUT, "220 mail ESMTP"),
        (lambda c: c.sendall(b"J\0\0\0\x0a8.0.33-mysql\0") or never_speak(c), Silence.TIMEOUT, "8.0.33-mysql"),
        (lambda c: c.sendall(b"no newline at its end"), Silence.REFUSED, "no newline at its end"),
        (drip, None, "SSH"),
    ],
)
def test_what_is_no_ssh_server(tmp_path, monkeypatch, behave, silence, words):
    monkeypatch.setitem(BUDGET, Layer.BANNER, 0.5)
    with serving(behave) as port:
        why = unreached(tmp_path, Port=port)
    assert why.layer is Layer.BANNER
    assert silence in (why.silence, None)
    assert words in why.detail


@pytest.mark.parametrize(
    "after",
    [
        b"",
        b"\x00" * 4096,
        b"\xff" * 4096,
        b"\x00\x00\x00\x0c\x0a\x14" + b"\x00" * 30,
        b"\x00\x00\x00\x0c\x0a\x01" + b"\0" * 30,
    ],
)
def test_garbage_after_a_good_version_ends_with_the_key_exchange(tmp_path, monkeypatch, after):
    monkeypatch.setitem(BUDGET, Layer.HOST_KEY, 0.5)

    def behave(connection):
        connection.sendall(b"SSH-2.0-x\r\n" + after)
        never_speak(connection)

    with serving(behave) as port:
        why = unreached(tmp_path, Port=port)
    assert why.layer is Layer.HOST_KEY
    assert why.detail


@pytest.mark.parametrize(
    ("reason", "quoted"), [(b"go away \xff", ', saying "go away \N{REPLACEMENT CHARACTER}"'), (b"", "")]
)
def test_a_server_that_says_goodbye_is_quoted_whatever_it_says(tmp_path, reason, quoted):
    payload = b"\x01" + struct.pack(">II", 2, len(reason)) + reason + bytes(4)  # SSH_MSG_DISCONNECT, RFC 4253 11.1
    padding = 4 + -(len(payload) + 9) % 8
    packet = struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)

    def behave(connection):
        connection.sendall(b"SSH-2.0-x\r\n" + packet)
        never_speak(connection)

    with serving(behave) as port:
        why = unreached(tmp_path, Port=port)
    assert (why.layer, why.silence) == (Layer.HOST_KEY, Silence.UNREACHABLE)
    assert why.detail == f"the connection was cut during the key exchange{quoted}"


def test_a_way_that_was_not_found_is_not_looked_for_again(tmp_path):
    config = tmp_path / "config"
    config.write_text("Host box\n  HostName 127.0.0.1\n")
    ssh = Ssh(Target("ssh", host="box", port=free_port()), deadline=time.monotonic() + 5, ssh_config=str(config))
    ask = Run(("true",))
    first = ssh.ask([ask], MOMENT)
    config.write_text("not a configuration")
    assert ssh.ask([ask], MOMENT)[ask].silence is first[ask].silence is Silence.REFUSED
    with pytest.raises(Stopped):
        ssh.dial("127.0.0.1", 1, 1)
    ssh.close()


def test_nothing_weak_is_offered(tmp_path):
    heard = []

    def listen(connection):
        connection.sendall(b"SSH-2.0-x\r\n")
        connection.settimeout(10)
        while b"kex-strict-c-v00@openssh.com" not in b"".join(heard):
            heard.append(connection.recv(1 << 16))

    with serving(listen) as port:
        unreached(tmp_path, Port=port)
    offer = b"".join(heard)
    assert b"curve25519-sha256" in offer
    assert b"aes128-gcm@openssh.com" in offer
    for weak in (b"cbc", b"3des", b"md5", b"hmac-sha1", b"-sha1", b"ssh-rsa", b"ssh-dss"):
        assert weak not in offer


QUIET = """
import sys, time
from diagkit.model import Run, Target
from diagkit.transports.ssh.transport import Ssh
assert "paramiko" not in sys.modules
ssh = Ssh(Target("ssh", host="127.0.0.1", port=int(sys.argv[1])), deadline=time.monotonic() + 10, ssh_config="none")
ssh.ask([Run(("true",))], None)
ssh.close()
assert "paramiko" in sys.modules
assert "invoke" not in sys.modules
print(ssh.unreached.layer.value, end="")
"""


def test_paramiko_is_loaded_late_without_invoke_and_says_nothing():
    with serving(lambda c: c.sendall(b"SSH-2.0-x\r\n" + b"\xff" * 100)) as port:
        argv = [sys.executable, "-W", "error", "-c", QUIET, str(port)]
        ran = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("host_key", "")


@pytest.mark.parametrize("kex", ["curve25519-sha256", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256"])
def test_a_server_that_knows_one_key_exchange_is_spoken_to(tmp_path, kex):
    with running(tmp_path, KexAlgorithms=kex) as server:
        ssh = Ssh(server.target, deadline=time.monotonic() + 60, ssh_config=server.client_config())
        ask = Run(("uname", "-s"))
        assert ssh.ask([ask], MOMENT)[ask].out == b"Linux\n", ssh.unreached
        ssh.close()
