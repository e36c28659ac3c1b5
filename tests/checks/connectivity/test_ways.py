"""The ways packets take: a route that leads astray, a policy that refuses, an answer that comes in elsewhere."""

from dataclasses import replace

import pytest

from diagkit.checks.connectivity import ways
from diagkit.model import Silence, Status, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.endpoints import Attempt, Attempts, Endpoint
from diagkit.probes.handshakes import Handshakes, Waiting
from diagkit.probes.names import Resolver
from diagkit.probes.network import Neighbour, Neighbours, PolicyRule, PolicyRules, Route, Routes
from diagkit.probes.segments import Segments

OUT = Route(kind="unicast", destination="default", via="10.0.0.1", device="eth0")
OUT6 = Route(kind="unicast", destination="default", via="2001:db8::1", device="eth0")
LAN = Route(kind="unicast", destination="10.0.0.0/24", device="eth0", protocol="kernel")
ASTRAY = Route(kind="unicast", destination="10.0.9.0/24", via="10.0.0.77", device="eth0")
RESOLVER = Resolver(servers=("10.0.9.53",), upstreams=(), search=(), options=(), sources=("files", "dns"))
NOBODY = Neighbours(all=())
NOTHING, UNSEEN = Inapplicable("", ""), Unknown("handshakes.handshakes", Silence.DENIED)
CALLING = Handshakes(ours=(Waiting(place="10.0.9.11:5432", count=1),), theirs=())
STILL = Segments(
    seconds=2.0, sent=100, resets=0, retransmitted=0, zero_window_probes=0, zero_windows=0, wrong_way=0,
    memory_aborts=0, datagrams_received=9, receive_errors=0,
)  # fmt: skip


def met(address, state, device="eth0"):
    return Neighbours(all=(Neighbour(address=address, device=device, state=state),))


def judged(routes, neighbours=NOBODY, handshakes=UNSEEN):
    return [f.status for f in ways.routed.judge(Routes(all=routes), neighbours, NOTHING, RESOLVER, handshakes, NOTHING)]


@pytest.mark.parametrize(
    ("routes", "neighbours", "handshakes", "status"),
    [
        ((OUT, LAN), met("10.0.0.1", "REACHABLE"), UNSEEN, Status.OK),
        ((OUT, LAN), met("10.0.0.1", "FAILED"), CALLING, Status.OK),  # the default gateway: `routes.gateway`
        ((OUT, LAN, ASTRAY), met("10.0.0.77", "FAILED"), UNSEEN, Status.FAIL),
        ((OUT, LAN, ASTRAY), met("10.0.0.77", "REACHABLE"), UNSEEN, Status.OK),
        ((OUT, LAN, ASTRAY), met("10.0.0.77", "REACHABLE"), CALLING, Status.WARN),
        ((OUT, LAN, replace(ASTRAY, via="")), met("10.0.9.53", "INCOMPLETE"), UNSEEN, Status.FAIL),  # "on link"
        ((OUT, LAN, replace(ASTRAY, dead=True, device="eth1")), Neighbours(all=()), UNSEEN, Status.FAIL),
        (
            (OUT, replace(LAN, destination="10.0.9.0/24")),
            met("10.0.9.53", "FAILED"),
            UNSEEN,
            Status.OK,
        ),  # a peer is down
        ((OUT, LAN, replace(ASTRAY, kind="blackhole", via="")), Neighbours(all=()), CALLING, Status.OK),
        ((OUT, LAN, replace(ASTRAY, table="9")), met("10.0.0.77", "FAILED"), UNSEEN, Status.OK),
    ],
)
def test_routed(routes, neighbours, handshakes, status):
    assert judged(routes, neighbours, handshakes) == [status]


def test_the_longest_prefix_wins():
    exact = replace(ASTRAY, destination="10.0.9.11")
    assert ways.way_to("10.0.9.11", Routes(all=(OUT, LAN, ASTRAY, exact))) is exact
    assert ways.way_to("10.0.9.12", Routes(all=(OUT, LAN, ASTRAY, exact))) is ASTRAY
    assert ways.way_to("192.0.2.1", Routes(all=(OUT6, OUT, LAN))) is OUT
    assert ways.way_to("2001:db8:9::1", Routes(all=(LAN,))) is None


def test_refused():
    usual = PolicyRule(selector="from all", action="lookup main")
    bad = PolicyRule(selector="from all to 10.0.9.11", action="prohibit")
    assert [f.status for f in ways.refused.judge(PolicyRules(all=(usual,)))] == [Status.OK]
    assert [f.subject.raw for f in ways.refused.judge(PolicyRules(all=(bad, usual)))] == ["from all to 10.0.9.11"]


@pytest.mark.parametrize(("dropped", "status"), [(0, Status.OK), (1, Status.OK), (4, Status.WARN)])
def test_reverse_path(dropped, status):
    assert [f.status for f in ways.reverse_path.judge(replace(STILL, wrong_way=dropped))] == [status]


@pytest.mark.parametrize(
    ("routes", "neighbours", "handshakes", "status"),
    [
        ((OUT,), met("10.0.0.1", "REACHABLE"), UNSEEN, Status.SKIP),
        ((OUT, OUT6), met("2001:db8::1", "FAILED"), UNSEEN, Status.FAIL),
        ((OUT, OUT6), met("2001:db8::1", "STALE"), UNSEEN, Status.OK),
        (
            (OUT, OUT6),
            met("2001:db8::1", "STALE"),
            Handshakes(ours=(Waiting(place="2001:db8:9::1:443", count=2),), theirs=()),
            Status.WARN,
        ),
    ],
)
def test_ipv6(routes, neighbours, handshakes, status):
    assert [f.status for f in ways.ipv6.judge(Routes(all=routes), neighbours, handshakes)] == [status]


def test_an_attempt_that_failed_makes_a_route_of_its_own_suspect():
    database = Endpoint(host="10.0.9.11", port=5432, via="/etc/shop/shop.ini")
    tried = Attempts(all=(Attempt(endpoint=database, state="filtered"),))
    found = ways.routed.judge(Routes(all=(OUT, LAN, ASTRAY)), NOBODY, NOTHING, RESOLVER, UNSEEN, tried)
    assert [f.status for f in found] == [Status.WARN]
