"""A longer look: what the processors and the processes did for eight seconds instead of two."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.model import Again, Reply
from diagkit.probes import probe
from diagkit.probes.cpu import STAT, Cpu, spent
from diagkit.probes.processes import DETAILS, OPENS, STATS, Processes, compared
from diagkit.probes.reading import elapsed

GAP = 8.0  # seconds; most jobs that a shell starts are over by then


@frozen(kw_only=True)
class Lasting:
    """The same as `Cpu` and `Processes`, over more seconds."""

    seconds: float
    cpu: Cpu
    processes: Processes


@probe(STAT, Again(STAT, GAP), STATS, Again(STATS, GAP), DETAILS, opens=OPENS)
def lasting(stat: Reply, stat_again: Reply, stats: Reply, stats_again: Reply, details: Reply) -> Lasting:
    """Two samples far enough apart that what comes and goes is told from what stays."""
    return Lasting(
        seconds=elapsed(stat, stat_again),
        cpu=spent(stat, stat_again),
        processes=compared(stats, stats_again, details),
    )
