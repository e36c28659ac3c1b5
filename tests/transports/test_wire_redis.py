"""Redis spoken to over a real socket: INFO, the slow log, refusals and silence."""

from importlib import import_module

import pytest

from diagkit.model import Reach
from tests.transports.test_wire_services import HERE, answer, serving

INFO = b"# Server\r\nredis_version:7.0.15\r\nused_memory:1015824\r\n"
SLOW = b"*1\r\n*6\r\n:3\r\n:1795309023\r\n:512500\r\n*2\r\n$4\r\nkeys\r\n$1\r\n*\r\n$9\r\n127.0.0.1\r\n$0\r\n\r\n"


def replying(replies):
    """A server that answers each command by its first word."""

    def talk(connection):
        unread = b""
        while data := connection.recv(4096):
            unread += data
            while b"\r\n" in unread:
                line, _, unread = unread.partition(b"\r\n")
                connection.sendall(replies[line.split()[0].decode()])

    return talk


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(import_module("diagkit.transports.wire.redis"), "GAP", 0.05)


def ask(talk):
    with serving(talk) as port:
        return answer(Reach("redis", HERE, port))


def test_it_tells_its_state_twice_and_its_slow_commands_without_their_arguments():
    said = ask(replying({"INFO": b"$%d\r\n%s\r\n" % (len(INFO), INFO), "SLOWLOG": SLOW}))
    assert said["state"] == "answered"
    assert said["before"] == said["after"] == {"redis_version": "7.0.15", "used_memory": "1015824"}
    assert said["slow"] == [{"at": 1795309023, "ms": 512.5, "command": "KEYS"}]
    assert said["seconds"] > 0


def test_a_slow_log_that_may_not_be_read_is_left_out():
    denied = b"-NOPERM this user has no permissions to run the 'slowlog' command\r\n"
    said = ask(replying({"INFO": b"$%d\r\n%s\r\n" % (len(INFO), INFO), "SLOWLOG": denied}))
    assert (said["state"], said["slow"]) == ("answered", [])


def test_a_refusal_is_told_in_its_own_words():
    said = ask(replying({"INFO": b"-NOAUTH Authentication required.\r\n"}))
    assert (said["state"], said["error"]) == ("refusing", "NOAUTH Authentication required.")


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH_9.2\r\n", b"$99999999\r\n", b"x" * 300_000])
def test_what_is_no_redis_is_no_answer(garbage):
    assert ask(lambda connection: connection.sendall(garbage))["state"] == "mute"


def test_a_server_that_hangs_up_is_mute():
    assert ask(lambda connection: connection.recv(100))["error"] == "the server closed the connection"
