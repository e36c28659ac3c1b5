"""Mounts that hang, are read-only, or are not there."""

import pytest

from diagkit.checks.resources import mounts
from diagkit.model import Silence, Status
from diagkit.probes.disk import Mount, Mounts, Mute
from diagkit.probes.mounts import Declared, MountPoint, MountTable

ROOT = Mount(path="/", device="8:1", source="/dev/sda1", type="ext4", size=9, free=9, available=9)


def mute(silence, complaint=""):
    return Mute(path="/mnt/share", source="filer:/export", type="nfs4", silence=silence, complaint=complaint)


def point(path="/data", kind="ext4", options=("rw",), whole=("rw",)):
    return MountPoint(path=path, source="/dev/sdb1", type=kind, device="8:17", options=options, super_options=whole)


def declared(path="/data", *options):
    return Declared(path=path, source="/dev/sdb1", type="ext4", options=options or ("defaults",))


@pytest.mark.parametrize(
    ("silent", "status", "says"),
    [
        (mute(Silence.TIMEOUT), Status.FAIL, "/mnt/share (filer:/export, nfs4) does not answer: hung mount"),
        (mute(None, "stat: Stale file handle"), Status.OK, "with an error"),
        (mute(None, "stat: Permission denied"), Status.SKIP, "private"),
        (mute(Silence.MISSING), Status.UNKNOWN, "missing"),
        (mute(None), Status.UNKNOWN, "no answer"),
    ],
)
def test_answering(silent, status, says):
    passed, found = mounts.answering.judge(Mounts(all=(ROOT,), mute=(silent,)))
    assert (passed.status, passed.subject.raw) == (Status.OK, "/")
    assert (found.status, found.subject.raw) == (status, "/mnt/share")
    assert says in found.summary.raw


@pytest.mark.parametrize(
    ("silent", "found"),
    [
        (mute(None, "stat: '/mnt/share': Stale file handle"), [(Status.FAIL, "/mnt/share")]),
        (mute(None, "stat: '/mnt/share': Permission denied"), []),
        (mute(Silence.TIMEOUT), []),
    ],
)
def test_usable(silent, found):
    said = [(f.status, f.subject.raw) for f in mounts.usable.judge(Mounts(all=(ROOT,), mute=(silent,)))]
    assert said == [(Status.OK, "/"), *found]
    (alone,) = mounts.usable.judge(Mounts(all=()))
    assert alone.status is Status.SKIP


def test_mounts_that_were_not_asked_are_unknown():
    (found,) = mounts.answering.judge(Mounts(all=(), unasked=3))
    assert found.status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("mount", "entry", "status"),
    [
        (point(), None, Status.OK),
        (point(whole=("ro",)), None, Status.FAIL),
        (point(whole=("ro",)), declared(), Status.FAIL),
        (point(whole=("ro", "noload")), None, Status.OK),  # a snapshot
        (point(options=("ro",)), None, Status.OK),  # a read-only bind mount of a filesystem that can be written
        (point(whole=("ro",)), declared("/data", "ro"), Status.OK),
        (point("/usr", whole=("ro",)), None, Status.OK),
        (point(whole=("ro",), kind="squashfs"), None, Status.SKIP),
    ],
)
def test_read_only(mount, entry, status):
    (found,) = mounts.read_only.judge(MountTable(mounted=(mount,), declared=(entry,) if entry else ()))
    assert found.status is status


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (declared("/data"), Status.OK),
        (declared("/backup"), Status.FAIL),
        (declared("/backup", "nofail"), Status.WARN),
    ],
)
def test_missing(entry, status):
    (found,) = mounts.missing.judge(MountTable(mounted=(point(),), declared=(entry,)))
    assert (found.status, found.subject.raw) == (status, entry.path)


def test_nothing_declared():
    (found,) = mounts.missing.judge(MountTable(mounted=(point(),), declared=()))
    assert found.status is Status.SKIP
