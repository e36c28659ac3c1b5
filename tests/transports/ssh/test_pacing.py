"""How fast a fleet is called upon: against a real sshd that takes few, and by the clock where there is none."""

import contextlib
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from diagkit.fleet.parallel import at_once
from diagkit.model import Layer, Run, Silence, Target
from diagkit.transports.ssh import pacing
from diagkit.transports.ssh.config.route import Hop, resolve
from diagkit.transports.ssh.connect import round_trip
from diagkit.transports.ssh.pacing import Pace, Rate, most_at_once
from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.ssh.switchboard import Switchboard
from diagkit.transports.ssh.transport import Ssh
from tests.transports.conftest import MOMENT
from tests.transports.sshd import make_key, running

FULL = Stopped(Layer.BANNER, Silence.REFUSED, "Exceeded MaxStartups")
ASKED = Run(("uname", "-s"))


def way(host, port=22):
    return resolve(Hop(host=host, port=port), "none")


def ask_many(server, number, seconds=30.0, **options):
    """Why each of so many connections at once, through one switchboard, could not be asked; None where it could."""
    config = server.client_config(**options)

    def one(_):
        with closing(Ssh(Target("ssh", host="box"), deadline=end, ssh_config=config, switchboard=board)) as ssh:
            ssh.ask([ASKED], MOMENT)
            return ssh.unreached

    end = time.monotonic() + seconds
    with closing(Switchboard()) as board, ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_a_server_that_takes_three_at_once_takes_twenty_in_the_end(tmp_path):
    with running(tmp_path, MaxStartups="3:100:3") as server:
        assert ask_many(server, 20) == [None] * 20
        dropped = len(re.findall(r"drop connection|beginning MaxStartups throttling", server.log()))
        assert server.log().count("Accepted publickey") == 20
    assert dropped < 20


def test_who_was_refused_is_not_sent_again(tmp_path):
    with running(tmp_path) as server:
        stranger = make_key(tmp_path / "stranger")
        why = ask_many(server, 4, IdentityFile=str(stranger))
        assert {(one.layer, one.silence) for one in why} == {(Layer.AUTHENTICATION, Silence.DENIED)}
        assert server.connections() == 4
        assert len(re.findall(r"Failed publickey", server.log())) == 4


@pytest.mark.parametrize(
    ("layer", "silence", "again"),
    [
        (Layer.BANNER, Silence.REFUSED, True),
        (Layer.HOST_KEY, Silence.UNREACHABLE, True),
        (Layer.NAME, Silence.UNREACHABLE, True),
        (Layer.NAME, Silence.MISSING, False),
        (Layer.TCP, Silence.REFUSED, False),
        (Layer.TCP, Silence.TIMEOUT, False),
        (Layer.BANNER, Silence.TIMEOUT, False),
        (Layer.HOST_KEY, Silence.DENIED, False),
        *((Layer.AUTHENTICATION, silence, False) for silence in Silence),
        *((Layer.SHELL, silence, False) for silence in Silence),
    ],
)
def test_only_what_passes_and_has_seen_no_key_is_tried_again(layer, silence, again):
    stop = Stopped(layer, silence, "")
    end = time.monotonic() + 60
    assert [Pace.again(stop, tries, end) is not None for tries in (1, 2, 3)] == [again, again, False]
    assert Pace.again(stop, 1, time.monotonic() + 1) is None


def test_a_server_that_has_too_many_is_left_alone_for_a_while_and_then_gets_fewer(monkeypatch):
    monkeypatch.setattr(pacing, "PAUSE", 0.05)
    pace, route, end = Pace(), way("a"), time.monotonic() + 20
    arrived, release = threading.Semaphore(0), threading.Event()

    def visit():
        with pace.turn([route], end):
            arrived.release()
            release.wait(20)

    def refused(_):
        with pytest.raises(Stopped), pace.turn([route], end):
            raise FULL

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(refused, range(4)))
        visits = [pool.submit(visit) for _ in range(4)]
        assert arrived.acquire(timeout=10)
        assert not arrived.acquire(timeout=0.2)  # one by one, now
        release.set()
        for one in visits:
            one.result()
    with pytest.raises(Stopped, match="nobody"), pace.turn([way("b")], end):  # another server is not concerned
        raise Stopped(Layer.TCP, Silence.REFUSED, "nobody")


def test_a_turn_that_does_not_come_is_said(monkeypatch):
    monkeypatch.setattr(pacing, "SERVER_AT_ONCE", 1)
    monkeypatch.setattr(pacing, "JUMP_AT_ONCE", 1)
    pace, first, second = Pace(), [way("jump"), way("a")], [way("jump"), way("b")]
    soon = time.monotonic() + 0.1
    with pace.turn(first, soon) as turn, pace.turn(second, soon) as other:
        turn.answered()
        with pytest.raises(Stopped, match="no turn at the jump host"):
            other.answered()
        third = [way("c")]
        with pytest.raises(Stopped, match="1 others are logging in"), pace.turn(third, soon), pace.turn(third, soon):
            pass
    later = time.monotonic() + 5
    with pace.turn(second, later) as turn:
        turn.answered()


def test_a_network_is_called_upon_so_often_a_second_after_the_first(monkeypatch):
    rate, began = Rate(20.0), time.monotonic()
    for _ in range(30):
        rate.wait(began + 60)
    assert 0.4 < time.monotonic() - began < 10
    for _ in range(20):
        with contextlib.suppress(Stopped):
            rate.wait(time.monotonic() + 0.01)
    with pytest.raises(Stopped):
        rate.wait(time.monotonic() + 0.01)
    monkeypatch.setattr(pacing, "NETWORK_RATE", 1.0)
    pace, soon = Pace(), time.monotonic() + 0.5
    for address in ("127.0.0.1", "::1", "127.0.0.1", "::1", "192.0.2.1", "198.51.100.1", "2001:db8::1", "fe80::1%eth0"):
        pace.meet(address, soon)
    for address in ("192.0.2.200", "2001:db8::2"):
        with pytest.raises(Stopped, match="too many others"):
            pace.meet(address, soon)


def test_descriptors_for_as_many_as_are_asked_at_once():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        assert most_at_once() == (hard - 64) // 3
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_that_hangs_up_first_and_then_does_not_is_reached(tmp_path, monkeypatch):
    monkeypatch.setattr(pacing, "PAUSE", 0.05)
    with running(tmp_path) as server, socket.create_server(("127.0.0.1", 0)) as front:

        def turn_two_away():
            for _ in range(2):
                guest, _ = front.accept()
                guest.sendall(b"Not allowed at this time\r\n")
                guest.close()
            front.close()

        port = front.getsockname()[1]
        thread = threading.Thread(target=turn_two_away, daemon=True)
        thread.start()
        why = ask_many(server, 1, Port=str(port))[0]  # the third time nobody listens any more
        thread.join(10)
    assert (why.layer, why.silence) == (Layer.TCP, Silence.REFUSED)


def test_the_farther_the_machines_are_the_more_are_asked_at_the_same_time():
    assert [at_once(1000, round_trip=seconds) for seconds in (0.0, 0.001, 0.05, 0.1, 0.3, 3.0)] == [
        48, 49, 96, 144, 256, 256,
    ]  # fmt: skip
    assert (at_once(10), at_once(10, 3), at_once(10, 30), at_once(1000, 500)) == (10, 3, 10, 500)


def test_the_kernel_tells_how_far_a_machine_is():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as there:
        assert 0 < round_trip(there) < 1
