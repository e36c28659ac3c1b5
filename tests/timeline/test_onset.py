"""Onsets, tried on averages that are computed as the kernel computes them: a step of trouble, with noise on it."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.model import Event, Kind, Moment, Untrusted
from diagkit.probes.cpu import Load
from diagkit.probes.pressure import Pressure, Stall
from diagkit.timeline.onset import LONGEST_LOAD, LONGEST_PRESSURE, onsets, reliefs, step

PSI, LOAD = (10.0, 60.0, 300.0), (60.0, 300.0, 900.0)
NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
LIVE = Moment(now=NOW, since=NOW - timedelta(hours=1), until=NOW)
HOST = Untrusted("web1")
CALM = Stall(some_now=0.0, some_10=0.0, some_60=0.0, some_300=0.0, full_now=0.0, full_10=0.0, full_60=0.0, full_300=0.0)


def averages(shape, constants, period=2.0):
    """What the kernel's averages show now of a stall whose share `seconds` ago was shape(seconds)."""
    found = dict.fromkeys(constants, 0.0)
    for tick in range(int(4000 / period), -1, -1):
        for tau in constants:
            keep = math.exp(-period / tau)
            found[tau] = found[tau] * keep + shape(tick * period) * (1 - keep)
    return found


def noisy(found, noise, chance):
    return {tau: value * (1 + chance.gauss(0, noise)) for tau, value in found.items()}


@pytest.mark.parametrize(
    ("constants", "longest", "ago", "noise", "within"),
    [
        (PSI, LONGEST_PRESSURE, 20, 0.05, 1.2),
        (PSI, LONGEST_PRESSURE, 60, 0.05, 1.15),
        (PSI, LONGEST_PRESSURE, 180, 0.05, 1.2),
        (PSI, LONGEST_PRESSURE, 300, 0.05, 1.25),
        (PSI, LONGEST_PRESSURE, 120, 0.10, 1.3),
        (LOAD, LONGEST_LOAD, 120, 0.05, 1.2),
        (LOAD, LONGEST_LOAD, 600, 0.05, 1.2),
        (LOAD, LONGEST_LOAD, 1200, 0.05, 1.3),
    ],
)
def test_a_step_is_found_where_it_was(constants, longest, ago, noise, within):
    chance = random.Random(ago)
    truth = averages(lambda seconds: 0.4 if seconds < ago else 0.0, constants)
    found = [step(noisy(truth, noise, chance), longest) for _ in range(200)]
    told = [f.ago for f in found if f]
    assert len(told) >= 150
    assert median(max(t / ago, ago / t) for t in told) <= within
    assert sum(ago / 1.5 <= t <= ago * 2 for t in told) >= 0.85 * len(told)  # what +-50 % promises


def test_no_onset_of_what_was_always_there():
    assert step(averages(lambda _: 0.4, PSI), LONGEST_PRESSURE) is None
    assert step(dict.fromkeys(PSI, 0.0), LONGEST_PRESSURE) is None


@pytest.mark.parametrize(
    "shape",
    [
        lambda s: 0.6 if 30 <= s < 400 else 0.0,  # it is over
        lambda s: 0.6 if s < 8 or 120 <= s < 400 else 0.0,  # it comes and goes
        lambda s: 0.8 if s < 10 else 0.2,  # worse than before, which was bad
    ],
)
def test_no_onset_where_it_was_no_step(shape):
    assert step(averages(shape, PSI), LONGEST_PRESSURE) is None


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_whatever_the_averages_a_step_keeps_its_bounds(shares):
    found = step(dict(zip(PSI, shares, strict=True)), LONGEST_PRESSURE)
    assert found is None or (0 < found.ago < LONGEST_PRESSURE and found.height > 0)


def stall(shape) -> Stall:
    ten, sixty, more = (round(a, 4) for a in averages(shape, PSI).values())
    return Stall(
        some_now=ten, some_10=ten, some_60=sixty, some_300=more, full_now=0.0, full_10=0.0, full_60=0.0, full_300=0.0
    )


def told(moment=LIVE, events=(), load=None, cpus=2, **stalls):
    pressure = Pressure(**({"cpu": CALM, "memory": CALM, "io": CALM} | stalls))
    return list(onsets(HOST, moment, events, pressure, load, cpus))


def test_pressure_that_began_two_minutes_ago():
    (onset,) = told(memory=stall(lambda s: 0.5 if s < 120 else 0.0))
    assert onset.what == "memory pressure"
    assert abs((NOW - onset.at).total_seconds() - 120) < 20
    assert onset.earliest < onset.at < onset.latest < NOW
    assert onset.summary.raw.startswith("memory pressure began about 14:03 UTC, ±50 %: 50% over 10 s")


def test_a_little_pressure_has_no_onset():
    assert told(cpu=stall(lambda s: 0.06 if s < 120 else 0.0)) == []


def test_load_counts_once_it_is_more_than_the_processors():
    one, five, fifteen = averages(lambda s: 6.0 if s < 600 else 0.0, LOAD, period=5.0).values()
    load = Load(one=one, five=five, fifteen=fifteen, tasks=200)
    (onset,) = told(load=load, cpus=2)
    assert onset.what == "load"
    assert abs((NOW - onset.at).total_seconds() - 600) < 60
    assert told(load=load, cpus=8) == []


def test_the_averages_of_now_say_nothing_of_a_window_that_is_over():
    past = Moment(now=NOW, since=NOW - timedelta(hours=3), until=NOW - timedelta(hours=2))
    pain = stall(lambda s: 0.5 if s < 120 else 0.0)
    assert told(moment=past, memory=pain) == []
    over = Pressure(cpu=CALM, memory=CALM, io=stall(lambda s: 0.6 if 60 <= s < 900 else 0.0))
    assert list(reliefs(HOST, past, over)) == []


def test_what_eases_is_said():
    over = Pressure(cpu=CALM, memory=CALM, io=stall(lambda s: 0.6 if 60 <= s < 900 else 0.0))
    (relief,) = reliefs(HOST, LIVE, over)
    assert relief.summary.raw.startswith("I/O pressure eases: 0% over 10 s, after 4")
    worse = Pressure(cpu=CALM, memory=CALM, io=stall(lambda s: 0.6 if s < 60 else 0.0))
    assert list(reliefs(HOST, LIVE, worse)) == []


def event(minute: float, *, grave: bool = True, host: str = "web1") -> Event:
    at = NOW - timedelta(hours=1) + timedelta(minutes=minute)
    text = Untrusted("it fails")
    return Event(
        at=at, until=at, count=1, kind=Kind.LOG, target=Untrusted(host), subject=text, summary=text, source=text,
        grave=grave,
    )  # fmt: skip


def test_trouble_in_the_logs_began_at_the_median_of_the_last_troubles_that_belong_together():
    events = [event(2), event(40), event(41), event(45), event(43, grave=False), event(30, host="db1")]
    (onset,) = told(events=events)
    assert onset.what == "logs"
    assert (onset.at, onset.earliest, onset.latest) == (event(41).at, event(40).at, event(45).at)


def test_where_nothing_grave_is_logged_there_is_no_onset():
    assert told(events=[event(3, grave=False)]) == []
