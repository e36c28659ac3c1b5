import pytest

from diagkit.logs.templates import Miner
from diagkit.logs.templates.novelty import LEAST_LINES, Compared, Watched, compare, fewest
from diagkit.model.digest import Novelty

HOUR = 3_600_000_000
DAY = 24 * HOUR


def watched(lines: dict[str, list[int]], since: int, until: int, of: int = 10_000) -> Watched:
    miner = Miner()
    for line, times in lines.items():
        for at in times:
            miner.learn(line, at)
    return Watched(miner=miner, lines=of, since_us=since, until_us=until)


def every(step: int, since: int, until: int) -> list[int]:
    return list(range(since, until, step))


def told(window: Watched, baseline: Watched | None) -> dict[str, Compared]:
    return {one.template.text: one for one in compare(window, baseline)}


NOW = watched({"disk 3 is gone": [DAY + 5]}, DAY, DAY + HOUR)


def test_one_line_never_said_before_is_new() -> None:
    assert told(NOW, watched({"all is well": [5]}, 0, DAY))["disk # is gone"].novelty is Novelty.NEW


@pytest.mark.parametrize(
    "baseline",
    [None, watched({}, 0, DAY, of=LEAST_LINES - 1), watched({}, DAY - HOUR // 2, DAY)],
    ids=["none", "said hardly anything", "shorter than the window"],
)
def test_nothing_is_new_beside_what_had_no_chance_to_say_it(baseline: Watched | None) -> None:
    assert told(NOW, baseline)["disk # is gone"].novelty is Novelty.UNKNOWN


@pytest.mark.parametrize("before", [DAY, 0])
def test_a_moment_can_be_compared(before: int) -> None:
    """The trouble begins with the very last line of a file; or the file is of one second, as its baseline is."""
    now = watched({"disk 3 is gone": [DAY]}, DAY, DAY)
    (one,) = compare(now, watched({}, DAY - before, DAY))
    assert (one.novelty, one.count) == (Novelty.NEW, 1)


def test_a_word_that_varied_before_is_not_new() -> None:
    names = ["anna", "bert", "carl", "dora", "emil", "fritz", "gerd", "hans", "ina", "jan"]
    before = watched({f"quota of {name} is used up": [n] for n, name in enumerate(names)}, 0, DAY)
    now = watched({"quota of otto is used up": [DAY]}, DAY, DAY + HOUR)
    assert told(now, before)["quota of # is used up"].before == len(names)


def test_three_times_as_often_is_a_burst_if_chance_would_not_do_it() -> None:
    before = watched({"queue full": every(HOUR // 10, 0, DAY)}, 0, DAY)
    burst = watched({"queue full": every(HOUR // 60, DAY, DAY + HOUR)}, DAY, DAY + HOUR)
    usual = watched({"queue full": every(HOUR // 15, DAY, DAY + HOUR)}, DAY, DAY + HOUR)
    assert told(burst, before)["queue full"].novelty is Novelty.BURST
    assert told(burst, before)["queue full"].surprise < -6
    assert told(usual, before)["queue full"].novelty is Novelty.STEADY


def test_few_lines_are_no_burst() -> None:
    before = watched({"queue full": [5]}, 0, 30 * DAY)
    now = watched({"queue full": [30 * DAY + n for n in range(4)]}, 30 * DAY, 30 * DAY + HOUR)
    assert told(now, before)["queue full"].novelty is Novelty.STEADY


def test_what_always_comes_in_bursts_is_none() -> None:
    nightly = [day * DAY + 2 * HOUR + second * 1_000_000 for day in range(7) for second in range(100)]
    before = watched({"file is busy": nightly}, 0, 7 * DAY)
    tonight = [7 * DAY + 2 * HOUR + second * 1_000_000 for second in range(110)]
    now = watched({"file is busy": tonight}, 7 * DAY + HOUR, 7 * DAY + 3 * HOUR)
    assert told(now, before)["file is busy"].novelty is Novelty.STEADY


def test_one_earlier_incident_does_not_make_it_usual() -> None:
    once = [2 * DAY + second * 1_000_000 for second in range(100)]
    before = watched({"file is busy": once}, 0, 7 * DAY)
    now = watched({"file is busy": [7 * DAY + n * 1_000_000 for n in range(100)]}, 7 * DAY, 7 * DAY + HOUR)
    assert told(now, before)["file is busy"].novelty is Novelty.BURST


def test_what_came_steadily_and_is_gone_has_stopped() -> None:
    before = watched({"backup of a volume failed": every(HOUR // 20, 0, DAY), "rare": [7]}, 0, DAY)
    now = watched({"something else": [DAY]}, DAY, DAY + HOUR)
    found = told(now, before)
    assert found["backup of a volume failed"].novelty is Novelty.STOPPED
    assert "rare" not in found


def test_what_had_stopped_long_before_the_window_is_not_said() -> None:
    before = watched({"backup of a volume failed": every(HOUR // 20, 0, DAY // 2)}, 0, DAY)
    assert told(NOW, before).keys() == {"disk # is gone"}


def test_comparing_leaves_both_sides_as_they_were() -> None:
    before = watched({"queue full": every(HOUR, 0, DAY)}, 0, DAY)
    compare(NOW, before)
    compare(NOW, before)
    assert [template.count for template in before.miner] == [24]
    assert [template.count for template in NOW.miner] == [1]


def test_the_fewest_templates_that_are_most_of_the_lines() -> None:
    miner = watched({"a": [1] * 80, "b": [1] * 14, "c": [1] * 3, "d": [1] * 3}, 0, DAY).miner
    taken, share = fewest(miner)
    assert [template.text for template in taken] == ["a", "b"]
    assert share == pytest.approx(0.94)
    assert fewest([]) == ([], 1.0)
