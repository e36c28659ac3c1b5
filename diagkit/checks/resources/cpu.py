"""Do the processors keep up with the work?"""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.model import Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.cgroups import Throttling
from diagkit.probes.cpu import Cpu, Load
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Process, Processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Share of the time the processors are busy, share of it that some task waits for one, and who makes them so.

    Both of the first are wanted: a processor may well be busy if nobody waits. Failing needs a minute of it, or waiting
    that `steady` of the work causes which processes do that were there all along: a compile run starts ever new ones
    and only warns. Source: our own; PSI is the judge of waiting.
    """

    busy: float = 0.80
    waiting: float = 0.25
    waiting_long: float = 0.50
    steady: float = 0.60


@check(limits=Busy(), noise=(0.03, 0.001))
def saturation(
    cpu: Cpu, load: Load, pressure: Pressure | Unknown | Inapplicable, processes: Processes | Unknown, limits: Busy
) -> Findings:
    """The processors are not all busy while work waits for them.

    Why: what waits for a processor answers late, whatever its own load.
    Limits: nice (low-priority) work does not count as busy: it gives way. Without PSI the load stands for the queue.
    Look-alikes: load without busy processors is waiting for disks (`load`, `iowait`); one unit at its quota
    (`throttling`); time taken by the hypervisor (`steal`).
    """
    busy, cpus = cpu.total.busy, len(cpu.each)
    measured = {"busy": busy, "cpus": cpus, "load_1": load.one}
    text = f"{busy:.0%} busy on {cpus} CPU{'s' if cpus != 1 else ''}"
    if isinstance(pressure, Pressure):
        queued = max(pressure.cpu.some_now, pressure.cpu.some_10) >= limits.waiting
        lasting = pressure.cpu.some_60 >= limits.waiting_long
        measured["waiting"] = pressure.cpu.some_now
    else:
        queued, lasting = load.one > cpus, load.one >= 2 * cpus and load.five >= cpus
    if busy < limits.busy or not queued:
        yield ok(text, measured=measured)
        return
    steady = sum(p.cpu for p in _top(processes)) if isinstance(processes, Processes) else 0.0
    verdict = fail if lasting or steady >= limits.steady * busy * cpus else warn
    yield verdict(f"CPU saturated: {text}, work waits for it; {_users(processes)}", measured=measured)


def _users(processes: Processes | Unknown) -> str:
    if not isinstance(processes, Processes):
        return "which process uses it could not be seen"
    return " and ".join(f"{p} uses {p.cpu:.0%}" for p in _top(processes)) or "no single process stands out"


def _top(processes: Processes) -> list[Process]:
    return sorted((p for p in processes.all if p.cpu >= 0.10), key=lambda p: -p.cpu)[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Share of one processor that a process takes now, and took over all its life if it is `age` seconds old.

    The life counts, so that a short job at full speed says nothing. Source: our own.
    """

    now: float = 0.95
    always: float = 0.80
    age: float = 600.0


@check(limits=Bound(), noise=(0.03, 0.001), vital=False)
def single_core(cpu: Cpu, processes: Processes, limits: Bound) -> Findings:
    """No process is held up by one full processor while others idle.

    Why: the mean over all processors hides it; more processors would not help.
    """
    if len(cpu.each) < 2:
        yield skip("there is one processor only: see saturation")
        return
    bound = [
        p
        for p in processes.all
        if limits.now <= p.cpu < 1.5 and p.lifetime_cpu >= limits.always and p.age >= limits.age
    ]
    for process in bound if cpu.total.idle > 0.5 / len(cpu.each) else []:
        text = f"one CPU core is full: {process} has used {process.lifetime_cpu:.0%} of one for {process.age:.0f} s"
        yield warn(text, str(process), measured={"cpu": process.cpu, "idle_elsewhere": cpu.total.idle})
    if not bound or cpu.total.idle <= 0.5 / len(cpu.each):
        yield ok("no process needs all of one processor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Share of the time a processor idles while I/O is under way. Source: our own; iowait is a hint, never a proof."""

    warn: float = 0.40


@check(limits=Waiting(), noise=(0.05, 0.001), vital=False)
def iowait(cpu: Cpu, limits: Waiting) -> Findings:
    """The processors do not idle because work waits for disks.

    Why: the time a disk costs shows here before anybody looks at the disk.
    Limits: where processors are busy as well, waiting hides; PSI io sees it then.
    """
    share = cpu.total.iowait
    verdict = warn if share >= limits.warn else ok
    yield verdict(f"iowait {share:.0%} of the CPU time", measured={"iowait": share})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stolen:
    """Share of the time the hypervisor gives to others. Source: awesome-prometheus-alerts (10 %)."""

    warn: float = 0.10
    fail: float = 0.40


@check(limits=Stolen(), noise=(0.01, 0.001))
def steal(cpu: Cpu, limits: Stolen) -> Findings:
    """The hypervisor gives this machine the processor time it asks for.

    Why: a guest that is robbed is slow with little use of its own; nothing inside it can be tuned.
    """
    share = cpu.total.steal
    verdict = fail if share >= limits.fail else warn if share >= limits.warn else ok
    yield verdict(f"CPU steal {share:.0%}", measured={"steal": share})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Share of its scheduling periods in which a unit was held at its quota, over at least `periods` of them.

    Source: kubernetes-mixin CPUThrottlingHigh (25 %).
    """

    warn: float = 0.25
    fail: float = 0.75
    periods: int = 5


@check(limits=Held(), noise=(0.02, 0.001), vital=False)
def throttling(throttling: Throttling, limits: Held) -> Findings:
    """No unit is held back by its CPU quota (CPUQuota=, cpu.max, the limit of a container).

    Why: a unit at its quota stands still for the rest of each period, on a host with processors to spare.
    Look-alikes: the host is idle and that unit alone is slow, so nothing else shows it.
    """
    judged = [group for group in throttling.all if group.periods >= limits.periods]
    for group in judged:
        share = group.throttled / group.periods
        verdict = fail if share >= limits.fail else warn if share >= limits.warn else ok
        text = f"CPU throttling: held at its quota in {group.throttled} of {group.periods} periods ({share:.0%})"
        yield verdict(text, group.unit, measured={"throttled": share})
    if not judged:
        yield ok("no unit came near a CPU quota")


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Load per processor, over 1 and over 5 minutes. Source: node-exporter mixin NodeSystemSaturation (2)."""

    warn: float = 2.0


@check(limits=Queue(), noise=(0.02, 0.001))
def load(load: Load, cpu: Cpu, processes: Processes | Unknown, limits: Queue) -> Findings:
    """The load is not far above what the processors can serve.

    Why: load counts tasks that run and tasks in uninterruptible sleep (state D). Busy processors mean too much work;
    idle ones mean that tasks wait for a disk or a mount.
    """
    cpus = len(cpu.each)
    text = f"load {load.one:g} {load.five:g} {load.fifteen:g} on {cpus} CPU{'s' if cpus != 1 else ''}"
    if isinstance(processes, Processes):
        text += f", {sum(p.state == 'D' and not p.kernel for p in processes.all)} processes in state D"
    high = min(load.one, load.five) >= limits.warn * cpus
    verdict = warn if high else ok
    yield verdict(f"high {text}" if high else text, measured={"load_1": load.one, "load_5": load.five, "cpus": cpus})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled:
    """Share of the last 10 s, and of the last minute, that some task waited for a processor. Source: our own."""

    warn: float = 0.40
    lasting: float = 0.25


@check(limits=Stalled(), noise=(0.04, 0.001), vital=False)
def pressure(pressure: Pressure, limits: Stalled) -> Findings:
    """Work does not wait for processors much of the time (PSI).

    Why: utilisation says how busy processors are, PSI how much work had to wait for that.
    """
    stall = pressure.cpu
    text = f"some task waited for a CPU {stall.some_10:.0%} of the last 10 s, {stall.some_60:.0%} of the last minute"
    verdict = warn if stall.some_10 >= limits.warn and stall.some_60 >= limits.lasting else ok
    yield verdict(text, measured={"some_avg10": stall.some_10, "some_avg60": stall.some_60})
