"""The processors: what they were busy with between two samples, and how long the queue for them is."""

from __future__ import annotations

import json
import re

from diagkit.frozen import frozen
from diagkit.model import Again, Native, Read, Reply
from diagkit.probes import Garbled, probe
from diagkit.probes.reading import elapsed, since

STAT = Read("/proc/stat", cap=65_536)
LOADAVG = re.compile(r"([\d.]+) ([\d.]+) ([\d.]+) (\d+)/(\d+) \d+\s*")
COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


@frozen(kw_only=True)
class Spent:
    """Shares (0 to 1) of the time of one processor, or of all together, between two samples.

    nice: low-priority work that gives way to everything else; steal: taken by other guests of the hypervisor;
    iowait: idle with I/O under way (an idle processor, not a busy one).
    """

    user: float
    nice: float
    system: float
    idle: float
    iowait: float
    irq: float
    softirq: float
    steal: float

    @property
    def busy(self) -> float:
        """All but idling; without the nice work, for which nothing else waits."""
        return self.user + self.system + self.irq + self.softirq + self.steal


@frozen(kw_only=True)
class Cpu:
    """What the processors did: all together, and each."""

    total: Spent
    each: tuple[Spent, ...]


@frozen(kw_only=True)
class Load:
    """Running averages of tasks that run, want to, or wait in uninterruptible sleep; and how many tasks exist now."""

    one: float
    five: float
    fifteen: float
    tasks: int


@frozen(kw_only=True)
class Forks:
    """Processes and threads started per second, those that have ended already among them.

    A container that shares its kernel sees those of the whole machine.
    """

    per_second: float


def _by_psutil(before: Reply, after: Reply) -> Cpu:
    first, second = json.loads(before.text), json.loads(after.text)
    deltas = [[b.get(c, 0.0) - a.get(c, 0.0) for c in COLUMNS] for a, b in zip(first, second, strict=True)]
    return _shares([[sum(column) for column in zip(*deltas, strict=True)], *deltas])


@probe(STAT, Again(STAT), otherwise=(((Native("cpu_times"), Again(Native("cpu_times"))), _by_psutil),))
def cpu(before: Reply, after: Reply) -> Cpu:
    """How the time of each processor was spent between two samples of /proc/stat."""
    return spent(before, after)


def spent(before: Reply, after: Reply) -> Cpu:
    """The same, of whatever two samples."""
    first, second = _rows(before), _rows(after)
    names = ["cpu", *(name for name in second if name != "cpu" and name in first)]  # processors can come and go
    return _shares([[b - a for a, b in zip(first[n], second[n], strict=True)] for n in names])


@probe(STAT, Again(STAT))
def forks(before: Reply, after: Reply) -> Forks:
    """How many processes and threads were started between two samples."""
    first, second = ({"forks": _started(reply)} for reply in (before, after))
    return Forks(per_second=since(first, second, "forks") / elapsed(before, after))


def _started(reply: Reply) -> int:
    """The count since boot. Its line comes after that of the interrupts, which the cap may cut off."""
    counts = [line.split()[1] for line in reply.lines if re.fullmatch(r"processes \d+", line)]
    if not counts:
        raise Garbled(f"no 'processes' in {len(reply.lines)} lines")
    return int(counts[0])


def _rows(reply: Reply) -> dict[str, list[int]]:
    """The first eight columns of each `cpu` line; guest time is part of user time already."""
    rows = {}
    for line in reply.lines:
        if re.match(r"cpu\d* ", line):
            name, *ticks = line.split()
            rows[name] = [int(t) for t in ticks[: len(COLUMNS)]]
    if len(rows) < 2 or "cpu" not in rows or any(len(ticks) < len(COLUMNS) for ticks in rows.values()):
        raise Garbled(reply.text[:60])
    return rows


def _shares(deltas: list[list[int]] | list[list[float]]) -> Cpu:
    found = []
    for delta in deltas:
        ticks = [max(0.0, d) for d in delta]  # idle and iowait may run backwards a little
        if not sum(ticks):
            raise Garbled("the clock of the processors stands still between the samples")
        found.append(Spent(**{name: t / sum(ticks) for name, t in zip(COLUMNS, ticks, strict=True)}))
    total, *each = found
    return Cpu(total=total, each=tuple(each))


@probe(Read("/proc/loadavg"))
def load(reply: Reply) -> Load:
    """Load averages over 1, 5 and 15 minutes, and the number of tasks (processes and threads)."""
    match = LOADAVG.fullmatch(reply.text)
    if not match:
        raise Garbled(reply.text[:60])
    one, five, fifteen, _, tasks = match.groups()
    return Load(one=float(one), five=float(five), fifteen=float(fifteen), tasks=int(tasks))
