"""Disks: what room is left on each filesystem, and which filesystems do not answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Native, Reply, Run, Silence
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.mounts import MOUNTINFO, MountPoint, MountTable

LOCAL = {
    *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "reiserfs", "ntfs3", "vfat", "exfat"),
    *("tmpfs", "overlay"),
}
REMOTE = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "glusterfs", "lustre", "beegfs", "gfs2", "ocfs2"),
    *("virtiofs", "fuse", "fuseblk"),
}
PRIVATE = {"fuse.portal", "fuse.gvfsd-fuse", "fuse.snapfuse", "fuse.lxcfs"}  # a user's own, or an image
NOT_STORAGE = re.compile(r"/(proc|sys|dev|run/docker|run/credentials)(?!/shm)(/|$)")
MOST_LOCAL, MOST_REMOTE = 200, 12
FIELDS = "%a %b %f %S %c %d %n"  # available, blocks, free, block size, inodes, free inodes, path
FIGURES = re.compile(r"(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (/.*)")


@frozen(kw_only=True)
class Mount:
    """One filesystem, by its shortest mount point. Sizes in bytes; `inodes` is 0 where there is no such limit.

    free: what root may still use; available: what everybody else may (the difference is reserved).
    read_only: nothing can be written to it, so that it may well be full.
    """

    path: str
    device: str  # the kernel's major:minor; empty where not known
    source: str
    type: str
    size: int
    free: int
    available: int
    inodes: int = 0
    inodes_free: int = 0
    read_only: bool = False


@frozen(kw_only=True)
class Mute:
    """A filesystem that told nothing about itself: `silence` timeout means that it hangs, otherwise see `complaint`."""

    path: str
    source: str
    type: str
    silence: Silence | None
    complaint: str = ""


@frozen(kw_only=True)
class Mounts:
    """Every filesystem that can fill up, those that do not answer, and how many we did not dare to ask."""

    all: tuple[Mount, ...]
    mute: tuple[Mute, ...] = ()
    unasked: int = 0


def _is_remote(mount: MountPoint) -> bool:
    return mount.type in REMOTE or mount.type.startswith("fuse.")


def storage(table: MountTable) -> list[MountPoint]:
    """The mount points that stand for storage, one for each filesystem.

    Left out: bind mounts of what is there already, the overlays of containers (they are as full as the filesystem below
    them), images that are full by design, and what an automounter has not mounted yet.
    """
    chosen: dict[str, MountPoint] = {}
    for mount in sorted(table.mounted, key=lambda m: (len(m.path), m.path)):
        stores = mount.type in LOCAL or (_is_remote(mount) and mount.type not in PRIVATE)
        hidden = NOT_STORAGE.match(mount.path) or not mount.path.isprintable()
        container = mount.type == "overlay" and mount.path != "/"
        if stores and not hidden and not container:
            chosen.setdefault(mount.device, mount)
    return list(chosen.values())


def _figures(*paths: str) -> Run:
    return Run(("stat", "-f", "-c", FIELDS, *paths), timeout=3)


def ask_each(table: MountTable) -> Iterable[Ask]:
    """One question for all local filesystems together; one for each that may hang, so that it silences only itself."""
    mounts = storage(table)
    if local := _local(mounts):
        yield _figures(*local)
    yield from (_figures(mount.path) for mount in _remote(mounts))


def _local(mounts: list[MountPoint]) -> list[str]:
    return [m.path for m in mounts if not _is_remote(m)][:MOST_LOCAL]


def _remote(mounts: list[MountPoint]) -> list[MountPoint]:
    return [m for m in mounts if _is_remote(m)][:MOST_REMOTE]


def _by_psutil(reply: Reply) -> Mounts:
    """The same where there is no /proc: psutil knows the sizes, not the inodes."""
    found = [
        Mount(
            path=part["mountpoint"],
            device="",
            source=part["device"],
            type=part["fstype"],
            size=part["total"],
            free=part["free"],
            available=part["free"],
        )
        for part in json.loads(reply.text)
        if part["total"]
    ]
    return Mounts(all=tuple(found))


@probe(MOUNTINFO, also=ask_each, otherwise=(((Native("disk_usage"),), _by_psutil),))
def mounts(mountinfo: Reply, table: MountTable, answers: Answers) -> Mounts:
    """Size, free room and inodes of each filesystem, as statfs(2) tells it, and which of them do not answer."""
    del mountinfo  # asked here so that evidence points at it; `table` is what it says
    chosen = storage(table)
    known = {m.path: m for m in chosen}
    local, remote = _local(chosen), _remote(chosen)
    together = answers[_figures(*local)] if local else Reply()
    if together.silence:
        raise Withheld(together.silence, together.complaint)
    found = _read(together, known)
    if local and not found:
        raise Garbled(together.text[:60])
    mute = [_mute(known[path], together) for path in local if path not in found]
    unasked = len(chosen) - len(local) - len(remote)
    for mount in remote:
        reply = answers[_figures(mount.path)]
        told = {} if reply.silence else _read(reply, known)
        found |= told
        if reply.silence is Silence.NOT_RUN:
            unasked += 1
        elif not told:
            mute.append(_mute(mount, reply))
    return Mounts(all=tuple(m for m in found.values() if m.size), mute=tuple(mute), unasked=unasked)


def _mute(mount: MountPoint, reply: Reply) -> Mute:
    return Mute(
        path=mount.path, source=mount.source, type=mount.type, silence=reply.silence, complaint=reply.complaint[:200]
    )


def _read(reply: Reply, known: dict[str, MountPoint]) -> dict[str, Mount]:
    found = {}
    for line in reply.lines:
        match = FIGURES.fullmatch(line)
        if not match or match[7] not in known:
            raise Garbled(line[:60])
        available, blocks, free, block, inodes, inodes_free = map(int, match.groups()[:6])
        at = known[match[7]]
        found[at.path] = Mount(
            path=at.path,
            device=at.device,
            source=at.source,
            type=at.type,
            size=blocks * block,
            free=free * block,
            available=available * block,
            inodes=inodes,
            inodes_free=inodes_free,
            read_only="ro" in at.super_options,
        )
    return found
