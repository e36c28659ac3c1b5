"""Is there room left to write: bytes, inodes, and room that deleted files hold?"""

from __future__ import annotations

import re
from dataclasses import replace

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.resources import size
from diagkit.frozen import frozen
from diagkit.model import Finding, Status, Unknown, Untrusted
from diagkit.probes import Inapplicable
from diagkit.probes.deleted import DeletedFiles
from diagkit.probes.directories import Directories
from diagkit.probes.disk import Mount, Mounts
from diagkit.probes.log_files import LogFiles
from diagkit.probes.processes import Processes

LARGE_LOG = 0.1  # share of a filesystem from which on a log is worth naming
IN_MEMORY = {"tmpfs", "ramfs"}
BOOT = re.compile(r"/(boot|efi)(/|$)")


@frozen(kw_only=True)
class Room:
    """Share of a filesystem still available, at or below which we speak up; with `plenty` bytes left we never do.

    Source: the usual 90 and 98 % of file system alerts; kubernetes-mixin NodeFilesystemAlmostOutOfSpace has 5 and 3 %.
    """

    warn: float = 0.10
    fail: float = 0.02
    plenty: int = 50 << 30


@check(limits=Room(), noise=(0.05, 0.0005))
def space(mounts: Mounts, logs: LogFiles | Unknown | Inapplicable, limits: Room) -> Findings:
    """Every filesystem on disk has room left to write.

    Why: a full filesystem fails writes with ENOSPC, and most services answer by crashing, hanging or refusing work.
    Look-alikes: no inodes left (`inodes`); deleted files that are still open (`deleted_files`); room that is left but
    reserved for root (`reserved`). Filesystems mounted read-only may be full; /boot is judged apart (`boot`).
    """
    on_disk = [mount for mount in _writable(mounts) if mount.type not in IN_MEMORY and not BOOT.match(mount.path)]
    for mount in on_disk:
        found = _room(mount, limits)
        large = _largest_log(logs, mount, mounts) if found.status is not Status.OK else ""
        yield replace(found, summary=Untrusted(found.summary.raw + large)) if large else found
    if not on_disk:
        yield skip("no filesystem on disk: all are in memory or images that cannot be written")


def _largest_log(logs: object, mount: Mount, mounts: Mounts) -> str:
    """The largest file under /var/log, where that is what takes the room."""
    files = logs.all if isinstance(logs, LogFiles) else ()
    here = [file for file in files if file.size >= LARGE_LOG * mount.size and mount is home(file.path, mounts)]
    largest = max(here, key=lambda file: file.size, default=None)
    return f"; {size(largest.size)} of it is {largest.path}" if largest else ""


@check(limits=Room(), noise=(0.03, 0.001), vital=False)
def boot(mounts: Mounts, limits: Room) -> Findings:
    """/boot has room left for another kernel.

    Why: a full /boot stops no service, but the next kernel upgrade: dpkg or dnf fails halfway, and the boot with it.
    """
    small = [mount for mount in _writable(mounts) if BOOT.match(mount.path)]
    yield from (_room(mount, limits) for mount in small)
    if not small:
        yield skip("/boot is no filesystem of its own")


@frozen(kw_only=True)
class Reserve:
    """Share of a filesystem that is free, yet for root alone, while others have at most `left` of it.

    Source: mke2fs(8) reserves 5 % for root; from half of that on it is a matter of the reserve.
    """

    held: float = 0.025
    left: float = 0.001


@check(limits=Reserve(), noise=(0.002, 0.001), vital=False)
def reserved(mounts: Mounts, limits: Reserve) -> Findings:
    """No filesystem has room left for root alone.

    Why: ext4 keeps blocks back for root; then `df` shows free blocks and root can write, yet services get ENOSPC.
    """
    judged = [mount for mount in _writable(mounts) if mount.free > mount.available]
    for mount in judged:
        back = mount.free - mount.available
        measured = {"reserved_bytes": back, "available_bytes": mount.available}
        if mount.available <= limits.left * mount.size and back >= limits.held * mount.size:
            left = f"{size(back)} for root, {size(mount.available)} for all others"
            text = f"only blocks reserved for root are left on {mount.path}: {left}: No space left on device"
            yield fail(text, mount.path, measured=measured)
        else:
            yield ok(f"{size(back)} reserved for root, {size(mount.available)} for all others", mount.path)
    if not judged:
        yield skip("no filesystem keeps blocks back for root")


def _writable(mounts: Mounts) -> list[Mount]:
    """Those that can be written: an image mounted read-only is full by design."""
    return [mount for mount in mounts.all if not mount.read_only]


@check(limits=Room(), noise=(0.01, 0.0005))
def memory_filesystems(mounts: Mounts, limits: Room) -> Findings:
    """Every filesystem in memory (/run, /dev/shm, /tmp where it is a tmpfs) has room left to write.

    Why: they are small, and what fills them takes memory too; queries and jobs fail for want of temporary files.
    """
    in_memory = [mount for mount in _writable(mounts) if mount.type in IN_MEMORY]
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


@frozen(kw_only=True)
class Inodes:
    """Share of the inodes still free. Source: kubernetes-mixin NodeFilesystemAlmostOutOfFiles (5 and 3 %)."""

    warn: float = 0.05
    fail: float = 0.01


@check(limits=Inodes(), noise=(0.01, 0.0005))
def inodes(mounts: Mounts, directories: Directories | Unknown | Inapplicable, limits: Inodes) -> Findings:
    """Every filesystem can hold more files.

    Why: without a free inode no file can be made: "No space left on device" while `df` shows room (see `df -i`).
    Look-alikes: inotify watches and semaphores that ran out report ENOSPC too, with inodes and bytes free.
    """
    limited = [mount for mount in _writable(mounts) if mount.inodes]
    for mount in limited:
        left = mount.inodes_free / mount.inodes
        used = f"{1 - left:.0%} of {mount.inodes} inodes used, {mount.inodes_free} free"
        measured = {"inodes_free": mount.inodes_free, "inodes": mount.inodes}
        if left <= limits.fail:
            room = f"{mount.available / mount.size:.0%} of the bytes are free"
            text = f"out of inodes on {mount.path}: {used} ({room}): No space left on device"
            yield fail(text + _crowded(directories, mount, mounts), mount.path, measured=measured)
        elif left <= limits.warn:
            text = f"almost out of inodes on {mount.path}: {used}" + _crowded(directories, mount, mounts)
            yield warn(text, mount.path, measured=measured)
        else:
            yield ok(used, mount.path, measured=measured)
    if not limited:
        yield skip("no filesystem here has a fixed number of inodes")


def _crowded(directories: object, mount: Mount, mounts: Mounts) -> str:
    """The directory on this filesystem with most entries, as far as one was found."""
    found = directories.all if isinstance(directories, Directories) else ()
    on_it = [d for d in found if mount is home(d.path, mounts)]
    return f"; some {on_it[0].entries} entries in {on_it[0].path}" if on_it else ""


def home(path: str, mounts: Mounts) -> Mount | None:
    """The filesystem a path is on."""
    above = [mount for mount in mounts.all if f"{path}/".startswith(f"{mount.path.rstrip('/')}/")]
    return max(above, key=lambda mount: len(mount.path), default=None)


@frozen(kw_only=True)
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
