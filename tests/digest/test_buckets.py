"""The grid of time that everything is drawn over, and when a run of many lines begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.digest.buckets import MINUTE, MOST, Grid, rise

AT = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
LONG = timedelta(days=20_000)


@pytest.mark.parametrize(
    ("long", "step", "number"),
    [
        (timedelta(0), 60, 1),
        (timedelta(hours=1), 60, 60),
        (timedelta(hours=1, seconds=1), 60, 61),
        (timedelta(hours=1, minutes=2), 120, 32),
        (timedelta(days=1), 1800, 49),
        (timedelta(days=30), 43_200, 61),
    ],
)
def test_buckets_are_round_and_fit_on_a_line(long, step, number):
    grid = Grid.over(AT, AT + long)
    assert (grid.step, grid.number) == (step, number)
    assert grid.origin.timestamp() % step == 0


@given(st.timedeltas(timedelta(0), LONG), st.timedeltas(timedelta(0), LONG))
def test_the_window_lies_in_the_grid(before, long):
    since = AT - before
    grid = Grid.over(since, since + long)
    assert 1 <= grid.number <= MOST
    assert grid.bucket(since) == 0


@given(st.lists(st.integers(0, 59), max_size=50))
def test_no_line_of_the_window_is_lost(minutes):
    grid = Grid.over(AT, AT + timedelta(hours=1))
    start = int(AT.timestamp()) // MINUTE
    assert sum(grid.counts({start + minute: 2 for minute in minutes})) == 2 * len(set(minutes))


def test_what_is_said_at_the_very_end_counts_to_the_last_bucket():
    grid = Grid.over(AT, AT + timedelta(minutes=5))
    assert grid.counts({int(AT.timestamp()) // MINUTE + 5: 3}) == (0, 0, 0, 0, 3)


@pytest.mark.parametrize(
    ("counts", "begins"),
    [
        ([1] * 34 + [100] * 26, 34),
        ([1] * 34 + [100] * 6 + [1] * 20, 34),
        ([0, 1] * 10 + [0] * 10 + [9, 0, 14, 30, 0, 0] * 5, 30),
        ([100] * 60, None),
        ([100] * 30 + [1] * 30, 0),
        ([3, 4, 5, 2, 6, 4, 5, 1, 9, 4, 5, 6] * 5, None),
        ([0] * 33 + [1, 0, 0, 1, 1] + [0] * 22, None),
        ([0] * 60, None),
        ([7], None),
    ],
    ids=["to the end", "over by then", "in bursts", "always", "from before", "noise", "too few", "none", "one bucket"],
)
def test_a_rise_begins_where_lines_become_many(counts, begins):
    assert rise(counts) == begins


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=MOST))
def test_a_rise_begins_with_a_line(counts):
    begins = rise(counts)
    assert begins is None or counts[begins] > 0
