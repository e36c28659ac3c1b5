"""Causes that begin at the processor and its scheduling."""

from __future__ import annotations

from diagkit.causes import OFTEN, SOMETIMES, USUALLY, Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import processor_short, service_down, service_slow
from diagkit.checks.logs import signatures
from diagkit.checks.resources import cpu, kernel, lasting, processes

LOOK = "diagkit resources {target} --only 'resources.cpu.*' --only 'resources.processes.*' -v"

cpu_saturated = Cause(
    title="CPU saturation: high CPU, a runaway process uses all of it",
    prior=0.012,
    shows=(always(cpu.saturation, fails=OFTEN), usually(lasting.busy, fails=USUALLY)),
    leads_to=(always(processor_short),),
    verify=LOOK,
    act="Look what the top consumer does (its log, `strace -cp PID`); `renice 19 -p PID` or stop its unit.",
    roll_back="Start the unit again, or `renice 0 -p PID`.",
    look_alikes=(
        LookAlike(cause="cpu_throttled", tell="the host is idle, one unit is held at its quota", by=cpu.throttling),
        LookAlike(cause="cpu_steal", tell="the hypervisor takes the time: steal", by=cpu.steal),
        LookAlike(cause="single_thread_bound", tell="one processor is full, the others idle", by=cpu.single_core),
        LookAlike(cause="fork_storm", tell="no process is seen to use much: they end at once", by=processes.fork_storm),
        LookAlike(cause="scheduled_jobs_collide", tell="the work is that of cron", by=processes.scheduled),
    ),
    source="proc_stat; PSI cpu",
)
fork_storm = Cause(
    title="Fork storm: a program starts new processes over and over, system CPU time is high",
    prior=0.002,
    shows=(always(processes.fork_storm, fails=USUALLY), often(cpu.saturation, fails=SOMETIMES)),
    leads_to=(always(processor_short),),
    verify=LOOK,
    act="Stop the parent that the finding names (`systemctl stop` its unit): its children end by themselves.",
    roll_back="Start it again.",
    look_alikes=(LookAlike(cause="cpu_saturated", tell="one process takes the time itself", by=processes.fork_storm),),
    source="proc_stat `processes`; proc_pid_stat cutime, cstime",
)
scheduled_jobs_collide = Cause(
    title="High CPU: scheduled jobs collide, cron jobs or backups use it all at the same time",
    prior=0.004,
    shows=(always(processes.scheduled, fails=USUALLY), often(cpu.saturation, fails=OFTEN)),
    leads_to=(often(cpu_saturated), usually(processor_short)),
    verify=LOOK,
    act="Let them finish, or `renice 19 -p PID`; give each job its own minute, and `flock -n` so that none runs twice.",
    roll_back="Set the old times in the crontab again.",
    look_alikes=(
        LookAlike(cause="cpu_saturated", tell="what uses the CPU was not started by cron", by=processes.scheduled),
    ),
    source="crontab(5); the parents of the busiest processes",
)
softirq_bound = Cause(
    title="One CPU is taken up by interrupts (softirq, IRQ): packets are dropped",
    prior=0.001,
    shows=(usually(kernel.softirq),),
    leads_to=(often(service_slow),),
    verify="diagkit resources {target} --only resources.kernel.softirq -v",
    act="Spread the card's queues over the processors: start irqbalance, or set rps_cpus of the interface.",
    roll_back="Stop irqbalance, or set rps_cpus to 0 again.",
    look_alikes=(LookAlike(cause="single_thread_bound", tell="a process takes the time", by=cpu.single_core),),
    source="proc_stat softirq per CPU; Linux networking/scaling",
)
cpu_overheated = Cause(
    title="Processor too hot: temperature above threshold, CPU clock throttled",
    prior=0.002,
    told_by=signatures.kernel,
    leads_to=(often(processor_short),),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Move services away; have fans, air flow and heat sink looked at.",
    roll_back="None.",
    look_alikes=(LookAlike(cause="cpu_saturated", tell="the log has no such line", by=signatures.kernel),),
    source="Linux drivers/thermal/intel/therm_throt.c",
)
single_thread_bound = Cause(
    title="One CPU core is full: a single-threaded process is the bottleneck",
    prior=0.003,
    shows=(usually(cpu.single_core),),
    leads_to=(sometimes(service_slow),),
    verify=LOOK,
    act="Run more workers of the process, or move its work elsewhere.",
    roll_back="Run as many workers as before.",
    look_alikes=(LookAlike(cause="cpu_saturated", tell="all processors are full", by=cpu.saturation),),
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
    look_alikes=(LookAlike(cause="cpu_saturated", tell="the machine's own work takes the time", by=cpu.steal),),
    source="proc_stat field 8",
)
cpu_throttled = Cause(
    title="CPU throttling: a unit is held at its CPU quota",
    prior=0.003,
    per_subject=True,
    shows=(always(cpu.throttling, fails=OFTEN), often(cpu.pressure)),
    leads_to=(usually(service_slow),),
    verify="diagkit resources {target} --only resources.cpu.throttling -v",
    act="Raise the quota: `systemctl set-property --runtime {subject} CPUQuota=…` (or the container's limit).",
    roll_back="Set the old quota again; `systemctl show -p CPUQuotaPerSecUSec {subject}` shows it beforehand.",
    look_alikes=(
        LookAlike(cause="cpu_saturated", tell="the whole host is busy, not one unit at its quota", by=cpu.saturation),
    ),
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
    look_alikes=(LookAlike(cause="cpu_steal", tell="a virtual machine was given no time: steal", by=cpu.steal),),
    source="kernel watchdog messages",
)
