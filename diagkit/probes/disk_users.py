"""Who reads from and writes to the disks now."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Again, Ask, Reply, Run, Silence
from diagkit.probes import Answers, Withheld, probe
from diagkit.probes.devices import Devices
from diagkit.probes.reading import elapsed

# What a shell's children read and wrote is added to the shell's own when they end: a loop of short commands shows too.
TRAFFIC = Run(
    (
        *("find", "/proc", "-mindepth", "2", "-maxdepth", "2", "-path", "/proc/[0-9]*/io"),
        *("-exec", "grep", "-HE", "^(read|write)_bytes: [1-9]", "{}", "+"),
    ),
    root=True,
)
COUNTER = re.compile(r"/proc/(\d+)/io:(?:read|write)_bytes: (\d+)")
USED = 0.25  # share of the time a disk is busy from which on it is worth asking by whom: a second round costs seconds
MOVED = 4 << 20  # or bytes a second
OPENS = "log in as root, or allow this user `sudo -n`: other users' I/O counters cannot be seen"


@frozen(kw_only=True)
class DiskUsers:
    """Bytes a second that each process had read from or written to disks, by process id. Idle ones are left out."""

    by_pid: tuple[tuple[int, float], ...]  # most first


def ask_when_busy(devices: Devices) -> Iterable[Ask]:
    """Only where the disks work: asking takes another wait between two samples."""
    worth = any(disk.busy >= USED or disk.moved >= MOVED for disk in devices.all)
    return [TRAFFIC, Again(TRAFFIC)] if worth else []


@probe(also=ask_when_busy, opens=OPENS)
def disk_users(devices: Devices, answers: Answers) -> DiskUsers:
    """Which processes cause the disks' work (/proc/PID/io). Of idle disks nobody is asked, and nobody is found."""
    if not ask_when_busy(devices):
        return DiskUsers(by_pid=())
    before, after = answers[TRAFFIC], answers[Again(TRAFFIC)]
    for reply in (before, after):
        if reply.silence:
            raise Withheld(reply.silence, reply.complaint)
        if "Permission denied" in reply.complaint:
            raise Withheld(Silence.DENIED, "other users' I/O counters")
    first, second, seconds = _totals(before), _totals(after), elapsed(before, after)
    moved = {pid: (total - first.get(pid, 0)) / seconds for pid, total in second.items()}
    found = sorted(((pid, rate) for pid, rate in moved.items() if rate > 0), key=lambda pair: (-pair[1], pair[0]))
    return DiskUsers(by_pid=tuple(found))


def _totals(reply: Reply) -> dict[int, int]:
    totals: dict[int, int] = {}
    for line in reply.lines:
        if match := COUNTER.fullmatch(line):
            totals[int(match[1])] = totals.get(int(match[1]), 0) + int(match[2])
    return totals
