"""Segments and datagrams: sent twice, thrown away, not read, never closed."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import segments
from diagkit.model import Status
from diagkit.probes.abandoned import Abandoned, Holder
from diagkit.probes.segments import DatagramSockets, Dropping, Segments, Stalled, StalledConnections, TcpMemory

STILL = Segments(
    seconds=2.0, sent=200, resets=0, retransmitted=0, zero_window_probes=0, zero_windows=0, wrong_way=0,
    memory_aborts=0, datagrams_received=9, receive_errors=0,
)  # fmt: skip
WORKER = Holder(process="shop[812]", place="10.0.0.12:6379", held=60, more=4)


def said(findings):
    return [(f.status, f.subject.raw) for f in findings]


@pytest.mark.parametrize(
    ("again", "sent", "status"),
    [(0, 200, Status.OK), (4, 20, Status.OK), (5, 1000, Status.OK), (8, 100, Status.WARN), (40, 100, Status.FAIL)],
)
def test_retransmissions(again, sent, status):
    found = segments.retransmissions.judge(replace(STILL, retransmitted=again, sent=sent), segments.Again())
    assert said(found) == [(status, "")]


@pytest.mark.parametrize(
    ("dropped", "expected"),
    [
        (0, (Status.OK, "")),
        (1, (Status.OK, "")),
        (9, (Status.WARN, "0.0.0.0:8125")),
        (900, (Status.FAIL, "0.0.0.0:8125")),
    ],
)
def test_datagrams(dropped, expected):
    sockets = DatagramSockets(seconds=2.0, dropping=(Dropping(place="0.0.0.0:8125", dropped=dropped, waiting=212_000),))
    assert said(segments.datagrams.judge(sockets, STILL, segments.Overrun())) == [expected]


@pytest.mark.parametrize(
    ("connections", "queued", "expected"),
    [
        (0, 0, (Status.OK, "")),
        (1, 900, (Status.OK, "")),
        (1, 90_000, (Status.WARN, "10.0.0.7")),
        (4, 900, (Status.WARN, "10.0.0.7")),
    ],
)
def test_zero_window(connections, queued, expected):
    one = Stalled(local="10.0.0.5:80", peer="10.0.0.7:41000", process="nginx[9]", queued=queued)
    assert said(segments.zero_window.judge(StalledConnections(all=(one,) * connections), segments.Closed())) == [
        expected
    ]


@pytest.mark.parametrize(
    ("pages", "aborts", "status"),
    [(10, 0, Status.OK), (85, 0, Status.WARN), (100, 0, Status.FAIL), (60, 3, Status.FAIL)],
)
def test_tcp_memory(pages, aborts, status):
    memory = TcpMemory(pages=pages, pressure=75, maximum=100)
    [found] = segments.tcp_memory.judge(memory, replace(STILL, memory_aborts=aborts), segments.Pages())
    assert found.status is status


@pytest.mark.parametrize(
    ("held", "expected"),
    [(3, (Status.OK, "")), (60, (Status.WARN, "shop[812]")), (400, (Status.FAIL, "shop[812]"))],
)
def test_close_wait(held, expected):
    found = segments.close_wait.judge(Abandoned(seconds=2.0, all=(replace(WORKER, held=held),)), segments.Held())
    assert said(found) == [expected]


def test_whose_connections_they_are_may_be_hidden():
    hidden = Abandoned(seconds=2.0, all=(replace(WORKER, process=""),))
    assert said(segments.close_wait.judge(hidden, segments.Held())) == [(Status.WARN, "10.0.0.12:6379")]
