"""Two hundred pings: a little loss, and delay in bouts."""

from dataclasses import replace

import pytest

from diagkit.checks.connectivity import longer_path
from diagkit.model import Status
from diagkit.probes.path import ManyEchoes

GOOD = ManyEchoes(to="db1", address="10.0.0.5", method="raw ICMP", sent=200, rtts_ms=(0.4,) * 200, refusals=())
BOUTS = ((0.4,) * 20 + (80.0,) * 5) * 8


@pytest.mark.parametrize(
    ("came", "status"),
    [(200, Status.OK), (198, Status.OK), (197, Status.WARN), (191, Status.WARN), (190, Status.FAIL), (0, Status.SKIP)],
)
def test_loss(came, status):
    (found,) = longer_path.loss.judge(replace(GOOD, rtts_ms=(0.4,) * came), longer_path.LittleLoss())
    assert found.status is status


@pytest.mark.parametrize(
    ("rtts", "status"),
    [
        (GOOD.rtts_ms, Status.OK),
        ((120.0,) * 200, Status.OK),  # late, and all alike: that is not jitter
        ((0.4,) * 190 + (90.0,) * 10, Status.OK),  # one in twenty waits: a busy machine at either end
        (BOUTS, Status.FAIL),
        (tuple(rtt / 2 for rtt in BOUTS), Status.WARN),
        ((0.4,) * 60, Status.SKIP),
        ((), Status.SKIP),
    ],
)
def test_jitter(rtts, status):
    (found,) = longer_path.jitter.judge(replace(GOOD, rtts_ms=rtts), longer_path.Spread())
    assert found.status is status


def test_a_name_without_an_address_is_told_elsewhere():
    (found,) = longer_path.loss.judge(replace(GOOD, address="", rtts_ms=()), longer_path.LittleLoss())
    assert (found.status, found.summary.raw) == (Status.SKIP, "there is no address to ping")
