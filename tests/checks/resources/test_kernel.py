"""Interrupts and the clock source."""

from dataclasses import replace

import pytest

from diagkit.checks.resources import kernel
from diagkit.model import Status
from diagkit.probes.cpu import Cpu, Spent
from diagkit.probes.kernel import ClockSource

IDLE = Spent(user=0.02, nice=0.0, system=0.01, idle=0.97, iowait=0.0, irq=0.0, softirq=0.0, steal=0.0)


@pytest.mark.parametrize(("share", "status"), [(0.05, Status.OK), (0.7, Status.WARN), (0.95, Status.FAIL)])
def test_softirq(share, status):
    cores = Cpu(total=IDLE, each=(IDLE, replace(IDLE, softirq=share, idle=1 - share)))
    (found,) = kernel.softirq.judge(cores, kernel.softirq.limits)
    assert found.status is status
    assert status is Status.OK or found.summary.raw.startswith("CPU 1 spends")


@pytest.mark.parametrize(
    ("current", "available", "status"),
    [
        ("tsc", ("tsc", "hpet"), Status.OK),
        ("kvm-clock", ("kvm-clock", "acpi_pm"), Status.OK),
        ("hpet", ("tsc", "hpet"), Status.FAIL),
        ("acpi_pm", ("acpi_pm",), Status.WARN),
    ],
)
def test_clocksource(current, available, status):
    (found,) = kernel.clocksource.judge(ClockSource(current=current, available=available))
    assert found.status is status
