"""Reach tests of the path, over real routers: three network namespaces in a row.

near 10.99.1.2 -- 10.99.1.1 router 10.99.2.1 -- 10.99.2.2 far
"""

import ctypes
import json
import os
import platform
import shutil
import subprocess
import threading
import time

import pytest

from diagkit.model import Reach
from diagkit.transports.wire import wire

FAR, NEAR, GATEWAY, NOBODY = "10.99.2.2", "10.99.1.2", "10.99.1.1", "10.99.2.99"
SPACES = ("near", "router", "far")
PREFIX = f"dk{os.getpid()}"
SETRESUID = {"x86_64": 117, "aarch64": 147}

pytest.importorskip("icmplib")  # loaded now: nobody may not read where it lies
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("ip"), reason="network namespaces need root and iproute2"
)


def run(*argv, check=True, stdin=None):
    return subprocess.run(argv, check=check, capture_output=True, text=True, timeout=20, input=stdin)


def inside(space, *argv, **more):
    return run("ip", "netns", "exec", f"{PREFIX}-{space}", *argv, **more)


@pytest.fixture(scope="module")
def network():
    """The three namespaces. Skips where the kernel or its sandbox has none."""
    try:
        for space in SPACES:
            run("ip", "netns", "add", f"{PREFIX}-{space}")
        for left, right in (("near", "router"), ("router", "far")):
            pair = f"{left[0]}{right[0]}"
            run(
                *("ip", "link", "add", f"{pair}0", "netns", f"{PREFIX}-{left}"),
                *("type", "veth", "peer", "name", f"{pair}1", "netns", f"{PREFIX}-{right}"),
            )
        for space, device, address in (
            ("near", "nr0", f"{NEAR}/24"),
            ("router", "nr1", f"{GATEWAY}/24"),
            ("router", "rf0", "10.99.2.1/24"),
            ("far", "rf1", f"{FAR}/24"),
        ):
            inside(space, "ip", "addr", "add", address, "dev", device)
            inside(space, "ip", "link", "set", device, "up")
            inside(space, "ip", "link", "set", "lo", "up")
        inside("router", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        inside("router", "sh", "-c", "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit")  # traces follow each other fast here
        inside("near", "ip", "route", "add", "default", "via", GATEWAY)
        inside("far", "ip", "route", "add", "default", "via", "10.99.2.1")
    except subprocess.CalledProcessError as error:
        _tear_down()
        pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
    yield
    _tear_down()


def _tear_down():
    for space in SPACES:
        run("ip", "netns", "del", f"{PREFIX}-{space}", check=False)


def ask(*reaches, nobody=False, seconds=12.0):
    """The tests, asked from the near end: a thread of its own enters the namespace, and its children inherit it.

    nobody: without any privilege. The system call changes the thread that makes it, and no other.
    """
    found = {}

    def go():
        libc = ctypes.CDLL(None, use_errno=True)
        space = os.open(f"/run/netns/{PREFIX}-near", os.O_RDONLY)
        assert libc.setns(space, 0x40000000) == 0  # CLONE_NEWNET
        os.close(space)
        if nobody:
            assert libc.syscall(SETRESUID[platform.machine()], 65534, 65534, 65534) == 0
        found.update(wire(reaches, None, time.monotonic() + seconds))

    thread = threading.Thread(target=go)
    thread.start()
    thread.join(seconds + 5)
    return [json.loads(found[reach].out) for reach in reaches]


@pytest.fixture
def filtering(network):
    """A function that gives the router packet filter rules; they are gone afterwards."""
    if not shutil.which("nft") or inside("router", "nft", "list", "ruleset", check=False).returncode:
        pytest.skip("no nftables here")
    yield lambda rules: inside("router", "nft", "-f", "-", stdin=rules)
    inside("router", "nft", "flush", "ruleset")


@pytest.fixture
def small_link(network):
    """The link behind the router takes 1400 bytes only."""
    inside("router", "ip", "link", "set", "rf0", "mtu", "1400")
    inside("far", "ip", "link", "set", "rf1", "mtu", "1400")
    yield
    inside("router", "ip", "link", "set", "rf0", "mtu", "1500")
    inside("far", "ip", "link", "set", "rf1", "mtu", "1500")


def test_a_healthy_path(network):
    ping, trace, mtu = ask(Reach("ping", FAR), Reach("trace", FAR), Reach("mtu", FAR))
    assert (ping["sent"], len(ping["rtts_ms"]), ping["method"]) == (40, 40, "raw ICMP")
    assert [hop["address"] for hop in trace["hops"]] == [GATEWAY, FAR]
    assert trace["reached"]
    assert (mtu["mtu"], mtu["told_by"]) == (1500, "")


def test_a_longer_look_at_it(network):
    [ping] = ask(Reach("long_ping", FAR))
    assert (ping["sent"], len(ping["rtts_ms"]), ping["method"]) == (200, 200, "raw ICMP")


def test_the_default_gateway_by_its_word(network):
    [ping] = ask(Reach("ping", "_gateway"))
    assert ping["address"] == GATEWAY
    assert len(ping["rtts_ms"]) == 40


def test_nobody_there(network):
    ping, trace, tcp = ask(Reach("ping", NOBODY), Reach("trace", NOBODY), Reach("tcp", NOBODY, 22))
    assert ping["rtts_ms"] == []
    assert not trace["reached"]
    assert trace["hops"][0]["address"] == GATEWAY
    assert tcp["state"] in ("unreachable", "filtered")


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_a_route_that_rejects(network, kind):
    inside("near", "ip", "route", "add", kind, "10.98.0.1/32")
    try:
        ping, tcp, trace, mtu = ask(*(Reach(kind, "10.98.0.1", 22) for kind in ("ping", "tcp", "trace", "mtu")))
    finally:
        inside("near", "ip", "route", "del", kind, "10.98.0.1/32")
    assert tcp["state"] == "unreachable"
    assert ping["rtts_ms"] == []
    assert ping["refusals"]
    assert (trace["hops"], mtu["mtu"]) == ([], 0)


def test_loss_is_measured_and_takes_no_longer_for_it(filtering):
    filtering(
        "table ip t { chain c { type filter hook forward priority 0; ip daddr 10.99.2.2 numgen inc mod 4 0 drop; }; }"
    )
    [ping] = ask(Reach("ping", FAR))
    assert len(ping["rtts_ms"]) == 30


def test_a_smaller_link_that_says_so(small_link):
    [mtu] = ask(Reach("mtu", FAR))
    assert (mtu["mtu"], mtu["told_by"]) == (1400, GATEWAY)


def test_an_mtu_black_hole(filtering, small_link):
    filtering("table ip t { chain c { type filter hook output priority 0; icmp type destination-unreachable drop; }; }")
    [mtu] = ask(Reach("mtu", FAR))
    assert (mtu["mtu"], mtu["told_by"]) == (1400, "")
    assert mtu["sizes"]["1500"] is False


def test_dropped_rejected_and_refused_ports(filtering):
    filtering(
        """table ip t { chain c { type filter hook forward priority 0;
        tcp dport 81 drop; tcp dport 82 reject with icmp type admin-prohibited; }; }"""
    )
    states = [found["state"] for found in ask(*(Reach("tcp", FAR, port) for port in (80, 81, 82)))]
    assert states == ["refused", "filtered", "unreachable"]


def test_a_trace_needs_no_root(network):
    [trace] = ask(Reach("trace", FAR), nobody=True)
    assert (trace["method"], trace["reached"]) == ("UDP", True)
    assert [hop["address"] for hop in trace["hops"]] == [GATEWAY, FAR]


@pytest.fixture
def ping_sockets(network):
    """Anybody may ping, as most distributions set it."""
    inside("near", "sh", "-c", "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range")
    yield
    inside("near", "sh", "-c", "echo 1 0 > /proc/sys/net/ipv4/ping_group_range")


def test_ping_and_mtu_without_root_by_ping_sockets(ping_sockets):
    ping, mtu = ask(Reach("ping", FAR), Reach("mtu", FAR), nobody=True)
    assert (ping["method"], len(ping["rtts_ms"])) == ("datagram ICMP", 40)
    assert (mtu["method"], mtu["mtu"]) == ("datagram ICMP", 1500)


@pytest.mark.skipif(shutil.which("ping") is not None, reason="the ping command may ping where we may not")
def test_ping_where_icmp_is_not_permitted_is_a_tcp_connect(network):
    [ping] = ask(Reach("ping", FAR, 22), nobody=True)
    assert ping["method"] == "TCP connect to port 22"
    assert len(ping["rtts_ms"]) == ping["sent"]  # a refusal is as good as an echo
