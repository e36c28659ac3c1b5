"""The kernel's own tables: how many processes and threads it may hold."""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.model import Read, Reply
from diagkit.probes import probe
from diagkit.probes.cpu import Load
from diagkit.probes.reading import whole


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTable:
    """Tasks (processes and threads) of the whole machine, against the smaller of pid_max and threads-max."""

    tasks: int
    limit: int


@probe(Read("/proc/sys/kernel/pid_max"), Read("/proc/sys/kernel/threads-max"))
def task_table(pids: Reply, threads: Reply, load: Load) -> TaskTable:
    """How many processes and threads there are, and how many there can be."""
    limit = min(whole(pids.text, "pid_max"), whole(threads.text, "threads-max"))
    return TaskTable(tasks=load.tasks, limit=limit)
