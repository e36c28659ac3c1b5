"""The way to the host: what each measurement means, and which layer is named when several are silent."""

from dataclasses import replace

import pytest

from diagkit.checks.connectivity import path
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.doors import KnownPorts, Port
from diagkit.probes.path import GATEWAY, Echoes, Hop, Hops, PathMtu

GOOD = Echoes(to="db1", address="10.0.0.5", method="raw ICMP", sent=40, rtts_ms=(0.4,) * 40)
MUTE = replace(GOOD, rtts_ms=())
NAMELESS = replace(MUTE, address="")
LOCAL = replace(GOOD, to=GATEWAY)
OPEN = KnownPorts(ssh=Port(host="db1", port=22, state="open", banner="SSH-2.0-x"), declared={}, usual=())
SHUT = KnownPorts(ssh=Port(host="db1", port=22, state="filtered"), declared={}, usual=())
REFUSED = KnownPorts(ssh=Port(host="db1", port=22, state="refused"), declared={}, usual=())
HOPS = Hops(to="db1", method="raw ICMP", all=(Hop(ttl=1, address="10.0.1.1", rtt_ms=0.2),), reached=False)
WHOLE = replace(HOPS, all=(*HOPS.all, Hop(ttl=2, address="10.0.0.5", rtt_ms=0.3)), reached=True)
ROUND = tuple(Hop(ttl=i, address=f"10.0.1.{i % 2}", rtt_ms=0.2) for i in range(1, 25))
NO_PERMISSION = Unknown("path.echoes", Silence.DENIED)


def said(findings):
    return [(f.status, f.summary.raw) for f in findings]


@pytest.mark.parametrize(
    ("echoes", "ports", "status", "words"),
    [
        (GOOD, OPEN, Status.OK, "10.0.0.5 answers"),
        (MUTE, OPEN, Status.OK, "TCP"),
        (MUTE, REFUSED, Status.OK, "TCP"),  # a refusal is a sign of life
        (MUTE, SHUT, Status.FAIL, "the path stops after 10.0.1.1"),
        (NAMELESS, SHUT, Status.SKIP, "does not resolve"),
        (LOCAL, OPEN, Status.SKIP, "this machine"),
    ],
)
def test_reach(echoes, ports, status, words):
    [(got, summary)] = said(path.reach.judge(echoes, ports, HOPS))
    assert got is status
    assert words in summary


@pytest.mark.parametrize(
    ("echoes", "ports", "status"),
    [
        (GOOD, OPEN, Status.OK),
        (replace(GOOD, rtts_ms=(0.4,) * 39), OPEN, Status.OK),  # one of forty is chance
        (replace(GOOD, rtts_ms=(0.4,) * 37), OPEN, Status.WARN),
        (replace(GOOD, rtts_ms=(0.4,) * 28), OPEN, Status.FAIL),
        (MUTE, OPEN, Status.SKIP),  # told not to answer pings
        (MUTE, SHUT, Status.SKIP),  # named one layer below
        (NAMELESS, SHUT, Status.SKIP),
    ],
)
def test_loss(echoes, ports, status):
    assert [s for s, _ in said(path.loss.judge(echoes, ports, path.Loss()))] == [status]


@pytest.mark.parametrize(
    ("address", "rtt", "status"),
    [
        ("10.0.0.5", 0.4, Status.OK),
        ("10.0.0.5", 120.0, Status.WARN),  # a private address is near
        ("203.0.113.5", 120.0, Status.WARN),
        ("8.8.8.8", 120.0, Status.OK),  # another continent is not a fault
        ("8.8.8.8", 350.0, Status.WARN),
        ("8.8.8.8", 900.0, Status.FAIL),
    ],
)
def test_latency(address, rtt, status):
    echoes = replace(GOOD, address=address, rtts_ms=(rtt,) * 40)
    assert [s for s, _ in said(path.latency.judge(echoes, OPEN, path.Delay()))] == [status]


@pytest.mark.parametrize(
    ("rtts", "status"),
    [
        ((0.4,) * 40, Status.OK),
        ((0.4,) * 30 + (90.0,) * 10, Status.OK),  # slow once, for a while
        ((200.0, 205.0) * 20, Status.OK),  # far, but steady
        ((5.0, 20.0) * 20, Status.WARN),
        ((5.0, 400.0) * 20, Status.FAIL),
        ((5.0, 400.0), Status.SKIP),
    ],
)
def test_jitter(rtts, status):
    assert [s for s, _ in said(path.jitter.judge(replace(GOOD, rtts_ms=rtts), OPEN, path.Variation()))] == [status]


def test_latency_of_nothing_is_not_judged():
    assert [s for s, _ in said(path.latency.judge(MUTE, SHUT, path.Delay()))] == [Status.SKIP]


@pytest.mark.parametrize(
    ("mtu", "silent", "told_by", "status"),
    [
        (1500, (), "", Status.OK),
        (1400, (1500, 1420), "10.0.1.1", Status.OK),  # smaller, and said so: TCP learns it
        (1400, (1500, 1420), "", Status.FAIL),
        (0, (1500,), "", Status.SKIP),
    ],
)
def test_mtu(mtu, silent, told_by, status):
    fact = PathMtu(to="db1", mtu=mtu, silent=silent, told_by=told_by)
    assert [s for s, _ in said(path.mtu.judge(fact, GOOD))] == [status]


def test_mtu_of_a_mute_host_is_not_judged():
    fact = PathMtu(to="db1", mtu=0, silent=(1500,), told_by="")
    assert [s for s, _ in said(path.mtu.judge(fact, MUTE))] == [Status.SKIP]


@pytest.mark.parametrize(
    ("hops", "status"),
    [
        (WHOLE, Status.OK),
        (HOPS, Status.OK),  # the end says nothing; that is judged elsewhere
        (replace(HOPS, all=ROUND), Status.FAIL),
        (replace(HOPS, all=()), Status.SKIP),
    ],
)
def test_loops(hops, status):
    assert [s for s, _ in said(path.loops.judge(hops))] == [status]


def test_a_silent_hop_on_the_way_is_shown_and_not_judged():
    hops = replace(WHOLE, all=(Hop(ttl=1, address="", rtt_ms=0.0), WHOLE.all[1]))
    assert said(path.loops.judge(hops)) == [(Status.OK, "2 hops by raw ICMP: * > 10.0.0.5")]


def test_silence_needs_packets_that_were_sent():
    assert not path.silent(NO_PERMISSION, SHUT)
    assert path.silent(MUTE, SHUT)
