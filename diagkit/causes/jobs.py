"""Causes that are about jobs by the clock: timers, cron, backups."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, usually
from diagkit.checks.functional import schedules, services, starts, units
from diagkit.checks.logs import signatures
from diagkit.checks.resources import disk

SCHEDULES = "diagkit functional {target} --only 'functional.schedules.*' -v"

backup_failed = Cause(
    title="Backup failed: the backup job did not succeed",
    prior=0.003,
    per_subject=True,
    shows=(always(units.backup_failed),),
    verify="diagkit functional {target} --only functional.units.backup_failed -v",
    act="Read why (`journalctl -u {subject} -n 20`), mend it, then run it once by hand: `systemctl start {subject}`.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="disk_full", tell="its target is full", by=disk.space),
        LookAlike(cause="permission_denied", tell="it may not read or write", by=starts.permission),
        LookAlike(cause="timer_not_running", tell="it was not even started", by=schedules.timers),
    ),
    source="systemd Result= of a unit that backs up",
)
cron_not_running = Cause(
    title="cron is not running: timed jobs do not start",
    prior=0.003,
    shows=(always(services.cron), usually(units.stopped)),
    verify="diagkit functional {target} --only functional.services.cron -v",
    act="`systemctl start cron` (or crond), then run by hand what was missed.",
    roll_back="`systemctl stop cron`",
    look_alikes=(
        LookAlike(cause="cron_job_broken", tell="cron runs, one of its jobs cannot", by=schedules.crontabs),
        LookAlike(cause="crontab_ignored", tell="cron runs and ignores one file", by=signatures.system),
    ),
    source="cron(8)",
)
crontab_ignored = Cause(
    title="Crontab ignored: cron refuses a crontab (syntax error, wrong owner, insecure mode, unknown user)",
    prior=0.002,
    told_by=signatures.system,
    verify="diagkit logs {target} --only logs.signatures.system -v",
    act="Mend what the line names: five fields, user and command; owner root, mode 644, no dot in the file's name.",
    roll_back="Put the previous crontab back.",
    look_alikes=(
        LookAlike(cause="cron_not_running", tell="no job starts at all", by=services.cron),
        LookAlike(cause="cron_job_broken", tell="the job is started, and fails", by=schedules.crontabs),
    ),
    source="cron(8): files that are not regular, not root's, or writable for others are not run",
)
cron_job_broken = Cause(
    title="Cron job broken: its command does not exist or cannot be executed",
    prior=0.002,
    per_subject=True,
    shows=(always(schedules.crontabs),),
    verify=SCHEDULES,
    act="Correct the path in {subject}, or put the program back and make it executable; run it once by hand.",
    roll_back="Put the previous crontab back.",
    look_alikes=(
        LookAlike(cause="cron_not_running", tell="no job starts at all", by=services.cron),
        LookAlike(cause="crontab_ignored", tell="cron does not even read the file", by=signatures.system),
    ),
    source="crontab(5): output and errors of a job go to mail, which mostly nobody reads",
)
timer_not_running = Cause(
    title="Timer stopped or disabled: its scheduled job does not start",
    prior=0.002,
    per_subject=True,
    shows=(often(schedules.timers, fails=0.5),),
    verify=SCHEDULES,
    act="`systemctl enable --now {subject}`, then run the job once by hand: `systemctl start` its service.",
    roll_back="`systemctl disable --now {subject}`",
    look_alikes=(LookAlike(cause="backup_failed", tell="the job was started, and failed", by=units.backup_failed),),
    source="systemd.timer(5)",
)
