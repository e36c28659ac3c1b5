"""Is the swap there that fstab wants?"""

from __future__ import annotations

from diagkit.checks import Findings, check, ok, skip, warn
from diagkit.probes.swaps import Swaps


@check(noise=(0.002, 0.0005), vital=False)
def used(swaps: Swaps) -> Findings:
    """All swap that fstab names is in use.

    Why: without it, memory that is needed for a moment ends in the OOM killer; and the boot waits for it in vain.
    Look-alikes: swap that was switched off on purpose (Kubernetes asks for that) and left in fstab.
    """
    ours = [path for path in swaps.used if "/zram" not in path]
    # A label, UUID or mapper name is shown in use by its device: then only the numbers can be compared.
    missing = [name for name in swaps.declared if name not in ours]
    if not swaps.declared:
        yield skip("fstab names no swap")
    elif missing and len(ours) < len(swaps.declared):
        for name in missing:
            yield warn(f"swap {name} is in fstab but not in use", name)
    else:
        yield ok(f"{len(ours)} in use, {len(swaps.declared)} in fstab")
