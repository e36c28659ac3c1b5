"""Do processes get on, and are the dead ones taken away?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.resources import size
from diagkit.probes.processes import Processes


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@check(vital=False)
def consumers(processes: Processes) -> Findings:
    """Who takes most processor time now, and who holds most memory: always ok, for the reader.

    Why: whoever looks for a cause wants to know who is active, and a verdict about it is for other checks.
    """
    busy = sorted((p for p in processes.all if p.cpu >= 0.01), key=lambda p: -p.cpu)[:3]
    large = sorted((p for p in processes.all if p.rss), key=lambda p: -p.rss)[:3]
    cpu = ", ".join(f"{p} {p.cpu:.0%}" for p in busy) or "none above 1%"
    memory = ", ".join(f"{p} {size(p.rss)}" for p in large) or "not known"
    yield ok(f"top by CPU: {cpu}; by memory: {memory}")
