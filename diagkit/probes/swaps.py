"""Swap: what /etc/fstab wants used, and what is."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.model import Read, Reply, Silence
from diagkit.probes import Absent, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import unescape


@frozen(kw_only=True)
class Swaps:
    """Swap files and partitions: those that fstab names (a device, a path, LABEL= or UUID=), and the paths in use."""

    declared: tuple[str, ...]
    used: tuple[str, ...]


@probe(Read("/proc/swaps"), perhaps(Read("/etc/fstab")))
def swaps(swaps: Reply, fstab: Reply) -> Swaps:
    """Swap of /etc/fstab beside /proc/swaps."""
    if fstab.silence is Silence.MISSING:
        raise Absent("no fstab")
    if fstab.silence:
        raise Withheld(fstab.silence, fstab.complaint)
    if not swaps.lines or not swaps.lines[0].startswith("Filename"):
        raise Garbled(swaps.text[:60])
    entries = [line.split() for line in fstab.lines if not line.lstrip().startswith("#")]
    declared = [entry for entry in entries if len(entry) > 3 and entry[2] == "swap" and "noauto" not in entry[3]]
    return Swaps(
        declared=tuple(unescape(entry[0]) for entry in declared),
        used=tuple(unescape(line.split()[0]) for line in swaps.lines[1:] if line.split()),
    )
