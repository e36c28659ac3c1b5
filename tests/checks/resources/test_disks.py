"""Disks that are slow, dead or busy, and for whom; what waits to be written; directories and swap."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import directories, disks, swaps
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.devices import Device, Devices
from diagkit.probes.directories import Directories, Directory
from diagkit.probes.disk_users import DiskUsers
from diagkit.probes.pressure import Pressure, Stall
from diagkit.probes.processes import Process, Processes
from diagkit.probes.swaps import Swaps
from diagkit.probes.writeback import Writeback

MIB = 1 << 20
SDA = Device(name="sda", done=200, moved=40.0 * MIB, wait=4.0, busy=0.3, queue=0.4, stuck=0)
SLOW = replace(SDA, done=8, moved=7000.0, busy=0.8)  # 200 ms each in two seconds
HOG = replace(SDA, done=4000, moved=800.0 * MIB, busy=0.9, queue=5.0)
CALM = Stall(some_now=0.0, some_10=0.0, some_60=0.0, some_300=0.0, full_now=0.0, full_10=0.0, full_60=0.0, full_300=0.0)
STALLED = Pressure(cpu=CALM, memory=CALM, io=replace(CALM, some_now=0.6))
STOPPED = Pressure(cpu=CALM, memory=CALM, io=replace(CALM, full_10=0.5))
AT_EASE = Pressure(cpu=CALM, memory=CALM, io=CALM)
HIDDEN = Unknown("processes.processes", Silence.DENIED)
UNSEEN = Unknown("disk_users.disk_users", Silence.DENIED)
REINDEX = Process(
    pid=7, parent=1, name="reindex", state="D", stuck=False, threads=1, kernel=False, nice=0, age=60.0, cpu=0.1,
    system=0.1, lifetime_cpu=0.1, children_cpu=0.0, rss=MIB, growth=0, uid=0, fd_slots=64, fd_limit=1024, task_limit=100,
)  # fmt: skip
BY_7 = DiskUsers(by_pid=((7, 300.0 * MIB), (8, 1.0)))


def seen(*devices):
    return Devices(seconds=2.0, all=devices)


def judge(check, *facts):
    return [(f.status, f.subject.raw) for f in check.judge(*facts, check.limits)]


@pytest.mark.parametrize(
    ("device", "status"),
    [
        (SDA, Status.SKIP),  # works too little to tell
        (HOG, Status.OK),
        (SLOW, Status.FAIL),
        (replace(SLOW, done=40), Status.WARN),
        (replace(SLOW, done=40, moved=100.0 * MIB), Status.OK),  # each request is large
        (replace(SLOW, done=0, stuck=3), Status.SKIP),
    ],
)
def test_latency(device, status):
    assert judge(disks.latency, seen(device)) == [(status, "sda")]
    assert judge(disks.latency, seen()) == [(Status.SKIP, "")]


@pytest.mark.parametrize(
    ("device", "status"), [(SDA, Status.OK), (replace(SDA, done=0), Status.OK), (replace(SDA, done=0, stuck=3), Status.FAIL)]
)  # fmt: skip
def test_completing(device, status):
    assert [(f.status, f.subject.raw) for f in disks.completing.judge(seen(device))] == [(status, "sda")]
    assert [f.status for f in disks.completing.judge(seen())] == [Status.SKIP]


@pytest.mark.parametrize(
    ("device", "pressure", "users", "process", "status"),
    [
        (HOG, STALLED, BY_7, REINDEX, Status.FAIL),
        (HOG, STALLED, BY_7, replace(REINDEX, name="rsync"), Status.WARN),  # it ends
        (HOG, STALLED, BY_7, replace(REINDEX, nice=10), Status.WARN),  # it gives way
        (HOG, STALLED, UNSEEN, REINDEX, Status.WARN),
        (HOG, AT_EASE, BY_7, REINDEX, Status.OK),  # nothing waits
        (SDA, STALLED, BY_7, REINDEX, Status.OK),
        (replace(HOG, busy=0.5), STOPPED, BY_7, REINDEX, Status.FAIL),  # many at once: never quite busy
        (replace(HOG, busy=0.5, queue=1.0), STOPPED, BY_7, REINDEX, Status.OK),
        (SLOW, STALLED, BY_7, REINDEX, Status.OK),  # that is for `latency`
        (replace(SLOW, done=0, stuck=3), STALLED, BY_7, REINDEX, Status.OK),  # and that for `completing`
    ],
)
def test_saturation(device, pressure, users, process, status):
    assert judge(disks.saturation, seen(device), pressure, users, Processes(all=(process,))) == [(status, "sda")]
    assert judge(disks.saturation, seen(), pressure, users, HIDDEN) == [(Status.SKIP, "")]


def test_saturation_names_who_works_most():
    (found,) = disks.saturation.judge(seen(HOG), STALLED, BY_7, Processes(all=(REINDEX,)), disks.Use())
    assert "most by reindex[7] (300.0 MiB/s); work waits for it 60% of the time" in found.summary.raw
    (found,) = disks.saturation.judge(seen(HOG), STALLED, BY_7, HIDDEN, disks.Use())
    assert "most by process 7" in found.summary.raw


@pytest.mark.parametrize(
    ("waiting", "device", "status"),
    [
        (Writeback(dirty=60 * MIB, under_way=40 * MIB, available=500 * MIB, shrank=0), SLOW, Status.FAIL),
        (Writeback(dirty=30 * MIB, under_way=30 * MIB, available=500 * MIB, shrank=0), SLOW, Status.WARN),
        (Writeback(dirty=60 * MIB, under_way=40 * MIB, available=500 * MIB, shrank=0), HOG, Status.OK),  # it moves
        (Writeback(dirty=60 * MIB, under_way=40 * MIB, available=500 * MIB, shrank=9 * MIB), SLOW, Status.OK),
        (
            Writeback(dirty=100 * MIB, under_way=0, available=500 * MIB, shrank=0),
            SDA,
            Status.OK,
        ),  # nobody is in a hurry
        (Writeback(dirty=MIB, under_way=MIB, available=500 * MIB, shrank=0), SLOW, Status.OK),
    ],
)
def test_writeback(waiting, device, status):
    assert judge(disks.writeback, waiting, seen(device)) == [(status, "")]


def test_users_are_for_the_reader():
    (found,) = disks.users.judge(BY_7, Processes(all=(REINDEX,)))
    assert found.status is Status.OK
    assert found.summary.raw.startswith("top by disk traffic: reindex[7] 300.0 MiB/s, process 8 ")
    (found,) = disks.users.judge(DiskUsers(by_pid=()), HIDDEN)
    assert found.summary.raw == "the disks have little to do"


@pytest.mark.parametrize(
    ("path", "size", "found"),
    [
        ("/var/spool/mqueue", 64 * 1024, (Status.OK, "")),
        ("/var/spool/mqueue", 4 * MIB, (Status.WARN, "/var/spool/mqueue")),
        ("/var/lib/php/sessions", 4 * MIB, (Status.WARN, "/var/lib/php/sessions")),
        ("/srv/archive/2025", 4 * MIB, (Status.OK, "")),  # meant to be kept
    ],
)
def test_crowded(path, size, found):
    assert judge(directories.crowded, Directories(all=(Directory(path=path, size=size),))) == [found]


@pytest.mark.parametrize(
    ("declared", "used", "found"),
    [
        ((), (), [(Status.SKIP, "")]),
        (("/swapfile",), ("/swapfile",), [(Status.OK, "")]),
        (("/swapfile",), (), [(Status.WARN, "/swapfile")]),
        (("/swapfile",), ("/dev/zram0",), [(Status.WARN, "/swapfile")]),
        (("UUID=1-2",), ("/dev/sda2",), [(Status.OK, "")]),
    ],
)
def test_swaps(declared, used, found):
    assert [(f.status, f.subject.raw) for f in swaps.used.judge(Swaps(declared=declared, used=used))] == found
