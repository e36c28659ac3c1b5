"""Causes that are limits: of files, tasks and processes."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, services, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down, starts_fail
from diagkit.checks.resources import files, processes, tasks

fd_limit = Cause(
    title="File descriptor leak or limit: too many open files (LimitNOFILE reached)",
    prior=0.004,
    per_subject=True,
    shows=(always(files.process_limit),),
    leads_to=(often(requests_fail), sometimes(service_down)),
    verify="diagkit resources {target} --only 'resources.files.*' -v",
    act=(
        "Restart the service; raise LimitNOFILE= of its unit; look for the leak in what it keeps open "
        "(`ls -l /proc/PID/fd`)."
    ),
    roll_back="Set the old LimitNOFILE= again and restart it.",
    look_alikes=(LookAlike(cause="file_table_full", tell="all processes fail: the table of the whole system is full"),),
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
    look_alikes=(LookAlike(cause="fd_limit", tell="only one process is at its own limit"),),
    source="proc_sys_fs file-nr, ENFILE",
)
task_limit = Cause(
    title="Task limit reached (pids limit, TasksMax): cannot start new threads or processes",
    prior=0.003,
    per_subject=True,
    shows=(always(tasks.unit_limit),),
    leads_to=(usually(service_down), often(services.service_hung), sometimes(requests_fail)),
    verify="diagkit resources {target} --only 'resources.tasks.*' -v",
    act=(
        "Raise the limit: `systemctl set-property --runtime {subject} TasksMax=…`; find out what starts "
        "so many threads."
    ),
    roll_back="Set the old value again; `systemctl show -p TasksMax {subject}` shows it beforehand.",
    look_alikes=(LookAlike(cause="pid_exhausted", tell="the whole host is at pid_max or threads-max"),),
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
        LookAlike(cause="task_limit", tell="one unit is at its TasksMax; the host has room"),
        LookAlike(cause="zombie_storm", tell="most entries are zombies of one parent"),
    ),
    source="proc_sys_kernel pid_max, threads-max",
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
    look_alikes=(LookAlike(cause="mount_hung", tell="a mount does not answer: resources.mounts.answering"),),
    source="proc_pid_stat state D",
)
