"""The kernel itself: how many processes and threads it may hold, and what it reads the time from."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.model import Read, Reply
from diagkit.probes import Garbled, probe
from diagkit.probes.cpu import Load
from diagkit.probes.reading import whole


@frozen(kw_only=True)
class TaskTable:
    """Tasks (processes and threads) of the whole machine, against the smaller of pid_max and threads-max."""

    tasks: int
    limit: int


@frozen(kw_only=True)
class ClockSource:
    """What the kernel reads the time from, and what it could choose instead."""

    current: str
    available: tuple[str, ...]


@probe(Read("/proc/sys/kernel/pid_max"), Read("/proc/sys/kernel/threads-max"))
def task_table(pids: Reply, threads: Reply, load: Load) -> TaskTable:
    """How many processes and threads there are, and how many there can be."""
    limit = min(whole(pids.text, "pid_max"), whole(threads.text, "threads-max"))
    return TaskTable(tasks=load.tasks, limit=limit)


@probe(*(Read(f"/sys/devices/system/clocksource/clocksource0/{name}_clocksource") for name in ("current", "available")))
def clock_source(current: Reply, available: Reply) -> ClockSource:
    """The clock source in use and those that are left to choose from."""
    name, choice = current.text.strip(), tuple(available.text.split())
    if name not in choice:
        raise Garbled(f"{name[:40]!r} is not among {available.text[:60]!r}")
    return ClockSource(current=name, available=choice)
