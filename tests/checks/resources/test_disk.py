"""Room, inodes, deleted files, latency and saturation."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import disk
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.deleted import DeletedFiles, Held
from diagkit.probes.devices import Device, Devices
from diagkit.probes.disk import Mount, Mounts
from diagkit.probes.pressure import Pressure, Stall

GIB = 1 << 30
ROOT = Mount(path="/", device="8:1", source="/dev/sda1", type="ext4", size=100 * GIB, free=50 * GIB, available=50 * GIB, inodes=1000, inodes_free=900)  # fmt: skip
TMP = replace(ROOT, path="/tmp", type="tmpfs", size=GIB, free=GIB, available=GIB)
SDA = Device(name="sda", done=200, wait=4.0, busy=0.3, queue=0.4, stuck=0)
CALM = Stall(some_now=0.0, some_10=0.0, some_60=0.0, some_300=0.0, full_now=0.0, full_10=0.0, full_60=0.0, full_300=0.0)
HIDDEN = Unknown("processes.processes", Silence.DENIED)


def judge(check, *facts):
    return [(f.status, f.subject.raw) for f in check.judge(*facts, check.limits)]


@pytest.mark.parametrize(
    ("available", "status"),
    [(50 * GIB, Status.OK), (11 * GIB, Status.OK), (10 * GIB, Status.WARN), (2 * GIB, Status.FAIL), (0, Status.FAIL)],
)
def test_space(available, status):
    assert judge(disk.space, Mounts(all=(replace(ROOT, available=available), TMP))) == [(status, "/")]


def test_ten_per_cent_of_a_large_disk_is_plenty():
    large = replace(ROOT, size=10_000 * GIB, available=200 * GIB)
    assert judge(disk.space, Mounts(all=(large,))) == [(Status.OK, "/")]


def test_a_full_disk_tells_what_root_still_has():
    (found,) = disk.space.judge(Mounts(all=(replace(ROOT, free=5 * GIB, available=0),)), disk.Room())
    assert "No space left on device" in found.summary.raw
    assert "5.0 GiB more are reserved for root" in found.summary.raw


def test_filesystems_in_memory_are_a_matter_of_their_own():
    full = replace(TMP, available=0, free=0)
    assert judge(disk.memory_filesystems, Mounts(all=(ROOT, full))) == [(Status.FAIL, "/tmp")]
    assert judge(disk.memory_filesystems, Mounts(all=(ROOT,))) == [(Status.SKIP, "")]
    assert judge(disk.space, Mounts(all=(full,))) == [(Status.SKIP, "")]


@pytest.mark.parametrize(("free", "status"), [(900, Status.OK), (50, Status.WARN), (10, Status.FAIL), (0, Status.FAIL)])
def test_inodes(free, status):
    assert judge(disk.inodes, Mounts(all=(replace(ROOT, inodes_free=free),))) == [(status, "/")]


def test_no_fixed_number_of_inodes():
    assert judge(disk.inodes, Mounts(all=(replace(ROOT, inodes=0, inodes_free=0),))) == [(Status.SKIP, "")]


@pytest.mark.parametrize(
    ("held", "available", "found"),
    [
        (20 * GIB, 50 * GIB, (Status.OK, "")),  # there is room: nobody is hurt
        (GIB, 1 * GIB, (Status.OK, "")),  # too little to be the reason
        (20 * GIB, 5 * GIB, (Status.WARN, "/")),
        (20 * GIB, 0, (Status.FAIL, "/")),
    ],
)
def test_deleted_files(held, available, found):
    deleted = DeletedFiles(all=(Held(path="/", size=held, files=1, pid=7),))
    assert judge(disk.deleted_files, deleted, Mounts(all=(replace(ROOT, available=available),)), HIDDEN) == [found]


@pytest.mark.parametrize(
    ("device", "status"),
    [
        (SDA, Status.OK),
        (replace(SDA, wait=150.0), Status.WARN),
        (replace(SDA, wait=900.0), Status.FAIL),
        (replace(SDA, done=29, wait=900.0), Status.SKIP),
        (replace(SDA, done=0, wait=0.0, stuck=3), Status.FAIL),
    ],
)
def test_latency(device, status):
    assert judge(disk.latency, Devices(seconds=2.0, all=(device,))) == [(status, "sda")]


@pytest.mark.parametrize(("stalled", "status"), [(0.5, Status.WARN), (0.01, Status.OK)])
def test_saturation_is_a_busy_disk_and_work_that_waits(stalled, status):
    devices = Devices(seconds=2.0, all=(replace(SDA, busy=1.0, queue=9.0),))
    pressure = Pressure(cpu=CALM, memory=CALM, io=replace(CALM, some_10=stalled))
    assert judge(disk.saturation, devices, pressure) == [(status, "sda")]
    assert judge(disk.saturation, Devices(seconds=2.0, all=()), pressure) == [(Status.SKIP, "")]
