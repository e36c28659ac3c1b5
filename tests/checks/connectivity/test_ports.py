"""Ports: refused, filtered and unreachable are three faults; what is closed on purpose is none."""

import pytest

from diagkit.checks.connectivity import ports
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.doors import Doorway, Doorways, KnownPorts, Port
from diagkit.probes.path import Echoes
from diagkit.probes.segments import Segments
from diagkit.probes.sockets import Listener, Listeners

ALIVE = Echoes(to="db1", address="10.0.0.5", method="raw ICMP", sent=40, rtts_ms=(0.4,) * 40)
DEAD = Echoes(to="db1", address="10.0.0.5", method="raw ICMP", sent=40, rtts_ms=())
NO_LISTENERS = Unknown("doors.doorways", Silence.REFUSED)


def port(number, state, **more):
    return Port(host="db1", port=number, state=state, **more)


def known(ssh=None, **declared):
    return KnownPorts(ssh=ssh, declared=declared, usual=())


def doorway(number, inside, outside, address="0.0.0.0"):
    listener = Listener(address=address, port=number, waiting=0, backlog=128, process="postgres")
    return Doorway(
        listener=listener, inside=port(number, inside), outside=None if outside is None else port(number, outside)
    )


def statuses(findings):
    return [f.status for f in findings]


@pytest.mark.parametrize(
    ("door", "echoes", "status", "words"),
    [
        (port(22, "open", banner="SSH-2.0-OpenSSH_9.2"), ALIVE, Status.OK, "SSH-2.0"),
        (port(22, "refused"), ALIVE, Status.FAIL, "Connection refused"),
        (port(22, "filtered"), ALIVE, Status.FAIL, "filtered"),
        (port(22, "mute", error="said nothing in time"), ALIVE, Status.FAIL, "says nothing"),
        (port(22, "open", banner="220 ftp"), ALIVE, Status.WARN, "no SSH"),
        (port(22, "filtered"), DEAD, Status.SKIP, "below"),
        (port(22, "unresolved"), ALIVE, Status.SKIP, "below"),
        (port(22, "", error="not_run: the deadline passed"), ALIVE, Status.UNKNOWN, "deadline"),
        (None, ALIVE, Status.SKIP, "this machine"),
    ],
)
def test_ssh(door, echoes, status, words):
    [finding] = ports.ssh.judge(known(door), echoes)
    assert finding.status is status
    assert words in finding.summary.raw


def test_declared_ports_ought_to_answer():
    judged = ports.declared.judge(
        known(port(22, "open"), db=port(5432, "open"), web=port(443, "refused"), mail=port(25, "")), ALIVE, NO_LISTENERS
    )
    assert statuses(judged) == [Status.OK, Status.FAIL, Status.UNKNOWN]
    assert statuses(ports.declared.judge(known(port(22, "open")), ALIVE, NO_LISTENERS)) == [Status.SKIP]


def test_works_from_there_and_not_from_here_is_one_finding():
    doors = Doorways(all=(doorway(5432, "open", "filtered"),))
    [finding] = ports.declared.judge(known(port(22, "open"), db=port(5432, "filtered")), ALIVE, doors)
    assert finding.status is Status.FAIL
    assert "works from the host itself, not from here" in finding.summary.raw
    assert statuses(ports.filtered.judge(doors, known(), ALIVE)) == [Status.SKIP]


def test_nothing_above_a_silent_host_is_a_fault():
    dead = known(port(22, "filtered"), db=port(5432, "filtered"))
    assert statuses(ports.declared.judge(dead, DEAD, NO_LISTENERS)) == [Status.SKIP]
    assert statuses(ports.filtered.judge(Doorways(all=()), dead, DEAD)) == [Status.SKIP]


def test_filtered():
    doors = Doorways(all=(doorway(80, "open", "open"), doorway(5432, "open", "refused"), doorway(9, "open", "")))
    assert statuses(ports.filtered.judge(doors, known(), ALIVE)) == [Status.OK, Status.SKIP, Status.UNKNOWN]


@pytest.mark.parametrize(
    ("state", "status"),
    [("open", Status.OK), ("filtered", Status.FAIL), ("refused", Status.SKIP), ("", Status.UNKNOWN)],
)
def test_inside(state, status):
    assert statuses(ports.inside.judge(Doorways(all=(doorway(8080, state, None),)))) == [status]


def test_inside_of_a_host_that_listens_nowhere():
    assert statuses(ports.inside.judge(Doorways(all=()))) == [Status.SKIP]


def listening(address, number, process="nginx"):
    return Listener(address=address, port=number, waiting=0, backlog=128, process=process)


@pytest.mark.parametrize(
    ("listeners", "tried", "resets", "status"),
    [
        ([listening("127.0.0.1", 80)], "refused", 0, Status.WARN),
        ([listening("::", 80)], "refused", 0, Status.WARN),  # IPv6 alone
        ([listening("127.0.0.1", 80), listening("10.0.0.5", 80)], "open", 0, Status.OK),
        ([], "refused", 0, Status.OK),  # nothing listens: another fault
        ([listening("0.0.0.0", 80)], "filtered", 0, Status.OK),
        ([listening("127.0.0.1", 5432)], "refused", 1, Status.OK),  # the usual, and the reset is ours
        ([listening("127.0.0.1", 5432)], "refused", 4, Status.WARN),
        ([listening("127.0.0.1", 5432), listening("10.0.0.5", 5432)], "refused", 4, Status.OK),
    ],
)
def test_bound(listeners, tried, resets, status):
    ports_ = KnownPorts(ssh=port(22, "open"), declared={}, usual=(port(80, tried),))
    counted = Segments(
        seconds=2.0, sent=9, resets=resets, retransmitted=0, zero_window_probes=0, zero_windows=0, wrong_way=0,
        memory_aborts=0, datagrams_received=0, receive_errors=0,
    )  # fmt: skip
    assert statuses(ports.bound.judge(Listeners(all=tuple(listeners)), ports_, counted)) == [status]
