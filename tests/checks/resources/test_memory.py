"""Memory that runs out, and what only looks like it."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import memory
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.memory import Memory, Paging
from diagkit.probes.pressure import Pressure, Stall
from diagkit.probes.processes import Process, Processes

MIB = 1 << 20
HOST = Memory(
    total=768 * MIB, available=700 * MIB, free=100 * MIB, anonymous=0, shared=0, kernel=0,
    swap_total=512 * MIB, swap_free=512 * MIB, committed=100 * MIB, commit_limit=384 * MIB, strict=False, huge_idle=0,
)  # fmt: skip
PYTHON = Process(
    pid=812, parent=1, name="python3", state="S", stuck=False, threads=1, kernel=False, age=60.0, nice=0,
    cpu=0.0, system=0.0, children_cpu=0.0, lifetime_cpu=0.0, rss=480 * MIB, growth=0.0,
    uid=0, fd_slots=64, fd_limit=1024, task_limit=-1,
)  # fmt: skip
SEEN = Processes(all=(PYTHON, replace(PYTHON, pid=1, name="init", rss=MIB)))
HIDDEN = Unknown("processes.processes", Silence.DENIED)
STILL = Paging(swapped_in=0.0, swapped_out=0.0, major_faults=0.0)
CALM = Stall(some_now=0.0, some_10=0.0, some_60=0.0, some_300=0.0, full_now=0.0, full_10=0.0, full_60=0.0, full_300=0.0)


WANT = replace(HOST, available=40 * MIB)


def available(host):
    (found,) = memory.available.judge(host, memory.Left())
    return found


def holders(host, processes=SEEN):
    """The status of each check that tells who holds the memory."""
    (by_processes,) = memory.processes.judge(host, processes, memory.processes.limits)
    others = (memory.shared, memory.slab, memory.huge_pages)
    return [by_processes, *(found for check in others for found in check.judge(host, check.limits))]


@pytest.mark.parametrize(("left", "status"), [(700, Status.OK), (100, Status.OK), (70, Status.WARN), (38, Status.FAIL)])
def test_available(left, status):
    assert available(replace(HOST, available=left * MIB)).status is status


@pytest.mark.parametrize(("left", "status"), [(2000, Status.OK), (1500, Status.WARN), (400, Status.FAIL)])
def test_available_on_a_larger_machine(left, status):
    assert available(replace(HOST, total=16384 * MIB, available=left * MIB)).status is status


def test_little_free_memory_is_no_want():
    assert available(replace(HOST, free=4 * MIB)).status is Status.OK


def test_a_tenth_of_a_large_machine_is_plenty():
    assert available(replace(HOST, total=1 << 39, available=40 << 30)).status is Status.OK


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"anonymous": 600 * MIB}, "python3[812] holds 480.0 MiB"),
        ({"shared": 500 * MIB}, "shared memory or tmpfs"),
        ({"kernel": 500 * MIB}, "the kernel itself holds"),
        ({"huge_idle": 500 * MIB}, "huge pages"),
    ],
)
def test_who_holds_it(changed, says):
    bad = [found for found in holders(replace(WANT, **changed)) if found.status is not Status.OK]
    assert [found.status for found in bad] == [Status.FAIL]
    assert says in bad[0].summary.raw
    assert all(found.status is Status.OK for found in holders(replace(HOST, **changed))), "nobody wants it"


def test_who_holds_it_may_be_many_of_a_kind_or_hidden():
    held = replace(WANT, anonymous=600 * MIB)
    workers = Processes(all=tuple(replace(PYTHON, pid=n, name="php-fpm", rss=50 * MIB) for n in range(1, 12)))
    assert "11 processes php-fpm hold 550.0 MiB together" in holders(held, workers)[0].summary.raw
    assert "could not be seen" in holders(held, HIDDEN)[0].summary.raw


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, Status.OK),
        ({"growth": 8.0 * MIB}, Status.FAIL),
        ({"growth": 80.0 * MIB}, Status.OK),  # all of a sudden: it loads something
        ({"growth": 8.0 * MIB, "rss": 48 * MIB}, Status.OK),  # small yet
        ({"growth": 8.0 * MIB, "age": 3600.0}, Status.OK),  # it has stood still for long
        ({"growth": 160.0 * MIB, "age": 3.0}, Status.OK),  # it is only just starting
    ],
)
def test_growth(changed, status):
    (found,) = memory.growth.judge(HOST, Processes(all=(replace(PYTHON, **changed),)), memory.Leaking())
    assert found.status is status


@pytest.mark.parametrize(("full", "status"), [(0.0, Status.OK), (0.06, Status.WARN), (0.3, Status.FAIL)])
def test_pressure(full, status):
    pressure = Pressure(cpu=CALM, memory=replace(CALM, full_10=full), io=CALM)
    (found,) = memory.pressure.judge(pressure, memory.Stalled())
    assert found.status is status


@pytest.mark.parametrize(
    ("inward", "outward", "status"),
    [(0, 0, Status.OK), (9000, 0, Status.OK), (300, 300, Status.WARN), (5000, 5000, Status.FAIL)],
)
def test_swapping(inward, outward, status):
    (found,) = memory.swapping.judge(replace(STILL, swapped_in=inward, swapped_out=outward), HOST, memory.Traffic())
    assert found.status is status


def test_no_swap():
    (found,) = memory.swapping.judge(STILL, replace(HOST, swap_total=0), memory.Traffic())
    assert found.status is Status.SKIP


@pytest.mark.parametrize(
    ("strict", "committed", "status"),
    [(False, 384, Status.SKIP), (True, 100, Status.OK), (True, 380, Status.FAIL)],
)
def test_commit(strict, committed, status):
    host = replace(HOST, strict=strict, committed=committed * MIB)
    (found,) = memory.commit.judge(host, memory.Promised())
    assert found.status is status
