"""What the kernel itself takes: interrupts, and the cost of reading the clock."""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.frozen import frozen
from diagkit.probes.cpu import Cpu
from diagkit.probes.kernel import ClockSource


@frozen(kw_only=True)
class Interrupted:
    """Share of the time of one processor that goes into interrupts (hard and soft). Source: our own."""

    warn: float = 0.60
    fail: float = 0.90


@check(limits=Interrupted(), noise=(0.005, 0.001), vital=False)
def softirq(cpu: Cpu, limits: Interrupted) -> Findings:
    """No processor is taken up by interrupts (softirq), as one that serves the network card alone would be.

    Why: then packets are dropped while the machine as a whole looks idle.
    """
    number, most = max(enumerate(one.softirq + one.irq for one in cpu.each), key=lambda pair: pair[1])
    verdict = fail if most >= limits.fail else warn if most >= limits.warn else ok
    text = f"CPU {number} spends {most:.0%} of its time in interrupts (softirq)"
    yield verdict(text if verdict is not ok else f"at most {most:.0%} of a CPU goes into interrupts")


SLOW = frozenset(("hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"))


@check(noise=(0.01, 0.001), vital=False)
def clocksource(source: ClockSource) -> Findings:
    """The kernel reads the time from a fast clock source.

    Why: with hpet or acpi_pm every look at the clock is a slow access to a chip instead of one instruction; programs
    that ask often (databases, tracing) spend their time in the kernel.
    Look-alikes: where there is no fast one to choose, the machine was built so.
    """
    better = [name for name in source.available if name not in SLOW]
    if source.current not in SLOW:
        yield ok(f"clock source {source.current}")
    elif better:
        yield fail(f"clock source {source.current}, though {better[0]} is there: it was marked unstable")
    else:
        yield warn(f"clock source {source.current}: reading the time is slow")
