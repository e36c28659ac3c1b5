"""What is kept of a run: a few figures of each resource, read off the facts, the first ones the most worth keeping.

    @metric
    def space(mounts: Mounts) -> Levels: ...

A metric is named by its function; with its subject that is the key in `Sample.measured`, as in `space /var`.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_type_hints

from diagkit.frozen import frozen
from diagkit.model import Moment, Unknown
from diagkit.probes import Facts, Inapplicable
from diagkit.probes.cpu import Load
from diagkit.probes.disk import Mounts
from diagkit.probes.files import FileHandles
from diagkit.probes.kernel import TaskTable
from diagkit.probes.local_ports import Conntrack, Ports
from diagkit.probes.logs import ErrorLines
from diagkit.probes.memory import Memory
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Processes

IN_MEMORY = {"tmpfs", "ramfs"}
LARGEST = 5  # programs whose memory is kept
FULLEST = 8  # filesystems


@frozen
class Level:
    """How much of something is used, and the limit at which nothing is left; infinite where there is none.

    grain: how much more or less is no news on any host, however steady it has been; our choice.
    """

    used: float
    limit: float = math.inf
    grain: float = 0.0


WATCHED = "watched"  # key of the seconds of log in which `errors` were counted; missing if that is not the latest log
Levels = Mapping[str, Level]  # by subject; empty: the host itself


@frozen(eq=False)
class Metric:
    """A named figure, or one for each subject, read off one fact."""

    name: str
    fact: type
    read: Callable[[Any], Levels]

    def __call__(self, fact: object) -> Iterator[tuple[str, str, Level]]:
        """Key, subject and level of each."""
        for subject, level in self.read(fact).items():
            yield f"{self.name} {subject}".rstrip(), subject, level


def metric(read: Callable[[Any], Levels]) -> Metric:
    """Make a metric of a function from a fact to levels."""
    (parameter,) = inspect.signature(read).parameters
    return Metric(read.__name__, get_type_hints(read)[parameter], read)


def measure(facts: Facts) -> dict[str, float]:
    """All that this run has to remember, as far as it could be seen."""
    found: dict[str, float] = {}
    for each in (value for value in globals().values() if isinstance(value, Metric)):
        fact = facts[each.fact] if facts.probe_of(each.fact) else None
        if fact is not None and not isinstance(fact, Unknown | Inapplicable):
            found |= {key: level.used for key, _, level in each(fact)}
    moment = facts[Moment]
    if errors.name in found and isinstance(moment, Moment):
        watched = (moment.until - moment.since).total_seconds()
        found = {WATCHED: watched, **found} if moment.until >= moment.now else found
    return found


@metric
def memory(memory: Memory) -> Levels:
    """Bytes that programs cannot get any more."""
    return {"": Level(memory.total - memory.available, memory.total, grain=0.01 * memory.total)}


@metric
def load(load: Load) -> Levels:
    """Tasks that run or want to, over the last five minutes."""
    return {"": Level(load.five, grain=0.25)}


@metric
def file_handles(handles: FileHandles) -> Levels:
    """Open files of the system."""
    return {"": Level(handles.allocated, handles.maximum, grain=32)}


@metric
def tasks(table: TaskTable) -> Levels:
    """Processes and threads."""
    return {"": Level(table.tasks, table.limit, grain=4)}


@metric
def sockets(ports: Ports) -> Levels:
    """TCP sockets, with those in TIME_WAIT."""
    return {"": Level(ports.open + ports.time_wait, grain=4)}


@metric
def tracked(conntrack: Conntrack) -> Levels:
    """Connections in the table of the packet filter."""
    return {"": Level(conntrack.count, conntrack.maximum)}


@metric
def stalled(pressure: Pressure) -> Levels:
    """Share of the last minute in which some task had to wait for a resource."""
    return {name: Level(getattr(pressure, name).some_60, grain=0.01) for name in ("cpu", "memory", "io")}


@metric
def errors(lines: ErrorLines) -> Levels:
    """Lines in the window that call themselves an error."""
    return {"": Level(sum(line.count for line in lines.all))}


@metric
def space(mounts: Mounts) -> Levels:
    """Bytes taken on each filesystem on disk, the fullest ones first."""
    disks = [m for m in mounts.all if m.type not in IN_MEMORY]
    disks.sort(key=lambda m: m.available / m.size)
    return {m.path: Level(m.size - m.available, m.size) for m in disks[:FULLEST]}


@metric
def resident(processes: Processes) -> Levels:
    """Bytes in memory of the programs that have most of it; processes of one name are one program."""
    held: Counter[str] = Counter()
    for process in processes.all:
        held[process.name] += process.rss
    return {name: Level(rss, grain=4 << 20) for name, rss in held.most_common(LARGEST) if rss}


@metric
def inodes(mounts: Mounts) -> Levels:
    """Inodes taken on each filesystem that has a limited number of them."""
    limited = [m for m in mounts.all if m.inodes and m.type not in IN_MEMORY]
    limited.sort(key=lambda m: m.inodes_free / m.inodes)
    return {m.path: Level(m.inodes - m.inodes_free, m.inodes) for m in limited[:FULLEST]}
