"""Processes: who they are, in which state, and what each took between two samples."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from diagkit.frozen import frozen
from diagkit.model import Again, Glob, Native, Reply, Run, Silence
from diagkit.probes import Garbled, Withheld, probe
from diagkit.probes.reading import TICKS_PER_SECOND, by_file, elapsed, whole

# Only `stat`, `status` and `limits` of /proc/PID: `cmdline`, `environ` and `smaps` can hang on a process that is stuck.
STATS = Glob("/proc/[0-9]*/stat", cap=1_048_576)
# One grep over two small files of every process; the shell's glob cannot name two files and pick lines of them.
DETAILS = Run(
    (
        *("find", "/proc", "-mindepth", "2", "-maxdepth", "2"),
        *("(", "-path", "/proc/[0-9]*/status", "-o", "-path", "/proc/[0-9]*/limits", ")"),
        *("-exec", "grep", "-HoE", "^(Uid|FDSize|VmRSS):.[ 0-9]*|^Max (open files|processes) *[0-9a-z]*", "{}", "+"),
    ),
    cap=1_048_576,
)
STAT = re.compile(r"(\d+) \((.*)\) (\S) (.*)")
DETAIL = re.compile(
    r"^/proc/(\d+)/\w+:(Uid|FDSize|VmRSS|Max open files|Max processes):?[ \t]+(\w+)[ \t]*$", re.MULTILINE
)
PAGE = 4096  # bytes; 64 KiB on some arm64 and POWER machines, where growth then reads too small
KERNEL_THREAD = 0x00200000  # PF_KTHREAD
OPENS = "log in as root: /proc is mounted with hidepid and shows this user only its own processes"
HIDDEN = "/proc shows this user only its own processes (hidepid)"


@frozen(kw_only=True)
class Process:
    """One process. `state` as in ps: R running, S asleep, D waiting and not to be interrupted, Z dead and not reaped.

    cpu: share of one processor it took between the samples (1.0: one processor full), system: the part of it that it
    spent in the kernel; lifetime_cpu: its share over all its life; children_cpu: the share of children that ended and
    that it reaped. stuck: in state D in both samples without having run between them. growth: of its resident memory,
    in bytes a second. Memory in bytes. uid -1, descriptors and limits 0: not known (the process ended while we looked).
    A limit of -1 is no limit. fd_slots is the size of its descriptor table, which no count of open descriptors exceeds.
    """

    pid: int
    parent: int
    name: str
    state: str
    stuck: bool
    threads: int
    kernel: bool
    age: float  # seconds
    nice: int
    cpu: float
    system: float
    children_cpu: float
    lifetime_cpu: float
    rss: int
    growth: float
    uid: int
    fd_slots: int
    fd_limit: int
    task_limit: int

    def __str__(self) -> str:
        return f"{self.name}[{self.pid}]"


@frozen(kw_only=True)
class Processes:
    """Every process of the machine, kernel threads too. There is no such fact where we see only some of them."""

    all: tuple[Process, ...]


class _Sample(NamedTuple):
    """The fields of /proc/PID/stat that count."""

    pid: str
    name: str
    state: str
    parent: int
    flags: int
    user: int  # ticks
    system: int
    children: int
    nice: int
    threads: int
    started: int
    pages: int

    @property
    def ticks(self) -> int:
        """Of processor time, its own."""
        return self.user + self.system


def _by_psutil(before: Reply, after: Reply) -> Processes:
    """What psutil tells of processes: no limits and no descriptor tables."""
    first = {(p["pid"], p["create_time"]): p for p in json.loads(before.text)}
    seconds, found = elapsed(before, after), []
    for now in json.loads(after.text):
        then = first.get((now["pid"], now["create_time"]), now)
        if not now["memory_info"] or not now["cpu_times"]:
            continue  # it ended, or is a zombie
        used, age = _seconds(now["cpu_times"]), max(after.at - now["create_time"], 0.01)
        found.append(
            Process(
                pid=now["pid"],
                parent=now["ppid"],
                name=now["name"],
                state={"running": "R", "disk-sleep": "D", "zombie": "Z"}.get(now["status"], "S"),
                stuck=False,
                threads=now["num_threads"] or 1,
                kernel=False,
                age=age,
                nice=0,
                cpu=(used - _seconds(then["cpu_times"])) / seconds,
                system=(now["cpu_times"]["system"] - (then["cpu_times"] or now["cpu_times"])["system"]) / seconds,
                children_cpu=0.0,
                lifetime_cpu=used / age,
                rss=now["memory_info"]["rss"],
                growth=(now["memory_info"]["rss"] - (then["memory_info"] or now["memory_info"])["rss"]) / seconds,
                uid=-1,
                fd_slots=0,
                fd_limit=0,
                task_limit=0,
            )
        )
    return Processes(all=tuple(found))


def _seconds(cpu_times: Mapping[str, float]) -> float:
    return cpu_times["user"] + cpu_times["system"]


@probe(
    STATS,
    Again(STATS),
    DETAILS,
    otherwise=(((Native("process_iter"), Again(Native("process_iter"))), _by_psutil),),
    opens=OPENS,
)
def processes(before: Reply, after: Reply, details: Reply) -> Processes:
    """Every process twice, so that what it does now can be told from what it did since it began."""
    return compared(before, after, details)


def compared(before: Reply, after: Reply, details: Reply) -> Processes:
    """The same, of whatever two samples. Raises Withheld where we see only some of the processes."""
    first, second = by_file(before), by_file(after)
    samples = {path: sample for path, lines in second.items() if (sample := _sample(path, lines[0]))}
    if not samples:
        raise Garbled(after.text[:60])
    if "/proc/1/stat" not in samples:
        raise Withheld(Silence.DENIED, HIDDEN)
    if before.cut or after.cut or details.cut:
        raise Withheld(Silence.TRUNCATED, f"more than {len(samples)} processes")
    more, seconds = _details(details), elapsed(before, after)
    # The youngest process is the one that answers us. /proc/uptime would not do: containers see their own there, but
    # their processes' start times count from the machine's boot.
    clock = max(sample.started for sample in samples.values())
    found = []
    for path, now in samples.items():
        line, *_ = first.get(path, ("",))
        then = now if line == second[path][0] else _sample(path, line)  # most have slept, and are read once
        found.append(_process(then, now, more.get(now.pid, {}), seconds, clock))
    return Processes(all=tuple(found))


def _process(then: _Sample | None, now: _Sample, more: Mapping[str, int], seconds: float, clock: int) -> Process:
    if then and then.started != now.started:
        then = None  # another process under the same number
    age = max((clock - now.started) / TICKS_PER_SECOND, 0.01)
    ran = now.ticks - (then.ticks if then else 0)
    return Process(
        pid=int(now.pid),
        parent=now.parent,
        name=now.name,
        state=now.state,
        stuck=bool(then and then.state == now.state == "D" and not ran),
        threads=now.threads,
        kernel=bool(now.flags & KERNEL_THREAD),
        age=age,
        nice=now.nice,
        cpu=ran / TICKS_PER_SECOND / seconds,
        system=(now.system - (then.system if then else 0)) / TICKS_PER_SECOND / seconds,
        children_cpu=(now.children - (then.children if then else 0)) / TICKS_PER_SECOND / seconds,
        lifetime_cpu=now.ticks / TICKS_PER_SECOND / age,
        rss=more.get("VmRSS", 0) << 10,
        growth=(now.pages - then.pages) * PAGE / seconds if then else 0.0,
        uid=more.get("Uid", -1),
        fd_slots=more.get("FDSize", 0),
        fd_limit=more.get("Max open files", 0),
        task_limit=more.get("Max processes", 0),
    )


def _sample(path: str, line: str) -> _Sample | None:
    """A program may put a line break into its name; such a process is left out."""
    match = STAT.fullmatch(line)
    if not match or path != f"/proc/{match[1]}/stat":
        return None
    rest = match[4].split(maxsplit=21)
    if len(rest) < 21:
        raise Garbled(line[:60])
    return _Sample(
        pid=match[1],
        name=match[2],
        state=match[3],
        parent=int(rest[0]),
        flags=int(rest[5]),
        user=int(rest[10]),
        system=int(rest[11]),
        children=int(rest[12]) + int(rest[13]),
        nice=int(rest[15]),
        threads=int(rest[16]),
        started=int(rest[18]),
        pages=int(rest[20]),
    )


def _details(reply: Reply) -> dict[str, dict[str, int]]:
    """What else is told of each process, by its number."""
    found: dict[str, dict[str, int]] = {}
    for pid, what, value in DETAIL.findall(reply.text):
        found.setdefault(pid, {})[what] = -1 if value == "unlimited" else whole(value, what)
    if not found:
        raise Garbled(reply.text[:60] or reply.complaint[:60])
    return found
