"""Causes that are about what is mounted where, and how."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes
from diagkit.causes.conditions import requests_fail, starts_fail, writes_fail
from diagkit.causes.jobs import backup_failed
from diagkit.checks.functional import starts
from diagkit.checks.logs import signatures
from diagkit.checks.resources import device_files, disks, mounts, processes, swaps

MOUNTS = "diagkit resources {target} --only 'resources.mounts.*' -v"

filesystem_read_only = Cause(
    title="Read-only file system: it was remounted read-only",
    prior=0.003,
    per_subject=True,
    shows=(always(mounts.read_only),),
    leads_to=(always(writes_fail), often(backup_failed)),
    verify=MOUNTS,
    act=(
        "Look in the kernel log why; when the disk is sound, `mount -o remount,rw {subject}`, else check "
        "it with fsck first."
    ),
    roll_back="`mount -o remount,ro {subject}`",
    look_alikes=(
        LookAlike(cause="disk_failing", tell="I/O errors come before the remount", by=signatures.kernel),
        LookAlike(cause="filesystem_corrupt", tell="EXT4-fs or XFS errors come before it", by=signatures.kernel),
    ),
    source="mount(8) errors=remount-ro; EROFS",
)
mount_hung = Cause(
    title="Hung mount: the file server does not answer, processes that touch it hang",
    prior=0.003,
    per_subject=True,
    shows=(always(mounts.answering), often(processes.blocked, fails=0.05)),
    leads_to=(sometimes(writes_fail), sometimes(requests_fail)),
    verify=MOUNTS,
    act=(
        "Bring the file server back; where it stays away, `umount -f -l {subject}` and restart the processes that hang."
    ),
    roll_back="Mount it again: `mount {subject}`.",
    look_alikes=(
        LookAlike(cause="disk_slow", tell="the mount answers, only late", by=disks.latency),
        LookAlike(cause="mount_unusable", tell="it answers, with an error", by=mounts.usable),
    ),
    source="nfs(5), FUSE: calls on a dead server do not return",
)
mount_unusable = Cause(
    title="Dead mount: every access fails (stale file handle, transport endpoint is not connected)",
    prior=0.003,
    per_subject=True,
    shows=(always(mounts.usable),),
    leads_to=(sometimes(writes_fail), sometimes(requests_fail)),
    verify=MOUNTS,
    act="`umount -l {subject}`, then `mount {subject}`; restart the processes that kept files of it open.",
    roll_back="`umount {subject}`",
    look_alikes=(
        LookAlike(cause="mount_hung", tell="it gives no answer at all", by=mounts.answering),
        LookAlike(cause="mount_missing", tell="nothing is mounted there", by=mounts.missing),
    ),
    source="errno ESTALE, ENOTCONN; nfs(5); fuse(4)",
)
mount_missing = Cause(
    title="Missing mount: a file system of fstab is not mounted",
    prior=0.002,
    per_subject=True,
    shows=(always(mounts.missing),),
    leads_to=(often(writes_fail),),
    verify="diagkit resources {target} --only resources.mounts.missing -v",
    act="`mount {subject}`; what was written below the mount point meanwhile is hidden by it: move it first.",
    roll_back="`umount {subject}`",
    look_alikes=(LookAlike(cause="mount_unusable", tell="it is mounted and answers errors", by=mounts.usable),),
    source="fstab(5)",
)
swap_missing = Cause(
    title="Missing swap: a swap file or partition of fstab is not in use",
    prior=0.002,
    per_subject=True,
    shows=(always(swaps.used, fails=0.0),),
    verify="diagkit resources {target} --only resources.swaps.used -v",
    act="`swapon {subject}` says why it cannot; where the file is gone, make it again, or drop the line of fstab.",
    roll_back="`swapoff {subject}`",
    look_alikes=(LookAlike(cause="mount_missing", tell="the line of fstab is no swap", by=mounts.missing),),
    source="swapon(8), fstab(5)",
)
device_file_broken = Cause(
    title="Device file broken: /dev/null or a neighbour is missing, a plain file, or closed to all but root",
    prior=0.001,
    per_subject=True,
    shows=(always(device_files.sound),),
    leads_to=(sometimes(starts_fail),),
    verify="diagkit resources {target} --only resources.device_files.sound -v",
    act=(
        "Make it anew beside the old one, and move it there: the runbook has the numbers. Then find what replaced it: "
        "a program run as root that deletes or renames its output file."
    ),
    roll_back="None is needed: what stood there was of no use.",
    look_alikes=(
        LookAlike(cause="permission_denied", tell="it names a file below another path", by=starts.permission),
    ),
    source="null(4); hier(7); devices.txt of the kernel",
)
