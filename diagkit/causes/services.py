"""Causes that begin in a service: its unit, its configuration, its files, its releases."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down
from diagkit.checks.functional import changes, services, units
from diagkit.checks.logs import applications, coverage, signatures

LOOK = "diagkit functional {target} --only 'functional.units.*' -v"

upstream_down = Cause(
    title="Upstream down: connection refused behind the proxy",
    prior=0.003,
    shows=(usually(services.upstreams),),
    leads_to=(often(requests_fail),),
    verify="diagkit functional {target} --only 'functional.services.*' -v",
    act="Start the service that ought to listen on the upstream's port, or take the upstream out of the proxy.",
    roll_back="Put it back into the proxy.",
    look_alikes=(
        LookAlike(cause="service_stopped", tell="a stopped unit of this host is the upstream"),
        LookAlike(cause="port_mismatch", tell="it runs, on another port"),
    ),
    source="nginx `connect() failed (111: Connection refused) while connecting to upstream`",
)
service_failed = Cause(
    title="Service down: the unit has failed and is not restarted",
    prior=0.02,
    per_subject=True,
    shows=(always(units.failed),),
    leads_to=(usually(upstream_down), usually(service_down)),
    verify=LOOK,
    act="Read its last words (`journalctl -u {subject} -n 30`), mend what they name, then `systemctl start {subject}`.",
    roll_back="`systemctl stop {subject}`",
    look_alikes=(
        LookAlike(cause="config_invalid", tell="its last words are a syntax error"),
        LookAlike(cause="permission_denied", tell="its last words are `Permission denied`"),
        LookAlike(cause="service_crash_loop", tell="systemd starts it again and again"),
        LookAlike(cause="oom_kill", tell="the kernel killed it: logs.memory.oom"),
    ),
    source="systemd.service(5) Result=",
)
service_stopped = Cause(
    title="Service down: stopped and not running (unit inactive)",
    prior=0.006,
    per_subject=True,
    shows=(always(units.stopped),),
    leads_to=(usually(upstream_down), usually(service_down)),
    verify=LOOK,
    act="Ask who stopped it and why (`journalctl -u {subject} -n 5`), then `systemctl enable --now {subject}`.",
    roll_back="`systemctl disable --now {subject}`",
    look_alikes=(LookAlike(cause="service_failed", tell="the unit is failed, not inactive: it died by itself"),),
    source="systemctl(1)",
)
service_masked = Cause(
    title="Service masked: the unit cannot be started",
    prior=0.001,
    per_subject=True,
    shows=(always(units.masked),),
    leads_to=(usually(service_down),),
    verify=LOOK,
    act="`systemctl unmask {subject} && systemctl start {subject}`, when nobody masked it on purpose.",
    roll_back="`systemctl mask --now {subject}`",
    source="systemctl(1) mask",
)
service_crash_loop = Cause(
    title="Crash loop: the service keeps restarting",
    prior=0.01,
    per_subject=True,
    shows=(always(units.restarting),),
    leads_to=(usually(service_down),),
    verify=LOOK,
    act="Read its last words before each exit (`journalctl -u {subject} -n 50`) and mend what they name.",
    roll_back="Undo the change; `systemctl reset-failed {subject}`.",
    look_alikes=(
        LookAlike(cause="config_invalid", tell="its last words are a syntax error"),
        LookAlike(cause="permission_denied", tell="its last words are `Permission denied`"),
        LookAlike(cause="task_limit", tell="it cannot start threads: resources.tasks.unit_limit"),
    ),
    source="systemd NRestarts, `Scheduled restart job`",
)
service_hung = Cause(
    title="Service hung: unresponsive service, it accepts connections but does not answer",
    prior=0.004,
    shows=(always(services.answering),),
    leads_to=(often(requests_fail),),
    verify="diagkit functional {target} --only functional.services.answering -v",
    act=(
        "See its state (`cat /proc/PID/status`): T was stopped by a signal (`kill -CONT PID`), D waits "
        "for a disk or mount; else take a stack trace and restart it."
    ),
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="process_frozen", tell="its process is in state T: functional.services.frozen"),
        LookAlike(cause="listen_queue_overflow", tell="the accept queue is full: resources.sockets.accept_queue"),
        LookAlike(cause="cpu_saturated", tell="it is only slow: the processor is full"),
    ),
    source="listen(2): the kernel accepts for a process that does not run",
)
process_frozen = Cause(
    title="Process stopped by a signal: frozen, hung process (SIGSTOP, state T)",
    prior=0.002,
    per_subject=True,
    shows=(always(services.frozen),),
    leads_to=(usually(service_hung), often(requests_fail)),
    verify="diagkit functional {target} --only 'functional.services.*' -v",
    act="Ask who stopped it (a debugger, a terminal, a backup script); `kill -CONT PID` lets {subject} go on.",
    roll_back="`kill -STOP PID`",
    look_alikes=(LookAlike(cause="service_hung", tell="it runs or sleeps (state R, S, D) and yet does not answer"),),
    source="signal(7) SIGSTOP, proc_pid_stat(5) state T",
)
config_invalid = Cause(
    title="Invalid configuration: the service refuses its configuration (syntax error, unknown directive)",
    prior=0.005,
    per_subject=True,
    shows=(always(units.config_error),),
    leads_to=(often(service_crash_loop), usually(service_failed), usually(service_down)),
    verify=LOOK,
    act=(
        "Mend the line that the message names, check it with the service's own test (nginx -t, sshd -t, "
        "apachectl -t), then restart {subject}."
    ),
    roll_back="Put the previous file back (version control, /var/backups) and restart.",
    look_alikes=(LookAlike(cause="permission_denied", tell="the file is right but may not be read"),),
    source="nginx `[emerg]`, sshd -t, apachectl -t and their like",
)
permission_denied = Cause(
    title="Permission denied: wrong owner or mode of a file the service needs",
    prior=0.004,
    per_subject=True,
    shows=(always(units.permission),),
    leads_to=(usually(service_failed), often(service_crash_loop), usually(service_down)),
    verify=LOOK,
    act="Give the file back to the service's user: compare `namei -l PATH` with a healthy host, then chown or chmod.",
    roll_back="Set the old owner and mode again.",
    look_alikes=(
        LookAlike(cause="apparmor_denial", tell='apparmor="DENIED" in the kernel log'),
        LookAlike(cause="filesystem_read_only", tell="the message is `Read-only file system`"),
    ),
    source="EACCES, EPERM",
)
port_conflict = Cause(
    title="Port conflict: address already in use",
    prior=0.002,
    per_subject=True,
    shows=(always(units.port_conflict),),
    leads_to=(often(service_crash_loop), usually(service_failed), usually(service_down)),
    verify=LOOK,
    act="Find who has the port (`ss -ltnp`), stop one of the two or give it another port.",
    roll_back="Start the stopped one again.",
    source="EADDRINUSE",
)
library_missing = Cause(
    title="Program or library missing: the service cannot be executed",
    prior=0.002,
    per_subject=True,
    shows=(always(units.exec_missing),),
    leads_to=(usually(service_failed), often(service_crash_loop), usually(service_down)),
    verify=LOOK,
    act="Install the missing file again (`dpkg -S PATH`, `rpm -qf PATH` name its package) or undo the upgrade.",
    roll_back="Install the previous version of the package.",
    look_alikes=(LookAlike(cause="config_invalid", tell="the program starts and complains about its configuration"),),
    source="systemd 203/EXEC; ld.so messages",
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
    look_alikes=(LookAlike(cause="hardware_memory_error", tell="different programs crash, without an upgrade"),),
    source="kernel `segfault at`",
)
port_mismatch = Cause(
    title="Port mismatch: a proxy sends to a wrong port, where nothing listens",
    prior=0.003,
    per_subject=True,
    shows=(always(services.upstream_ports),),
    leads_to=(always(upstream_down), often(requests_fail)),
    verify="diagkit functional {target} --only 'functional.services.*' -v",
    act="Make the proxy's upstream port and the port that the service listens on the same again, then reload.",
    roll_back="Put the previous file back and reload.",
    look_alikes=(LookAlike(cause="service_stopped", tell="the service does not run at all"),),
    source="ECONNREFUSED from an upstream whose service listens elsewhere",
)
bad_deployment = Cause(
    title="Bad deploy: bad deployment, new errors since the new release",
    prior=0.006,
    shows=(usually(changes.deploys, fails=0.0), often(applications.errors, fails=0.0)),
    leads_to=(often(requests_fail), sometimes(service_crash_loop)),
    verify="diagkit functional {target} --only 'functional.changes.*' -v",
    act="Go back to the previous release.",
    roll_back="Deploy the new release again once its error is mended.",
    look_alikes=(LookAlike(cause="config_invalid", tell="the configuration changed, not the release"),),
    source="site reliability practice: most outages follow a change",
)
backup_failed = Cause(
    title="Backup failed: the backup job did not succeed",
    prior=0.003,
    per_subject=True,
    shows=(always(units.backup_failed),),
    verify="diagkit functional {target} --only functional.units.backup_failed -v",
    act="Read why (`journalctl -u {subject} -n 20`), mend it, then run it once by hand: `systemctl start {subject}`.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="disk_full", tell="its target is full"),),
    source="systemd Result= of a unit that backs up",
)
cron_not_running = Cause(
    title="cron is not running: timed jobs do not start",
    prior=0.001,
    shows=(always(services.cron),),
    verify="diagkit functional {target} --only functional.services.cron -v",
    act="`systemctl start cron` (or crond), then run by hand what was missed.",
    roll_back="`systemctl stop cron`",
    source="cron(8)",
)
dependency_failed = Cause(
    title="Dependency failed: a unit that this one needs did not start",
    prior=0.002,
    per_subject=True,
    shows=(always(units.dependency),),
    leads_to=(usually(service_down),),
    verify=LOOK,
    act="Start the unit it depends on first (`systemctl list-dependencies {subject}` marks it), then {subject}.",
    roll_back="`systemctl stop {subject}`",
    look_alikes=(LookAlike(cause="service_failed", tell="the unit itself has failed, not what it needs"),),
    source="systemd `Dependency failed for`",
)
dependency_unreachable = Cause(
    title="Dependency unreachable: a database, cache or API on another host refuses or does not answer",
    prior=0.004,
    told_by=signatures.kernel,
    leads_to=(often(requests_fail), sometimes(service_down)),
    verify="diagkit logs {target} --only 'logs.signatures.*' -v",
    act="Run `diagkit check` on the host that the lines name: the cause is there, or on the way to it.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="resolver_unreachable", tell="the name is not resolved: nothing was even tried"),
        LookAlike(cause="firewall_blocks", tell="it times out instead of being refused"),
        LookAlike(cause="blackhole_route", tell="this host's own routes throw the packets away"),
    ),
    source="connect(2) ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH in a service's log",
)
log_daemon_down = Cause(
    title="Log daemon down: logging stopped, the log files get no new lines",
    prior=0.002,
    shows=(usually(coverage.writing),),
    verify="diagkit logs {target} --only 'logs.coverage.*' -v",
    act="Start it again (`systemctl restart rsyslog`); its last words in the journal say why it stopped.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="disk_full", tell="there is no room to write to"),),
    source="rsyslogd(8); log files older than the journal",
)
missing_file = Cause(
    title="Missing file: a configuration or data file the service needs does not exist (config file not found)",
    prior=0.003,
    per_subject=True,
    shows=(always(units.missing_file),),
    leads_to=(usually(service_failed), often(service_crash_loop), usually(service_down)),
    verify=LOOK,
    act=(
        "Put the file back that its last words name, or correct the path in the unit or its "
        "configuration; then restart."
    ),
    roll_back="Set the old path again.",
    look_alikes=(
        LookAlike(cause="permission_denied", tell="the file is there and may not be read"),
        LookAlike(cause="mount_missing", tell="the file system it lies on is not mounted"),
    ),
    source="ENOENT",
)
