"""A connection hurt at any byte: every answer is right or is known not to be one."""

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from diagkit.model import Layer, Moment, Read, Run, Silence
from diagkit.transports.ssh import pacing
from diagkit.transports.ssh.stages import BUDGET
from diagkit.transports.ssh.transport import Ssh
from tests.transports.chaos import Harm, Proxy
from tests.transports.sshd import public, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW, until=NOW)
FIRST = {Run(("uname", "-s")): b"Linux\n", Read("/proc/version"): Path("/proc/version").read_bytes()}
SECOND = {Read("/proc/sys/kernel/osrelease"): Path("/proc/sys/kernel/osrelease").read_bytes()}


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with running(tmp_path_factory.mktemp("sshd")) as server:
        # the proxy's port changes with every connection
        server.known_hosts.write_text(f"[127.0.0.1]:* {public(server.host_key)}\n")
        yield server


def session(server, harm, seconds):
    """Two rounds of questions under harm: the replies by question, and the bytes that flowed each way."""
    proxy = Proxy(server.port, harm)
    config = server.client_config(Port=str(proxy.port))
    ssh = Ssh(server.target, deadline=time.monotonic() + seconds, ssh_config=config)
    try:
        replies = {**ssh.ask(FIRST, MOMENT), **ssh.ask(SECOND, MOMENT)}
    finally:
        ssh.close()
        proxy.close()
    return replies, proxy.carried


@pytest.fixture(scope="module")
def length(box):
    """How many bytes flow each way when nothing happens; the answers must be right then."""
    replies, carried = session(box, Harm(), 20)
    assert {ask: reply.out for ask, reply in replies.items()} == FIRST | SECOND
    return carried


# shares of the whole: version, key exchange, log-in, and then most of it answers
@pytest.mark.parametrize("how", ["end", "reset", "flip"])
@pytest.mark.parametrize(
    ("towards", "share"),
    [*(("client", n) for n in (0.0, 0.01, 0.1, 0.3, 0.45, 0.6, 0.8, 0.97)), *(("server", n) for n in (0.01, 0.4, 0.9))],
)
def test_an_answer_is_right_or_silent(box, length, how, towards, share):
    replies, _ = session(box, Harm(how, int(length[towards] * share), towards), 3)
    assert set(replies) == set(FIRST | SECOND)
    for ask, right in (FIRST | SECOND).items():
        reply = replies[ask]
        assert reply.silence or (reply.out == right and reply.code == 0), reply


@pytest.mark.parametrize("how", ["stall", "trickle"])
@pytest.mark.parametrize(
    ("towards", "share"),
    [*(("client", n) for n in (0.0, 0.002, 0.05, 0.12, 0.4, 0.9)), ("server", 0.1), ("server", 0.5)],
)
def test_a_connection_that_stalls_or_trickles_ends_with_its_stage(box, length, monkeypatch, how, towards, share):
    for layer in Layer:
        monkeypatch.setitem(BUDGET, layer, 0.5)
    began = time.monotonic()
    replies, _ = session(box, Harm(how, int(length[towards] * share), towards, every=0.2), 2)
    assert time.monotonic() - began < 10
    for ask, right in (FIRST | SECOND).items():
        assert replies[ask].silence or replies[ask].out == right


def test_a_connection_that_is_lost_is_not_taken_for_slow_answers_or_for_a_locked_account(box, length):
    replies, _ = session(box, Harm("reset", int(length["client"] * 0.85)), 20)
    silences = {reply.silence for reply in replies.values() if reply.silence}
    assert silences == {Silence.UNREACHABLE}


def test_a_server_that_dies_before_the_shell_speaks_is_not_taken_for_a_locked_account(tmp_path):
    with running(tmp_path, ForceCommand="sleep 60") as server:
        ssh = Ssh(server.target, deadline=time.monotonic() + 60, ssh_config=server.client_config())

        def kill():
            while "Starting session" not in server.log():
                time.sleep(0.02)
            children = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True)
            for process in children.stdout.split():
                os.kill(int(process), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            ssh.ask(FIRST, MOMENT)
        finally:
            killer.join()
            ssh.close()
    assert (ssh.unreached.layer, ssh.unreached.silence) == (Layer.SHELL, Silence.UNREACHABLE)
    assert "the connection was lost" in ssh.unreached.detail


def test_a_server_that_is_frozen_ends_with_the_time_for_it(box):
    ssh = Ssh(box.target, deadline=time.monotonic() + 1.5, ssh_config=box.client_config())
    frozen = []
    try:
        assert all(reply.silence is None for reply in ssh.ask(FIRST, MOMENT).values())
        children = subprocess.run(["pgrep", "-P", str(box.pid)], capture_output=True, text=True, check=True)
        frozen = [int(line) for line in children.stdout.split()]
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        began = time.monotonic()
        assert all(reply.silence is Silence.TIMEOUT for reply in ssh.ask(SECOND, MOMENT).values())
        assert time.monotonic() - began < 10
    finally:
        ssh.close()
        for process in frozen:
            os.kill(process, signal.SIGCONT)


def test_nothing_is_left_of_connections_that_failed_in_any_way(box, length, monkeypatch):
    for layer in Layer:
        monkeypatch.setitem(BUDGET, layer, 0.3)
    monkeypatch.setattr(pacing, "PAUSE", 0.01)

    def fail_in_every_way():
        ways = product(("stall", "trickle", "end", "reset", "flip"), (0.0, 0.05, 0.15, 0.8))
        harms = [Harm(how, int(length["client"] * share), every=0.05) for how, share in ways]
        with ThreadPoolExecutor(len(harms)) as pool:
            list(pool.map(lambda harm: session(box, harm, 1.0), harms))

    def held():
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir())), children

    session(box, Harm(), 20)
    before = held()
    fail_in_every_way()
    end = time.monotonic() + 10
    while held() != before and time.monotonic() < end:
        time.sleep(0.05)
    assert held() == before
