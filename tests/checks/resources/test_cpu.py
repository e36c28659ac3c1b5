"""Processors that are full, and what only looks like it."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import cpu
from diagkit.model import Silence, Status, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.cgroups import Throttled, Throttling, UnitTime, UnitTimes
from diagkit.probes.cpu import Cpu, Load, Spent
from diagkit.probes.pressure import Pressure, Stall
from diagkit.probes.processes import Process, Processes

IDLE = Spent(user=0.02, nice=0.0, system=0.01, idle=0.97, iowait=0.0, irq=0.0, softirq=0.0, steal=0.0)
FULL = replace(IDLE, user=0.98, idle=0.01)
QUIET = Load(one=0.1, five=0.1, fifteen=0.1, tasks=90)
CALM = Stall(some_now=0.0, some_10=0.0, some_60=0.0, some_300=0.0, full_now=0.0, full_10=0.0, full_60=0.0, full_300=0.0)
LOOP = Process(
    pid=123, parent=1, name="sh", state="R", stuck=False, threads=1, kernel=False, age=900.0, nice=0,
    cpu=0.96, system=0.0, children_cpu=0.0, lifetime_cpu=0.95, rss=1 << 20, growth=0.0,
    uid=0, fd_slots=64, fd_limit=1024, task_limit=-1,
)  # fmt: skip
SEEN = Processes(all=(LOOP,))
BUILD = Processes(all=(replace(LOOP, name="make", cpu=0.05),))  # the work is done by children that come and go
HIDDEN = Unknown("processes.processes", Silence.DENIED)
NO_UNITS = Inapplicable("cgroups.unit_times", "no systemd here")
NO_QUOTA = Throttling(all=())
NO_PSI = Inapplicable("pressure.pressure", "no PSI")


def psi(**cpu_stall):
    return Pressure(cpu=replace(CALM, **cpu_stall), memory=CALM, io=CALM)


def one(check, *facts):
    (found,) = check.judge(*facts, check.limits)
    return found


@pytest.mark.parametrize(
    ("spent", "pressure", "status"),
    [
        (IDLE, psi(some_now=0.9), Status.OK),
        (FULL, psi(), Status.OK),  # busy, but nobody waits
        (replace(FULL, user=0.0, nice=0.98), psi(some_now=0.9), Status.OK),  # gives way to whoever comes
        (FULL, psi(some_now=0.9), Status.WARN),
        (FULL, psi(some_10=0.9, some_60=0.3), Status.WARN),  # a compile run, so far
        (FULL, psi(some_now=0.9, some_60=0.8), Status.WARN),
        (FULL, psi(some_now=0.9, some_300=0.8), Status.FAIL),
    ],
)
def test_saturation(spent, pressure, status):
    assert (
        one(cpu.saturation, Cpu(total=spent, each=(spent,)), QUIET, pressure, BUILD, NO_UNITS, NO_QUOTA).status
        is status
    )


def saturated(processes, pressure=None, units=NO_UNITS, spent=FULL, quota=NO_QUOTA):
    cores = Cpu(total=spent, each=(spent,))
    return one(cpu.saturation, cores, QUIET, pressure or psi(some_now=0.9), processes, units, quota)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, Status.FAIL),
        ({"system": 0.5}, Status.FAIL),  # `yes`: it asks the kernel all the time, and has done so all its life
        ({"system": 0.2, "lifetime_cpu": 0.05}, Status.WARN),  # a service that was quiet until it was asked a lot
        ({"lifetime_cpu": 0.05}, Status.FAIL),  # a service that has run into a loop
        ({"name": "gzip"}, Status.WARN),
        ({"age": 1.0, "system": 0.2}, Status.WARN),  # too young to say
        ({"nice": 10}, Status.OK),  # gives way
    ],
)
def test_saturation_goes_by_the_manner_of_who_uses_it(changed, status):
    assert saturated(Processes(all=(replace(LOOP, **changed),))).status is status


@pytest.mark.parametrize(
    ("changed", "status"),
    [({}, Status.FAIL), ({"system": 0.2}, Status.OK), ({"name": "gzip"}, Status.OK), ({"cpu": 0.5}, Status.OK)],
)
def test_a_loop_is_a_runaway_though_nobody_waits(changed, status):
    assert saturated(Processes(all=(replace(LOOP, **changed),)), psi()).status is status


@pytest.mark.parametrize(
    ("unit", "life", "status"),
    [
        ("exporter.service", 0.9, Status.FAIL),
        ("nginx.service", 0.01, Status.WARN),  # asked a lot
        ("session-4.scope", 0.9, Status.WARN),  # somebody works there
    ],
)
def test_units_tell_where_processes_are_hidden(unit, life, status):
    found = saturated(HIDDEN, units=UnitTimes(all=(UnitTime(unit=unit, cpu=0.93, lifetime_cpu=life),)))
    assert found.status is status
    assert found.summary.raw.endswith(f"{unit} uses 93%")


@pytest.mark.parametrize(
    ("one_minute", "five", "status"), [(0.9, 0.1, Status.OK), (1.5, 0.5, Status.WARN), (3.0, 2.0, Status.FAIL)]
)
def test_saturation_without_psi_goes_by_the_load(one_minute, five, status):
    load = replace(QUIET, one=one_minute, five=five)
    assert one(cpu.saturation, Cpu(total=FULL, each=(FULL,)), load, NO_PSI, BUILD, NO_UNITS, NO_QUOTA).status is status


def test_saturation_names_who_uses_it():
    unit = UnitTimes(all=(UnitTime(unit="exporter.service", cpu=0.96, lifetime_cpu=0.9),))
    assert saturated(SEEN, units=unit).summary.raw.endswith("sh[123] uses 96%, in exporter.service")
    assert "no single process" in saturated(Processes(all=(replace(LOOP, cpu=0.01),))).summary.raw
    assert "could not be seen" in saturated(HIDDEN).summary.raw


@pytest.mark.parametrize(
    ("process", "each", "status", "subject"),
    [
        (LOOP, (FULL, IDLE), Status.WARN, "sh[123]"),
        (replace(LOOP, lifetime_cpu=0.2), (FULL, IDLE), Status.OK, ""),  # idle most of its life
        (replace(LOOP, age=50.0), (FULL, IDLE), Status.OK, ""),  # a job that has just begun
        (LOOP, (FULL,), Status.SKIP, ""),
    ],
)
def test_single_core(process, each, status, subject):
    total = replace(IDLE, user=0.5, idle=0.49)
    found = one(cpu.single_core, Cpu(total=total, each=each), Processes(all=(process,)))
    assert (found.status, found.subject.raw) == (status, subject)


@pytest.mark.parametrize(("share", "status"), [(0.2, Status.OK), (0.6, Status.WARN)])
def test_iowait(share, status):
    assert one(cpu.iowait, Cpu(total=replace(IDLE, iowait=share), each=(IDLE,))).status is status


@pytest.mark.parametrize(("share", "status"), [(0.05, Status.OK), (0.2, Status.WARN), (0.6, Status.FAIL)])
def test_steal(share, status):
    assert one(cpu.steal, Cpu(total=replace(IDLE, steal=share), each=(IDLE,))).status is status


@pytest.mark.parametrize(
    ("periods", "throttled", "status", "subject"),
    [
        (20, 1, Status.OK, "shop.service"),
        (20, 6, Status.WARN, "shop.service"),
        (20, 18, Status.FAIL, "shop.service"),
        (3, 3, Status.OK, ""),  # it hardly ran
    ],
)
def test_throttling(periods, throttled, status, subject):
    groups = Throttling(all=(Throttled(unit="shop.service", periods=periods, throttled=throttled),))
    found = one(cpu.throttling, groups)
    assert (found.status, found.subject.raw) == (status, subject)


@pytest.mark.parametrize(
    ("one_minute", "five", "status"), [(0.5, 0.5, Status.OK), (9.0, 1.0, Status.OK), (9.0, 8.0, Status.WARN)]
)
def test_load(one_minute, five, status):
    load = replace(QUIET, one=one_minute, five=five)
    stuck = Processes(all=(replace(LOOP, state="D"),))
    found = one(cpu.load, load, Cpu(total=IDLE, each=(IDLE, IDLE)), stuck)
    assert found.status is status
    assert "1 processes in state D" in found.summary.raw


@pytest.mark.parametrize(
    ("ten", "sixty", "status"), [(0.2, 0.2, Status.OK), (0.6, 0.1, Status.OK), (0.6, 0.4, Status.WARN)]
)
def test_pressure(ten, sixty, status):
    assert one(cpu.pressure, psi(some_10=ten, some_60=sixty)).status is status


STARVED = replace(FULL, user=0.6, idle=0.4)
LOOPS = Processes(all=tuple(replace(LOOP, pid=n, cpu=0.19, lifetime_cpu=0.19) for n in range(3)))


@pytest.mark.parametrize(
    ("waiting", "quota", "processes", "status"),
    [
        (0.9, NO_QUOTA, LOOPS, Status.FAIL),
        (0.5, NO_QUOTA, LOOPS, Status.OK),  # work waits half of the time: there is a processor left
        (0.9, Throttling(all=(Throttled(unit="shop.service", periods=20, throttled=19),)), LOOPS, Status.OK),
        (0.9, NO_QUOTA, BUILD, Status.OK),
    ],
)
def test_a_host_without_a_whole_processor_is_saturated_from_less_on(waiting, quota, processes, status):
    assert saturated(processes, psi(some_now=waiting), spent=STARVED, quota=quota).status is status


def test_a_third_of_a_processor_may_be_all_there_is():
    third = replace(FULL, user=0.45, idle=0.55)
    assert saturated(LOOPS, psi(some_now=0.9), spent=third).status is Status.FAIL
