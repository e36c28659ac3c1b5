"""Are the mirrors whole?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.probes.devices import Arrays


@check(noise=(0.002, 0.001), vital=False)
def members(arrays: Arrays) -> Findings:
    """Every software RAID array has all its members.

    Why: a degraded array loses its data with the next disk; while it rebuilds, it is slow.
    """
    for array in arrays.all:
        state = f"{array.working} of {array.wanted} members work [{array.members}]"
        measured = {"working": array.working, "wanted": array.wanted}
        if array.working == array.wanted:
            yield ok(state, array.name, measured=measured)
        elif array.rebuilding >= 0:
            yield warn(f"{array.name} rebuilds ({array.rebuilding:.0f}%): {state}", array.name, measured=measured)
        else:
            yield fail(f"{array.name} is degraded: {state}", array.name, measured=measured)
