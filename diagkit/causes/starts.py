"""Causes that keep a service from starting: what it reads, what it is, whom it runs as, what it waits for."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, proxies, services, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down
from diagkit.checks.connectivity import names
from diagkit.checks.functional import changes, starts, trials, units
from diagkit.checks.logs import signatures
from diagkit.checks.resources import cpu, disks, mounts

LOOK = "diagkit functional {target} --only 'functional.starts.*' -v"
DOWN = (often(services.service_crash_loop), usually(services.service_failed), usually(service_down))
# What may also strike a service that runs on and only fails requests.
DOWN_OR_NOT = (
    sometimes(services.service_crash_loop),
    sometimes(services.service_failed),
    sometimes(service_down),
    sometimes(requests_fail),
)

config_invalid = Cause(
    title="Invalid configuration: the service refuses its configuration (syntax error, unknown directive)",
    prior=0.005,
    per_subject=True,
    shows=(
        often(starts.configuration),
        sometimes(changes.config_failed, same=True, fails=0.0),
        sometimes(starts.program, same=True),
        sometimes(trials.accepted, same=True),
    ),
    leads_to=DOWN_OR_NOT,
    verify=LOOK,
    act=(
        "Mend the line that the message names, check it with the service's own test (nginx -t, sshd -t, "
        "apachectl -t), then restart {subject}."
    ),
    roll_back="Put the previous file back (version control, /var/backups) and restart.",
    look_alikes=(
        LookAlike(cause="permission_denied", tell="the file is right but may not be read", by=starts.permission),
        LookAlike(cause="missing_file", tell="the file is not there", by=starts.file),
        LookAlike(cause="bad_deployment", tell="the program changed, not its settings", by=changes.deploys),
    ),
    source="nginx `[emerg]`, sshd -t, apachectl -t and their like",
)
permission_denied = Cause(
    title="Permission denied: wrong owner or mode of a file the service needs",
    prior=0.004,
    per_subject=True,
    shows=(often(starts.permission),),
    leads_to=DOWN_OR_NOT,
    verify=LOOK,
    act="Give the file back to the service's user: compare `namei -l PATH` with a healthy host, then chown or chmod.",
    roll_back="Set the old owner and mode again.",
    look_alikes=(
        LookAlike(cause="apparmor_denial", tell='apparmor="DENIED" in the log', by=signatures.system),
        LookAlike(cause="filesystem_read_only", tell="the message is `Read-only file system`", by=mounts.read_only),
        LookAlike(cause="sandbox_denies", tell="only this unit is denied, by its own settings", by=starts.sandbox),
    ),
    source="EACCES, EPERM",
)
sandbox_denies = Cause(
    title="Unit sandbox denies: read-only file system for this service alone (ProtectSystem=, 226/NAMESPACE)",
    prior=0.001,
    per_subject=True,
    shows=(often(starts.sandbox),),
    leads_to=DOWN_OR_NOT,
    verify=LOOK,
    act="Name what it writes in ReadWritePaths= or StateDirectory= of {subject} (`systemctl edit`), then restart it.",
    roll_back="`systemctl revert {subject}`",
    look_alikes=(
        LookAlike(cause="filesystem_read_only", tell="it is read-only for everybody", by=mounts.read_only),
        LookAlike(cause="permission_denied", tell="owner and mode forbid it", by=starts.permission),
        LookAlike(cause="missing_file", tell="a path in ReadWritePaths= does not exist", by=starts.file),
    ),
    source="systemd.exec(5) ProtectSystem=, ReadWritePaths=, status 226",
)
port_conflict = Cause(
    title="Port conflict: address already in use",
    prior=0.002,
    per_subject=True,
    shows=(usually(starts.port),),
    leads_to=DOWN,
    verify=LOOK,
    act="Find who has the port (`ss -ltnp`), stop one of the two or give it another port.",
    roll_back="Start the stopped one again.",
    look_alikes=(
        LookAlike(cause="permission_denied", tell="a port below 1024 needs a privilege", by=starts.permission),
        LookAlike(cause="ephemeral_ports_exhausted", tell="outgoing ports run out", by=signatures.kernel),
    ),
    source="EADDRINUSE",
)
program_not_executable = Cause(
    title="Program cannot be executed: wrong path, bad interpreter or exec format error (status=203/EXEC)",
    prior=0.002,
    per_subject=True,
    shows=(always(starts.executable),),
    leads_to=DOWN,
    verify=LOOK,
    act="Correct ExecStart= of {subject}, or put back the program or the interpreter that its first line names.",
    roll_back="`systemctl revert {subject}`; install the previous version.",
    look_alikes=(
        LookAlike(cause="permission_denied", tell="it is there and may not be executed", by=starts.permission),
        LookAlike(cause="library_missing", tell="it runs and misses a library", by=starts.library),
        LookAlike(cause="working_directory_missing", tell="the status is 200/CHDIR", by=starts.directory),
    ),
    source="systemd.exec(5) status 203; execve(2) ENOENT, ENOEXEC",
)
library_missing = Cause(
    title="Library missing: a shared library or module that the program loads is not there",
    prior=0.002,
    per_subject=True,
    shows=(often(starts.library), sometimes(changes.packages, same=True, fails=0.0)),
    leads_to=DOWN_OR_NOT,
    verify=LOOK,
    act="Install the missing file again (`dpkg -S PATH`, `rpm -qf PATH` name its package) or undo the upgrade.",
    roll_back="Install the previous version of the package.",
    look_alikes=(
        LookAlike(cause="config_invalid", tell="the program starts and complains", by=starts.configuration),
        LookAlike(cause="program_not_executable", tell="the program itself is missing", by=starts.executable),
        LookAlike(cause="package_change", tell="the upgrade is half done", by=signatures.system),
    ),
    source="ld.so messages, ModuleNotFoundError and its like",
)
account_missing = Cause(
    title="Wrong user: the account the service runs as does not exist (User=, Group=, status=217/USER)",
    prior=0.001,
    per_subject=True,
    shows=(always(starts.account),),
    leads_to=DOWN,
    verify=LOOK,
    act="Correct User= and Group= of {subject}, or bring the account back with its old number (`useradd -r -u UID`).",
    roll_back="`systemctl revert {subject}`",
    look_alikes=(
        LookAlike(cause="permission_denied", tell="the account is there and lacks a right", by=starts.permission),
        LookAlike(cause="resolver_unreachable", tell="accounts come from a directory server", by=names.resolvers),
    ),
    source="systemd.exec(5) status 216 and 217",
)
working_directory_missing = Cause(
    title="Wrong working directory: WorkingDirectory= does not exist (status=200/CHDIR)",
    prior=0.001,
    per_subject=True,
    shows=(always(starts.directory),),
    leads_to=DOWN,
    verify=LOOK,
    act="Correct WorkingDirectory= of {subject}, or make the directory and give it to the service's user.",
    roll_back="`systemctl revert {subject}`",
    look_alikes=(
        LookAlike(cause="mount_missing", tell="the file system it lies on is not mounted", by=mounts.missing),
        LookAlike(cause="program_not_executable", tell="the status is 203/EXEC", by=starts.executable),
    ),
    source="systemd.exec(5) status 200",
)
environment_missing = Cause(
    title="Environment missing: environment file or required environment variable not set",
    prior=0.002,
    per_subject=True,
    shows=(always(starts.environment),),
    leads_to=DOWN,
    verify=LOOK,
    act="Put the file or the variable back: `systemctl show -p Environment -p EnvironmentFiles {subject}`; restart it.",
    roll_back="`systemctl revert {subject}`",
    look_alikes=(
        LookAlike(cause="missing_file", tell="a variable leads to a file that is not there", by=starts.file),
        LookAlike(cause="bad_deployment", tell="a new release wants a new variable", by=changes.deploys),
    ),
    source="systemd `Failed to load environment files`, KeyError of os.environ, `unbound variable`",
)
missing_file = Cause(
    title="Missing file: a configuration or data file the service needs does not exist (config file not found)",
    prior=0.003,
    per_subject=True,
    shows=(often(starts.file),),
    leads_to=DOWN_OR_NOT,
    verify=LOOK,
    act=(
        "Put the file back that its last words name, or correct the path in the unit or its "
        "configuration; then restart."
    ),
    roll_back="Set the old path again.",
    look_alikes=(
        LookAlike(cause="permission_denied", tell="the file is there and may not be read", by=starts.permission),
        LookAlike(cause="mount_missing", tell="the file system it lies on is not mounted", by=mounts.missing),
        LookAlike(cause="bad_deployment", tell="a release came without it", by=changes.deploys),
    ),
    source="ENOENT",
)
dependency_failed = Cause(
    title="Dependency failed: a unit that this one needs did not start",
    prior=0.002,
    per_subject=True,
    shows=(always(starts.dependency),),
    leads_to=(often(proxies.upstream_down), sometimes(service_down)),
    verify=LOOK,
    act="Start the unit it depends on first (`systemctl list-dependencies {subject}` marks it), then {subject}.",
    roll_back="`systemctl stop {subject}`",
    look_alikes=(
        LookAlike(cause="service_failed", tell="the unit itself has failed, not what it needs", by=units.failed),
        LookAlike(cause="dependency_unreachable", tell="what it needs is on another host", by=starts.peer),
    ),
    source="systemd `Dependency failed for`",
)
watchdog_timeout = Cause(
    title="Watchdog timeout: the service gave no sign of life and was killed (WatchdogSec=)",
    prior=0.001,
    per_subject=True,
    shows=(always(starts.watchdog),),
    leads_to=DOWN,
    verify=LOOK,
    act="If it hangs, see where (`coredumpctl info`); if it never sends WATCHDOG=1, take WatchdogSec= out of its unit.",
    roll_back="`systemctl revert {subject}`",
    look_alikes=(
        LookAlike(cause="cpu_saturated", tell="it lives and gets no processor time", by=cpu.saturation),
        LookAlike(cause="disk_saturated", tell="it waits for the disk", by=disks.saturation),
        LookAlike(cause="service_crash_loop", tell="it ends by itself", by=units.restarting),
    ),
    source="sd_watchdog_enabled(3), Result=watchdog",
)
start_timeout = Cause(
    title="Start timeout: the service did not report ready in time and was killed (TimeoutStartSec=)",
    prior=0.001,
    per_subject=True,
    shows=(always(starts.in_time),),
    leads_to=DOWN,
    verify=LOOK,
    act="See what it waits for; if it is Type=notify and never sends READY=1, correct Type=; else raise the time.",
    roll_back="`systemctl revert {subject}`",
    look_alikes=(
        LookAlike(cause="dependency_unreachable", tell="it waits for a peer that is down", by=signatures.kernel),
        LookAlike(cause="disk_slow", tell="it waits for the disk", by=disks.latency),
        LookAlike(cause="service_crash_loop", tell="it ends by itself", by=units.restarting),
    ),
    source="systemd.service(5) TimeoutStartSec=, Result=timeout",
)
