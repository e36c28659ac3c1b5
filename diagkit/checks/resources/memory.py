"""Is there memory left for programs to get?"""

from __future__ import annotations

from collections.abc import Callable

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.resources import size
from diagkit.frozen import frozen
from diagkit.model import Finding, Unknown
from diagkit.probes.memory import Memory, Paging
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Process, Processes


@frozen(kw_only=True)
class Left:
    """Share of memory still available, at or below which we speak up; with `plenty` bytes left we never do.

    When it is at or below `warn` and no more than `scant` bytes, the next program to start may be one too many.
    Source: node-exporter mixin NodeMemoryHighUtilization (90 % used); our own for the rest.
    """

    warn: float = 0.10
    fail: float = 0.03
    scant: int = 64 << 20
    plenty: int = 4 << 30


def _low(memory: Memory, limits: Left) -> Callable[..., Finding]:
    """`ok` where there is memory left, or how bad it is."""
    left = memory.available / memory.total
    if left > limits.warn or memory.available >= limits.plenty:
        return ok
    return fail if left <= limits.fail or memory.available <= limits.scant else warn


@check(limits=Left(), noise=(0.03, 0.0006))
def available(memory: Memory, limits: Left) -> Findings:
    """Programs can still get memory.

    Why: MemAvailable is what can be had without swapping. Free memory alone means nothing: the page cache takes what
    nobody else wants, and gives it back. Shared memory (tmpfs) is counted as cache but is not given back.
    """
    verdict = _low(memory, limits)
    share = memory.available / memory.total
    text = f"{size(memory.available)} of {size(memory.total)} available ({share:.0%})"
    measured = {"available_bytes": memory.available, "total_bytes": memory.total}
    yield verdict(text if verdict is ok else f"low memory: {text}", measured=measured)


@frozen(kw_only=True)
class Holding(Left):
    """Share of all memory from which on a holder is to blame when memory is low. Source: our own."""

    most: float = 0.40


@check(limits=Holding(), noise=(0.01, 0.0005), vital=False)
def processes(memory: Memory, processes: Processes | Unknown, limits: Holding) -> Findings:
    """Processes do not hold nearly all memory.

    Why: a leak, a cache without a bound or too many workers: whoever holds most is the one to restart.
    Look-alikes: memory that is in no process (`shared`, `slab`, `huge_pages`).
    """
    measured = {"anonymous_bytes": memory.anonymous}
    if memory.anonymous < limits.most * memory.total or (verdict := _low(memory, limits)) is ok:
        yield ok(f"processes hold {size(memory.anonymous)}", measured=measured)
        return
    yield verdict(
        f"processes hold {size(memory.anonymous)} of {size(memory.total)}; {_largest(processes)}", measured=measured
    )


def _largest(processes: Processes | Unknown) -> str:
    """The largest process, or the processes of one name that are larger together (workers)."""
    if not isinstance(processes, Processes):
        return "which of them could not be seen"
    alike: dict[str, list[Process]] = {}
    for process in processes.all:
        alike.setdefault(process.name, []).append(process)
    name, group = max(alike.items(), key=lambda item: sum(p.rss for p in item[1]))
    first = max(group, key=lambda p: p.rss)
    together = sum(p.rss for p in group)
    if together > 2 * first.rss:
        return f"{len(group)} processes {name} hold {size(together)} together, {first} {size(first.rss)}"
    return f"{first} holds {size(first.rss)}"


@check(limits=Holding(), noise=(0.005, 0.0005), vital=False)
def shared(memory: Memory, limits: Holding) -> Findings:
    """Shared memory and files in memory (tmpfs) do not hold nearly all memory.

    Why: they are counted as cache and cannot be given back; no process shows them as its own.
    """
    verdict = _low(memory, limits) if memory.shared >= limits.most * memory.total else ok
    text = f"{size(memory.shared)} of {size(memory.total)} are shared memory or tmpfs files (/dev/shm, /run, /tmp)"
    yield verdict(text, measured={"shared_bytes": memory.shared})


@check(limits=Holding(), noise=(0.002, 0.0005), vital=False)
def slab(memory: Memory, limits: Holding) -> Findings:
    """The kernel's own tables do not hold nearly all memory.

    Why: slab that cannot be reclaimed grows with a leak in a driver or with millions of kernel objects; no process
    shows it.
    """
    verdict = _low(memory, limits) if memory.kernel >= limits.most * memory.total else ok
    text = f"the kernel itself holds {size(memory.kernel)} of {size(memory.total)} (slab that cannot be reclaimed)"
    yield verdict(text, measured={"slab_bytes": memory.kernel})


@check(limits=Holding(most=0.20), noise=(0.002, 0.0005), vital=False)
def huge_pages(memory: Memory, limits: Holding) -> Findings:
    """No memory is set aside as huge pages that nobody uses, while it is wanted.

    Why: reserved huge pages are of use only to programs that ask for them; nothing else gets that memory.
    """
    verdict = _low(memory, limits) if memory.huge_idle >= limits.most * memory.total else ok
    text = f"{size(memory.huge_idle)} of {size(memory.total)} are reserved as huge pages that nobody uses"
    yield verdict(text, measured={"huge_idle_bytes": memory.huge_idle})


@frozen(kw_only=True)
class Leaking:
    """When the growth of one process is a leak in the making.

    share: of all memory that it holds already; age: seconds it has grown; alike: how far its growth now may be from the
    mean over its life, either way; left: seconds in which it will have taken what is left. Source: our own.
    """

    share: float = 0.15
    age: float = 10.0
    alike: float = 2.5
    left: float = 1800.0


@check(limits=Leaking(), noise=(0.005, 0.001), vital=False)
def growth(memory: Memory, processes: Processes, limits: Leaking) -> Findings:
    """No process grows steadily towards the end of memory.

    Why: a leak is easiest to see before it has cost anything.
    Limits: two samples cannot see a leak of some MiB an hour; and what loads its data at the start grows as well.
    """
    leaks = False
    for process in processes.all:
        mean = process.rss / process.age
        steady = mean / limits.alike <= process.growth <= mean * limits.alike
        if process.growth <= 0 or process.rss < limits.share * memory.total or process.age < limits.age or not steady:
            continue
        left = memory.available / process.growth
        if left <= limits.left:
            leaks = True
            text = (
                f"memory leak: {process} holds {size(process.rss)} and grows by {size(process.growth)}/s as all its "
                f"life; what is left lasts {left:.0f} s"
            )
            yield fail(text, str(process), measured={"growth_bytes_per_s": process.growth, "left_s": left})
    if not leaks:
        yield ok("no process grows steadily towards the end of memory")


@frozen(kw_only=True)
class Stalled:
    """Share of the last 10 s in which no task could run for want of memory.

    Source: our own; systemd-oomd kills at 60 % over 30 s.
    """

    warn: float = 0.05
    fail: float = 0.20


@check(limits=Stalled(), noise=(0.005, 0.001), vital=False)
def pressure(pressure: Pressure, limits: Stalled) -> Findings:
    """Work does not stand still for want of memory (PSI).

    Why: it tells thrashing from memory that is merely well used.
    """
    stall = pressure.memory
    text = f"all tasks waited for memory {stall.full_10:.0%} of the last 10 s (some: {stall.some_10:.0%})"
    verdict = fail if stall.full_10 >= limits.fail else warn if stall.full_10 >= limits.warn else ok
    yield verdict(text, measured={"full_avg10": stall.full_10, "some_avg10": stall.some_10})


@frozen(kw_only=True)
class Traffic:
    """Pages per second that go both to swap and back from it. Source: our own; one way only is tidying up."""

    warn: float = 100.0
    fail: float = 2000.0


@check(limits=Traffic(), noise=(0.01, 0.001), vital=False)
def swapping(paging: Paging, memory: Memory, limits: Traffic) -> Findings:
    """Memory is not moved to swap and back all the time.

    Why: a page that goes out and comes back costs a disk access where memory would have cost nothing.
    Look-alikes: swap that is used but not touched holds pages nobody wants: that is what it is for.
    """
    if not memory.swap_total:
        yield skip("no swap")
        return
    both = min(paging.swapped_in, paging.swapped_out)
    text = f"{paging.swapped_in:.0f} pages/s in, {paging.swapped_out:.0f} pages/s out"
    measured = {"in_pages_per_s": paging.swapped_in, "out_pages_per_s": paging.swapped_out}
    verdict = fail if both >= limits.fail else warn if both >= limits.warn else ok
    yield verdict(text if verdict is ok else f"swap thrashing: {text}", measured=measured)


@frozen(kw_only=True)
class Promised:
    """Share of the commit limit that is promised already. Source: our own."""

    fail: float = 0.97


@check(limits=Promised(), noise=(0.001, 0.001), vital=False)
def commit(memory: Memory, limits: Promised) -> Findings:
    """Where the kernel promises no more memory than it has, it can promise more.

    Why: with vm.overcommit_memory=2 programs fail with "Cannot allocate memory" while memory is available.
    """
    if not memory.strict:
        yield skip("the kernel overcommits memory, as is usual: there is no such limit")
        return
    promised = memory.committed / memory.commit_limit
    text = f"{size(memory.committed)} promised of {size(memory.commit_limit)} ({promised:.0%})"
    verdict = fail if promised >= limits.fail else ok
    yield verdict(text if verdict is ok else f"Cannot allocate memory: {text}", measured={"share": promised})
