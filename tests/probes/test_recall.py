"""What was read once is not read again, unless the reader looked at the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import pytest

from diagkit.model import Reply, Run
from diagkit.probes.recall import Answers, Recall, fact_of

SAID = Reply(b"14\n", b"odd", 3, at=1000.0, took=0.5, cut=True)
LATER = replace(SAID, at=2000.0)


class Reader:
    """A parser that counts how often it is called. `look`: what it reads of its first answer."""

    def __init__(self, look: Callable[[Reply], object]) -> None:
        self.calls = 0
        self.look = look

    def __call__(self, given: Sequence[object]) -> object:
        self.calls += 1
        first = next(iter(given[0].values())) if isinstance(given[0], Answers) else given[0]
        assert isinstance(first, Reply)
        return self.look(first), self.calls


def twice(reader: Reader, first: object, second: object) -> tuple[object, object]:
    source = object()
    return fact_of(source, [first], reader)[0], fact_of(source, [second], reader)[0]


@pytest.mark.parametrize("wrap", [lambda reply: reply, lambda reply: Answers({Run(("df",)): reply})])
def test_who_says_the_same_is_read_once(wrap: Callable[[Reply], object]) -> None:
    reader = Reader(lambda reply: (reply.text, reply.complaint, reply.code, reply.cut, reply.silence))
    first, second = twice(reader, wrap(SAID), wrap(LATER))
    assert first is second
    assert first == (("14\n", "odd", 3, True, None), 1)


@pytest.mark.parametrize("look", [lambda reply: reply.at, lambda reply: reply.took, lambda reply: replace(reply).text])
def test_a_reader_that_looks_at_the_time_reads_each_time_anew(look: Callable[[Reply], object]) -> None:
    reader = Reader(look)
    first, second = twice(reader, SAID, LATER)
    assert (first, second) == ((look(SAID), 1), (look(LATER), 2))
    twice(reader, SAID, SAID)
    assert reader.calls == 4  # nothing is kept of it, as no other host will have the like


def test_it_is_told_whether_others_may_share_a_fact() -> None:
    for look, shared in ((lambda reply: reply.text, True), (lambda reply: reply.at, False)):
        source, reader = object(), Reader(look)
        assert [fact_of(source, [SAID], reader)[1] for _ in range(2)] == [shared, shared]


@pytest.mark.parametrize(
    "other", [replace(SAID, out=b"15\n"), replace(SAID, err=b""), replace(SAID, code=0), replace(SAID, cut=False)]
)
def test_who_says_something_else_is_read(other: Reply) -> None:
    reader = Reader(lambda reply: reply.text)
    twice(reader, SAID, other)
    assert reader.calls == 2


def test_another_source_and_another_fact_make_another_fact() -> None:
    reader = Reader(lambda reply: reply.text)
    source, known = object(), ((), [0], [0])
    found = {id(fact_of(source, [SAID, fact], reader)[0]) for fact in known}
    assert len(found) == reader.calls == 3
    assert fact_of(object(), [SAID, known[0]], reader)
    assert reader.calls == 4


def test_a_reader_that_fails_is_asked_again() -> None:
    def broken(_given: Sequence[object]) -> object:
        raise RuntimeError

    source = object()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            fact_of(source, [SAID], broken)


def test_what_was_not_wanted_for_longest_is_forgotten_first() -> None:
    kept: Recall[int] = Recall(10)
    numbers = count()
    for name in ("a", "b"):
        kept.put(name, next(numbers), 4)
    assert kept.get("a") == 0
    kept.put("c", 2, 4)
    kept.put("too large", 3, 11)
    assert [kept.get(name) for name in ("a", "b", "c", "too large")] == [0, None, 2, None]


def test_what_is_taken_is_not_there_any_more() -> None:
    kept: Recall[int] = Recall(1)
    kept.put("a", 1)
    assert [kept.take("a"), kept.take("a"), kept.get("a")] == [1, None, None]
    kept.put("b", 2)
    assert kept.get("b") == 2
