"""Can more processes and threads be started?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.frozen import frozen
from diagkit.probes.cgroups import TaskLimits
from diagkit.probes.kernel import TaskTable


@frozen(kw_only=True)
class UnitShare:
    """Share of its limit of tasks that a unit uses. Small limits are meant to be reached: only refusals count there.

    Source: our own.
    """

    warn: float = 0.90
    small: int = 10


@check(limits=UnitShare(), noise=(0.005, 0.001))
def unit_limit(tasks: TaskLimits, limits: UnitShare) -> Findings:
    """No unit has as many tasks as it may have (TasksMax=, the pids controller).

    Why: a unit at its limit cannot start threads or processes: "Resource temporarily unavailable", "can't start new
    thread"; the kernel log says "fork rejected by pids controller". The host itself has room.
    """
    near = False
    for unit in tasks.all:
        measured = {"tasks": unit.current, "limit": unit.limit, "refused": unit.refused}
        used = f"{unit.current} of {unit.limit} tasks (TasksMax={unit.limit})"
        if unit.current >= unit.limit and unit.refused:
            near = True
            text = f"task limit reached, {used}: cannot start new threads, {unit.refused} forks rejected"
            yield fail(text, unit.unit, measured=measured)
        elif unit.limit > limits.small and unit.current >= limits.warn * unit.limit:
            near = True
            yield warn(f"near its task limit: {used}", unit.unit, measured=measured)
    if not tasks.all:
        yield skip("no control group has a limit of tasks")
    elif not near:
        yield ok(f"none of {len(tasks.all)} control groups is near its limit of tasks")


@frozen(kw_only=True)
class TableShare:
    """Share of the kernel's task table in use. Source: our own."""

    warn: float = 0.80
    fail: float = 0.95


@check(limits=TableShare(), noise=(0.001, 0.001))
def system_limit(table: TaskTable, limits: TableShare) -> Findings:
    """The machine can hold more processes and threads (kernel.pid_max, kernel.threads-max).

    Why: beyond it every fork on the machine fails with "Resource temporarily unavailable".
    """
    share = table.tasks / table.limit
    text = f"{table.tasks} of {table.limit} tasks"
    verdict = fail if share >= limits.fail else warn if share >= limits.warn else ok
    yield verdict(text if verdict is ok else f"process table full: {text}", measured={"share": share})
