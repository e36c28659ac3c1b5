"""Timers that were stopped, and cron jobs whose program is not there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.functional import schedules
from diagkit.model import Moment, Status
from diagkit.probes.scheduler import CronJob, CronPrograms, Program
from diagkit.probes.systemd import Unit, Units
from diagkit.probes.unit_log import Job, Jobs, Unloaded

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOON, NOON - timedelta(hours=1), NOON)
RUNS = Unit(name="backup.timer", load="loaded", active="active", sub="waiting", file_state="enabled", since=NOON)
RESTS = replace(RUNS, active="inactive", sub="dead")


def stopped(minutes):
    return Jobs(all=(Job(unit="backup.timer", kind="stop", at=NOON - timedelta(minutes=minutes)),))


@pytest.mark.parametrize(
    ("unit", "jobs", "status"),
    [
        (RUNS, stopped(5), Status.OK),
        (RESTS, stopped(5), Status.FAIL),
        (replace(RESTS, file_state="disabled"), stopped(5), Status.FAIL),
        (replace(RESTS, file_state="disabled"), stopped(90), Status.WARN),
        (replace(RESTS, load="masked", file_state="masked"), stopped(5), Status.FAIL),
        (replace(RESTS, file_state="disabled"), Jobs(all=()), Status.OK),
        (replace(RESTS, load="not-found"), stopped(5), Status.OK),
    ],
)
def test_timers(unit, jobs, status):
    (finding,) = schedules.timers.judge(Units(all=(unit,)), jobs, Unloaded(all=()), MOMENT)
    assert finding.status is status
    (finding,) = schedules.timers.judge(Units(all=()), jobs, Unloaded(all=(unit,)), MOMENT)
    assert finding.status is status


@pytest.mark.parametrize(
    ("there", "executable", "status", "say"),
    [
        (True, True, Status.OK, "the programs of 1 cron jobs are there"),
        (False, False, Status.FAIL, "cron job broken: /usr/local/bin/report does not exist"),
        (True, False, Status.FAIL, "cron job broken: /usr/local/bin/report is not executable (permission denied)"),
    ],
)
def test_crontabs(there, executable, status, say):
    job = CronJob(file="/etc/cron.d/report", program="/usr/local/bin/report")
    programs = CronPrograms(all=(Program(job=job, there=there, executable=executable),))
    (finding,) = schedules.crontabs.judge(programs)
    assert (finding.status, finding.summary.raw) == (status, say)
