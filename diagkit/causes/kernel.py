"""Causes in the kernel and the hardware below it."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, often, sometimes, usually
from diagkit.causes.conditions import service_down, service_slow
from diagkit.checks.functional import changes
from diagkit.checks.logs import signatures
from diagkit.checks.resources import clock, kernel

LOGS = "diagkit logs {target} --only 'logs.signatures.*' -v"

kernel_panic = Cause(
    title="Kernel panic or oops",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(often(service_down),),
    verify=LOGS,
    act="Keep the trace (pstore, /var/crash); boot the previous kernel; report it with the module that is named.",
    roll_back="Boot the newer kernel again.",
    look_alikes=(
        LookAlike(cause="hardware_memory_error", tell="machine check or EDAC lines are there", by=signatures.kernel),
    ),
    source="kernel oops and panic messages; pstore",
)
hardware_memory_error = Cause(
    title="Hardware memory error: RAM reports errors (EDAC, machine check)",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(sometimes(service_down),),
    verify=LOGS,
    act="Move services away and have the module replaced that the line names.",
    roll_back="None.",
    look_alikes=(LookAlike(cause="program_crash", tell="one program only, no such line", by=signatures.kernel),),
    source="kernel EDAC and machine check messages",
)
host_rebooted = Cause(
    title="Unclean reboot: the host went down without being shut down",
    prior=0.002,
    shows=(usually(changes.reboot, fails=0.0),),
    leads_to=(sometimes(service_down),),
    verify="diagkit functional {target} --only functional.changes.reboot -v",
    act="Look for the reason before the gap in the logs: power, panic, watchdog, the hypervisor.",
    roll_back="None.",
    look_alikes=(LookAlike(cause="kernel_panic", tell="the log holds a panic of that time", by=signatures.kernel),),
    source="journalctl --list-boots: a boot that does not end with a shutdown",
)
clocksource_fallback = Cause(
    title="Clock source fallback: the kernel marked the TSC unstable, reading the time is slow",
    prior=0.001,
    shows=(usually(kernel.clocksource),),
    leads_to=(sometimes(service_slow),),
    verify="diagkit resources {target} --only resources.kernel.clocksource -v",
    act="Reboot when it suits; if it comes back, update firmware and hypervisor, or set `clocksource=` at boot.",
    roll_back="Take `clocksource=` out of the boot parameters again.",
    look_alikes=(LookAlike(cause="clock_skew", tell="the time itself is wrong", by=clock.offset),),
    source="Linux kernel/time/clocksource.c",
)
