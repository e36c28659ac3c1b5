"""Does it last? What a look of two seconds sees, looked at for eight."""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok
from diagkit.checks.resources.hogs import busiest, gives_way, spins, steady
from diagkit.frozen import frozen
from diagkit.probes.lasting import Lasting


@frozen(kw_only=True)
class Kept:
    """Share of the time the processors are busy, and share of that which programs take that keep on.

    Source: our own; the same as of `resources.cpu.saturation`.
    """

    busy: float = 0.75
    mostly: float = 0.60


@check(limits=Kept(), noise=(0.002, 0.001), vital=False, deep=True, cost=8.0, group="resources.cpu.saturation")
def busy(lasting: Lasting, limits: Kept) -> Findings:
    """The processors are not kept busy by the same programs all the time.

    Why: two seconds do not tell a burst from a program that never stops. Work that ends by itself (a compiler, a
    backup), gives way (nice), or is the answer to more requests than before, passes.
    Look-alikes: processes that live shorter than the look are nobody's: see `resources.processes.fork_storm`.
    """
    cpus, busiest_ = len(lasting.cpu.each), busiest(lasting.processes)
    share = max(0.0, lasting.cpu.total.busy - max(0.0, gives_way(lasting.processes) / cpus - lasting.cpu.total.nice))
    keeping_on = [p for p in busiest_ if p.age > lasting.seconds and (spins(p) or steady(p))]
    text = f"{share:.0%} busy for {lasting.seconds:.0f} s"
    measured = {"busy": share, "seconds": lasting.seconds}
    if share < limits.busy:
        yield ok(text, measured=measured)
    elif sum(p.cpu for p in keeping_on) < limits.mostly * share * cpus:
        yield ok(f"{text}, by work that comes and goes", measured=measured)
    else:
        names = " and ".join(f"{p} uses {p.cpu:.0%}" for p in keeping_on[:3])
        yield fail(f"CPU saturated: {text}, {names} all the time", measured=measured)
