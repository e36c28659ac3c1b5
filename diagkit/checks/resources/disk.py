"""Is there room left to write?"""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.probes.disk import Mounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Share of a filesystem still available, at or below which we speak up.

    Source: the usual 90/98 % of file system alerts (kubernetes-mixin NodeFilesystemAlmostOutOfSpace uses 5/3 %).
    """

    warn: float = 0.10
    fail: float = 0.02


@check(limits=Room(), noise=(0.06, 0.004))
def space(mounts: Mounts, limits: Room) -> Findings:
    """Every filesystem has room left to write.

    Why: a full filesystem fails writes with ENOSPC, and most services answer by crashing, hanging or refusing work.
    """
    for mount in mounts.all:
        left = mount.available / mount.size
        say = f"{1 - left:.0%} used, {mount.available / 2**30:.1f} GiB left of {mount.size / 2**30:.1f}"
        verdict = fail if left <= limits.fail else warn if left <= limits.warn else ok
        yield verdict(say, mount.path, measured={"available_bytes": mount.available, "size_bytes": mount.size})
