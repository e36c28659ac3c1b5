"""Causes that begin in memory."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import memory_short, service_down
from diagkit.checks.logs import memory as memory_log
from diagkit.checks.logs import signatures
from diagkit.checks.resources import memory

memory_exhausted = Cause(
    title="Memory exhaustion: low available memory, one process holds most of it (memory leak)",
    prior=0.008,
    shows=(always(memory.available),),
    leads_to=(always(memory_short),),
    verify="diagkit resources {target} --only 'resources.memory.*' -v",
    act="Restart the process that grew most; set MemoryMax= for its unit until the leak is mended.",
    roll_back="Take the limit away again.",
    look_alikes=(
        LookAlike(cause="oom_kill", tell="the kernel has killed a process already: logs.memory.oom"),
        LookAlike(cause="heap_exhausted", tell="the host has memory; the runtime's own heap limit is reached"),
    ),
    source="proc_meminfo MemAvailable",
)
oom_kill = Cause(
    title="Out of memory: the OOM killer killed a process",
    prior=0.008,
    shows=(always(memory_log.oom, fails=0.9),),
    leads_to=(often(service_down), sometimes(memory_short)),
    verify="diagkit logs {target} --only logs.memory.oom -v",
    act=(
        "Restart the victim; find what grew (the kernel's task table in the log names it) and limit it with MemoryMax=."
    ),
    roll_back="Take the limit away again.",
    look_alikes=(
        LookAlike(cause="cgroup_oom_kill", tell="the log says `Memory cgroup out of memory`: the unit's own limit"),
    ),
    source="mm/oom_kill.c: constraint=CONSTRAINT_NONE",
)
cgroup_oom_kill = Cause(
    title="Memory limit reached: the cgroup OOM killer killed a process of the unit",
    prior=0.005,
    shows=(always(memory_log.cgroup_oom, fails=0.9),),
    leads_to=(often(service_down),),
    verify="diagkit logs {target} --only logs.memory.cgroup_oom -v",
    act="Raise the unit's MemoryMax= (or the container's limit), or mend the leak; then restart it.",
    roll_back="Set the old limit again.",
    look_alikes=(LookAlike(cause="oom_kill", tell="constraint=CONSTRAINT_NONE: the whole host ran out"),),
    source="mm/oom_kill.c: constraint=CONSTRAINT_MEMCG; systemd.resource-control(5)",
)
swap_thrashing = Cause(
    title="Swap thrashing: memory is paged in and out all the time",
    prior=0.003,
    shows=(usually(memory.swapping),),
    leads_to=(usually(memory_short),),
    verify="diagkit resources {target} --only 'resources.memory.*' -v",
    act="Stop or restart the process that holds most memory.",
    roll_back="Start it again when memory is free.",
    look_alikes=(LookAlike(cause="memory_exhausted", tell="no traffic to swap: pages are not moved"),),
    source="proc_vmstat pswpin and pswpout",
)
heap_exhausted = Cause(
    title="Heap limit of the runtime reached (Java, Node or PHP out of memory)",
    prior=0.003,
    told_by=signatures.applications,
    leads_to=(often(service_down),),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Restart the service with a larger heap (-Xmx, --max-old-space-size, memory_limit) and take a heap dump.",
    roll_back="Set the old limit again.",
    look_alikes=(LookAlike(cause="oom_kill", tell="the kernel log has an OOM kill; here it has none"),),
    source="java.lang.OutOfMemoryError; V8 `heap out of memory`",
)
