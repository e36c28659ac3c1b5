"""Is anything else than it used to be on this very host? Never a verdict: evidence for one, graded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diagkit.baseline import metrics
from diagkit.baseline.metrics import Metric
from diagkit.baseline.usual import LEAST, LEAST_SPAN, MORE, Compared, compared
from diagkit.checks import Findings, check, ok, skip, unknown
from diagkit.checks.resources import size
from diagkit.model import Finding, History, Moment
from diagkit.probes.cpu import Load
from diagkit.probes.files import FileHandles
from diagkit.probes.kernel import TaskTable
from diagkit.probes.local_ports import Ports
from diagkit.probes.memory import Memory
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Processes

MANY = "too many causes make them more: it says where to look, not what is wrong"


@check(noise=(0.01, 0.001), vital=False)
def load(history: History, load: Load, moment: Moment) -> Findings:
    """The load average is what it usually is here.

    Why: what is a high load depends on the host; its own past knows.
    """
    yield from _beside(metrics.load, load, history, moment)


@check(noise=(0.01, 0.001), vital=False)
def memory(history: History, memory: Memory, moment: Moment) -> Findings:
    """As much memory is in use as usually is here.

    Why: a host that always uses 85 % is well; one that used 40 % until yesterday is not.
    """
    yield from _beside(metrics.memory, memory, history, moment)


@check(noise=(0.01, 0.001), vital=False, for_people=MANY)
def programs(history: History, processes: Processes, moment: Moment) -> Findings:
    """The largest programs are as large as they usually are here.

    Why: a program far above its own size leaks, or has been given far more to do.
    """
    yield from _beside(metrics.resident, processes, history, moment)


@check(noise=(0.01, 0.001), vital=False)
def stalls(history: History, pressure: Pressure, moment: Moment) -> Findings:
    """Work waits for the disks no longer than it usually does here (PSI).

    Why: waiting is what users feel; some hosts wait all day and are well.
    """
    yield from _beside(metrics.stalled, pressure, history, moment, only="io")


@check(noise=(0.01, 0.001), vital=False, for_people=MANY)
def file_handles(history: History, handles: FileHandles, moment: Moment) -> Findings:
    """As many files are open as usually are here.

    Why: descriptors that leak show long before a limit is met.
    """
    yield from _beside(metrics.file_handles, handles, history, moment)


@check(noise=(0.01, 0.001), vital=False, for_people=MANY)
def tasks(history: History, table: TaskTable, moment: Moment) -> Findings:
    """There are as many processes and threads as there usually are here.

    Why: a pool that grows without end, or jobs that pile up, show here first.
    """
    yield from _beside(metrics.tasks, table, history, moment)


@check(noise=(0.01, 0.001), vital=False, for_people=MANY)
def sockets(history: History, ports: Ports, moment: Moment) -> Findings:
    """There are as many TCP connections as there usually are here.

    Why: clients that do not let go, an upstream that answers late, and a flood all show as more of them.
    """
    yield from _beside(metrics.sockets, ports, history, moment)


def _beside(metric: Metric, fact: object, history: History, moment: Moment, only: str = "") -> Iterator[Finding]:
    """Each level beside those that were measured before the incident window, which may be of the trouble itself."""
    start = moment.since.timestamp()
    levels = [level for level in metric(fact) if only in ("", level[1])]
    told = False
    for key, subject, level in levels:
        points = [p for p in history.series(key) if p[0] < start]
        if len(points) >= LEAST and points[-1][0] - points[0][0] >= LEAST_SPAN:
            told = True
            yield _finding(compared(level.used, [value for _, value in points], level.grain), subject)
    if not levels:
        yield skip("there is nothing of the kind on this host")
    elif not told:
        yield unknown(f"what is usual here takes {LEAST} runs over a day or more", hint=MORE)


def _finding(found: Compared, subject: str) -> Finding:
    shown = size if found.now > 1 << 20 else _figure
    usual = f"{shown(found.low)} to {shown(found.high)} in {found.count} earlier runs"
    word = "unusual here" if found.unusual else "as usual here"
    measured = {"now": found.now, "low": found.low, "high": found.high, "z": found.distance}
    finding = ok(f"{word}: {shown(found.now)}; {usual}", subject, measured=measured)
    return replace(finding, likelihood_ratio=round(found.likelihood_ratio, 3))


def _figure(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
