"""The longer looks: what lasts, and what disks say of themselves."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import lasting, smart
from diagkit.model import Status
from diagkit.probes.cpu import Cpu
from diagkit.probes.lasting import Lasting
from diagkit.probes.processes import Processes
from diagkit.probes.smart import Health, SmartHealth
from tests.checks.resources.test_cpu import FULL, IDLE, LOOP

CHILD = replace(LOOP, age=4.0)
COMPILER = replace(LOOP, name="cc1plus")
ASKED_MORE = replace(LOOP, system=0.2, lifetime_cpu=0.05)


def looked(spent, *processes):
    return Lasting(seconds=8.0, cpu=Cpu(total=spent, each=(spent,)), processes=Processes(all=processes))


@pytest.mark.parametrize(
    ("look", "status", "words"),
    [
        (looked(IDLE), Status.OK, "3% busy for 8 s"),
        (looked(FULL, LOOP), Status.FAIL, "all the time"),
        (looked(FULL, COMPILER), Status.OK, "comes and goes"),
        (looked(FULL, CHILD), Status.OK, "comes and goes"),  # it began within the look
        (looked(FULL), Status.OK, "comes and goes"),  # processes too short-lived to be seen
        (looked(FULL, ASKED_MORE), Status.OK, "comes and goes"),
        (looked(FULL, replace(LOOP, nice=10)), Status.OK, "busy for 8 s"),
    ],
)
def test_busy(look, status, words):
    (found,) = lasting.busy.judge(look, lasting.Kept())
    assert found.status is status
    assert words in found.summary.raw


@pytest.mark.parametrize(
    ("passed", "status"),
    [(True, Status.OK), (False, Status.FAIL), (None, Status.SKIP)],
    ids=["passed", "failed", "mute"],
)
def test_health(passed, status):
    (found,) = smart.health.judge(SmartHealth(all=(Health(disk="sda", passed=passed, why="it sleeps"),)))
    assert (found.status, found.subject.raw) == (status, "sda")
