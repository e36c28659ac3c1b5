"""Is there memory left for programs to get?"""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.resources import size
from diagkit.model import Unknown
from diagkit.probes.memory import Memory, Paging
from diagkit.probes.pressure import Pressure
from diagkit.probes.processes import Processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Share of memory still available, at or below which we speak up; with `plenty` bytes left we never do.

    When it is at or below `warn` and no more than `scant` bytes, the next program to start may be one too many.
    Source: node-exporter mixin NodeMemoryHighUtilization (90 % used); our own for the rest.
    """

    warn: float = 0.10
    fail: float = 0.03
    scant: int = 64 << 20
    plenty: int = 4 << 30


@check(limits=Left(), noise=(0.03, 0.0006))
def available(memory: Memory, processes: Processes | Unknown, limits: Left) -> Findings:
    """Programs can still get memory.

    Why: MemAvailable is what can be had without swapping. Free memory alone means nothing: the page cache takes what
    nobody else wants, and gives it back. Shared memory (tmpfs) is counted as cache but is not given back.
    """
    left = memory.available / memory.total
    text = f"{size(memory.available)} of {size(memory.total)} available ({left:.0%})"
    measured = {"available_bytes": memory.available, "total_bytes": memory.total, "shared_bytes": memory.shared}
    if left > limits.warn or memory.available >= limits.plenty:
        yield ok(text, measured=measured)
        return
    verdict = fail if left <= limits.fail or memory.available <= limits.scant else warn
    yield verdict(f"low memory: {text}; {_takers(memory, processes)}", measured=measured)


def _takers(memory: Memory, processes: Processes | Unknown) -> str:
    """Who has the memory: the largest process, or what is not in any process."""
    if memory.huge_idle > memory.total // 5:
        return f"{size(memory.huge_idle)} are reserved as huge pages that nobody uses"
    if memory.shared > memory.total // 3:
        return f"{size(memory.shared)} are shared memory or tmpfs files"
    if memory.kernel > memory.total // 3:
        return f"the kernel itself holds {size(memory.kernel)} (slab)"
    if not isinstance(processes, Processes):
        return "which process holds it could not be seen"
    largest = max(processes.all, key=lambda p: p.rss)
    return f"{largest} holds {size(largest.rss)}"


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
