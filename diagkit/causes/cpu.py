"""Causes that begin at the processor and its scheduling."""

from __future__ import annotations

from diagkit.causes import OFTEN, Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import processor_short, service_down, service_slow
from diagkit.checks.logs import signatures
from diagkit.checks.resources import cpu

cpu_saturated = Cause(
    title="CPU saturation: high CPU, a runaway process uses all of it",
    prior=0.008,
    shows=(always(cpu.saturation, fails=OFTEN),),
    leads_to=(always(processor_short),),
    verify="diagkit resources {target} --only 'resources.cpu.*' -v",
    act="Look what the top consumer does (its log, `strace -cp PID`); `renice 19 -p PID` or stop its unit.",
    roll_back="Start the unit again, or `renice 0 -p PID`.",
    look_alikes=(
        LookAlike(cause="cpu_throttled", tell="the host is idle and one unit is held at its quota"),
        LookAlike(cause="cpu_steal", tell="the hypervisor takes the time: steal"),
        LookAlike(cause="single_thread_bound", tell="one processor is full, the others idle"),
    ),
    source="proc_stat; PSI cpu",
)
single_thread_bound = Cause(
    title="One CPU core is full: a single-threaded process is the bottleneck",
    prior=0.003,
    shows=(usually(cpu.single_core),),
    leads_to=(sometimes(service_slow),),
    verify="diagkit resources {target} --only 'resources.cpu.*' -v",
    act="Run more workers of the process, or move its work elsewhere.",
    roll_back="Run as many workers as before.",
    look_alikes=(LookAlike(cause="cpu_saturated", tell="all processors are full"),),
    source="proc_stat per cpu",
)
cpu_steal = Cause(
    title="CPU steal: the hypervisor gives the time to other machines",
    prior=0.002,
    shows=(always(cpu.steal),),
    leads_to=(often(processor_short),),
    verify="diagkit resources {target} --only resources.cpu.steal -v",
    act="Move the virtual machine to another host, or buy processors that are not shared.",
    roll_back="None is needed.",
    source="proc_stat field 8",
)
cpu_throttled = Cause(
    title="CPU throttling: a unit is held at its CPU quota",
    prior=0.003,
    per_subject=True,
    shows=(always(cpu.throttling, fails=OFTEN),),
    leads_to=(usually(service_slow),),
    verify="diagkit resources {target} --only resources.cpu.throttling -v",
    act="Raise the quota: `systemctl set-property --runtime {subject} CPUQuota=…` (or the container's limit).",
    roll_back="Set the old quota again; `systemctl show -p CPUQuotaPerSecUSec {subject}` shows it beforehand.",
    look_alikes=(LookAlike(cause="cpu_saturated", tell="the whole host is busy, not one unit at its quota"),),
    source="cgroup cpu.stat nr_throttled",
)
kernel_lockup = Cause(
    title="Kernel lockup: a CPU or task has hung in the kernel",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(often(service_slow), sometimes(service_down)),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Move services away and reboot; keep the kernel log for whoever looks after the kernel.",
    roll_back="None.",
    look_alikes=(LookAlike(cause="cpu_steal", tell="in a virtual machine: steal and a gap in all logs"),),
    source="kernel watchdog messages",
)
