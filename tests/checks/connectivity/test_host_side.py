"""The host's own network: routes, gateway, addresses, shaping."""

from dataclasses import replace

import pytest

from diagkit.checks.connectivity import routes, shaping
from diagkit.model import Status
from diagkit.probes.filters import Shaper, Shaping
from diagkit.probes.network import Link, Links, Neighbour, Neighbours, Route, Routes

LO = Link(name="lo", up=True, carrier=True, mtu=65536, addresses=("127.0.0.1/8",), duplicates=())
ETH0 = Link(name="eth0", up=True, carrier=True, mtu=1500, addresses=("10.0.0.5/24",), duplicates=())
LINKS = Links(all=(LO, ETH0))
OUT = Route(kind="unicast", destination="default", via="10.0.0.1", device="eth0")
OUT6 = Route(kind="unicast", destination="default", via="fe80::1", device="eth0")


def null(destination, kind="blackhole", protocol=""):
    return Routes(all=(OUT, Route(kind=kind, destination=destination, protocol=protocol)))


def neighbours(*pairs):
    return Neighbours(all=tuple(Neighbour(address=a, device="eth0", state=s) for a, s in pairs))


def statuses(findings):
    return [f.status for f in findings]


@pytest.mark.parametrize(
    ("known", "links", "status"),
    [
        ((OUT,), LINKS, Status.OK),
        ((), LINKS, Status.FAIL),
        ((replace(OUT, dead=True),), LINKS, Status.FAIL),
        ((), Links(all=(LO,)), Status.SKIP),
    ],
)
def test_default(known, links, status):
    assert statuses(routes.default.judge(Routes(all=known), links)) == [status]


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (Routes(all=(OUT,)), Status.OK),
        (null("10.0.9.11"), Status.FAIL),
        (null("10.0.9.11/32", "prohibit", "static"), Status.FAIL),
        (null("10.0.9.0/24", protocol="static"), Status.WARN),
        (null("10.244.1.0/26", protocol="bird"), Status.OK),  # an overlay network keeps its own block from looping
        (null("default", "unreachable", "kernel"), Status.OK),  # what the kernel sets where there is no IPv6
        (null("default", "unreachable"), Status.WARN),
    ],
)
def test_blackholes(known, status):
    assert statuses(routes.blackholes.judge(known)) == [status]


@pytest.mark.parametrize(
    ("known", "seen", "expected"),
    [
        ((OUT,), neighbours(("10.0.0.1", "REACHABLE")), [Status.OK]),
        ((OUT,), neighbours(("10.0.0.1", "STALE")), [Status.OK]),
        ((OUT,), neighbours(("10.0.0.1", "FAILED")), [Status.FAIL]),
        (
            (OUT, OUT6),
            neighbours(("10.0.0.1", "REACHABLE"), ("fe80::1", "FAILED")),
            [Status.OK],
        ),  # that of IPv6 is another check's
        ((OUT,), neighbours(), [Status.SKIP]),
        ((), neighbours(), [Status.SKIP]),
    ],
)
def test_gateway(known, seen, expected):
    assert statuses(routes.gateway.judge(Routes(all=known), seen)) == expected


@pytest.mark.parametrize(
    ("link", "status"),
    [(ETH0, Status.OK), (replace(ETH0, duplicates=("10.0.0.5/24",)), Status.FAIL)],
)
def test_addresses(link, status):
    assert statuses(routes.addresses.judge(Links(all=(LO, link)))) == [status]


SELF_GIVEN = replace(ETH0, addresses=("169.254.3.4/16", "fe80::1/64"))
BARE = replace(ETH0, addresses=())


@pytest.mark.parametrize(
    ("known", "links", "status"),
    [
        ((OUT,), (ETH0,), Status.OK),
        ((OUT,), (SELF_GIVEN,), Status.FAIL),
        ((), (BARE,), Status.FAIL),  # without an address there is no route either
        ((), (SELF_GIVEN,), Status.FAIL),
        ((OUT,), (ETH0, replace(BARE, name="eth1")), Status.OK),  # a spare one
        ((), (ETH0,), Status.SKIP),  # a network without a way out: see `default`
        ((), (replace(BARE, up=False),), Status.SKIP),
    ],
)
def test_own_address(known, links, status):
    assert statuses(routes.own_address.judge(Routes(all=known), Links(all=(LO, *links)))) == [status]


def shaper(kind, rate):
    return Shaping(all=(Shaper(device="eth0", kind=kind, rate=rate, text=f"qdisc {kind}"),))


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (Shaping(all=()), Status.OK),
        (shaper("tbf", 1e9), Status.OK),
        (shaper("tbf", 8e6), Status.WARN),
        (shaper("tbf", 256e3), Status.FAIL),
        (shaper("netem", 0.0), Status.WARN),
    ],
)
def test_limits(fact, status):
    assert statuses(shaping.limits.judge(fact, shaping.Rate())) == [status]
