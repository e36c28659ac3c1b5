"""Many names in few words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.outputs.ranges import listed_spans, spans


def said(*names: str) -> str:
    return ", ".join(span.words for span in spans(names))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([f"web-{n}" for n in range(1, 41)] + ["web-42"], "web-1..web-40, web-42"),
        (["web-1", "web-2"], "web-1, web-2"),
        (["web-3", "web-1", "web-2"], "web-1..web-3"),
        (["db", "web-1", "web-2", "web-3", "cache"], "db, web-1..web-3, cache"),
        (["web-08", "web-09", "web-10", "web-8", "web-9"], "web-8, web-9, web-08..web-10"),
        (["web-098", "web-099", "web-100"], "web-098..web-100"),
        ([f"rack{r}-web{n}" for r in (1, 2) for n in range(1, 5)], "rack1-web1..rack1-web4, rack2-web1..rack2-web4"),
        ([f"10.0.0.{n}" for n in range(8, 13)], "10.0.0.8..10.0.0.12"),
        ([f"web{n}.dc1.example.com" for n in range(1, 4)], "web1.dc1.example.com..web3.dc1.example.com"),
        ([f"`w{n}`" for n in range(3)], "`w0`..`w2`"),
        ([f"вэб-{n}" for n in range(3)], "вэб-0..вэб-2"),
        (["web-1"] * 3, "web-1"),
        (["9" * 5000, "1" * 5000, "x" * 5000], f"{'9' * 5000}, {'1' * 5000}, {'x' * 5000}"),
        ([], ""),
    ],
)
def test_those_that_follow_each_other_are_a_range(names: list[str], words: str):
    assert said(*names) == words


def test_what_is_left_out_is_counted_by_name():
    names = [f"web-{n}" for n in range(1, 100) if n % 10]
    assert listed_spans(names, 2) == "web-1..web-9, web-11..web-19 and 72 more"
    assert listed_spans(names, 9) == said(*names), "one more is shown rather than counted"


@settings(max_examples=50)
@given(st.lists(st.from_regex(r"[a-c]{0,2}[0-9]{0,3}(-[0-9]{1,3})?", fullmatch=True)))
def test_no_name_is_lost_and_none_is_made_up(names: list[str]):
    found = spans(names)
    assert sum(span.count for span in found) == len(set(names))
    for span in found:
        first, _, last = span.words.partition("..")
        assert {first, last or first} <= set(names)
