import pickle
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs.templates import Miner, miner
from tests.logs.templates.programs import labelled

MINUTE = 60_000_000


def test_a_template_says_how_often_when_and_in_what_words() -> None:
    mined = Miner()
    for minute, line in enumerate(["job 7 failed", "job 8 failed", "job 9 failed", "job 10 failed"]):
        template = mined.learn(line, minute * MINUTE)
    assert template.text == "job # failed"
    assert (template.count, template.first, template.last) == (4, 0, 3 * MINUTE)
    assert template.over_time == {0: 1, 1: 1, 2: 1, 3: 1}
    assert template.samples[0] == "job 7 failed"
    assert len(template.id) == 12


def test_words_that_say_different_things_stay_apart() -> None:
    lines = [f"Link is {state} on port {port}" for state in ("up", "down") for port in range(50)]
    assert len(set(Miner().group(lines))) == 2


def test_a_word_that_varies_makes_one_template_of_many() -> None:
    names = ["anna", "bert", "carl", "dora", "emil", "fritz", "gerd", "hans", "ina", "jan"]
    mined = Miner()
    learned = [mined.learn(f"quota of {name} is used up") for name in names]
    assert {template.id for template in learned} == {learned[0].id}
    assert learned[0].resolved().count == len(names)
    assert learned[0].text == "quota of # is used up"


def test_what_two_keys_hold_is_never_one_parameter() -> None:
    assert len(set(Miner().group(["state total=3 now", "state used=5 now"]))) == 2


def test_json_is_mined_by_its_message() -> None:
    lines = [
        f'{{"ts": {n}, "trace": "{"abcdef"[n % 6]}x", "level": "error", "msg": "job {n} failed"}}' for n in range(9)
    ]
    assert len(set(Miner().group(lines))) == 1
    assert Miner().learn(lines[0]).text == "job # failed"


def test_many_times_at_once_are_the_same_as_one_by_one() -> None:
    one, all_at_once = Miner(), Miner()
    times = [5 * MINUTE, 3 * MINUTE, 3 * MINUTE + 1, 90 * MINUTE]
    for at in times:
        one.learn("job 7 failed", at)
    all_at_once.learn_all(b"job 7 failed", times)
    (first,), (second,) = one, all_at_once
    assert (first.count, first.first, first.last, first.over_time) == (4, 3 * MINUTE, 90 * MINUTE, second.over_time)
    assert (second.count, second.first, second.last) == (first.count, first.first, first.last)


def test_two_halves_merged_are_the_whole() -> None:
    _, lines = labelled("OpenSSH 9.2", 1000)
    whole, left, right = Miner(), Miner(), Miner()
    for number, line in enumerate(lines):
        whole.learn(line, number * MINUTE)
        (left if number < 500 else right).learn(line, number * MINUTE)
    left.merge(pickle.loads(pickle.dumps(right)))
    assert left.lines == whole.lines
    assert {t.id: (t.count, t.first, t.last, t.over_time) for t in left} == {
        t.id: (t.count, t.first, t.last, t.over_time) for t in whole
    }


def test_merging_leaves_the_other_as_it_was() -> None:
    left, right = Miner(), Miner()
    left.learn("job 1 failed", MINUTE)
    right.learn("job 2 failed", MINUTE)
    left.merge(right)
    left.learn("job 3 failed", MINUTE)
    assert [template.count for template in right] == [1]
    assert [template.into for template in right] == [None]


def test_no_line_is_lost_when_there_are_too_many_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miner, "MOST_TEMPLATES", 50)
    monkeypatch.setattr(miner, "MOST_KNOWN", 20)
    mined = Miner()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(2000):
        mined.learn(" ".join([letters[number // 26**k % 26] * 3 for k in range(3)] + ["word"] * (number % 40)))
        mined.learn("the usual")
    kept = list(mined)
    assert len(kept) <= 50
    assert sum(template.count for template in kept) + mined.forgotten_lines == mined.lines == 4000
    assert max(kept, key=lambda template: template.count).text == "the usual"


def test_counts_over_time_grow_coarser_rather_than_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miner, "MOST_BUCKETS", 100)
    mined = Miner()
    for minute in range(1000):
        template = mined.learn("tick", minute * MINUTE)
    assert mined.bucket_us == 16 * MINUTE
    assert sum(template.over_time.values()) == 1000
    fine = Miner()
    fine.learn("tick", 0)
    fine.merge(mined)
    assert fine.bucket_us == mined.bucket_us
    assert sum(next(iter(fine)).over_time.values()) == 1001


def test_unlike_lines_without_end_take_no_endless_time() -> None:
    mined = Miner()
    for number in range(3000):
        mined.learn(" ".join(f"{number * k:b}".replace("0", "x").replace("1", "y") for k in range(3, 10)))
    assert mined.lines == 3000


@given(st.lists(st.text(alphabet='ab1 =:"{}[]\n\\', max_size=40) | st.binary(max_size=40), max_size=60))
@settings(deadline=None)
def test_whatever_comes_every_line_is_counted_once(lines: list[str | bytes]) -> None:
    mined = Miner()
    learned = [mined.learn(line, 0) for line in lines]
    assert sum(template.count for template in mined) == mined.lines == len(lines)
    counted = Counter(template.id for template in learned)
    assert {template.id: template.count for template in mined} == counted
