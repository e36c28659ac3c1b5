"""Control groups: how many tasks each unit may have, what it takes of the CPU and whether its quota holds it back.

Versions 1 and 2, and both at once: then version 2 has no controllers, but counts processor time all the same.
"""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Again, Glob, Moment, Reply, Silence
from diagkit.probes import Absent, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import by_file, elapsed, since, whole
from diagkit.probes.systemd import Units

# `*/*` is slice/unit under version 2 and controller/slice under version 1, where units lie one deeper.
PIDS = tuple(perhaps(Glob(f"/sys/fs/cgroup/{path}pids.[cme]*")) for path in ("", "pids/", "*/*/", "pids/*/*/"))
CPU = tuple(Glob(f"/sys/fs/cgroup/{path}cpu.stat") for path in ("", "cpu*/", "*/*/", "cpu*/*/*/"))
UNITS = (Glob("/sys/fs/cgroup/*/*/cpu.stat"), Glob("/sys/fs/cgroup/unified/*/*/cpu.stat"))
ITSELF = "this machine's own control group"


@frozen(kw_only=True)
class Tasks:
    """Tasks (processes and threads) of one unit against its limit. refused: forks refused since the unit started."""

    unit: str
    current: int
    limit: int
    refused: int


@frozen(kw_only=True)
class TaskLimits:
    """Every control group that has a limit of tasks (systemd: TasksMax=)."""

    all: tuple[Tasks, ...]


@frozen(kw_only=True)
class Throttled:
    """One unit with a CPU quota between two samples: periods in which it ran, and in how many it was held."""

    unit: str
    periods: int
    throttled: int


@frozen(kw_only=True)
class Throttling:
    """Every control group whose CPU quota was in force between the samples (systemd: CPUQuota=)."""

    all: tuple[Throttled, ...]


@frozen(kw_only=True)
class UnitTime:
    """Share of one processor that one unit took between the samples, and since it was started (None: not known)."""

    unit: str
    cpu: float
    lifetime_cpu: float | None


@frozen(kw_only=True)
class UnitTimes:
    """Every unit of systemd that took processor time between the samples, services and sessions alike.

    It is for everybody to see, also where /proc shows a user only its own processes.
    """

    all: tuple[UnitTime, ...]


def _files(replies: tuple[Reply, ...]) -> dict[str, list[str]]:
    """The files that any of the globs found: which of them match tells the version of control groups."""
    told = [reply for reply in replies if not reply.silence]
    if not told:
        worst = next((r for r in replies if r.silence not in {Silence.MISSING, Silence.NOT_RUN}), None)
        if worst and worst.silence:
            raise Withheld(worst.silence, worst.complaint)
        raise Absent("no control group shows this")
    return {path: lines for reply in told for path, lines in by_file(reply).items()}


def _unit(path: str) -> str:
    """`nginx.service` of /sys/fs/cgroup/pids/system.slice/nginx.service/pids.max."""
    folder = path.removeprefix("/sys/fs/cgroup").rpartition("/")[0]
    name = re.sub(r"^/(pids|cpu|cpuacct|cpu,cpuacct)(?=/|$)", "", folder).rpartition("/")[2]
    return name or ITSELF


@probe(*PIDS)
def task_limits(own: Reply, own_v1: Reply, units: Reply, units_v1: Reply) -> TaskLimits:
    """Tasks against TasksMax of each unit, of the user's sessions, and of the container we may be in."""
    files = _files((own, own_v1, units, units_v1))
    found: dict[str, Tasks] = {}
    for path, (limit, *_) in files.items():
        folder = path.rpartition("/")[0]
        current = files.get(f"{folder}/pids.current")
        if not path.endswith("/pids.max") or limit == "max" or not current:
            continue
        events = files.get(f"{folder}/pids.events", ["max 0"])
        found[folder] = Tasks(
            unit=_unit(path),
            current=whole(current[0], path),
            limit=whole(limit, path),
            refused=sum(whole(line.removeprefix("max "), path) for line in events if line.startswith("max ")),
        )
    if not any(path.endswith("/pids.current") for path in files):
        raise Garbled(f"no pids.current in {len(files)} files")
    return TaskLimits(all=tuple(found.values()))


@probe(*map(perhaps, CPU), *(perhaps(Again(ask)) for ask in CPU))
def throttling(
    own: Reply,
    own_v1: Reply,
    units: Reply,
    units_v1: Reply,
    own_again: Reply,
    own_v1_again: Reply,
    units_again: Reply,
    units_v1_again: Reply,
) -> Throttling:
    """How often each unit with a CPU quota used it up, between two samples."""
    first = _files((own, own_v1, units, units_v1))
    second = _files((own_again, own_v1_again, units_again, units_v1_again))
    if not all(len(line.split()) == 2 for lines in (*first.values(), *second.values()) for line in lines):
        raise Garbled("cpu.stat has other than two columns")
    found: dict[str, Throttled] = {}
    for path, lines in second.items():
        before, after = _counters(first.get(path, [])), _counters(lines)
        if "nr_periods" in before and "nr_periods" in after and (periods := since(before, after, "nr_periods")):
            throttled = since(before, after, "nr_throttled")
            found[_unit(path)] = Throttled(unit=_unit(path), periods=periods, throttled=throttled)
    return Throttling(all=tuple(found.values()))


@probe(*map(perhaps, UNITS), *(perhaps(Again(ask)) for ask in UNITS))
def unit_times(
    here: Reply, unified: Reply, here_again: Reply, unified_again: Reply, units: Units, moment: Moment
) -> UnitTimes:
    """How much processor time each unit took between two samples."""
    first, second = _files((here, unified)), _files((here_again, unified_again))
    seconds = min(elapsed(*pair) for pair in ((here, here_again), (unified, unified_again)) if not pair[1].silence)
    found = []
    for path, lines in second.items():
        before, after = _counters(first.get(path, [])), _counters(lines)
        name = _unit(path)
        if not name.endswith((".service", ".scope")) or "usage_usec" not in before or "usage_usec" not in after:
            continue
        if used := since(before, after, "usage_usec"):
            unit = units.named(name)
            age = (moment.now - unit.started).total_seconds() if unit and unit.started else 0.0
            life = after["usage_usec"] / 1e6 / age if age > 0 else None
            found.append(UnitTime(unit=name, cpu=used / 1e6 / seconds, lifetime_cpu=life))
    return UnitTimes(all=tuple(found))


def _counters(lines: list[str]) -> dict[str, int]:
    return {name: whole(value, name) for name, value in (line.split() for line in lines)}
