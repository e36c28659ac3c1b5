"""Do the jobs by the clock get their turn, and can they run?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.functional import utc
from diagkit.model import Moment
from diagkit.probes.scheduler import CronPrograms
from diagkit.probes.systemd import Units
from diagkit.probes.unit_log import Jobs, Unloaded


@check(noise=(0.005, 0.001), vital=False)
def timers(units: Units, jobs: Jobs, unloaded: Unloaded, moment: Moment) -> Findings:
    """No timer that ran in this boot has been stopped.

    Why: a stopped timer fails nowhere: the backup, the renewal, the clean-up just never happens again.
    Limits: only what was stopped in this boot, and of that only what is young enough to be in the journal.
    Look-alikes: a timer whose package was removed is gone altogether, and is passed.
    """
    stopped = False
    for unit in (*units.of("timer"), *(u for u in unloaded.all if u.kind == "timer")):
        job = jobs.stop_of(unit.name)
        enabled = unit.file_state.startswith("enabled")
        if unit.active == "active" or unit.load not in ("loaded", "masked") or not (job or (enabled and unit.since)):
            continue
        stopped = True
        state = "masked" if unit.load == "masked" else f"inactive and {unit.file_state}"
        when = f", stopped at {utc(job.at)}" if job else ""
        recent = job and moment.since <= job.at <= moment.until
        verdict = fail if recent or enabled else warn
        yield verdict(f"the timer is {state}{when}: its job does not start", unit.name, at=job.at if job else None)
    if not stopped:
        yield ok("no timer was stopped")


@check(noise=(0.005, 0.001), vital=False)
def crontabs(programs: CronPrograms) -> Findings:
    """The program of every cron job exists and may be executed.

    Why: cron sends the complaint of a job by mail, which mostly nobody reads; its log only says that it was started.
    Limits: jobs that begin with the absolute path of a program, not those that a shell puts together.
    """
    broken = [p for p in programs.all if not p.executable]
    for program in broken:
        why = "is not executable (permission denied)" if program.there else "does not exist"
        yield fail(f"cron job broken: {program.job.program} {why}", program.job.file)
    if not broken:
        yield ok(f"the programs of {len(programs.all)} cron jobs are there")
