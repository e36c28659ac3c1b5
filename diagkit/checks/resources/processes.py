"""Do processes get on, are the dead ones taken away, and do not too many come?"""

from __future__ import annotations

from collections import Counter

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.resources import size
from diagkit.checks.resources.hogs import BATCH, NOTICED, by_cron
from diagkit.frozen import frozen
from diagkit.model import Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.cpu import Cpu, Forks
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Processes


@frozen(kw_only=True)
class Stuck:
    """Number of processes that did not run at all between the samples, in uninterruptible sleep. Source: our own."""

    warn: int = 1
    fail: int = 5


@check(limits=Stuck(), noise=(0.01, 0.001), vital=False)
def blocked(processes: Processes, limits: Stuck) -> Findings:
    """No process is stuck in uninterruptible sleep (state D).

    Why: it waits for a disk or a mount that does not answer, cannot be killed, and counts into the load.
    Look-alikes: kernel threads sleep like that by design and are not counted; short sleeps in D are ordinary I/O.
    """
    stuck = [process for process in processes.all if process.stuck and not process.kernel]
    verdict = fail if len(stuck) >= limits.fail else warn if len(stuck) >= limits.warn else ok
    names = ", ".join(str(process) for process in stuck[:5]) + (" …" if len(stuck) > 5 else "")
    text = f"{len(stuck)} blocked in uninterruptible sleep (state D): {names}" if stuck else "none stuck in state D"
    yield verdict(text, measured={"blocked": len(stuck)})


@frozen(kw_only=True)
class Unreaped:
    """Zombies of one parent. A few are normal: they last until the parent looks. Source: our own."""

    warn: int = 20
    fail: int = 100


@check(limits=Unreaped(), noise=(0.005, 0.001), vital=False)
def zombies(processes: Processes, limits: Unreaped) -> Findings:
    """No process leaves many dead children unreaped.

    Why: zombies take no memory, but each keeps its process id until there is none left. The parent is at fault: killing
    zombies does nothing, restarting the parent does.
    """
    names = {process.pid: str(process) for process in processes.all}
    dead = [process for process in processes.all if process.state == "Z"]
    storm = False
    for parent, count in Counter(process.parent for process in dead).items():
        if count >= limits.warn:
            storm = True
            who = names.get(parent, f"process {parent}")
            verdict = fail if count >= limits.fail else warn
            yield verdict(
                f"{who} does not reap its children: {count} zombies (defunct)", who, measured={"zombies": count}
            )
    if not storm:
        yield ok(f"{len(dead)} zombies", measured={"zombies": len(dead)})


@frozen(kw_only=True)
class Share:
    """Share of a user's limit of tasks (RLIMIT_NPROC) that is used. Source: our own."""

    warn: float = 0.90
    fail: float = 1.00


@check(limits=Share(), noise=(0.001, 0.001), vital=False)
def user_limit(processes: Processes, limits: Share) -> Findings:
    """No user has as many processes and threads as the user may have (ulimit -u, LimitNPROC=).

    Why: then fork fails for that user alone with "Resource temporarily unavailable". Root is exempt.
    """
    tasks: Counter[int] = Counter()
    limit: dict[int, int] = {}
    for process in processes.all:
        if process.uid > 0:
            tasks[process.uid] += process.threads
            if process.task_limit > 0:
                limit[process.uid] = min(process.task_limit, limit.get(process.uid, process.task_limit))
    near = False
    for uid, most in limit.items():
        share = tasks[uid] / most
        if share >= limits.warn:
            near = True
            text = f"user {uid} has {tasks[uid]} of {most} tasks (RLIMIT_NPROC): Resource temporarily unavailable"
            yield (fail if share >= limits.fail else warn)(text, str(uid), measured={"share": share})
    if not near:
        yield ok("no user is near its limit of tasks")


@check(vital=False, for_people="always ok")
def consumers(processes: Processes) -> Findings:
    """Who takes most processor time now, and who holds most memory: always ok, for the reader.

    Why: whoever looks for a cause wants to know who is active, and a verdict about it is for other checks.
    """
    busy = sorted((p for p in processes.all if p.cpu >= 0.01), key=lambda p: -p.cpu)[:3]
    large = sorted((p for p in processes.all if p.rss), key=lambda p: -p.rss)[:3]
    cpu = ", ".join(f"{p} {p.cpu:.0%}" for p in busy) or "none above 1%"
    memory = ", ".join(f"{p} {size(p.rss)}" for p in large) or "not known"
    yield ok(f"top by CPU: {cpu}; by memory: {memory}")


@frozen(kw_only=True)
class Scheduled:
    """Share of the busy time that jobs of cron take, and the number of such jobs that get into each other's way.

    busy, waiting: as for saturation. Source: our own.
    """

    busy: float = 0.75
    waiting: float = 0.25
    mostly: float = 0.60
    jobs: int = 2


@check(limits=Scheduled(), noise=(0.005, 0.001), vital=False)
def scheduled(
    cpu: Cpu, pressure: Pressure | Unknown | Inapplicable, processes: Processes, limits: Scheduled
) -> Findings:
    """Scheduled jobs (cron, at) do not fill the processors together.

    Why: jobs that were given the same minute, or that take longer than the time to the next, run beside each other.
    Limits: jobs of systemd timers are not told from services. One job alone is what cron is for.
    """
    jobs = by_cron(processes)
    taken = sum(job.cpu for job in jobs)
    waiting = isinstance(pressure, Pressure) and max(pressure.cpu.some_now, pressure.cpu.some_10) >= limits.waiting
    full = cpu.total.busy >= limits.busy and waiting and taken >= limits.mostly * cpu.total.busy * len(cpu.each)
    names = ", ".join(f"{job} {job.cpu:.0%}" for job in jobs[:4])
    if full and len(jobs) >= limits.jobs:
        yield fail(f"{len(jobs)} scheduled jobs of cron fill the CPU together: {names}", measured={"jobs": len(jobs)})
    elif full:
        yield warn(f"a scheduled job of cron fills the CPU: {names}", measured={"jobs": len(jobs)})
    else:
        yield ok(f"scheduled jobs take {taken:.0%} of a CPU", measured={"jobs": len(jobs)})


@frozen(kw_only=True)
class Birthrate:
    """Processes and threads started per second, and share of all processor time that short-lived children take.

    Source: our own; a compile run starts tens of them, a shell that loops over one command a thousand and more.
    """

    per_second: float = 600.0
    mostly: float = 0.50


@check(limits=Birthrate(), noise=(0.005, 0.001), vital=False)
def fork_storm(cpu: Cpu, processes: Processes, forks: Forks, limits: Birthrate) -> Findings:
    """No program starts new processes over and over (fork storm).

    Why: each is gone before anybody sees it in `top`; only the parent stays, and hardly uses anything itself.
    """
    rate = f"{forks.per_second:.0f} processes started per second"
    measured = {"forks_per_s": forks.per_second}
    parents = sorted((p for p in processes.all if p.pid != 1), key=lambda p: -p.children_cpu)
    group = [p for p in parents if p.children_cpu >= NOTICED and p.name == parents[0].name]
    taken = sum(p.children_cpu + p.cpu for p in group)
    if forks.per_second < limits.per_second or taken < limits.mostly * len(cpu.each):
        yield ok(rate, measured=measured)
        return
    names = " and ".join(map(str, group[:3]))
    verdict = warn if group[0].name in BATCH else fail
    yield verdict(f"fork storm: {rate}; the children of {names} use {taken:.0%}", measured=measured)
