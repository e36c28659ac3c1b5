"""The estimator on series whose truth is known."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.baseline.trend import LEAST, REACH, climb, exhaustion
from tests.bench.forecast import DAY, SIZE, burst, copied, linear, ours, rotated

HOUR = 3600.0


def hourly(*values):
    return [(i * HOUR, float(value)) for i, value in enumerate(values)]


def test_a_straight_line_is_followed_to_its_end():
    found = exhaustion(hourly(*range(24)), 30)
    assert found.seconds == pytest.approx(7 * HOUR)
    assert found.soonest == found.latest == pytest.approx(7 * HOUR)
    assert found.trend.slope * HOUR == pytest.approx(1)


@pytest.mark.parametrize(
    "values",
    [
        [50] * 24,
        range(24, 0, -1),
        [50, 51] * 12,
        [10] * 20 + [60] * 4,  # one copy
        [*range(12), *range(12)],  # emptied, and not yet as full as it was
    ],
)
def test_what_does_not_climb_has_no_end(values):
    assert exhaustion(hourly(*values), 100) is None


def test_peaks_that_climb_are_extrapolated():
    days = [day * 5 + hour for day in range(6) for hour in (0, 6, 12, 18)]
    points = [(i * 6 * HOUR, float(value)) for i, value in enumerate(days)][:-2]  # it was emptied this morning
    found = exhaustion(points, 60)
    assert found is not None
    assert found.trend.slope * DAY == pytest.approx(5)


def test_above_its_last_peak_a_saw_tooth_has_broken_its_habit():
    found = exhaustion(hourly(*range(8), *range(16)), 25)
    assert found.seconds == pytest.approx(10 * HOUR)


def test_it_looks_no_further_ahead_than_the_time_it_looked_at_bears():
    climbing = hourly(*range(24))  # a third of it is seven hours long
    assert exhaustion(climbing, 23 + REACH * 7 - 1) is not None
    assert exhaustion(climbing, 23 + REACH * 7 + 1) is None


def test_few_points_or_no_room_left_give_no_forecast():
    assert exhaustion(hourly(*range(LEAST - 1)), 30) is None
    assert exhaustion(hourly(*range(LEAST)), LEAST - 1) is None
    assert exhaustion([], 30) is None
    assert climb([(0.0, 1.0)] * 5) is None, "at one time there is no slope"


def test_only_the_last_day_counts_where_there_are_points_enough():
    flat_for_days = [(i * 1200.0, 10.0) for i in range(400)]
    lately = [(flat_for_days[-1][0] + (i + 1) * 1200.0, 10.0 + i + 1) for i in range(30)]
    assert exhaustion([*flat_for_days, *lately], 60) is not None


@given(st.lists(st.floats(-1e12, 1e12), max_size=80), st.floats(0, 1e13))
def test_no_series_breaks_it(values, limit):
    found = exhaustion(hourly(*values), limit)
    if found:
        assert 0 < found.soonest <= found.seconds <= found.latest


@pytest.mark.parametrize(
    ("kind", "least", "most"), [(linear, 0.95, 1.0), (burst, 0.9, 1.0), (copied, 0.0, 0.08), (rotated, 0.0, 0.05)]
)
def test_it_foretells_what_it_was_measured_to(kind, least, most):
    random.seed(24)
    told = [ours(kind(24)[0]) for _ in range(200)]
    share = sum(seconds is not None and seconds <= DAY for seconds in told) / len(told)
    assert least <= share <= most
    assert SIZE
