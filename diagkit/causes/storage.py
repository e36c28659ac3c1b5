"""Causes that begin with room to write: bytes, inodes, quotas, and what takes them."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, rarely, sometimes, usually
from diagkit.causes.conditions import storage_slow, writes_fail
from diagkit.causes.cpu import cpu_saturated
from diagkit.causes.jobs import backup_failed
from diagkit.causes.services import service_failed
from diagkit.checks.logs import growth, rotation, signatures
from diagkit.checks.resources import directories, disk

ROOM = "diagkit resources {target} --only 'resources.disk.*' -v"

disk_full = Cause(
    title="Disk full: no space left on device",
    prior=0.012,
    per_subject=True,
    shows=(always(disk.space), rarely(disk.reserved)),
    leads_to=(usually(writes_fail), often(backup_failed)),
    verify=ROOM,
    act=(
        "Free or grow {subject}: find the largest and newest files with `du -xh {subject} | sort -h | "
        "tail`, and stop what writes them."
    ),
    roll_back="Keep what you delete until the services are back; move it to another disk where you can.",
    look_alikes=(
        LookAlike(cause="inodes_exhausted", tell="bytes are free and inodes are not", by=disk.inodes),
        LookAlike(cause="deleted_files_hold_space", tell="deleted files are still held open", by=disk.deleted_files),
        LookAlike(cause="reserved_blocks_left", tell="root can still write, others cannot", by=disk.reserved),
        LookAlike(cause="log_flood", tell="a log grows by megabytes a second", by=growth.files),
        LookAlike(cause="tmpfs_full", tell="the mount is in memory, not on a disk", by=disk.memory_filesystems),
        LookAlike(cause="quota_exceeded", tell="the disk has room, one user has none", by=signatures.kernel),
    ),
    source="statvfs(3); kubernetes-mixin NodeFilesystemAlmostOutOfSpace",
)
reserved_blocks_left = Cause(
    title="Disk full for all but root: only reserved blocks are left, others get no space left on device",
    prior=0.003,
    per_subject=True,
    shows=(always(disk.reserved),),
    leads_to=(always(disk_full),),
    verify=ROOM,
    act=(
        "Free room on {subject} as on any full disk; where the reserve is far too large for a data disk, "
        "`tune2fs -m 1 DEVICE` gives it back at once."
    ),
    roll_back="`tune2fs -m 5 DEVICE`",
    look_alikes=(LookAlike(cause="disk_full", tell="nothing is left for root either", by=disk.reserved),),
    source="mke2fs(8) -m; statvfs(3) f_bfree and f_bavail",
)
boot_full = Cause(
    title="/boot full: no space left on device for the next kernel, upgrades break off",
    prior=0.004,
    per_subject=True,
    shows=(always(disk.boot),),
    verify="diagkit resources {target} --only resources.disk.boot -v",
    act="Remove old kernels with the package manager: `apt-get autoremove --purge`, or `dnf remove --oldinstallonly`.",
    roll_back="Install the kernel package again.",
    look_alikes=(LookAlike(cause="disk_full", tell="/boot is no filesystem of its own", by=disk.space),),
    source="Debian and Fedora kernel packages: an image and an initramfs of some 100 MB for each version",
)
tmpfs_full = Cause(
    title="tmpfs full: no space left on a memory file system",
    prior=0.003,
    per_subject=True,
    shows=(always(disk.memory_filesystems),),
    leads_to=(usually(writes_fail), often(backup_failed)),
    verify=ROOM,
    act="Remove what fills {subject}, or grow it with `mount -o remount,size=… {subject}`.",
    roll_back="Restart the service that needs the removed files; they are gone for good.",
    look_alikes=(LookAlike(cause="disk_full", tell="the mount is on a disk, not in memory", by=disk.space),),
    source="tmpfs(5)",
)
inodes_exhausted = Cause(
    title="Out of inodes: inode exhaustion, no free inodes although bytes are free",
    prior=0.003,
    per_subject=True,
    shows=(always(disk.inodes), rarely(directories.crowded)),
    leads_to=(usually(writes_fail), often(backup_failed)),
    verify=ROOM,
    act=(
        "Find the directory with most entries on {subject} (`du -x --inodes {subject} | sort -n | tail`) "
        "and clean it up."
    ),
    roll_back="Keep the files in an archive on another file system.",
    look_alikes=(
        LookAlike(cause="disk_full", tell="bytes have run out, not inodes", by=disk.space),
        LookAlike(cause="directory_crowded", tell="there are inodes left: only listing is slow", by=disk.inodes),
    ),
    source="statvfs(3) f_favail",
)
directory_crowded = Cause(
    title="Directory with too many entries: files pile up in a queue, session or upload directory",
    prior=0.003,
    per_subject=True,
    shows=(always(directories.crowded, fails=0.0),),
    leads_to=(sometimes(inodes_exhausted), sometimes(storage_slow)),
    verify="diagkit resources {target} --only resources.directories.crowded -v",
    act=(
        "Find out why nothing takes the files away (a queue's consumer, a clean-up job), start that, then remove the "
        "old ones: `find {subject} -maxdepth 1 -type f -mtime +7 -delete`."
    ),
    roll_back="None: keep an archive of what may still be wanted.",
    look_alikes=(LookAlike(cause="inodes_exhausted", tell="no inode is free any more", by=disk.inodes),),
    source="ext4 directory index; find(1)",
)
deleted_files_hold_space = Cause(
    title="Deleted files still held open take up the disk",
    prior=0.005,
    shows=(always(disk.deleted_files, fails=0.5),),
    leads_to=(usually(disk_full),),
    verify="diagkit resources {target} --only resources.disk.deleted_files -v",
    act="Restart or reload the process that holds {subject}: only that frees the room.",
    roll_back="None is needed; the file is deleted already.",
    look_alikes=(
        LookAlike(cause="disk_full", tell="`du` finds the files; nothing deleted is open", by=disk.deleted_files),
    ),
    source="proc(5) /proc/PID/fd, link count 0",
)
quota_exceeded = Cause(
    title="Disk quota exceeded (EDQUOT): one user or project may write no more, though the disk has room",
    prior=0.0015,
    told_by=signatures.kernel,
    leads_to=(usually(writes_fail),),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="See whose it is with `repquota -a` (XFS: `xfs_quota -x -c report`), clean up there, or raise the limit.",
    roll_back="Set the previous limit again with `setquota`.",
    look_alikes=(LookAlike(cause="disk_full", tell="the whole filesystem is full", by=disk.space),),
    source="quotactl(2); errno EDQUOT",
)
thin_pool_full = Cause(
    title="LVM thin pool or snapshot full: no space below the filesystem, although df shows room",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(usually(writes_fail), often(storage_slow)),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Extend the pool (`lvextend -L +10G VG/POOL`) or remove snapshots; give back what is unused with `fstrim -av`.",
    roll_back="A pool cannot shrink: none.",
    look_alikes=(LookAlike(cause="disk_full", tell="df shows no room either", by=disk.space),),
    source="lvmthin(7); device-mapper thin-provisioning",
)
log_flood = Cause(
    title="Log flood: one program writes so many lines that the disk fills or lines are dropped",
    prior=0.005,
    per_subject=True,
    shows=(often(growth.files, fails=0.55), sometimes(growth.journal, fails=0.28)),
    leads_to=(sometimes(disk_full), sometimes(storage_slow), sometimes(cpu_saturated)),
    verify="diagkit logs {target} --only 'logs.growth.*' -v",
    act=(
        "Find the program ({subject}), stop or mend what it repeats, lower its log level, or limit it with "
        "LogRateLimitBurst=."
    ),
    roll_back="Take the limit away again.",
    look_alikes=(
        LookAlike(cause="disk_full", tell="no log grows: something else took the room", by=growth.files),
        LookAlike(cause="log_rotation_failed", tell="logs grow as usual, nobody rotates them", by=rotation.works),
    ),
    source="`Suppressed N messages`, `imuxsock … rate-limiting`; journald.conf(5)",
)
log_rotation_failed = Cause(
    title="Log rotation fails (logrotate): logs grow without end",
    prior=0.003,
    per_subject=True,
    shows=(always(rotation.works),),
    leads_to=(always(service_failed), rarely(disk_full)),
    verify="diagkit logs {target} --only logs.rotation.works -v",
    act="Try it without effect, `logrotate -d /etc/logrotate.conf`: it names file and line. Mend that, then run it.",
    roll_back="Put the previous file of /etc/logrotate.d back.",
    look_alikes=(LookAlike(cause="log_flood", tell="one log grows by megabytes a second", by=growth.files),),
    source="logrotate(8)",
)
