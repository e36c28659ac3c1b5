"""Is there room left to write, and do the disks answer fast enough?"""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.resources import size
from diagkit.model import Finding, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.deleted import DeletedFiles
from diagkit.probes.devices import Devices
from diagkit.probes.disk import Mount, Mounts
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Processes

IN_MEMORY = {"tmpfs", "ramfs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Share of a filesystem still available, at or below which we speak up; with `plenty` bytes left we never do.

    Source: the usual 90 and 98 % of file system alerts; kubernetes-mixin NodeFilesystemAlmostOutOfSpace has 5 and 3 %.
    """

    warn: float = 0.10
    fail: float = 0.02
    plenty: int = 50 << 30


@check(limits=Room(), noise=(0.05, 0.001))
def space(mounts: Mounts, limits: Room) -> Findings:
    """Every filesystem on disk has room left to write.

    Why: a full filesystem fails writes with ENOSPC, and most services answer by crashing, hanging or refusing work.
    Look-alikes: no inodes left (`inodes`); deleted files that are still open (`deleted_files`); room that is left but
    reserved for root.
    """
    on_disk = [mount for mount in mounts.all if mount.type not in IN_MEMORY]
    yield from (_room(mount, limits) for mount in on_disk)
    if not on_disk:
        yield skip("no filesystem on disk: all are in memory or images that cannot be written")


@check(limits=Room(), noise=(0.01, 0.0005))
def memory_filesystems(mounts: Mounts, limits: Room) -> Findings:
    """Every filesystem in memory (/run, /dev/shm, /tmp where it is a tmpfs) has room left to write.

    Why: they are small, and what fills them takes memory too; queries and jobs fail for want of temporary files.
    """
    in_memory = [mount for mount in mounts.all if mount.type in IN_MEMORY]
    yield from (_room(mount, limits) for mount in in_memory)
    if not in_memory:
        yield skip("no filesystem in memory")


def _room(mount: Mount, limits: Room) -> Finding:
    left = mount.available / mount.size
    used = f"{1 - left:.0%} used, {size(mount.available)} left of {size(mount.size)}"
    reserved = mount.free - mount.available
    measured = {"available_bytes": mount.available, "size_bytes": mount.size, "reserved_bytes": reserved}
    if left <= limits.fail and mount.available < limits.plenty:
        for_root = f" ({size(reserved)} more are reserved for root)" if reserved > 0 else ""
        return fail(f"{mount.path} is full, {used}{for_root}: No space left on device", mount.path, measured=measured)
    if left <= limits.warn and mount.available < limits.plenty:
        return warn(f"{mount.path} is almost full: {used}", mount.path, measured=measured)
    return ok(used, mount.path, measured=measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inodes:
    """Share of the inodes still free. Source: kubernetes-mixin NodeFilesystemAlmostOutOfFiles (5 and 3 %)."""

    warn: float = 0.05
    fail: float = 0.01


@check(limits=Inodes(), noise=(0.01, 0.0005))
def inodes(mounts: Mounts, limits: Inodes) -> Findings:
    """Every filesystem can hold more files.

    Why: without a free inode no file can be made: "No space left on device" while `df` shows room (see `df -i`).
    Look-alikes: inotify watches and semaphores that ran out report ENOSPC too, with inodes and bytes free.
    """
    limited = [mount for mount in mounts.all if mount.inodes]
    for mount in limited:
        left = mount.inodes_free / mount.inodes
        used = f"{1 - left:.0%} of {mount.inodes} inodes used, {mount.inodes_free} free"
        measured = {"inodes_free": mount.inodes_free, "inodes": mount.inodes}
        if left <= limits.fail:
            room = f"{mount.available / mount.size:.0%} of the bytes are free"
            text = f"out of inodes on {mount.path}: {used} ({room}): No space left on device"
            yield fail(text, mount.path, measured=measured)
        elif left <= limits.warn:
            yield warn(f"almost out of inodes on {mount.path}: {used}", mount.path, measured=measured)
        else:
            yield ok(used, mount.path, measured=measured)
    if not limited:
        yield skip("no filesystem here has a fixed number of inodes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ghosts:
    """Share of a filesystem that deleted files must hold, and share still available from which on it does not matter.

    Source: our own; below a twentieth, giving the room back would not end a shortage.
    """

    held: float = 0.05
    roomy: float = 0.20
    full: float = 0.02


@check(limits=Ghosts(), noise=(0.01, 0.001), vital=False)
def deleted_files(deleted: DeletedFiles, mounts: Mounts, processes: Processes | Unknown, limits: Ghosts) -> Findings:
    """No filesystem is short of room because of files that were deleted while a process has them open.

    Why: `rm` of a log gives no room back until its writer closes it; `du` does not see what `df` misses. Restart or
    truncate (`: > /proc/PID/fd/N`) instead of deleting more.
    """
    at = {mount.path: mount for mount in mounts.all}
    names = {p.pid: str(p) for p in processes.all} if isinstance(processes, Processes) else {}
    short = False
    for held in deleted.all:
        mount = at.get(held.path)
        if not mount or held.size < limits.held * mount.size or mount.available > limits.roomy * mount.size:
            continue
        short = True
        holder = names.get(held.pid, f"process {held.pid}")
        text = f"{held.files} deleted files hold {size(held.size)} of {mount.path}, most of it open in {holder}"
        verdict = fail if mount.available <= limits.full * mount.size else warn
        yield verdict(text, mount.path, measured={"held_bytes": held.size, "available_bytes": mount.available})
    if not short:
        total = sum(held.size for held in deleted.all)
        yield ok(f"deleted files that are still open hold {size(total)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Milliseconds a request waits in the mean, over at least `requests` of them between the samples.

    Source: awesome-prometheus-alerts HostUnusualDiskReadLatency (100 ms); 500 ms is beyond any healthy disk.
    """

    warn: float = 100.0
    fail: float = 500.0
    requests: int = 30


@check(limits=Wait(), noise=(0.02, 0.002), vital=False)
def latency(devices: Devices, limits: Wait) -> Findings:
    """Every disk answers its requests in reasonable time.

    Why: a failing disk, a throttled volume or a busy hypervisor shows here before it shows in the kernel log.
    Limits: of a few requests no mean can be told; then this is skipped, not passed.
    """
    for disk in devices.all:
        measured = {"await_ms": disk.wait, "requests": disk.done, "busy": disk.busy}
        if disk.stuck:
            text = f"{disk.stuck} I/O requests under way on {disk.name}, none completed in {devices.seconds:.1f} s"
            yield fail(text, disk.name, measured=measured)
        elif disk.done < limits.requests:
            yield skip(f"{disk.done} requests in {devices.seconds:.1f} s: too few to tell a latency", disk.name)
        else:
            verdict = fail if disk.wait >= limits.fail else warn if disk.wait >= limits.warn else ok
            yield verdict(f"{disk.wait:.1f} ms per request over {disk.done}", disk.name, measured=measured)
    if not devices.all:
        yield skip("the kernel shows no disk here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Share of the time a disk is busy, and of the time tasks wait for disks. Source: our own.

    Being busy alone says little: an SSD serves many requests at once. Hence both.
    """

    busy: float = 0.95
    stalled: float = 0.25


@check(limits=Use(), noise=(0.03, 0.001), vital=False)
def saturation(devices: Devices, pressure: Pressure | Unknown | Inapplicable, limits: Use) -> Findings:
    """No disk is busy all the time while work waits for it.

    Why: the next request waits for all that are queued before it.
    """
    stalled = pressure.io.some_10 if isinstance(pressure, Pressure) else 1.0
    for disk in devices.all:
        text = f"{disk.busy:.0%} busy, {disk.queue:.1f} requests under way"
        measured = {"busy": disk.busy, "queue": disk.queue}
        if disk.busy >= limits.busy and stalled >= limits.stalled and disk.queue >= 1:
            yield warn(f"disk {disk.name} saturated: {text}, work waits for it", disk.name, measured=measured)
        else:
            yield ok(text, disk.name, measured=measured)
    if not devices.all:
        yield skip("the kernel shows no disk here")
