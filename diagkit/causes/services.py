"""Causes that are the state of a service: down, stopped, looping, hung. Why it does not start is in `starts`."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, proxies, rarely, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down
from diagkit.checks.functional import postgresql, redis, services, starts, units
from diagkit.checks.logs import coverage, memory, signatures
from diagkit.checks.resources import cpu, disk, processes, sockets, tasks

LOOK = "diagkit functional {target} --only 'functional.units.*' --only 'functional.starts.*' -v"

service_failed = Cause(
    title="Service down: the unit has failed and is not restarted",
    prior=0.02,
    shallow=True,
    per_subject=True,
    shows=(always(units.failed),),
    leads_to=(often(proxies.upstream_down), usually(service_down)),
    verify=LOOK,
    act="Read its last words (`journalctl -u {subject} -n 30`), mend what they name, then `systemctl start {subject}`.",
    roll_back="`systemctl stop {subject}`",
    look_alikes=(
        LookAlike(cause="config_invalid", tell="its last words are a syntax error", by=starts.configuration),
        LookAlike(cause="permission_denied", tell="its last words are `Permission denied`", by=starts.permission),
        LookAlike(cause="service_crash_loop", tell="systemd starts it again and again", by=units.restarting),
        LookAlike(cause="oom_kill", tell="the kernel killed it for its memory", by=memory.oom),
    ),
    source="systemd.service(5) Result=",
)
service_stopped = Cause(
    title="Service down: stopped and not running (unit inactive)",
    prior=0.01,
    per_subject=True,
    shows=(always(units.stopped),),
    leads_to=(often(proxies.upstream_down), sometimes(service_down)),
    verify=LOOK,
    act="Ask who stopped it and why (`journalctl -u {subject} -n 5`), then `systemctl enable --now {subject}`.",
    roll_back="`systemctl disable --now {subject}`",
    look_alikes=(
        LookAlike(cause="service_failed", tell="the unit is failed, not inactive: it died by itself", by=units.failed),
        LookAlike(cause="service_masked", tell="it cannot be started, not even by hand", by=units.masked),
        LookAlike(cause="not_enabled_at_boot", tell="nobody stopped it: it was not started", by=units.not_enabled),
    ),
    source="systemctl(1)",
)
service_masked = Cause(
    title="Service masked: the unit cannot be started",
    prior=0.003,
    per_subject=True,
    shows=(always(units.masked),),
    leads_to=(often(proxies.upstream_down), sometimes(service_down)),
    verify=LOOK,
    act="`systemctl unmask {subject} && systemctl start {subject}`, when nobody masked it on purpose.",
    roll_back="`systemctl mask --now {subject}`",
    look_alikes=(LookAlike(cause="service_stopped", tell="it may be started again", by=units.stopped),),
    source="systemctl(1) mask",
)
not_enabled_at_boot = Cause(
    title="Not enabled: the service ran before the reboot and was not started at boot",
    prior=0.002,
    per_subject=True,
    shows=(always(units.not_enabled),),
    leads_to=(often(proxies.upstream_down), sometimes(service_down)),
    verify=LOOK,
    act="`systemctl enable --now {subject}`: it was only ever started by hand.",
    roll_back="`systemctl disable --now {subject}`",
    look_alikes=(LookAlike(cause="service_stopped", tell="somebody stopped it after the boot", by=units.stopped),),
    source="systemctl(1) enable",
)
service_crash_loop = Cause(
    title="Crash loop: the service keeps restarting",
    prior=0.01,
    shallow=True,
    per_subject=True,
    shows=(always(units.restarting), rarely(starts.program, same=True)),
    leads_to=(often(proxies.upstream_down), usually(service_down)),
    verify=LOOK,
    act="Read its last words before each exit (`journalctl -u {subject} -n 50`) and mend what they name.",
    roll_back="Undo the change; `systemctl reset-failed {subject}`.",
    look_alikes=(
        LookAlike(cause="config_invalid", tell="its last words are a syntax error", by=starts.configuration),
        LookAlike(cause="permission_denied", tell="its last words are `Permission denied`", by=starts.permission),
        LookAlike(cause="task_limit", tell="it cannot start threads", by=tasks.unit_limit),
        LookAlike(cause="watchdog_timeout", tell="it hangs and is killed for that", by=starts.watchdog),
    ),
    source="systemd NRestarts, `Scheduled restart job`",
)
service_hung = Cause(
    title="Service hung: unresponsive service, it accepts connections but does not answer",
    prior=0.004,
    shows=(always(services.answering), sometimes(postgresql.answering), sometimes(redis.answering)),
    leads_to=(often(requests_fail),),
    verify="diagkit functional {target} --only functional.services.answering -v",
    act=(
        "See its state (`cat /proc/PID/status`): T was stopped by a signal (`kill -CONT PID`), D waits "
        "for a disk or mount; else take a stack trace and restart it."
    ),
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="process_frozen", tell="its process is in state T", by=services.frozen),
        LookAlike(cause="listen_queue_overflow", tell="the accept queue is full", by=sockets.accept_queue),
        LookAlike(cause="blocked_processes", tell="its process is in state D", by=processes.blocked),
        LookAlike(cause="cpu_saturated", tell="it is only slow: the processor is full", by=cpu.saturation),
    ),
    source="listen(2): the kernel accepts for a process that does not run",
)
process_frozen = Cause(
    title="Process stopped by a signal: frozen, hung process (SIGSTOP, state T)",
    prior=0.002,
    per_subject=True,
    shows=(always(services.frozen), sometimes(postgresql.answering), sometimes(redis.answering)),
    leads_to=(usually(service_hung), often(requests_fail), often(proxies.requests_time_out)),
    verify="diagkit functional {target} --only 'functional.services.*' -v",
    act="Ask who stopped it (a debugger, a terminal, a backup script); `kill -CONT PID` lets {subject} go on.",
    roll_back="`kill -STOP PID`",
    look_alikes=(
        LookAlike(
            cause="service_hung",
            tell="it runs or sleeps (state R, S, D) and yet does not answer",
            by=services.frozen,
        ),
    ),
    source="signal(7) SIGSTOP, proc_pid_stat(5) state T",
)
program_crash = Cause(
    title="Program crash: segmentation fault or abort",
    prior=0.003,
    told_by=signatures.applications,
    leads_to=(often(service_failed), sometimes(service_crash_loop), usually(service_down)),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act=(
        "Restart it; keep the core dump (`coredumpctl info`) and the version for whoever writes it; undo "
        "a recent upgrade."
    ),
    roll_back="Install the newer version again.",
    look_alikes=(
        LookAlike(
            cause="hardware_memory_error",
            tell="different programs crash, without an upgrade",
            by=signatures.kernel,
        ),
        LookAlike(cause="oom_kill", tell="it was killed (SIGKILL), it did not crash", by=memory.oom),
    ),
    source="kernel `segfault at`",
)
log_daemon_down = Cause(
    title="Log daemon down: logging stopped, the log files get no new lines",
    prior=0.002,
    shows=(usually(coverage.writing),),
    verify="diagkit logs {target} --only 'logs.coverage.*' -v",
    act="Start it again (`systemctl restart rsyslog`); its last words in the journal say why it stopped.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="disk_full", tell="there is no room to write to", by=disk.space),),
    source="rsyslogd(8); log files older than the journal",
)
