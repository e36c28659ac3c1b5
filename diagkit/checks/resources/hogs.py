"""Who keeps the processors busy, and whether it looks like a job or like a runaway.

Two samples cannot tell what a program is for. They can tell how it goes about it: a loop that has gone wild never
pauses and asks the kernel for nothing; a service that is asked a lot was quiet before; a compiler is known by its name.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.probes.cgroups import UnitTime, UnitTimes
from diagkit.probes.processes import Process, Processes

NOTICED = 0.03  # share of one processor below which a process is nobody's trouble
SETTLED = 3.0  # seconds a process must have run before its manner says anything
SPINNING = 0.015  # most of its time that a spinning process spends in the kernel
ALL_ITS_LIFE = 0.7  # share of its use now that a process had all its life if nothing changed

# Programs whose business it is to fill a processor for a while and then to end.
BATCH = frozenset(
    (
        *("gzip", "pigz", "bzip2", "pbzip2", "xz", "zstd", "lz4", "lzop", "7z", "7za", "zip", "unzip", "tar", "cpio"),
        *("rsync", "borg", "restic", "duplicity", "pg_dump", "mysqldump", "mariadb-dump", "xtrabackup", "mksquashfs"),
        *("cc1", "cc1plus", "as", "ld", "ld.bfd", "ld.gold", "ld.lld", "lld", "mold", "collect2", "lto1", "gcc", "g++"),
        *("clang", "clang++", "rustc", "cargo", "go", "compile", "link", "javac", "make", "ninja", "cmake", "tsc"),
        *("apt", "apt-get", "apt-cache", "apt-check", "dpkg", "dpkg-deb", "dnf", "yum", "rpm", "zypper", "apk"),
        *("unattended-upgr", "mandb", "updatedb", "updatedb.mlocat", "find", "du", "depmod", "mkinitramfs", "dracut"),
        *("sort", "ffmpeg", "clamscan", "freshclam", "aide", "fsck", "e2fsck", "logrotate"),
    )
)
CRON = frozenset(("cron", "crond", "anacron", "atd", "fcron"))


def busiest(processes: Processes) -> list[Process]:
    """Who takes processor time that others could use: low priority (nice) gives way, and does not count."""
    noticed = (p for p in processes.all if p.cpu >= NOTICED and p.nice <= 0)
    return sorted(noticed, key=lambda p: -p.cpu)


def gives_way(processes: Processes) -> float:
    """Processors taken at low priority."""
    return sum(p.cpu for p in processes.all if p.nice > 0)


def spins(process: Process) -> bool:
    """Whether it computes and does nothing else: no input, no output, no new memory. Compressors come close to that."""
    return process.system <= SPINNING * process.cpu and process.age >= SETTLED and process.name not in BATCH


def steady(process: Process) -> bool:
    """Whether it has been as busy all its life: neither a service that is asked more than usual, nor a known job."""
    always = process.lifetime_cpu >= ALL_ITS_LIFE * process.cpu and process.age >= SETTLED
    return always and process.name not in BATCH


def steady_services(times: UnitTimes) -> Iterator[UnitTime]:
    """Services that have been as busy all their life, for whoever cannot see processes."""
    for unit in times.all:
        if unit.unit.endswith(".service") and (unit.lifetime_cpu or 0.0) >= ALL_ITS_LIFE * unit.cpu:
            yield unit


def by_cron(processes: Processes) -> list[Process]:
    """The busiest of the processes that a cron daemon started, or that descend from one that it started."""
    known = {process.pid: process for process in processes.all}

    def descends(process: Process) -> bool:
        parent = known.get(process.parent)
        return parent is not None and (parent.name in CRON or (parent.pid != process.pid and descends(parent)))

    return [process for process in busiest(processes) if descends(process)]
