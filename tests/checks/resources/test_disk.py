"""Room, inodes and deleted files."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagkit.checks.resources import disk
from diagkit.logs.files import LogFile
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.deleted import DeletedFiles, Held
from diagkit.probes.directories import Directories, Directory
from diagkit.probes.disk import Mount, Mounts
from diagkit.probes.log_files import LogFiles

GIB = 1 << 30
ROOT = Mount(path="/", device="8:1", source="/dev/sda1", type="ext4", size=100 * GIB, free=50 * GIB, available=50 * GIB, inodes=1000, inodes_free=900)  # fmt: skip
TMP = replace(ROOT, path="/tmp", type="tmpfs", size=GIB, free=GIB, available=GIB)
NOTHING_LARGE = Directories(all=())
NO_LOGS = LogFiles(all=(), chosen=(), compressed=())
HIDDEN = Unknown("processes.processes", Silence.DENIED)


def judge(check, *facts):
    return [(f.status, f.subject.raw) for f in check.judge(*facts, check.limits)]


@pytest.mark.parametrize(
    ("available", "status"),
    [(50 * GIB, Status.OK), (11 * GIB, Status.OK), (10 * GIB, Status.WARN), (2 * GIB, Status.FAIL), (0, Status.FAIL)],
)
def test_space(available, status):
    assert judge(disk.space, Mounts(all=(replace(ROOT, available=available), TMP)), NO_LOGS) == [(status, "/")]


def test_ten_per_cent_of_a_large_disk_is_plenty():
    large = replace(ROOT, size=10_000 * GIB, available=200 * GIB)
    assert judge(disk.space, Mounts(all=(large,)), NO_LOGS) == [(Status.OK, "/")]


def test_a_full_disk_tells_what_root_still_has():
    (found,) = disk.space.judge(Mounts(all=(replace(ROOT, free=5 * GIB, available=0),)), NO_LOGS, disk.Room())
    assert "No space left on device" in found.summary.raw
    assert "5.0 GiB more are reserved for root" in found.summary.raw


def test_filesystems_in_memory_are_a_matter_of_their_own():
    full = replace(TMP, available=0, free=0)
    assert judge(disk.memory_filesystems, Mounts(all=(ROOT, full))) == [(Status.FAIL, "/tmp")]
    assert judge(disk.memory_filesystems, Mounts(all=(ROOT,))) == [(Status.SKIP, "")]
    assert judge(disk.space, Mounts(all=(full,)), NO_LOGS) == [(Status.SKIP, "")]


@pytest.mark.parametrize(("free", "status"), [(900, Status.OK), (50, Status.WARN), (10, Status.FAIL), (0, Status.FAIL)])
def test_inodes(free, status):
    assert judge(disk.inodes, Mounts(all=(replace(ROOT, inodes_free=free),)), NOTHING_LARGE) == [(status, "/")]


def test_no_fixed_number_of_inodes():
    assert judge(disk.inodes, Mounts(all=(replace(ROOT, inodes=0, inodes_free=0),)), NOTHING_LARGE) == [
        (Status.SKIP, "")
    ]


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


def test_what_cannot_be_written_may_be_full():
    image = replace(ROOT, path="/opt/image", read_only=True, available=0, free=0, inodes_free=0)
    assert judge(disk.space, Mounts(all=(image,)), NO_LOGS) == [(Status.SKIP, "")]
    assert judge(disk.inodes, Mounts(all=(image,)), NOTHING_LARGE) == [(Status.SKIP, "")]


@pytest.mark.parametrize(("available", "status"), [(GIB, Status.OK), (0, Status.FAIL)])
def test_boot_is_judged_apart(available, status):
    boot = replace(ROOT, path="/boot", size=2 * GIB, free=available, available=available)
    assert judge(disk.boot, Mounts(all=(ROOT, boot))) == [(status, "/boot")]
    assert judge(disk.space, Mounts(all=(ROOT, boot)), NO_LOGS) == [(Status.OK, "/")]
    assert judge(disk.boot, Mounts(all=(ROOT,))) == [(Status.SKIP, "")]


@pytest.mark.parametrize(
    ("free", "available", "status"),
    [
        (5 * GIB, 0, Status.FAIL),
        (5 * GIB, GIB, Status.OK),
        (GIB, 0, Status.OK),  # the reserve itself is used up: an ordinary full disk
    ],
)
def test_reserved(free, available, status):
    assert judge(disk.reserved, Mounts(all=(replace(ROOT, free=free, available=available),))) == [(status, "/")]
    assert judge(disk.reserved, Mounts(all=(ROOT,))) == [(Status.SKIP, "")]


def test_out_of_inodes_names_the_directory_on_that_filesystem():
    data = replace(ROOT, path="/data", device="8:17", inodes_free=0)
    crowds = Directories(all=(Directory(path="/var/mail", size=1 << 20), Directory(path="/data/spool", size=320_000)))
    _, found = disk.inodes.judge(Mounts(all=(ROOT, data)), crowds, disk.Inodes())
    assert found.summary.raw.endswith("some 10000 entries in /data/spool")


def test_a_full_disk_names_the_log_that_took_it():
    log = LogFile(path="/var/log/app.log", size=60 * GIB, modified=datetime(2026, 11, 21, tzinfo=UTC))
    logs = LogFiles(all=(log, replace(log, path="/var/log/old.log", size=GIB)), chosen=(), compressed=())
    (found,) = disk.space.judge(Mounts(all=(replace(ROOT, free=0, available=0),)), logs, disk.Room())
    assert found.summary.raw.endswith("; 60.0 GiB of it is /var/log/app.log")
