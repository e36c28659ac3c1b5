"""Causes that are limits: of files, tasks and processes."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, services, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down, starts_fail
from diagkit.checks.functional import starts
from diagkit.checks.logs import signatures
from diagkit.checks.resources import disk, disks, files, mounts, processes, tasks

fd_limit = Cause(
    title="File descriptor leak or limit: too many open files (LimitNOFILE reached)",
    prior=0.004,
    per_subject=True,
    shows=(always(files.process_limit),),
    leads_to=(often(requests_fail), sometimes(service_down), often(services.service_hung)),
    verify="diagkit resources {target} --only 'resources.files.*' -v",
    act=(
        "Restart the service; raise LimitNOFILE= of its unit; look for the leak in what it keeps open "
        "(`ls -l /proc/PID/fd`)."
    ),
    roll_back="Set the old LimitNOFILE= again and restart it.",
    look_alikes=(
        LookAlike(
            cause="file_table_full", tell="all processes fail: the system's table is full", by=files.system_limit
        ),
    ),
    source="getrlimit(2) EMFILE",
)
file_table_full = Cause(
    title="System file table full: file-max reached",
    prior=0.001,
    shows=(always(files.system_limit),),
    leads_to=(usually(starts_fail), often(requests_fail)),
    verify="diagkit resources {target} --only 'resources.files.*' -v",
    act="Raise fs.file-max with sysctl; restart the process with most open files.",
    roll_back="Set the old value again.",
    look_alikes=(LookAlike(cause="fd_limit", tell="only one process is at its own limit", by=files.process_limit),),
    source="proc_sys_fs file-nr, ENFILE",
)
task_limit = Cause(
    title="Task limit reached (pids limit, TasksMax): cannot start new threads or processes",
    prior=0.003,
    per_subject=True,
    shows=(always(tasks.unit_limit), sometimes(starts.tasks, same=True)),
    leads_to=(usually(service_down), often(services.service_hung), sometimes(requests_fail)),
    verify="diagkit resources {target} --only 'resources.tasks.*' -v",
    act=(
        "Raise the limit: `systemctl set-property --runtime {subject} TasksMax=…`; find out what starts "
        "so many threads."
    ),
    roll_back="Set the old value again; `systemctl show -p TasksMax {subject}` shows it beforehand.",
    look_alikes=(
        LookAlike(cause="pid_exhausted", tell="the whole host is at pid_max or threads-max", by=tasks.system_limit),
        LookAlike(cause="user_task_limit", tell="all units of one user fail, not one unit", by=processes.user_limit),
    ),
    source="cgroup pids.max, pids.events",
)
pid_exhausted = Cause(
    title="Process table full: pid_max or threads-max reached, fork fails",
    prior=0.002,
    shows=(always(tasks.system_limit),),
    leads_to=(always(starts_fail),),
    verify="diagkit resources {target} --only 'resources.tasks.*' -v",
    act="Stop what starts so many processes; raise kernel.pid_max with sysctl.",
    roll_back="Set the old value again.",
    look_alikes=(
        LookAlike(cause="task_limit", tell="one unit is at its TasksMax; the host has room", by=tasks.unit_limit),
        LookAlike(cause="zombie_storm", tell="most entries are zombies of one parent", by=processes.zombies),
    ),
    source="proc_sys_kernel pid_max, threads-max",
)
user_task_limit = Cause(
    title="User task limit reached (RLIMIT_NPROC, ulimit -u): Resource temporarily unavailable, cannot fork",
    prior=0.001,
    per_subject=True,
    shows=(often(processes.user_limit), often(starts.tasks)),
    leads_to=(often(services.service_failed), often(services.service_crash_loop), often(requests_fail)),
    verify="diagkit resources {target} --only resources.processes.user_limit -v",
    act="Raise LimitNPROC= of the unit (or nproc in limits.conf), once it is known what starts so many.",
    roll_back="Set the old limit again and restart.",
    look_alikes=(
        LookAlike(cause="task_limit", tell="one unit is at its TasksMax", by=tasks.unit_limit),
        LookAlike(cause="pid_exhausted", tell="nobody can fork, not even root", by=tasks.system_limit),
    ),
    source="getrlimit(2) RLIMIT_NPROC",
)
zombie_storm = Cause(
    title="Zombie processes: a parent does not reap its children (defunct)",
    prior=0.003,
    per_subject=True,
    shows=(always(processes.zombies),),
    leads_to=(sometimes(pid_exhausted),),
    verify="diagkit resources {target} --only resources.processes.zombies -v",
    act="Restart the parent {subject}: its children are then reaped by init.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="blocked_processes", tell="the parent itself is stuck in state D", by=processes.blocked),
        LookAlike(cause="pid_exhausted", tell="the many entries live", by=tasks.system_limit),
    ),
    source="wait(2)",
)
blocked_processes = Cause(
    title="Processes stuck in uninterruptible sleep (D state)",
    prior=0.002,
    shows=(usually(processes.blocked),),
    leads_to=(sometimes(requests_fail),),
    verify="diagkit resources {target} --only resources.processes.blocked -v",
    act=(
        "Find what they wait for (`cat /proc/PID/wchan`): a dead mount, a failing disk; mend that, they "
        "wake by themselves."
    ),
    roll_back="None.",
    look_alikes=(
        LookAlike(cause="mount_hung", tell="a mount does not answer", by=mounts.answering),
        LookAlike(cause="disk_failing", tell="the kernel log has I/O errors", by=signatures.kernel),
        LookAlike(cause="disk_saturated", tell="the disk is busy, they get on", by=disks.saturation),
    ),
    source="proc_pid_stat state D",
)
inotify_exhausted = Cause(
    title="inotify limit reached: No space left on device though the disk has room (fs.inotify.max_user_watches)",
    prior=0.002,
    told_by=signatures.system,
    leads_to=(sometimes(service_down),),
    verify="diagkit logs {target} --only logs.signatures.system -v",
    act="Raise fs.inotify.max_user_watches or max_user_instances with sysctl; find who watches so much.",
    roll_back="Set the old value again.",
    look_alikes=(
        LookAlike(cause="disk_full", tell="the file system has no room", by=disk.space),
        LookAlike(cause="inodes_exhausted", tell="the file system has no inodes", by=disk.inodes),
        LookAlike(cause="fd_limit", tell="one process has too many open files", by=files.process_limit),
    ),
    source="inotify_add_watch(2) ENOSPC, inotify_init1(2) EMFILE",
)
ipc_exhausted = Cause(
    title="IPC limit reached: No space left on device for a semaphore or shared memory (kernel.sem, kernel.shmmni)",
    prior=0.002,
    told_by=signatures.system,
    leads_to=(sometimes(service_down),),
    verify="diagkit logs {target} --only logs.signatures.system -v",
    act="`ipcs -s` and `ipcs -m` show who holds them; remove what its owner left behind, or raise kernel.sem.",
    roll_back="Set the old value again.",
    look_alikes=(LookAlike(cause="disk_full", tell="the file system has no room", by=disk.space),),
    source="semget(2), shmget(2) ENOSPC",
)
file_size_limit = Cause(
    title="File size limit reached: File too large (RLIMIT_FSIZE, LimitFSIZE=, SIGXFSZ)",
    prior=0.004,
    told_by=signatures.system,
    leads_to=(sometimes(requests_fail), sometimes(service_down)),
    verify="diagkit logs {target} --only logs.signatures.system -v",
    act="Rotate the file, or raise LimitFSIZE= of the unit; `cat /proc/PID/limits` shows what is in force.",
    roll_back="Set the old limit again and restart.",
    look_alikes=(LookAlike(cause="disk_full", tell="`No space left on device`", by=disk.space),),
    source="setrlimit(2) RLIMIT_FSIZE, EFBIG",
)
