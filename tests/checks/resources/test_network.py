"""Sockets, ports, interfaces and the clock."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import clock, interfaces, raid, sockets
from diagkit.model import Status
from diagkit.probes.clock import Clock, TimeSync
from diagkit.probes.devices import Array, Arrays
from diagkit.probes.handshakes import Handshakes, Waiting
from diagkit.probes.interfaces import Interface, Interfaces
from diagkit.probes.local_ports import Conntrack, Destination, Destinations, Ports
from diagkit.probes.sockets import Listener, Listeners, Refusals

WEB = Listener(address="0.0.0.0", port=9000, waiting=0, backlog=8, process="python3", pid=7)
ETH0 = Interface(
    name="eth0", state="up", enabled=True, routed=True, speed=125_000_000, flaps=0, packets=1000, errors=0, drops=0,
    received_rate=1e6, sent_rate=1e6,
)  # fmt: skip
PORTS = Ports(first=32768, last=60999, open=9, time_wait=9)


def one(check, *facts):
    limits = () if type(check.limits).__name__ == "NoLimits" else (check.limits,)
    (found,) = check.judge(*facts, *limits)
    return found.status, found.subject.raw


@pytest.mark.parametrize(
    ("waiting", "backlog", "status"),
    [
        (0, 8, Status.OK),
        (4, 8, Status.OK),
        (8, 8, Status.WARN),
        (9, 8, Status.FAIL),
        (3, 0, Status.OK),  # the backlog is not known
        (6, 0, Status.WARN),
    ],
)
def test_accept_queue(waiting, backlog, status):
    listener = replace(WEB, waiting=waiting, backlog=backlog)
    assert one(sockets.accept_queue, Listeners(all=(listener,))) == (status, "0.0.0.0:9000")


def test_nothing_listens():
    assert one(sockets.accept_queue, Listeners(all=())) == (Status.SKIP, "")


@pytest.mark.parametrize(("count", "status"), [(0, Status.OK), (1, Status.WARN), (90, Status.FAIL)])
def test_overflows(count, status):
    dropped = Refusals(seconds=2.0, listen_overflows=count, listen_drops=count, cookies=0)
    assert one(sockets.overflows, dropped) == (status, "")


def test_pending():
    stuck = Handshakes(ours=(Waiting(place="10.0.0.9:5432", count=2),), theirs=())
    assert one(sockets.pending, stuck) == (Status.WARN, "10.0.0.9:5432")
    assert one(sockets.pending, Handshakes(ours=(), theirs=())) == (Status.OK, "")


@pytest.mark.parametrize(("count", "found"), [(3, (Status.OK, "")), (99, (Status.WARN, "443"))])
def test_half_open(count, found):
    assert one(sockets.half_open, Handshakes(ours=(), theirs=(Waiting(place="443", count=count),))) == found


@pytest.mark.parametrize(
    ("used", "found"),
    [(9, (Status.OK, "")), (24_000, (Status.WARN, "10.0.0.9:80")), (28_000, (Status.FAIL, "10.0.0.9:80"))],
)
def test_ephemeral_ports(used, found):
    crowded = Destinations(size=PORTS.size, all=(Destination(peer="10.0.0.9:80", used=used, time_wait=used // 2),))
    assert one(sockets.ephemeral_ports, PORTS, crowded) == found


@pytest.mark.parametrize(("count", "status"), [(10, Status.OK), (800, Status.WARN), (1000, Status.FAIL)])
def test_conntrack(count, status):
    assert one(sockets.conntrack, Conntrack(count=count, maximum=1000)) == (status, "")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, Status.OK),
        ({"errors": 4}, Status.OK),
        ({"errors": 20}, Status.WARN),
        ({"errors": 400}, Status.FAIL),
        ({"drops": 20}, Status.OK),
        ({"drops": 80}, Status.WARN),
    ],
)
def test_interface_errors(changed, status):
    assert one(interfaces.errors, Interfaces(all=(replace(ETH0, **changed),))) == (status, "eth0")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, (Status.OK, "eth0")),
        ({"state": "unknown"}, (Status.OK, "eth0")),
        ({"state": "down"}, (Status.FAIL, "eth0")),
        ({"state": "down", "routed": False}, (Status.SKIP, "")),  # a port nobody uses
        ({"state": "down", "enabled": False}, (Status.SKIP, "")),  # switched off by somebody
        ({"state": "down", "name": "docker0"}, (Status.SKIP, "")),
    ],
)
def test_link(changed, found):
    assert one(interfaces.link, Interfaces(all=(replace(ETH0, **changed),))) == found


@pytest.mark.parametrize(
    ("changed", "found"),
    [({}, (Status.OK, "eth0")), ({"sent_rate": 1.2e8}, (Status.WARN, "eth0")), ({"speed": 0}, (Status.SKIP, ""))],
)
def test_utilisation(changed, found):
    assert one(interfaces.utilisation, Interfaces(all=(replace(ETH0, **changed),))) == found


@pytest.mark.parametrize(
    ("offset", "uncertainty", "status"),
    [
        (0.1, 0.3, Status.OK),
        (-1.4, 0.6, Status.OK),  # may be less than a second
        (-3.0, 0.3, Status.WARN),
        (300.0, 0.3, Status.FAIL),
    ],
)
def test_clock_offset(offset, uncertainty, status):
    assert one(clock.offset, Clock(offset=offset, uncertainty=uncertainty)) == (status, "")


@pytest.mark.parametrize(("synchronised", "status"), [(True, Status.OK), (False, Status.WARN)])
def test_synchronised(synchronised, status):
    assert one(clock.synchronised, TimeSync(client="chrony", synchronised=synchronised, offset=0.0)) == (status, "")


@pytest.mark.parametrize(
    ("working", "rebuilding", "status"), [(2, -1.0, Status.OK), (1, 12.6, Status.WARN), (1, -1.0, Status.FAIL)]
)
def test_raid(working, rebuilding, status):
    array = Array(name="md0", working=working, wanted=2, members="U_", rebuilding=rebuilding)
    assert one(raid.members, Arrays(all=(array,))) == (status, "md0")
