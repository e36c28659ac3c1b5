"""Causes that begin in a disk, on the way to it, or in what a file system keeps on it."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, rarely, sometimes, usually
from diagkit.causes.conditions import storage_slow, writes_fail
from diagkit.causes.mounts import filesystem_read_only, mount_unusable
from diagkit.checks.logs import signatures
from diagkit.checks.resources import disks, mounts, processes, raid, smart

LOGS = "diagkit logs {target} --only 'logs.signatures.*' -v"
DISKS = "diagkit resources {target} --only 'resources.disks.*' -v"

filesystem_corrupt = Cause(
    title="File system corruption",
    prior=0.002,
    told_by=signatures.kernel,
    leads_to=(often(filesystem_read_only), often(writes_fail), rarely(mount_unusable)),
    verify=LOGS,
    act="Stop the services that use it, take an image, then run fsck on the unmounted file system.",
    roll_back="Restore from the image or the last backup.",
    look_alikes=(
        LookAlike(cause="disk_failing", tell="the block layer reports I/O errors for the device", by=signatures.kernel),
    ),
    source="ext4 and XFS kernel messages",
)
disk_failing = Cause(
    title="Disk failing: I/O errors from the device",
    prior=0.003,
    told_by=signatures.kernel,
    leads_to=(
        *(often(storage_slow), often(filesystem_read_only), sometimes(filesystem_corrupt), often(writes_fail)),
        rarely(mount_unusable),
    ),
    verify=LOGS,
    act="Move services away and replace the disk; `smartctl -H` on the host says how it sees itself.",
    roll_back="None: a failing disk does not recover.",
    look_alikes=(
        LookAlike(
            cause="filesystem_corrupt", tell="no I/O error, only the file system complains", by=signatures.kernel
        ),
        LookAlike(cause="disk_saturated", tell="no errors: many operations wait on a sound disk", by=disks.saturation),
        LookAlike(cause="disk_path_lost", tell="requests time out, none is refused", by=disks.completing),
    ),
    source="block layer and libata kernel messages",
)
disk_predicted_to_fail = Cause(
    title="Disk about to fail: SMART predicts failure (pending or uncorrectable sectors)",
    prior=0.001,
    shows=(usually(smart.health),),
    told_by=signatures.kernel,
    leads_to=(sometimes(disk_failing), sometimes(storage_slow)),
    verify="diagkit resources {target} --only resources.smart.health -v",
    act="See its counters with `smartctl -A DEVICE`, copy the data while it can be read, and replace the disk.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="disk_failing", tell="reads and writes fail already", by=signatures.kernel),),
    source="smartmontools smartd(8), smartctl(8)",
)
disk_path_lost = Cause(
    title="Disk does not answer: controller, cable or path lost, I/O requests time out (NVMe, SATA, SCSI, multipath)",
    prior=0.002,
    shows=(always(disks.completing), usually(processes.blocked, fails=0.1)),
    per_subject=True,
    leads_to=(usually(storage_slow), often(writes_fail), sometimes(disk_failing), rarely(filesystem_read_only)),
    verify=DISKS,
    act=(
        "See which device the kernel log names and what it hangs on (`lsblk -t`, `multipath -ll`); several disks at "
        "once mean controller, cable or fabric. Move services away before you reset anything."
    ),
    roll_back="None: what was under way is lost with a reset.",
    look_alikes=(
        LookAlike(cause="disk_failing", tell="the device refuses some sectors, and answers", by=disks.completing),
        LookAlike(cause="disk_slow", tell="requests do end, late", by=disks.latency),
        LookAlike(cause="mount_hung", tell="a file server is silent, the disks are not", by=mounts.answering),
    ),
    source="Linux drivers/nvme, drivers/ata, drivers/scsi; dm-multipath",
)
raid_degraded = Cause(
    title="RAID degraded: an array has lost a member",
    prior=0.002,
    per_subject=True,
    shows=(always(raid.members),),
    leads_to=(sometimes(storage_slow),),
    verify="diagkit resources {target} --only resources.raid.members -v",
    act="`mdadm --detail /dev/{subject}` names the member: replace it, and `mdadm /dev/{subject} --add …` the new one.",
    roll_back="`mdadm /dev/{subject} --fail … --remove …`",
    look_alikes=(
        LookAlike(cause="disk_failing", tell="a disk in use returns errors", by=signatures.kernel),
        LookAlike(cause="disk_slow", tell="slow without a rebuild", by=raid.members),
    ),
    source="md(4) /proc/mdstat",
)
disk_saturated = Cause(
    title="Disk saturated: disk I/O is at its limit, operations queue up",
    prior=0.006,
    per_subject=True,
    shows=(usually(disks.saturation, fails=0.6), sometimes(processes.blocked, fails=0.02)),
    leads_to=(always(storage_slow),),
    verify=DISKS,
    act="Stop or `ionice -c3` the process that reads or writes most: the finding names it.",
    roll_back="Start it again outside the busy hours.",
    look_alikes=(
        LookAlike(cause="disk_slow", tell="few operations, yet each takes long", by=disks.latency),
        LookAlike(cause="writeback_stalled", tell="little moves, much waits in memory", by=disks.writeback),
    ),
    source="proc_diskstats",
)
disk_slow = Cause(
    title="Slow disk: each operation takes long although there are few",
    prior=0.004,
    per_subject=True,
    shows=(always(disks.latency), sometimes(processes.blocked, fails=0.02)),
    leads_to=(always(storage_slow),),
    verify="diagkit resources {target} --only resources.disks.latency -v",
    act="Look for errors in the kernel log; on a rented volume look at its limit of operations; move the load away.",
    roll_back="Move the load back.",
    look_alikes=(
        LookAlike(cause="disk_saturated", tell="many operations: the queue is long", by=disks.saturation),
        LookAlike(cause="disk_failing", tell="errors in the kernel log", by=signatures.kernel),
        LookAlike(cause="raid_degraded", tell="the array rebuilds", by=raid.members),
        LookAlike(cause="disk_predicted_to_fail", tell="the disk itself says that it fails", by=smart.health),
    ),
    source="proc_diskstats",
)
writeback_stalled = Cause(
    title="Writeback stalled: dirty pages do not get to the disk, fsync and writers hang",
    prior=0.0015,
    shows=(often(disks.writeback), often(processes.blocked, fails=0.05)),
    leads_to=(usually(storage_slow), sometimes(writes_fail)),
    verify=DISKS,
    act=(
        "Find the disk that does not take its data (`resources.disks.*`), and what writes to it; smaller "
        "vm.dirty_bytes keep one slow disk from stalling every writer."
    ),
    roll_back="Set the previous vm.dirty_ratio again.",
    look_alikes=(
        LookAlike(cause="disk_slow", tell="reads are slow as well", by=disks.latency),
        LookAlike(cause="disk_path_lost", tell="nothing is completed at all", by=disks.completing),
    ),
    source="Linux vm.dirty_ratio; hung tasks in jbd2 and flush workers",
)
