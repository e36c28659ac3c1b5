"""Causes that begin on a disk or in a file system."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, rarely, sometimes, usually
from diagkit.causes.conditions import requests_fail, storage_slow, writes_fail
from diagkit.checks.logs import signatures
from diagkit.checks.resources import disk, mounts

disk_full = Cause(
    title="Disk full: no space left on device",
    prior=0.012,
    per_subject=True,
    shows=(always(disk.space), rarely(disk.deleted_files)),
    leads_to=(usually(writes_fail),),
    verify="diagkit resources {target} --only 'resources.disk.*' -v",
    act=(
        "Free or grow {subject}: find the largest and newest files with `du -xh {subject} | sort -h | "
        "tail`, and stop what writes them."
    ),
    roll_back="Keep what you delete until the services are back; move it to another disk where you can.",
    look_alikes=(
        LookAlike(cause="inodes_exhausted", tell="bytes are free and inodes are not: resources.disk.inodes"),
        LookAlike(cause="deleted_files_hold_space", tell="deleted files still held open: resources.disk.deleted_files"),
        LookAlike(cause="tmpfs_full", tell="the mount is a tmpfs, so memory and not a disk ran out"),
    ),
    source="statvfs(3); kubernetes-mixin NodeFilesystemAlmostOutOfSpace",
)
tmpfs_full = Cause(
    title="tmpfs full: no space left on a memory file system",
    prior=0.003,
    per_subject=True,
    shows=(always(disk.memory_filesystems),),
    leads_to=(usually(writes_fail),),
    verify="diagkit resources {target} --only 'resources.disk.*' -v",
    act="Remove what fills {subject}, or grow it with `mount -o remount,size=… {subject}`.",
    roll_back="Restart the service that needs the removed files; they are gone for good.",
    look_alikes=(LookAlike(cause="disk_full", tell="the mount is on a disk, not a tmpfs"),),
    source="tmpfs(5)",
)
inodes_exhausted = Cause(
    title="Out of inodes: inode exhaustion, no free inodes although bytes are free",
    prior=0.003,
    per_subject=True,
    shows=(always(disk.inodes),),
    leads_to=(usually(writes_fail),),
    verify="diagkit resources {target} --only 'resources.disk.*' -v",
    act=(
        "Find the directory with most entries on {subject} (`du -x --inodes {subject} | sort -n | tail`) "
        "and clean it up."
    ),
    roll_back="Keep the files in an archive on another file system.",
    look_alikes=(LookAlike(cause="disk_full", tell="bytes have run out, not inodes: resources.disk.space"),),
    source="statvfs(3) f_favail",
)
deleted_files_hold_space = Cause(
    title="Deleted files still held open take up the disk",
    prior=0.005,
    shows=(always(disk.deleted_files, fails=0.5),),
    leads_to=(usually(disk_full),),
    verify="diagkit resources {target} --only resources.disk.deleted_files -v",
    act="Restart or reload the process that holds {subject}: only that frees the room.",
    roll_back="None is needed; the file is deleted already.",
    look_alikes=(LookAlike(cause="disk_full", tell="`du` finds the files; nothing deleted is held open"),),
    source="proc(5) /proc/PID/fd, link count 0",
)
filesystem_read_only = Cause(
    title="Read-only file system: it was remounted read-only",
    prior=0.003,
    per_subject=True,
    shows=(always(mounts.read_only),),
    leads_to=(always(writes_fail),),
    verify="diagkit resources {target} --only 'resources.mounts.*' -v",
    act=(
        "Look in the kernel log why; when the disk is sound, `mount -o remount,rw {subject}`, else check "
        "it with fsck first."
    ),
    roll_back="`mount -o remount,ro {subject}`",
    look_alikes=(
        LookAlike(cause="disk_failing", tell="I/O errors in the kernel log come before the remount"),
        LookAlike(cause="filesystem_corrupt", tell="EXT4-fs or XFS errors come before the remount"),
    ),
    source="mount(8) errors=remount-ro; EROFS",
)
filesystem_corrupt = Cause(
    title="File system corruption",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(often(filesystem_read_only), often(writes_fail)),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Stop the services that use it, take an image, then run fsck on the unmounted file system.",
    roll_back="Restore from the image or the last backup.",
    look_alikes=(LookAlike(cause="disk_failing", tell="the block layer reports I/O errors for the device"),),
    source="ext4 and XFS kernel messages",
)
disk_failing = Cause(
    title="Disk failing: I/O errors from the device",
    prior=0.003,
    told_by=signatures.kernel,
    leads_to=(often(storage_slow), often(filesystem_read_only), sometimes(filesystem_corrupt), often(writes_fail)),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Move services away and replace the disk; `smartctl -H` on the host says how it sees itself.",
    roll_back="None: a failing disk does not recover.",
    look_alikes=(
        LookAlike(cause="filesystem_corrupt", tell="no I/O error for the device, only the file system complains"),
        LookAlike(cause="disk_saturated", tell="no errors: many operations wait on a sound disk"),
    ),
    source="block layer and libata kernel messages",
)
disk_saturated = Cause(
    title="Disk saturated: operations queue up",
    prior=0.005,
    per_subject=True,
    shows=(usually(disk.saturation),),
    leads_to=(always(storage_slow),),
    verify="diagkit resources {target} --only 'resources.disk.*' -v",
    act="Stop or `ionice -c3` the process that reads or writes most.",
    roll_back="Start it again outside the busy hours.",
    look_alikes=(LookAlike(cause="disk_slow", tell="few operations, yet each takes long"),),
    source="proc_diskstats",
)
disk_slow = Cause(
    title="Slow disk: each operation takes long although there are few",
    prior=0.003,
    per_subject=True,
    shows=(usually(disk.latency),),
    leads_to=(always(storage_slow),),
    verify="diagkit resources {target} --only resources.disk.latency -v",
    act="Look for errors in the kernel log; on a rented volume look at its limit of operations; move the load away.",
    roll_back="Move the load back.",
    look_alikes=(
        LookAlike(cause="disk_saturated", tell="many operations: the queue is long"),
        LookAlike(cause="disk_failing", tell="errors in the kernel log"),
    ),
    source="proc_diskstats",
)
mount_hung = Cause(
    title="Hung mount: the file server does not answer, processes that touch it hang",
    prior=0.003,
    per_subject=True,
    shows=(always(mounts.answering),),
    leads_to=(sometimes(writes_fail), sometimes(requests_fail)),
    verify="diagkit resources {target} --only 'resources.mounts.*' -v",
    act=(
        "Bring the file server back; where it stays away, `umount -f -l {subject}` and restart the processes that hang."
    ),
    roll_back="Mount it again: `mount {subject}`.",
    look_alikes=(LookAlike(cause="disk_slow", tell="the mount answers, only late"),),
    source="nfs(5), FUSE: calls on a dead server do not return",
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
    source="fstab(5)",
)
log_flood = Cause(
    title="Log flood: one program writes so many lines that some are dropped",
    prior=0.002,
    told_by=signatures.system,
    leads_to=(sometimes(disk_full), sometimes(storage_slow)),
    verify="diagkit logs {target} --only 'logs.*' -v",
    act="Find the program (the message names it), stop or mend what it repeats; limit it with LogRateLimitBurst=.",
    roll_back="Take the limit away again.",
    source="`Suppressed N messages`, `imuxsock … rate-limiting`",
)
