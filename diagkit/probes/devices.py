"""Block devices: how fast they answer, how busy they are, and whether their mirrors are whole."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Again, Read, Reply, Silence
from diagkit.probes import Absent, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import elapsed

DISKSTATS = Read("/proc/diskstats")
SECTOR = 512  # bytes, whatever the disk's own sectors are (proc_diskstats)
NOT_A_DISK = re.compile(r"(ram|sr|fd|zram|nbd)\d+$")
PARTITION = re.compile(r"(sd[a-z]+|vd[a-z]+|xvd[a-z]+|hd[a-z]+)\d+$|(nvme\d+n\d+|mmcblk\d+|md\d+|loop\d+)p\d+$")
ARRAY = re.compile(
    r"^(md\S+) : (\w+).*\n.*\[(\d+)/(\d+)\] \[([U_]+)\](?:\n.*?(recovery|resync|check) *= *([\d.]+)%)?", re.MULTILINE
)


@frozen(kw_only=True)
class Device:
    """One disk between two samples.

    done: requests that ended in that time; moved: bytes a second, read and written; wait: mean milliseconds from
    request to answer (0.0 where none ended); busy: share of the time with at least one request under way; queue: mean
    number of them under way; stuck: requests under way in both samples while none ended.
    """

    name: str
    done: int
    moved: float
    wait: float
    busy: float
    queue: float
    stuck: int


@frozen(kw_only=True)
class Devices:
    """Every disk (not its partitions), with the seconds between the samples."""

    seconds: float
    all: tuple[Device, ...]


@frozen(kw_only=True)
class Array:
    """One software RAID array: members that work, of those it wants. `rebuilding` in percent, -1.0 when it is not."""

    name: str
    working: int
    wanted: int
    members: str  # U for a member that works, _ for one that does not
    rebuilding: float


@frozen(kw_only=True)
class Arrays:
    """Every software RAID array with redundancy."""

    all: tuple[Array, ...]


@probe(DISKSTATS, Again(DISKSTATS))
def devices(before: Reply, after: Reply) -> Devices:
    """Latency and use of each disk between two samples of /proc/diskstats."""
    first, second, seconds = _rows(before), _rows(after), elapsed(before, after)
    found = []
    for name, now in second.items():
        then = first.get(name)
        if not then or NOT_A_DISK.match(name) or PARTITION.match(name):
            continue
        moved = [b - a for a, b in zip(then, now, strict=True)]
        done = moved[0] + moved[4]
        found.append(
            Device(
                name=name,
                done=done,
                moved=(moved[2] + moved[6]) * SECTOR / seconds,
                wait=(moved[3] + moved[7]) / done if done else 0.0,
                busy=min(1.0, moved[9] / 1000 / seconds),
                queue=max(0.0, moved[10] / 1000 / seconds),
                stuck=min(then[8], now[8]) if not done else 0,
            )
        )
    return Devices(seconds=seconds, all=tuple(found))


def _rows(reply: Reply) -> dict[str, list[int]]:
    """Eleven columns by device: reads, merged, sectors, ms; the same for writes; under way, busy ms, queue ms."""
    rows = {}
    for line in reply.lines:
        fields = line.split()
        if len(fields) < 14 or not "".join((*fields[:2], *fields[3:])).isdigit():
            raise Garbled(line[:60])
        rows[fields[2]] = [int(f) for f in fields[3:14]]
    if not rows:
        raise Garbled(reply.text[:60])
    return rows


@probe(perhaps(Read("/proc/mdstat")))
def arrays(reply: Reply) -> Arrays:
    """Software RAID (md) and the state of its members."""
    if reply.silence is Silence.MISSING:
        raise Absent("no software RAID")
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    if not reply.text.startswith("Personalities"):
        raise Garbled(reply.text[:60])
    found = [
        Array(
            name=match[1],
            wanted=int(match[3]),
            working=int(match[4]),
            members=match[5],
            rebuilding=float(match[7]) if match[7] else -1.0,
        )
        for match in ARRAY.finditer(reply.text)
    ]
    if not found:
        raise Absent("no software RAID with redundancy")
    return Arrays(all=tuple(found))
