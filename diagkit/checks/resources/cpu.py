"""Do the processors keep up with the work?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.resources.hogs import NOTICED, busiest, gives_way, spins, steady, steady_services
from diagkit.frozen import frozen
from diagkit.model import Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.cgroups import Throttling, UnitTimes
from diagkit.probes.cpu import Cpu, Load
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Processes


@frozen(kw_only=True)
class Busy:
    """Share of the time the processors are busy, share of it that some task waits for one, and who makes them so.

    A processor may well be busy if nobody waits. Failing needs `waiting_long` over five minutes, or waiting that is for
    the most part (`mostly`) due to programs that have run like that all along, or a loop that takes nearly all there is
    (`runaway`): a compiler, a compressor or a service with many requests only warns. A host that gets no whole
    processor (a container, a guest on a busy machine) is `starved` from less on, where work waits nearly all the time
    and no quota holds it. Source: our own; PSI is the judge of waiting.
    """

    busy: float = 0.75
    waiting: float = 0.25
    waiting_long: float = 0.50
    mostly: float = 0.60
    runaway: float = 0.75
    starved: float = 0.30
    starved_waiting: float = 0.75


@check(limits=Busy(), noise=(0.03, 0.001))
def saturation(
    cpu: Cpu,
    load: Load,
    pressure: Pressure | Unknown | Inapplicable,
    processes: Processes | Unknown,
    times: UnitTimes | Unknown | Inapplicable,
    throttling: Throttling | Unknown | Inapplicable,
    limits: Busy,
) -> Findings:
    """The processors are not all busy while work waits for them.

    Why: what waits for a processor answers late, whatever its own load.
    Limits: nice (low-priority) work does not count as busy: it gives way. Without PSI the load stands for the queue.
    Where processes are hidden from us, the units that systemd runs tell who it is.
    Look-alikes: load without busy processors is waiting for disks (`load`, `iowait`); one unit at its quota
    (`throttling`); time taken by the hypervisor (`steal`).
    """
    cpus = len(cpu.each)
    seen = processes if isinstance(processes, Processes) else Processes(all=())
    busy = max(0.0, cpu.total.busy - max(0.0, gives_way(seen) / cpus - cpu.total.nice))
    measured = {"busy": busy, "cpus": cpus, "load_1": load.one}
    text = f"{busy:.0%} busy on {cpus} CPU{'s' if cpus != 1 else ''}"
    if isinstance(pressure, Pressure):
        queued = max(pressure.cpu.some_now, pressure.cpu.some_10) >= limits.waiting
        lasting = pressure.cpu.some_300 >= limits.waiting_long
        measured["waiting"] = pressure.cpu.some_now
    else:
        queued, lasting = load.one > cpus, load.five >= 2 * cpus
    looping = sum(p.cpu for p in busiest(seen) if spins(p)) >= limits.runaway * cpus
    alike = sum(p.cpu for p in busiest(seen) if spins(p) or steady(p))
    if isinstance(times, UnitTimes):
        alike = alike or (0.0 if seen.all else sum(unit.cpu for unit in steady_services(times)))
    starved = (
        measured.get("waiting", 0.0) >= limits.starved_waiting and busy >= limits.starved and not _held(throttling)
    )
    if not (busy >= limits.busy or (starved and alike >= limits.mostly * busy * cpus)) or not (queued or looping):
        yield ok(text, measured=measured)
        return
    verdict = fail if lasting or looping or alike >= limits.mostly * busy * cpus else warn
    waits = ", work waits for it" if queued else ""
    yield verdict(f"CPU saturated: {text}{waits}; {_users(seen, times)}", measured=measured)


def _held(throttling: Throttling | Unknown | Inapplicable) -> bool:
    return isinstance(throttling, Throttling) and any(group.throttled for group in throttling.all)


def _users(processes: Processes, times: UnitTimes | Unknown | Inapplicable) -> str:
    """Who uses the processors: processes, and the unit most of them belong to."""
    units = times.all if isinstance(times, UnitTimes) else ()
    first = max(units, key=lambda unit: unit.cpu, default=None)
    leading = first if first and first.cpu >= NOTICED else None
    names = " and ".join(f"{p} uses {p.cpu:.0%}" for p in busiest(processes)[:3])
    if names:
        return f"{names}, in {leading.unit}" if leading else names
    if leading:
        return f"{leading.unit} uses {leading.cpu:.0%}"
    return "no single process stands out" if processes.all else "which process uses it could not be seen"


@frozen(kw_only=True)
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


@frozen(kw_only=True)
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


@frozen(kw_only=True)
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


@frozen(kw_only=True)
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


@frozen(kw_only=True)
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


@frozen(kw_only=True)
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
