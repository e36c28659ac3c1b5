"""Do the disks do their work, fast enough, and for whom?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.resources import size
from diagkit.checks.resources.hogs import BATCH
from diagkit.frozen import frozen
from diagkit.model import Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.devices import Device, Devices
from diagkit.probes.disk_users import DiskUsers
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Processes
from diagkit.probes.writeback import Writeback

MIB = 1 << 20
# One run of these ends by itself, and is meant to go as fast as the disk does; a loop of them is the shell's work.
COPIES = BATCH | {"cp", "mv", "dd", "scp", "sftp-server", "bacula-fd", "pg_basebackup", "mariabackup", "fstrim", "sync"}


@frozen(kw_only=True)
class Slowness:
    """A disk is slow when requests take so many milliseconds each, though little is moved, most of the time.

    Source: a 7,200 rpm disk needs 12 ms for a random request and moves 10 MiB/s with small ones; twice that is slow.
    """

    warn: float = 25.0
    fail: float = 100.0
    busy: float = 0.5
    moved: float = 10 * MIB


@check(limits=Slowness(), noise=(0.02, 0.0005), vital=False)
def latency(devices: Devices, limits: Slowness) -> Findings:
    """Every disk answers each request in reasonable time.

    Why: a failing disk, a throttled volume or a busy hypervisor shows here before it shows in the kernel log.
    Limits: a disk that works less than half of the time says nothing of its speed; it is skipped, not passed.
    Look-alikes: many requests that wait for each other (`saturation`): then each one by itself is quick.
    """
    for disk in devices.all:
        each = disk.busy * devices.seconds * 1000 / disk.done if disk.done else 0.0
        measured = {"milliseconds": each, "requests": disk.done, "busy": disk.busy}
        text = f"{each:.0f} ms for each of {disk.done} requests, {size(disk.moved)}/s"
        if not disk.done or disk.busy < limits.busy:
            yield skip(f"{disk.busy:.0%} busy, {disk.done} requests: too little to tell", disk.name)
        elif _slow(disk, devices.seconds, limits):
            verdict = fail if each >= limits.fail else warn
            yield verdict(f"disk {disk.name} is slow: {text}, {disk.busy:.0%} busy", disk.name, measured=measured)
        else:
            yield ok(text, disk.name, measured=measured)
    if not devices.all:
        yield skip("the kernel shows no disk here")


def _slow(disk: Device, seconds: float, limits: Slowness) -> bool:
    each = disk.busy * seconds * 1000 / disk.done if disk.done else 0.0
    return disk.busy >= limits.busy and each >= limits.warn and disk.moved < limits.moved


@check(noise=(0.002, 0.0005), vital=False)
def completing(devices: Devices) -> Findings:
    """Every disk completes the requests it has been given.

    Why: a controller, cable, path or volume that died leaves requests under way for ever; what waits for them cannot be
    killed. The kernel says so only after its timeouts, 30 seconds and more.
    """
    for disk in devices.all:
        if disk.stuck and not disk.done:
            text = f"{disk.stuck} I/O requests under way on disk {disk.name}, none completed in {devices.seconds:.1f} s"
            yield fail(text, disk.name, measured={"under_way": disk.stuck})
        else:
            yield ok("requests are completed" if disk.done else "idle", disk.name)
    if not devices.all:
        yield skip("the kernel shows no disk here")


@frozen(kw_only=True)
class Use:
    """Share of the time a disk is busy, and share of the time work waits for disks (PSI io, some).

    Or, for a disk that serves many requests at once and is never quite busy: requests under way, and share of the time
    in which nothing but waiting for disks goes on (PSI io, full, over 10 s: writes come in bursts).

    Source: our own. Being busy alone says little: an SSD serves many requests at once. Hence both.
    """

    busy: float = 0.75
    stalled: float = 0.25
    queue: float = 4.0
    stopped: float = 0.40


@check(limits=Use(), noise=(0.04, 0.001), vital=False)
def saturation(
    devices: Devices,
    pressure: Pressure | Unknown | Inapplicable,
    users: DiskUsers | Unknown | Inapplicable,
    processes: Processes | Unknown,
    limits: Use,
) -> Findings:
    """No disk is busy all the time while work waits for it.

    Why: the next request waits for all that are queued before it.
    Look-alikes: a copy, a backup or nice work takes all that the disk gives, until it is done: that warns and no more;
    a disk that is slow (`latency`) or dead (`completing`) passes here.
    """
    stalled = pressure.io.some_now if isinstance(pressure, Pressure) else 1.0
    stopped = pressure.io.full_10 if isinstance(pressure, Pressure) else 0.0
    for disk in devices.all:
        text = f"{disk.busy:.0%} busy, {disk.queue:.1f} requests under way, {size(disk.moved)}/s"
        measured = {"busy": disk.busy, "queue": disk.queue, "bytes_per_second": disk.moved}
        quick = disk.done and not _slow(disk, devices.seconds, Slowness())
        full = disk.busy >= limits.busy and stalled >= limits.stalled
        crowded = disk.queue >= limits.queue and stopped >= limits.stopped
        if not (full or crowded) or not quick:
            yield ok(text, disk.name, measured=measured)
            continue
        who, ends = _busiest(users, processes)
        by = f", most by {who}" if who else ""
        verdict = warn if ends or not who else fail
        text = f"disk {disk.name} saturated: {text}{by}; work waits for it {stalled:.0%} of the time"
        yield verdict(text, disk.name, measured=measured)
    if not devices.all:
        yield skip("the kernel shows no disk here")


def _busiest(users: object, processes: object) -> tuple[str, bool]:
    """Who reads and writes most, as far as that can be seen, and whether it is work that ends or gives way."""
    if not isinstance(users, DiskUsers) or not users.by_pid:
        return "", False
    known = {p.pid: p for p in processes.all} if isinstance(processes, Processes) else {}
    pid, rate = users.by_pid[0]
    process = known.get(pid)
    name = str(process) if process else f"process {pid}"
    return f"{name} ({size(rate)}/s)", bool(process and (process.nice > 0 or process.name in COPIES))


@frozen(kw_only=True)
class Backlog:
    """Data that waits to be written, as a share of available memory, and how fast it must shrink, a second.

    Source: Linux vm.dirty_ratio, 20 % of it: from there on writers are made to wait; half of that is on the way there.
    """

    warn: float = 0.10
    fail: float = 0.18
    moving: int = MIB


@check(limits=Backlog(), noise=(0.01, 0.001), vital=False)
def writeback(waiting: Writeback, devices: Devices | Unknown, limits: Backlog) -> Findings:
    """What is written in memory gets to its disk.

    Why: when dirty pages pile up and the disk does not take them, every writer stalls, fsync hangs, and reads are fine.
    Look-alikes: a large copy has as many dirty pages, but its disk moves: that passes.
    """
    total = waiting.dirty + waiting.under_way
    text = f"{size(total)} wait to be written"
    share = total / max(waiting.available, 1)
    moved = max((disk.moved for disk in devices.all), default=0.0) if isinstance(devices, Devices) else 0.0
    measured = {"bytes": total, "share": share, "bytes_per_second": moved}
    if share < limits.warn or not waiting.under_way or moved >= limits.moving or waiting.shrank >= limits.moving:
        yield ok(text, measured=measured)
    else:
        stalled = f"writeback stalled: {text}, {share:.0%} of the memory available, and the disks take {size(moved)}/s"
        yield (fail if share >= limits.fail else warn)(stalled, measured=measured)


@check(vital=False, for_people="always ok")
def users(users: DiskUsers, processes: Processes | Unknown) -> Findings:
    """Who reads from and writes to disks most, now: always ok, for the reader.

    Why: whoever looks for a cause wants to know who keeps the disks busy; a verdict is for other checks.
    """
    names = {p.pid: str(p) for p in processes.all} if isinstance(processes, Processes) else {}
    top = [f"{names.get(pid, f'process {pid}')} {size(rate)}/s" for pid, rate in users.by_pid[:3]]
    yield ok(f"top by disk traffic: {', '.join(top)}" if top else "the disks have little to do")
