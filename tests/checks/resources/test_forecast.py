"""What earlier runs foretell."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from diagkit import catalog
from diagkit.checks.resources import forecast
from diagkit.model import History, Moment, Sample, Silence, Status, Tape, Target, Unknown
from diagkit.probes import Facts
from diagkit.probes.disk import Mount, Mounts
from diagkit.probes.files import FileHandles
from diagkit.probes.filling import Filling, Growth
from diagkit.probes.kernel import TaskTable
from diagkit.probes.local_ports import Conntrack
from diagkit.probes.memory import Memory
from diagkit.probes.processes import Process, Processes

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOW, NOW - timedelta(hours=1), NOW)
GIB = 1 << 30
ROOT = Mount(path="/", device="8:1", source="/dev/sda1", type="ext4", size=100 * GIB, free=20 * GIB, available=20 * GIB, inodes=1000, inodes_free=100)  # fmt: skip


def made(kind, **given):
    """A fact of which only some fields matter."""
    return kind(**{f.name: 0 for f in fields(kind)} | given)


MEMORY = made(Memory, total=100, available=10)
HIDDEN = Unknown("processes.processes", Silence.DENIED)


def history(key, now, step, runs=24, **more):
    """Hourly runs in which the figure grew by a step each hour, to be `now` now."""
    hours = range(runs, 0, -1)
    figures = {key: (now, step)} | {name.replace("_", " ", 1): figure for name, figure in more.items()}
    return History(
        samples=tuple(
            Sample(at=NOW - timedelta(hours=h), measured={k: now - step * h for k, (now, step) in figures.items()})
            for h in hours
        )
    )


def judge(check, *facts):
    return list(check.judge(*facts, MOMENT, check.limits))


CASES = {
    "space": (forecast.space, "space /", 80 * GIB, 2 * GIB, Mounts(all=(ROOT,)), "filesystem / used up in 10 h"),
    "inodes": (forecast.inodes, "inodes /", 900, 10, Mounts(all=(ROOT,)), "inodes of the filesystem / used up in 10 h"),
    "file_handles": (
        forecast.file_handles, "file_handles", 900, 10, FileHandles(allocated=900, maximum=1000),
        "file handles used up in 10 h",
    ),
    "tasks": (forecast.tasks, "tasks", 900, 10, TaskTable(tasks=900, limit=1000), "tasks used up in 10 h"),
    "connections": (
        forecast.connections, "tracked", 900, 10, Conntrack(count=900, maximum=1000),
        "tracked connections used up in 10 h",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("check", "key", "now", "step", "fact", "say"), CASES.values(), ids=CASES)
def test_what_climbs_to_its_limit_within_a_day_is_a_warning(check, key, now, step, fact, say):
    (found,) = judge(check, history(key, now, step), fact)
    assert found.status is Status.WARN
    assert found.summary.raw.startswith(say)
    assert found.measured["full_in_s"] == pytest.approx(36_000)
    assert found.measured["soonest_s"] <= found.measured["full_in_s"] <= found.measured["latest_s"]


@pytest.mark.parametrize(("check", "key", "now", "step", "fact", "say"), CASES.values(), ids=CASES)
def test_what_stands_still_or_has_time_is_well(check, key, now, step, fact, say):
    (still,) = judge(check, history(key, now, 0), fact)
    (slow,) = judge(check, history(key, now, step / 2.7), fact)
    assert [f.status for f in (still, slow)] == [Status.OK, Status.OK]
    assert "full_in_s" not in still.measured
    assert slow.measured["full_in_s"] > 24 * 3600


@pytest.mark.parametrize(("check", "key", "now", "step", "fact", "say"), CASES.values(), ids=CASES)
def test_a_short_history_foretells_nothing(check, key, now, step, fact, say):
    (found,) = judge(check, history(key, now, step, runs=5), fact)
    assert found.status is Status.UNKNOWN
    assert "--baseline" in found.hint.raw


def test_without_a_history_there_is_nothing_to_judge_by():
    """Not even an unreachable host is then called unknown."""
    probes = catalog.probes_for((forecast.space,))
    tape = Tape(target=Target("local"), moment=MOMENT, replies={})
    (found,) = forecast.space(Facts(probes, tape))
    assert found.status is Status.SKIP
    assert "--baseline" in found.summary.raw


def process(name, rss):
    return made(Process, name=name, rss=rss)


def test_memory_names_who_grows():
    programs = Processes(all=(process("shop", 60), process("sshd", 5)))
    past = history("memory", 90, 1, resident_shop=(60, 1), resident_sshd=(5, 0))
    (found,) = judge(forecast.memory, past, MEMORY, programs)
    assert found.status is Status.WARN
    assert found.summary.raw.endswith("; shop grows by 1 B an hour")
    (found,) = judge(forecast.memory, past, MEMORY, HIDDEN)
    assert found.status is Status.WARN


def test_a_filesystem_in_memory_is_not_foretold():
    (found,) = judge(forecast.space, history("space /", 80, 1), Mounts(all=()))
    assert found.status is Status.SKIP


@pytest.mark.parametrize(
    ("rate", "says", "ends"),
    [
        (20 << 20, "filling at 20.0 MiB/s over 4 s: at that rate full in 17 min", True),
        (1 << 20, "not filling so fast", False),
        (0, "not filling so fast", False),
        (-5e6, "not filling so fast", False),
    ],
)
def test_the_rate_of_a_few_seconds_is_told_and_never_a_verdict(rate, says, ends):
    seen = Filling(seconds=4.0, all=(Growth(path="/var", bytes_per_s=rate, available=20 * GIB),))
    (found,) = forecast.filling.judge(seen, forecast.Soon())
    assert found.status is Status.OK
    assert found.summary.raw.startswith(says)
    assert ("full_in_s" in found.measured) is ends


def test_what_was_not_looked_at_twice_is_skipped():
    (found,) = forecast.filling.judge(Filling(seconds=4.0, all=()), forecast.Soon())
    assert found.status is Status.SKIP
