"""Mount points: what is mounted where, and what ought to be."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Read, Reply, Silence
from diagkit.probes import Garbled, perhaps, probe
from diagkit.probes.reading import unescape

MOUNTINFO = Read("/proc/self/mountinfo")


@frozen(kw_only=True)
class MountPoint:
    """One line of the mount table. `source` is a device or `server:/export`; `device` is the kernel's major:minor."""

    path: str
    source: str
    type: str
    device: str
    options: tuple[str, ...]  # of this mount point
    super_options: tuple[str, ...]  # of the filesystem, whatever mount point one looks through


@frozen(kw_only=True)
class Declared:
    """One line of /etc/fstab that ought to be mounted at boot."""

    path: str
    source: str
    type: str
    options: tuple[str, ...]


@frozen(kw_only=True)
class MountTable:
    """What is mounted (where one mount hides another, the upper one), and what fstab wants mounted."""

    mounted: tuple[MountPoint, ...]
    declared: tuple[Declared, ...]


@probe(MOUNTINFO, perhaps(Read("/etc/fstab")))
def table(mountinfo: Reply, fstab: Reply) -> MountTable:
    """The kernel's mount table beside /etc/fstab. Reading them touches no filesystem, so nothing here can hang."""
    mounted = {}
    for line in mountinfo.lines:
        head, separator, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        if not separator or len(fields) < 6 or len(rest) < 3 or not re.fullmatch(r"\d+:\d+", fields[2]):
            raise Garbled(line[:60])
        path = unescape(fields[4])
        mounted[path] = MountPoint(
            path=path,
            source=unescape(rest[1]),
            type=rest[0],
            device=fields[2],
            options=tuple(fields[5].split(",")),
            super_options=tuple(rest[2].split(",")),
        )
    if not mounted:
        raise Garbled("an empty mount table")
    return MountTable(mounted=tuple(mounted.values()), declared=_declared(fstab))


def _declared(fstab: Reply) -> tuple[Declared, ...]:
    """The lines to be mounted at boot. Without a readable fstab nothing is declared: so it is in containers."""
    found = []
    for line in [] if fstab.silence in {Silence.MISSING, Silence.DENIED} else fstab.lines:
        fields = line.split()
        if len(fields) < 3 or line.lstrip().startswith("#"):
            continue
        options = tuple(fields[3].split(",")) if len(fields) > 3 else ("defaults",)
        path = unescape(fields[1]).rstrip("/") or "/"
        if path.startswith("/") and fields[2] != "swap" and "noauto" not in options:
            found.append(Declared(path=path, source=unescape(fields[0]), type=fields[2], options=options))
    return tuple(found)
