"""What is unusual here is evidence and never a verdict."""

from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.resources import unusual
from diagkit.model import History, Moment, Sample, Status
from diagkit.probes.cpu import Load
from diagkit.probes.files import FileHandles
from diagkit.probes.kernel import TaskTable
from diagkit.probes.local_ports import Ports
from diagkit.probes.memory import Memory
from diagkit.probes.pressure import Pressure, Stall
from diagkit.probes.processes import Processes
from tests.checks.resources.test_forecast import made, process

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOW, NOW - timedelta(hours=1), NOW)


def history(key, values, runs=48):
    """Hourly runs; of programs in MiB."""
    values = [value << 20 for value in values] if key.startswith("resident") else values
    return History(
        samples=tuple(
            Sample(at=NOW - timedelta(hours=h), measured={key: values[h % len(values)]}) for h in range(runs, 0, -1)
        )
    )


def stalled(share):
    none, busy = made(Stall), made(Stall, some_60=share)
    return Pressure(cpu=none, memory=none, io=busy)


def memory(used):
    return made(Memory, total=1000, available=1000 - used)


CASES = {
    "load": (unusual.load, "load", lambda n: Load(one=0, five=n, fifteen=0, tasks=1)),
    "memory": (unusual.memory, "memory", memory),
    "programs": (unusual.programs, "resident shop", lambda n: Processes(all=(process("shop", n << 20),))),
    "stalls": (unusual.stalls, "stalled io", stalled),
    "file_handles": (unusual.file_handles, "file_handles", lambda n: FileHandles(allocated=n, maximum=1000)),
    "tasks": (unusual.tasks, "tasks", lambda n: TaskTable(tasks=n, limit=1000)),
    "sockets": (unusual.sockets, "sockets", lambda n: Ports(first=1, last=9, open=n - 20, time_wait=20)),
}


@pytest.mark.parametrize(("check", "key", "fact"), CASES.values(), ids=CASES)
def test_a_level_far_outside_the_past_is_evidence(check, key, fact):
    past = history(key, [100, 102, 104])
    (found,) = [f for f in check.judge(past, fact(400), MOMENT) if f.likelihood_ratio]
    assert found.status is Status.OK
    assert found.likelihood_ratio == 20
    assert found.summary.raw.replace(".0 MiB", "").startswith("unusual here: 400; 100 to 104 in ")


@pytest.mark.parametrize(("check", "key", "fact"), CASES.values(), ids=CASES)
def test_a_level_like_those_before_speaks_against(check, key, fact):
    (found,) = [f for f in check.judge(history(key, [100, 102, 104]), fact(102), MOMENT) if f.likelihood_ratio]
    assert found.status is Status.OK
    assert 1 / 3 <= found.likelihood_ratio < 1
    assert found.summary.raw.startswith("as usual here")


@pytest.mark.parametrize(("check", "key", "fact"), CASES.values(), ids=CASES)
def test_few_runs_or_a_single_morning_tell_nothing_usual(check, key, fact):
    morning = history(key, [100], runs=20)
    for past in (morning, history("another", [100])):
        (found,) = check.judge(past, fact(400), MOMENT)
        assert found.status is Status.UNKNOWN
        assert found.likelihood_ratio is None
        assert "--baseline" in found.hint.raw


def test_the_incident_itself_is_no_part_of_what_is_usual():
    before = history("load", [1.0, 1.1]).samples
    during = tuple(Sample(at=NOW - timedelta(minutes=m), measured={"load": 40.0}) for m in range(30, 0, -1))
    (found,) = unusual.load.judge(History(samples=(*before, *during)), Load(one=0, five=40, fifteen=0, tasks=1), MOMENT)
    assert found.likelihood_ratio == 20


def test_there_may_be_nothing_of_the_kind():
    (found,) = unusual.programs.judge(history("load", [1]), Processes(all=()), MOMENT)
    assert found.status is Status.SKIP
