"""Is everything mounted that should be, does it answer, and can it be written?"""

from __future__ import annotations

import re

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.model import Silence
from diagkit.probes.disk import Mounts
from diagkit.probes.mounts import MountPoint, MountTable

WRITABLE = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs"}
READ_ONLY_BY_DESIGN = re.compile(
    r"/(mnt$|(usr|boot|efi|media|run/media|cdrom|snap|nix/store|var/lib/(snapd|kubelet))(/|$))"
)
SNAPSHOT = {"noload", "norecovery"}  # mounted so as to leave even the journal alone


@check(noise=(0.001, 0.0005))
def answering(mounts: Mounts) -> Findings:
    """Every mounted filesystem answers when it is asked for its size.

    Why: a network or FUSE mount whose server is gone hangs everything that touches it (`df`, `ls`, backups), often in
    uninterruptible sleep, with an idle CPU and a rising load.
    Look-alikes: "Stale file handle" and "Transport endpoint is not connected" are answers: see `usable`.
    """
    for mount in mounts.all:
        yield ok("answers", mount.path)
    for mute in mounts.mute:
        what = f"{mute.path} ({mute.source}, {mute.type})"
        if mute.silence is Silence.TIMEOUT:
            yield fail(f"{what} does not answer: hung mount, whatever touches it hangs", mute.path)
        elif "Permission denied" in mute.complaint or mute.silence is Silence.DENIED:
            yield skip(f"{what} is private to another user", mute.path)
        elif mute.silence:
            yield unknown(f"{what}: {mute.silence.value}", mute.path)
        elif mute.complaint:
            yield ok("answers, with an error", mute.path)
        else:
            yield unknown(f"{what} gave no answer that could be read", mute.path)
    if mounts.unasked:
        yield unknown(f"{mounts.unasked} more mounts were not asked", hint="run again with a longer --timeout")


@check(noise=(0.001, 0.0003))
def usable(mounts: Mounts) -> Findings:
    """No mounted filesystem answers with an error.

    Why: after an export was replaced on its server (ESTALE), a FUSE program died (ENOTCONN), or XFS shut itself down
    (EIO), every access to the mount fails at once, and only mounting it again helps.
    Look-alikes: a mount that does not answer at all: see `answering`; one that went away while we looked, such as the
    run-time directory of a login session that has ended.
    """
    for mount in mounts.all:
        yield ok("answers", mount.path)
    for mute in mounts.mute:
        if mute.complaint.endswith("No such file or directory"):
            yield skip("unmounted while we looked", mute.path)
        elif mute.complaint and not mute.silence and "Permission denied" not in mute.complaint:
            error = mute.complaint.rpartition(": ")[2]
            yield fail(f"{mute.path} ({mute.source}, {mute.type}) answers with an error: {error}", mute.path)
    if not mounts.all and not mounts.mute:
        yield skip("no filesystem that could be asked")


@check(noise=(0.005, 0.001))
def read_only(table: MountTable) -> Findings:
    """No filesystem is read-only that ought to be writable.

    Why: after an I/O error the kernel remounts a filesystem read-only (errors=remount-ro), and writes fail with EROFS.
    Look-alikes: read-only by design: fstab says `ro`, images, /usr and /boot, bind mounts of containers, and what
    somebody mounts for a while at /mnt itself (hier(7)).
    """
    declared = {entry.path: entry for entry in table.declared}
    judged = [mount for mount in table.mounted if mount.type in WRITABLE]
    for mount in judged:
        entry = declared.get(mount.path)
        if "ro" not in mount.super_options:
            yield ok("writable", mount.path)
        elif (entry and "ro" in entry.options) or (not entry and _by_design(mount)):
            yield ok("read-only, as it should be", mount.path)
        else:
            why = "fstab wants it writable" if entry else "nothing says that it should be"
            text = f"{mount.path} ({mount.source}, {mount.type}) is mounted read-only: Read-only file system; {why}"
            yield fail(text, mount.path)
    if not judged:
        yield skip("no filesystem of a type that is usually writable")


def _by_design(mount: MountPoint) -> bool:
    return bool(READ_ONLY_BY_DESIGN.match(mount.path) or SNAPSHOT.intersection(mount.super_options))


@check(noise=(0.01, 0.001))
def missing(table: MountTable) -> Findings:
    """Everything that fstab wants mounted at boot is mounted.

    Why: what is written below an empty mount point lands on the filesystem beneath, fills it, and is hidden later.
    """
    mounted = {mount.path for mount in table.mounted}
    for entry in table.declared:
        what = f"{entry.path} ({entry.source}, {entry.type})"
        if entry.path in mounted:
            yield ok("mounted", entry.path)
        elif "nofail" in entry.options:
            yield warn(f"{what} is in fstab but not mounted (nofail)", entry.path)
        else:
            yield fail(f"{what} is in fstab but not mounted", entry.path)
    if not table.declared:
        yield skip("fstab declares nothing to mount")
