"""Disks: what is mounted, and what room is left on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagkit.model import Reply, Run
from diagkit.probes import Garbled, probe

FULL_BY_DESIGN = {"squashfs", "iso9660", "overlay", "efivarfs", "devtmpfs", "fuse.snapfuse", "erofs", "udf"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One filesystem. Sizes in bytes; `available` is what an unprivileged writer may still use."""

    path: str
    device: str
    type: str
    size: int
    used: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounts:
    """Every filesystem that can fill up."""

    all: tuple[Mount, ...]


@probe(Run(("df", "-PkT"), timeout=4))
def mounts(reply: Reply) -> Mounts:
    """Size and free room of each filesystem, as `df` tells it.

    df exits 1 when one mount is dead and still lists the rest, so the exit code is not a verdict.
    """
    header, *rows = reply.lines or [""]
    if not header.startswith("Filesystem"):
        raise Garbled(header[:60])
    found = []
    for row in rows:
        match = re.match(r"(\S.*?)\s+(\S+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+(\S+)\s+(/.*)$", row)
        if not match:
            raise Garbled(row[:60])
        device, kind, size, used, free, _, path = match.groups()
        if kind not in FULL_BY_DESIGN and int(size):
            found.append(
                Mount(
                    path=path,
                    device=device,
                    type=kind,
                    size=int(size) << 10,
                    used=int(used) << 10,
                    available=int(free) << 10,
                )
            )
    return Mounts(all=tuple(found))
