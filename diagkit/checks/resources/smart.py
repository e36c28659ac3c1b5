"""What do the disks say of themselves?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip
from diagkit.probes.smart import SmartHealth


@check(noise=(0.001, 0.001), vital=False, deep=True, cost=2.0)
def health(health: SmartHealth) -> Findings:
    """Every disk passes its own assessment (SMART overall health).

    Why: a disk that gives itself up is slow before it returns errors; replacing it costs less than finding that out.
    Limits: most disks that fail pass it until they do, so passing proves little; behind a RAID controller it is not
    asked, and a disk that sleeps is not woken.
    Look-alikes: a disk that is slow from work (`resources.disks.saturation`) passes.
    """
    for disk in health.all:
        if disk.passed is None:
            yield skip(disk.why, disk.disk)
        elif disk.passed:
            yield ok("SMART overall-health self-assessment: PASSED", disk.disk)
        else:
            yield fail("SMART overall-health self-assessment: FAILED, the disk expects to fail soon", disk.disk)
