"""Scoring: counted by hand."""

import math

import pytest

from diagkit.cases import Expected
from diagkit.cases.score import Answer, Named, Share, by_family, miss, score
from diagkit.model import Verdict

CONFIRMED, PROBABLE, INCONCLUSIVE = Verdict.CONFIRMED, Verdict.PROBABLE, Verdict.INCONCLUSIVE


def named(cause: str, verdict: Verdict = CONFIRMED, confidence: float = 0.9, entity: str = "") -> Named:
    return Named(cause, entity, verdict, confidence)


def of(truth: str, *answers: Named, entity: str | None = None) -> Answer:
    causes = tuple(truth.split())
    return Answer("incident/host", "storage" if causes else "healthy", Expected(causes=causes, entity=entity), answers)


def test_first_second_and_not_at_all() -> None:
    said = score([
        of("full", named("full")),
        of("full", named("slow"), named("full")),
        of("full", named("slow")),
        of("full"),
    ])  # fmt: skip
    assert (said.top1, said.top3) == (Share(4, 1), Share(4, 2))
    assert said.confirmed == Share(3, 1)
    assert said.false_alarms == Share(0, 0)


def test_the_right_cause_of_the_wrong_thing_is_wrong() -> None:
    assert not of("full", named("full", entity="/srv"), entity="/").right
    assert of("full", named("full", entity="/"), entity="/").right
    assert of("full", named("full", entity="/srv")).right


def test_of_two_faults_both_must_be_among_the_first_three() -> None:
    both = of("full slow", named("slow"), named("late"), named("full"))
    assert both.right
    assert both.in_three
    assert not miss(both)
    one = of("full slow", named("full"))
    assert one.right
    assert not one.in_three
    assert miss(one) == "incident/host: full and slow, and it names only full, confirmed 0.90"


def test_a_healthy_host_may_be_wondered_about_and_not_accused() -> None:
    wondering, accusing = of("", named("full", INCONCLUSIVE)), of("", named("full", PROBABLE, entity="/"))
    assert wondering.right
    assert score([wondering, accusing]).false_alarms == Share(2, 1)
    assert score([wondering, accusing]).probable == Share(1, 0)
    assert miss(accusing) == "incident/host: healthy, and it names full (/), probable 0.90"


def test_a_miss_says_what_came_instead_and_where_the_truth_stands() -> None:
    assert not miss(of("full", named("full")))
    assert miss(of("full")) == "incident/host: full, and it names nothing"
    second = of("full", named("slow", PROBABLE, 0.6), named("full", entity="/"), entity="/")
    assert miss(second) == "incident/host: full (/), and it names slow, probable 0.60; a true one comes in place 2"


@pytest.mark.parametrize(
    ("count", "of_", "low", "high"),
    [(135, 150, 0.84, 0.94), (45, 50, 0.79, 0.96), (0, 150, 0.0, 0.025), (0, 0, 0.0, 1.0), (3, 3, 0.44, 1.0)],
)
def test_wilson(count, of_, low, high) -> None:
    assert Share(of_, count).interval == pytest.approx((low, high), abs=0.006)


def test_calibration() -> None:
    """Ten forecasts of 0.9 of which nine come true are calibrated; one of 0.55 that comes true is off by 0.45."""
    sure = [of("full", named("full" if i else "slow")) for i in range(10)]
    assert score(sure).ece == pytest.approx(0)
    assert score(sure).brier == pytest.approx(0.09)
    mixed = score([*sure, of("full", named("full", PROBABLE, 0.55))])
    assert mixed.ece == pytest.approx(0.45 / 11)
    assert score([]).ece is None
    assert score([of("full")]).brier is None
    assert math.isclose(score([of("full", named("full", confidence=1.0))]).ece or 0, 0)


def test_families_are_counted_apart() -> None:
    counted = by_family([of("full", named("full")), of("", named("full"))])
    assert list(counted) == ["healthy", "storage"]
    assert counted["storage"].top1 == Share(1, 1)
    assert counted["healthy"].false_alarms == Share(1, 1)
