"""What stands out, and what it is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.baseline.usual import DISTANCES, WORTH, compared, compared_counts

HISTORY = [100.0 + (i % 7) for i in range(96)]  # 100 to 106


@pytest.mark.parametrize(("now", "unusual"), [(103, False), (107, False), (112, True), (95, True), (1000, True)])
def test_a_level_is_unusual_far_from_the_mean_and_outside_the_usual_range(now, unusual):
    assert compared(now, HISTORY).unusual is unusual


def test_far_but_seen_before_is_not_unusual():
    with_peaks = [*HISTORY, 200.0, 200.0]
    found = compared(199, with_peaks)
    assert found.distance > 3
    assert not found.unusual
    assert found.likelihood_ratio <= 1


def test_the_worth_grows_with_the_distance_and_is_bounded():
    worths = [compared(now, HISTORY).likelihood_ratio for now in (90, 103, 112, 120, 10_000)]
    assert worths == sorted(worths)
    assert worths[0] == WORTH[0]
    assert worths[-1] == WORTH[-1] == 20
    assert min(worths) >= 1 / 3
    assert list(DISTANCES) == sorted(DISTANCES)


def test_less_than_usual_speaks_against_a_surplus():
    assert compared(0, HISTORY).likelihood_ratio < 1


def test_what_never_changed_may_change_by_a_rounding():
    assert not compared(1000.5, [1000.0] * 30).unusual
    assert compared(1100, [1000.0] * 30).unusual
    assert compared(0.0, [0.0] * 30).distance == 0


def test_less_than_a_grain_is_no_news():
    assert compared(0.0006, [0.0004] * 30).unusual
    assert not compared(0.0006, [0.0004] * 30, grain=0.01).unusual
    assert compared(0.2, [0.0004] * 30, grain=0.01).unusual


@pytest.mark.parametrize(
    ("events", "per_hour", "unusual"),
    [(0, 2, False), (4, 0, False), (5, 0, True), (3, 2, False), (12, 2, True), (170, 150, False), (400, 150, True)],
)
def test_counts_against_a_rate(events, per_hour, unusual):
    assert compared_counts(events, 3600, [(per_hour, 3600.0)] * 48).unusual is unusual


def test_a_handful_is_never_worth_much():
    assert compared_counts(4, 3600, [(0, 3600.0)] * 48).likelihood_ratio <= 1


@given(st.lists(st.floats(0, 1e12), min_size=2, max_size=60), st.floats(0, 1e12))
def test_no_history_breaks_it(before, now):
    assert WORTH[0] <= compared(now, before).likelihood_ratio <= WORTH[-1]
    found = compared_counts(round(now), 60.0, [(round(n), 60.0) for n in before])
    assert WORTH[0] <= found.likelihood_ratio <= WORTH[-1]
