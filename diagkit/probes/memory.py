"""Memory: what is left, what takes it, and what moves to and from swap."""

from __future__ import annotations

import json
import re

from diagkit.frozen import frozen
from diagkit.model import Again, Native, Read, Reply
from diagkit.probes import Garbled, perhaps, probe
from diagkit.probes.reading import elapsed, since, whole

MEMINFO = re.compile(r"(\S+):\s+(\d+)(?: kB)?")
VMSTAT = Read("/proc/vmstat")
COUNTED = ("pswpin", "pswpout", "pgmajfault")


@frozen(kw_only=True)
class Memory:
    """Memory in bytes. `available` is what programs can still get without swapping; `free` alone means little.

    committed: what programs were promised; commit_limit: how much the kernel may promise where `strict` (overcommit
    mode 2). huge_idle: reserved as huge pages and used by nobody. shared: tmpfs and shared memory, counted as cache but
    not reclaimable. anonymous: what processes have for themselves (heap and stack).
    """

    total: int
    available: int
    free: int
    anonymous: int
    shared: int
    kernel: int  # slab that cannot be reclaimed
    swap_total: int
    swap_free: int
    committed: int
    commit_limit: int
    strict: bool
    huge_idle: int


@frozen(kw_only=True)
class Paging:
    """Traffic between memory and disk now, per second."""

    swapped_in: float  # pages
    swapped_out: float  # pages
    major_faults: float


def _by_psutil(virtual: Reply, swap: Reply) -> Memory:
    memory, pages = json.loads(virtual.text), json.loads(swap.text)
    return Memory(
        total=memory["total"],
        available=memory["available"],
        free=memory["free"],
        anonymous=max(0, memory["used"] - memory.get("shared", 0)),
        shared=memory.get("shared", 0),
        kernel=0,
        swap_total=pages["total"],
        swap_free=pages["free"],
        committed=0,
        commit_limit=0,
        strict=False,
        huge_idle=0,
    )


@probe(
    Read("/proc/meminfo"),
    perhaps(Read("/proc/sys/vm/overcommit_memory")),
    otherwise=(((Native("virtual_memory"), Native("swap_memory")), _by_psutil),),
)
def memory(meminfo: Reply, overcommit: Reply) -> Memory:
    """How much memory and swap there is, and how much of it is left."""
    kib = {match[1]: int(match[2]) for line in meminfo.lines if (match := MEMINFO.fullmatch(line))}
    if not kib.get("MemTotal") or "SwapFree" not in kib:
        raise Garbled(meminfo.text[:60])
    return Memory(
        total=kib["MemTotal"] << 10,
        available=kib["MemAvailable"] << 10,
        free=kib["MemFree"] << 10,
        anonymous=kib["AnonPages"] << 10,
        shared=kib["Shmem"] << 10,
        kernel=kib["SUnreclaim"] << 10,
        swap_total=kib["SwapTotal"] << 10,
        swap_free=kib["SwapFree"] << 10,
        committed=kib["Committed_AS"] << 10,
        commit_limit=kib.get("CommitLimit", 0) << 10,
        strict=overcommit.text.strip() == "2",
        huge_idle=kib.get("HugePages_Free", 0) * kib.get("Hugepagesize", 0) << 10,
    )


@probe(VMSTAT, Again(VMSTAT))
def paging(before: Reply, after: Reply) -> Paging:
    """Swap traffic and major faults between two samples; the totals since boot say nothing about now."""
    first, second = _counters(before), _counters(after)
    seconds = elapsed(before, after)
    return Paging(
        swapped_in=since(first, second, "pswpin") / seconds,
        swapped_out=since(first, second, "pswpout") / seconds,
        major_faults=since(first, second, "pgmajfault") / seconds,
    )


def _counters(reply: Reply) -> dict[str, int]:
    pairs = [line.split(" ") for line in reply.lines]
    return {name: whole(value, name) for name, value in pairs if name in COUNTED}
