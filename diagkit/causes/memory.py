"""Causes that begin in memory."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import memory_short, service_down, service_slow
from diagkit.causes.services import service_crash_loop, service_failed
from diagkit.checks.logs import memory as memory_log
from diagkit.checks.logs import signatures
from diagkit.checks.resources import memory

RESOURCES = "diagkit resources {target} --only 'resources.memory.*' -v"
LOGS = "diagkit logs {target} --only 'logs.signatures.*' --only 'logs.memory.*' -v"

memory_exhausted = Cause(
    title="Memory exhaustion: low available memory, one process holds most of it (memory leak)",
    prior=0.008,
    shows=(always(memory.processes),),
    leads_to=(always(memory_short),),
    verify=RESOURCES,
    act="Restart the process that grew most; set MemoryMax= for its unit until the leak is mended.",
    roll_back="Take the limit away again.",
    look_alikes=(
        LookAlike(cause="oom_kill", tell="the kernel has killed a process already", by=memory_log.oom),
        LookAlike(cause="heap_exhausted", tell="the host has memory; a runtime has none", by=memory.processes),
        LookAlike(cause="shared_memory_full", tell="the memory is in no process: files in memory", by=memory.shared),
        LookAlike(cause="kernel_memory_leak", tell="the memory is in no process: the kernel's", by=memory.slab),
    ),
    source="proc_meminfo MemAvailable, AnonPages",
)
memory_leak = Cause(
    title="Memory leak: a process grows steadily towards the end of memory",
    prior=0.004,
    per_subject=True,
    shows=(always(memory.growth, fails=0.9),),
    leads_to=(often(memory_exhausted),),
    verify=RESOURCES,
    act="Restart {subject} before it has taken everything; set MemoryMax= for its unit until the leak is mended.",
    roll_back="Take the limit away again.",
    look_alikes=(LookAlike(cause="memory_exhausted", tell="nothing grows any more, memory is gone", by=memory.growth),),
    source="proc_pid_stat rss in two samples",
)
shared_memory_full = Cause(
    title="Low memory: shared memory or files in tmpfs (/dev/shm, /run, /tmp) hold most of it",
    prior=0.003,
    shows=(always(memory.shared),),
    leads_to=(always(memory_short),),
    verify=RESOURCES,
    act="Look for the files (`du -x /dev/shm /run /tmp`) and segments (`ipcs -m`); remove those that nobody uses.",
    roll_back="None: what is removed is gone. Copy it to a disk first.",
    look_alikes=(
        LookAlike(cause="memory_exhausted", tell="a process holds it as its own", by=memory.processes),
        LookAlike(cause="tmpfs_full", tell="the tmpfs is full, the host has memory left", by=memory.available),
    ),
    source="proc_meminfo Shmem; tmpfs(5)",
)
kernel_memory_leak = Cause(
    title="Low memory: the kernel itself holds most of it (slab leak, SUnreclaim)",
    prior=0.001,
    shows=(always(memory.slab),),
    leads_to=(always(memory_short),),
    verify=RESOURCES,
    act="See which cache it is (`sudo slabtop -o -s c`); stop what fills it, unload its driver, or reboot.",
    roll_back="None is needed after a reboot.",
    look_alikes=(LookAlike(cause="memory_exhausted", tell="a process holds it as its own", by=memory.processes),),
    source="proc_meminfo SUnreclaim; slabinfo(5)",
)
huge_pages_idle = Cause(
    title="Low memory: huge pages are over-reserved, nobody uses them (vm.nr_hugepages)",
    prior=0.001,
    shows=(always(memory.huge_pages),),
    leads_to=(always(memory_short),),
    verify=RESOURCES,
    act="Lower the number: `sudo sysctl -w vm.nr_hugepages=N`, and in /etc/sysctl.d.",
    roll_back="Set the old number; it may not be reached until a reboot, once memory is fragmented.",
    look_alikes=(LookAlike(cause="memory_exhausted", tell="a process holds it as its own", by=memory.processes),),
    source="Linux admin-guide/mm/hugetlbpage",
)
memory_fragmented = Cause(
    title="Memory fragmentation: page allocation failure of a high order, though memory is free",
    prior=0.002,
    told_by=signatures.kernel,
    leads_to=(sometimes(service_slow),),
    verify=LOGS,
    act="Compact memory (`echo 1 | sudo tee /proc/sys/vm/compact_memory`); raise vm.min_free_kbytes.",
    roll_back="Set the old vm.min_free_kbytes again.",
    look_alikes=(LookAlike(cause="memory_exhausted", tell="no memory is available either", by=memory.available),),
    source="Linux mm/page_alloc.c warn_alloc; /proc/buddyinfo",
)
commit_limit = Cause(
    title="Cannot allocate memory: the commit limit is reached (vm.overcommit_memory=2)",
    prior=0.001,
    shows=(always(memory.commit),),
    leads_to=(often(service_down),),
    verify="diagkit resources {target} --only resources.memory.commit -v",
    act="Raise vm.overcommit_ratio (or add swap), or stop what reserves most (VmSize) without using it.",
    roll_back="Set the old vm.overcommit_ratio again.",
    look_alikes=(LookAlike(cause="memory_exhausted", tell="memory is really gone", by=memory.available),),
    source="Linux mm/overcommit-accounting",
)
oom_kill = Cause(
    title="Out of memory: the OOM killer killed a process",
    prior=0.008,
    shows=(always(memory_log.oom, fails=0.9),),
    leads_to=(often(service_failed), sometimes(service_crash_loop), often(service_down), sometimes(memory_short)),
    verify="diagkit logs {target} --only logs.memory.oom -v",
    act=(
        "Restart the victim; find what grew (the kernel's task table in the log names it) and limit it with MemoryMax=."
    ),
    roll_back="Take the limit away again.",
    look_alikes=(
        LookAlike(
            cause="cgroup_oom_kill",
            tell="the log says `Memory cgroup out of memory`: the unit's own limit",
            by=memory_log.cgroup_oom,
        ),
        LookAlike(cause="oom_daemon_kill", tell="a daemon killed, the kernel says nothing", by=signatures.kernel),
    ),
    source="mm/oom_kill.c: constraint=CONSTRAINT_NONE",
)
cgroup_oom_kill = Cause(
    title="Memory limit reached: the cgroup OOM killer killed a process of the unit",
    prior=0.005,
    shows=(always(memory_log.cgroup_oom, fails=0.9),),
    leads_to=(often(service_failed), sometimes(service_crash_loop), often(service_down)),
    verify="diagkit logs {target} --only logs.memory.cgroup_oom -v",
    act="Raise the unit's MemoryMax= (or the container's limit), or mend the leak; then restart it.",
    roll_back="Set the old limit again.",
    look_alikes=(
        LookAlike(cause="oom_kill", tell="constraint=CONSTRAINT_NONE: the whole host ran out", by=memory_log.oom),
    ),
    source="mm/oom_kill.c: constraint=CONSTRAINT_MEMCG; systemd.resource-control(5)",
)
oom_daemon_kill = Cause(
    title="The userspace OOM daemon killed a process (systemd-oomd, earlyoom): memory pressure",
    prior=0.002,
    told_by=signatures.kernel,
    leads_to=(often(service_down), sometimes(memory_short)),
    verify=LOGS,
    act="Restart the victim; find what grew before, and limit it; or set ManagedOOMPreference=avoid for the victim.",
    roll_back="Take the preference away again.",
    look_alikes=(LookAlike(cause="oom_kill", tell="the kernel itself killed: its log says so", by=memory_log.oom),),
    source="systemd-oomd(8), earlyoom(1)",
)
swap_thrashing = Cause(
    title="Swap thrashing: memory is paged in and out all the time",
    prior=0.003,
    shows=(usually(memory.swapping),),
    leads_to=(usually(memory_short),),
    verify=RESOURCES,
    act="Stop or restart the process that holds most memory.",
    roll_back="Start it again when memory is free.",
    look_alikes=(
        LookAlike(cause="memory_exhausted", tell="no traffic to swap: pages are not moved", by=memory.swapping),
    ),
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
    look_alikes=(
        LookAlike(cause="oom_kill", tell="the kernel log has an OOM kill; here it has none", by=memory_log.oom),
    ),
    source="java.lang.OutOfMemoryError; V8 `heap out of memory`",
)
