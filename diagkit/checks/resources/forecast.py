"""Will anything have run out by this time tomorrow, going by what earlier runs measured here?"""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.baseline import metrics
from diagkit.baseline.metrics import Metric
from diagkit.baseline.trend import LEAST, Exhaustion, climb, exhaustion, last_third
from diagkit.baseline.usual import MORE
from diagkit.checks import Findings, check, ok, skip, unknown, warn
from diagkit.checks.resources import size
from diagkit.frozen import frozen
from diagkit.model import Finding, History, Moment, Unknown
from diagkit.probes.disk import Mounts
from diagkit.probes.files import FileHandles
from diagkit.probes.filling import Filling
from diagkit.probes.kernel import TaskTable
from diagkit.probes.local_ports import Conntrack
from diagkit.probes.memory import Memory
from diagkit.probes.processes import Processes

HOUR = 3600.0
FORETOLD = "nothing has run out yet, so nothing has to be explained"


@frozen(kw_only=True)
class Horizon:
    """Hours before the end at which we speak up. Source: kubernetes-mixin NodeFilesystemSpaceFillingUp (24 h)."""

    hours: float = 24.0


@check(limits=Horizon(), noise=(0.03, 0.001), vital=False, for_people=FORETOLD)
def space(history: History, mounts: Mounts, moment: Moment, limits: Horizon) -> Findings:
    """No filesystem on disk will be full by this time tomorrow.

    Why: it is the one outage that announces itself.
    Limits: needs the history of earlier runs (`--baseline`); a disk that is emptied in time is not foretold to be full.
    """
    yield from _foretell(metrics.space, mounts, history, moment, limits, "filesystem")


@check(limits=Horizon(), noise=(0.03, 0.001), vital=False, for_people=FORETOLD)
def inodes(history: History, mounts: Mounts, moment: Moment, limits: Horizon) -> Findings:
    """No filesystem will be out of inodes by this time tomorrow.

    Why: "No space left on device" while `df` shows room; small files that nobody removes get there steadily.
    """
    yield from _foretell(metrics.inodes, mounts, history, moment, limits, "inodes of the filesystem")


@check(limits=Horizon(), noise=(0.03, 0.001), vital=False, for_people=FORETOLD)
def memory(
    history: History, memory: Memory, processes: Processes | Unknown, moment: Moment, limits: Horizon
) -> Findings:
    """Memory will not be used up by this time tomorrow.

    Why: a leak is a straight line; restarting what leaks before it ends is cheaper than the OOM killer's choice.
    """
    grower = _grower(processes, history, moment)
    yield from _foretell(metrics.memory, memory, history, moment, limits, "memory", grower)


def _grower(processes: Processes | Unknown, history: History, moment: Moment) -> str:
    """The program that grows fastest, as the end of a sentence."""
    if not isinstance(processes, Processes):
        return ""
    growing = []
    for key, name, level in metrics.resident(processes):
        points = [*history.series(key), (moment.now.timestamp(), level.used)]
        if found := climb(last_third(points)):
            growing.append((found.slope, name))
    return f"; {max(growing)[1]} grows by {size(max(growing)[0] * HOUR)} an hour" if growing else ""


@check(limits=Horizon(), noise=(0.01, 0.001), vital=False, for_people=FORETOLD)
def file_handles(history: History, handles: FileHandles, moment: Moment, limits: Horizon) -> Findings:
    """The system's table of open files will not be full by this time tomorrow.

    Why: a program that leaks descriptors ends in "Too many open files in system", for everybody.
    """
    yield from _foretell(metrics.file_handles, handles, history, moment, limits, "file handles")


@check(limits=Horizon(), noise=(0.01, 0.001), vital=False, for_people=FORETOLD)
def tasks(history: History, table: TaskTable, moment: Moment, limits: Horizon) -> Findings:
    """Processes and threads will not reach the kernel's limit by this time tomorrow.

    Why: threads that are never joined, or zombies that are never reaped, end in "Cannot fork".
    """
    yield from _foretell(metrics.tasks, table, history, moment, limits, "tasks")


@check(limits=Horizon(), noise=(0.01, 0.001), vital=False, for_people=FORETOLD)
def connections(history: History, conntrack: Conntrack, moment: Moment, limits: Horizon) -> Findings:
    """The table of tracked connections will not be full by this time tomorrow.

    Why: then packets of new connections are dropped: "nf_conntrack: table full, dropping packet".
    """
    yield from _foretell(metrics.tracked, conntrack, history, moment, limits, "tracked connections")


@frozen(kw_only=True)
class Soon:
    """Hours to the end below which the rate of a few seconds is worth telling.

    Source: our simulation; further ahead such a rate is wrong as often as it is right.
    """

    hours: float = 1.0


@check(limits=Soon(), noise=(0.01, 0.001), vital=False, for_people=FORETOLD)
def filling(filling: Filling, limits: Soon) -> Findings:
    """Whether a filesystem fills while we look, so fast that it would be full within the hour; never a verdict.

    Why: it says how long there is to act; a copy or a build that ends soon looks the same.
    """
    for one in filling.all:
        left = one.available / one.bytes_per_s if one.bytes_per_s > 0 else None
        rate = f"filling at {size(one.bytes_per_s)}/s over {filling.seconds:.0f} s"
        if left is None or left > limits.hours * HOUR:
            yield ok("not filling so fast that it would be full within the hour", one.path)
        else:
            measured = {"full_in_s": left, "bytes_per_s": one.bytes_per_s}
            yield ok(f"{rate}: at that rate full in {_time(left)}", one.path, measured=measured)
    if not filling.all:
        yield skip("no filesystem was looked at twice")


def _foretell(
    metric: Metric, fact: object, history: History, moment: Moment, limits: Horizon, what: str, more: str = ""
) -> Iterator[Finding]:
    now = moment.now.timestamp()
    levels = list(metric(fact))
    told = False
    for key, subject, level in levels:
        points = [p for p in history.series(key) if p[0] < now] + [(now, level.used)]
        if len(points) >= LEAST:
            told = True
            found = exhaustion(points, level.limit)
            yield _ahead(found, limits, f"{what} {subject}".rstrip(), subject, more)
    if not levels:
        yield skip("there is nothing of the kind on this host")
    elif not told:
        yield unknown(f"a forecast takes {LEAST} runs, this one included", hint=MORE)


def _ahead(found: Exhaustion | None, limits: Horizon, what: str, subject: str, more: str) -> Finding:
    if not found:
        return ok("does not grow steadily towards its limit", subject)
    verdict = warn if found.seconds <= limits.hours * HOUR else ok
    say = f"{what} used up in {_time(found.seconds)} ({_time(found.soonest)} to {_time(found.latest)})"
    measured = {
        "full_in_s": found.seconds,
        "soonest_s": found.soonest,
        "latest_s": found.latest,
        "per_hour": found.trend.slope * HOUR,
    }
    return verdict(f"{say}, going by the last {_time(found.trend.span)}{more}", subject, measured=measured)


def _time(seconds: float) -> str:
    """A duration as a sentence wants it."""
    for unit, length in (("days", 86_400.0), ("h", HOUR), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
