"""Stuck processes, zombies, and limits of tasks and files."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import files, processes, tasks
from diagkit.model import Status
from diagkit.probes.cgroups import TaskLimits, Tasks
from diagkit.probes.cpu import Cpu, Forks, Spent
from diagkit.probes.files import Descriptors, FileHandles, OpenFiles
from diagkit.probes.kernel import TaskTable
from diagkit.probes.pressure import Pressure, Stall
from diagkit.probes.processes import Process, Processes

CALM = Process(
    pid=700, parent=1, name="job-runner", state="S", stuck=False, threads=1, kernel=False, age=60.0, nice=0,
    cpu=0.0, system=0.0, children_cpu=0.0, lifetime_cpu=0.0, rss=1 << 20, growth=0.0,
    uid=33, fd_slots=64, fd_limit=1024, task_limit=100,
)  # fmt: skip


def crowd(count, **changed):
    return Processes(all=(CALM, *(replace(CALM, pid=1000 + n, **changed) for n in range(count))))


def one(check, *facts):
    (found,) = check.judge(*facts, check.limits)
    return found.status, found.subject.raw


@pytest.mark.parametrize(("count", "status"), [(0, Status.OK), (1, Status.WARN), (5, Status.FAIL)])
def test_blocked(count, status):
    assert one(processes.blocked, crowd(count, state="D", stuck=True)) == (status, "")


def test_kernel_threads_sleep_as_they_like():
    assert one(processes.blocked, crowd(9, state="D", stuck=True, kernel=True)) == (Status.OK, "")


@pytest.mark.parametrize(
    ("count", "found"),
    [
        (3, (Status.OK, "")),
        (30, (Status.WARN, "job-runner[700]")),
        (250, (Status.FAIL, "job-runner[700]")),
    ],
)
def test_zombies(count, found):
    assert one(processes.zombies, crowd(count, state="Z", parent=700)) == found


@pytest.mark.parametrize(
    ("count", "found"), [(10, (Status.OK, "")), (92, (Status.WARN, "33")), (120, (Status.FAIL, "33"))]
)
def test_user_limit(count, found):
    assert one(processes.user_limit, crowd(count)) == found


def test_root_has_no_limit_of_tasks():
    root = Processes(all=tuple(replace(CALM, pid=n, uid=0) for n in range(200)))
    assert one(processes.user_limit, root) == (Status.OK, "")


def test_consumers_are_told_and_not_judged():
    (found,) = processes.consumers.judge(Processes(all=(CALM, replace(CALM, pid=7, cpu=0.5))))
    assert found.status is Status.OK
    assert found.summary.raw.startswith("top by CPU: job-runner[7] 50%; by memory: job-runner[700] 1.0 MiB")


@pytest.mark.parametrize(
    ("current", "limit", "refused", "found"),
    [
        (20, 300, 0, (Status.OK, "")),
        (280, 300, 0, (Status.WARN, "shop.service")),
        (300, 300, 4, (Status.FAIL, "shop.service")),
        (20, 300, 4, (Status.OK, "")),  # that was once; it has room now
        (1, 1, 0, (Status.OK, "")),  # meant to be alone
        (1, 1, 5, (Status.FAIL, "shop.service")),
    ],
)
def test_unit_limit(current, limit, refused, found):
    unit = Tasks(unit="shop.service", current=current, limit=limit, refused=refused)
    assert one(tasks.unit_limit, TaskLimits(all=(unit,))) == found


def test_no_unit_has_a_limit():
    assert one(tasks.unit_limit, TaskLimits(all=())) == (Status.SKIP, "")


@pytest.mark.parametrize(("count", "status"), [(100, Status.OK), (850, Status.WARN), (990, Status.FAIL)])
def test_system_limit_of_tasks(count, status):
    assert one(tasks.system_limit, TaskTable(tasks=count, limit=1000)) == (status, "")


@pytest.mark.parametrize(
    ("count", "status"), [(100, Status.OK), (240, Status.WARN), (256, Status.FAIL), (-1, Status.UNKNOWN)]
)
def test_process_limit_of_files(count, status):
    near = OpenFiles(process="python3[7]", count=count, limit=256)
    first, rest = files.process_limit.judge(Descriptors(near=(near,), others=9), files.ProcessShare())
    assert (first.status, first.subject.raw) == (status, "python3[7]")
    assert rest.status is Status.OK


@pytest.mark.parametrize(("count", "status"), [(100, Status.OK), (750, Status.WARN), (990, Status.FAIL)])
def test_system_limit_of_files(count, status):
    assert one(files.system_limit, FileHandles(allocated=count, maximum=1000)) == (status, "")


FULL = Spent(user=0.5, nice=0.0, system=0.5, idle=0.0, iowait=0.0, irq=0.0, softirq=0.0, steal=0.0)
CORE = Cpu(total=FULL, each=(FULL,))
WAITS = Stall(
    some_now=0.9, some_10=0.9, some_60=0.2, some_300=0.1, full_now=0.0, full_10=0.0, full_60=0.0, full_300=0.0
)
QUEUE = Pressure(cpu=WAITS, memory=WAITS, io=WAITS)
CRON = replace(CALM, pid=2, name="cron")
SHELL = replace(CALM, pid=3, parent=2, name="sh")


@pytest.mark.parametrize(
    ("jobs", "status"),
    [
        ((replace(CALM, parent=3, name="gzip", cpu=0.9),), Status.WARN),  # one job: what cron is for
        (tuple(replace(CALM, pid=n, parent=3, name="gzip", cpu=0.3) for n in (10, 11, 12)), Status.FAIL),
        (tuple(replace(CALM, pid=n, parent=1, name="gzip", cpu=0.3) for n in (10, 11, 12)), Status.OK),
    ],
)
def test_scheduled(jobs, status):
    assert one(processes.scheduled, CORE, QUEUE, Processes(all=(CRON, SHELL, *jobs))) == (status, "")


@pytest.mark.parametrize(
    ("rate", "changed", "status"),
    [
        (1400.0, {}, Status.FAIL),
        (30.0, {}, Status.OK),  # few, and long
        (1400.0, {"children_cpu": 0.1}, Status.OK),  # somebody else's, in a container
        (1400.0, {"name": "make"}, Status.WARN),
        (1400.0, {"pid": 1}, Status.OK),  # init reaps what others leave behind
    ],
)
def test_fork_storm(rate, changed, status):
    parent = replace(CALM, name="sh", cpu=0.1, children_cpu=0.8)
    everyone = Processes(all=(replace(parent, **changed), replace(CALM, pid=5)))
    assert one(processes.fork_storm, CORE, everyone, Forks(per_second=rate)) == (status, "")
