"""One host answers in two rounds: what was learned after the first is not learned again, unless it was too early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagkit.frozen import frozen
from diagkit.model import Ask, Layer, Moment, Read, Reply, Run, Silence, Tape, Target, Unknown, Unreached
from diagkit.probes import Answers, Facts, Probe, perhaps, probe

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = Read("/first"), Read("/second"), Run(("third",))


@frozen
class Early:
    text: str


@frozen
class Late:
    text: str


@frozen
class Both:
    text: str


def wonder(early: Early) -> list[Ask]:
    return [SECOND] if early.text else []


def probes(calls: list[str]) -> tuple[Probe, ...]:
    @probe(FIRST)
    def early(reply: Reply) -> Early:
        calls.append("early")
        return Early(f"{reply.text} at {reply.at}")

    @probe(perhaps(THIRD), also=wonder)
    def late(third: Reply, early: Early, answers: Answers) -> Late:
        calls.append("late")
        return Late(early.text + third.text + "".join(reply.text for reply in answers.values()))

    @probe()
    def both(early: Early, late: Late) -> Both:
        calls.append("both")
        return Both(f"{early.text}, {late.text}")

    return early, late, both


def tape(**said: str) -> Tape:
    asks: dict[str, Ask] = {"first": FIRST, "second": SECOND, "third": THIRD}
    replies = {asks[name]: Reply(out=text.encode()) for name, text in said.items()}
    return Tape(target=Target("local"), moment=Moment(NOON, NOON, NOON), replies=replies)


@pytest.fixture
def calls() -> list[str]:
    return []


def test_what_no_further_answer_can_change_is_learned_once(calls: list[str]) -> None:
    facts = Facts(probes(calls), tape(first="a", third="c"))
    assert facts.wants() == {SECOND}
    assert calls == ["early"]
    facts = facts.further(tape(first="a", third="c", second="b"))
    assert facts.wants() == set()
    assert facts[Both] == Both("a at 0.0, a at 0.0cb")
    assert sorted(calls) == ["both", "early", "late"]


@pytest.mark.parametrize("wanted", [lambda facts: facts[Late], lambda facts: facts[Both]])
def test_what_was_learned_too_early_is_learned_again(calls: list[str], wanted: Callable[[Facts], object]) -> None:
    facts = Facts(probes(calls), tape(first="a", third="c"))
    wanted(facts)
    facts = facts.further(tape(first="a", third="c", second="b"))
    assert facts[Both] == Both("a at 0.0, a at 0.0cb")
    assert calls.count("early") == 1
    assert calls.count("late") == 2


def test_of_a_host_that_is_not_reached_nothing_is_kept(calls: list[str]) -> None:
    facts = Facts(probes(calls), tape(first="a"))
    assert isinstance(facts[Early], Early)
    missed = Unreached(Layer.TCP, Silence.UNREACHABLE, "gone")
    facts = facts.further(replace(tape(), unreached=missed))
    assert facts[Unreached] is missed
    assert isinstance(facts[Early], Unknown)


def test_a_bug_is_told_once_however_often_the_question_is_worked_out(calls: list[str]) -> None:
    def broken(early: Early) -> list[Ask]:
        raise RuntimeError(early.text)

    @probe(also=broken)
    def doubtful(early: Early, answers: Answers) -> Late:
        return Late(early.text + str(len(answers)))

    facts = Facts((*probes(calls), doubtful), tape(first="a"))
    facts.wants()
    facts = facts.further(tape(first="a", second="b", third="c"))
    facts.wants()
    assert isinstance(facts[Late], Late)
    assert [name for name, _ in facts.faults] == ["test_further.doubtful"]
