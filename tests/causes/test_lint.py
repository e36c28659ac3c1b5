"""Each rule of the lint, broken once."""

import math
from dataclasses import replace

import pytest

from diagkit.causes import Cause, Condition, LookAlike, always, often, rarely, sometimes, usually
from diagkit.causes.likeness import looks
from diagkit.causes.lint import Known, Problem, lint
from diagkit.checks import Check, NoLimits
from diagkit.checks.logs import signatures as judges
from diagkit.logs.signatures import Signature
from diagkit.model import Status


def check(name: str, noise: tuple[float, float] = (0.01, 0.001), **more: str) -> Check:
    return Check(name, "It is. Why: so.", "resources", {}, NoLimits(), lambda: iter(()), noise, vital=True, **more)


def cause(*shows, **more) -> Cause:
    said = {"title": "T", "prior": 0.01, "verify": "v", "act": "a", "roll_back": "r", "source": "s"}
    return Cause(**said | {"shows": shows} | more)


def signature(name: str = "wet", **more) -> Signature:
    said = {
        "id": name, "file": "", "family": "storage", "literals": ("it is wet",), "expression": None, "by": frozenset(),
        "severity": Status.FAIL, "least": 1, "causes": {}, "title": "Wet", "source": "s", "match": "it is wet here",
        "miss": "it is dry",
    }  # fmt: skip
    return Signature(**said | more)


FULL, SLOW, LATE = check("resources.full"), check("resources.slow"), check("resources.late")


def known(causes, conditions=(), signatures=(), **more) -> Known:
    states = [*causes.values(), *dict(conditions).values()]
    checks = {sign.check.name: sign.check for state in states for sign in state.shows}
    said = {
        "checks": checks, "causes": causes, "conditions": dict(conditions),
        "signatures": {s.id: s for s in signatures}, "runbooks": frozenset(causes), "shipped": frozenset(causes),
    }  # fmt: skip
    return Known(**said | more)


def said(knowledge: Known) -> list[str]:
    return [f"{problem.about}: {problem.sentence}" for problem in lint(knowledge)]


def test_sound_knowledge_has_no_problem() -> None:
    assert lint(known({"full": cause(always(FULL)), "slow": cause(usually(SLOW))})) == []


def test_a_circle() -> None:
    one = Condition(title="one")
    two = Condition(title="two", leads_to=(often(one),))
    object.__setattr__(one, "leads_to", (often(two),))
    (line,) = said(known({}, {"one": one, "two": two}))
    assert line in (
        "one: it leads to itself, in a circle: one -> two -> one",
        "two: it leads to itself, in a circle: two -> one -> two",
    )


def test_failing_more_often_than_speaking_up() -> None:
    assert said(known({"full": cause(often(FULL, fails=0.9))})) == [
        "full: resources.full fails (0.9) more often than it speaks up at all (0.6)"
    ]


def test_one_sign_twice() -> None:
    assert "which would count twice" in said(known({"full": cause(always(FULL), often(FULL))}))[0]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (cause(), "it has no check"),
        (cause(sometimes(FULL), often(SLOW)), "sees it in 30% of cases only"),
        (cause(told_by=judges.kernel), "no signature of logs.signatures.kernel speaks for it"),
    ],
)
def test_what_nothing_can_confirm(wrong, why) -> None:
    assert any("nothing can confirm it" in line and why in line for line in said(known({"full": wrong})))


def test_a_signature_confirms_where_its_check_is_named() -> None:
    told = known({"full": cause(told_by=judges.kernel)}, signatures=[signature(causes={"full": "often"})])
    assert said(told) == []
    elsewhere = known({"full": cause(told_by=judges.system)}, signatures=[signature(causes={"full": "often"})])
    assert "no signature of logs.signatures.system" in said(elsewhere)[0]


def test_a_direct_check_that_fails_for_nothing() -> None:
    noisy = check("resources.noisy", noise=(0.1, 0.05))
    assert "fails on 5.0% of healthy hosts" in said(known({"full": cause(always(noisy))}))[0]


@pytest.mark.parametrize(
    ("field", "text"), [("verify", "look at {subjct}"), ("act", "{subjct}"), ("roll_back", "{subjct}")]
)
def test_placeholders_that_nothing_fills_in(field, text) -> None:
    (line,) = said(known({"full": cause(always(FULL), **{field: text})}))
    assert line == f"full: its `{field}` has {{subjct}}, which nothing fills in; did you mean subject?"
    shell = cause(always(FULL), **{field: "du {subject} | awk '{print $1}'; echo ${HOME} on {target}"})
    assert said(known({"full": shell})) == []


def test_saying_too_little() -> None:
    assert said(known({"full": cause(always(FULL), source="")})) == ["full: its `source` is empty"]
    assert "more than any cause" in said(known({"full": cause(always(FULL), prior=0.2)}))[0]


def test_two_that_nothing_tells_apart() -> None:
    twins = {"full": cause(always(FULL)), "stuffed": cause(always(FULL))}
    assert said(known(twins)) == ["full: nothing tells it from stuffed: what both show differs by 0.0 and 0.0 of 6 dB"]
    hinted = {"full": cause(always(FULL)), "stuffed": cause(always(FULL), rarely(SLOW))}
    assert "nothing tells it from stuffed" in said(known(hinted))[0]
    assert said(known({"full": cause(always(FULL)), "stuffed": cause(always(FULL), usually(SLOW))})) == []


def test_what_lies_further_down_tells_apart_as_well() -> None:
    slow = Condition(title="slow", shows=(usually(SLOW),))
    apart = {"full": cause(always(FULL)), "stuffed": cause(always(FULL), leads_to=(always(slow),))}
    assert said(known(apart, {"slow": slow})) == []


def test_a_look_alike_names_the_check_that_separates_two_close_ones() -> None:
    def pair(by: Check | None, *more) -> dict[str, Cause]:
        return {
            "full": cause(always(FULL), look_alikes=(LookAlike(cause="stuffed", tell="t", by=by),)),
            "stuffed": cause(always(FULL), *more, look_alikes=(LookAlike(cause="full", tell="t", by=by),)),
        }

    assert said(known(pair(SLOW, often(SLOW, fails=0.02)))) == []
    wrong = said(known(pair(FULL)))
    assert "full: resources.full does not separate it from stuffed: both show in it alike" in wrong
    assert any("nothing tells it from stuffed" in line for line in wrong)
    assert any("does not say which check separates it from full" in line for line in said(known(pair(None))))


def test_a_look_alike_that_is_none() -> None:
    wrong = cause(always(FULL), look_alikes=(LookAlike(cause="slwo", tell="t", by=FULL),))
    assert "full: it looks like slwo, which is no other cause; did you mean slow?" in said(
        known({"full": wrong, "slow": cause(often(SLOW))})
    )


def test_a_check_that_tells_nothing() -> None:
    causes = {"full": cause(always(FULL))}
    assert "shows in it" in said(known(causes, checks={c.name: c for c in (FULL, LATE)}))[0]
    shown = check("resources.late", for_people="a list to read")
    assert said(known(causes, checks={c.name: c for c in (FULL, shown)})) == []
    used = check("resources.full", for_people="a list to read")
    assert "for people only, and a cause shows in it" in said(known({"full": cause(always(used))}))[0]


def test_a_cause_of_ours_without_a_runbook() -> None:
    causes = {"full": cause(always(FULL))}
    assert said(known(causes, runbooks=frozenset())) == ["full: it has no runbook"]
    assert said(known(causes, runbooks=frozenset(), shipped=frozenset())) == []


def test_a_condition_that_nothing_brings_about() -> None:
    assert said(known({}, {"slow": Condition(title="slow")})) == ["slow: nothing brings this condition about"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"causes": {"ful": "often"}}, "it speaks for ful, which is neither cause nor condition; did you mean full?"),
        ({"causes": {"full": "oftn"}}, "it speaks for full 'oftn', which is no frequency; did you mean often?"),
        ({"match": "dry"}, "it does not meet its own line 'dry'"),
        ({"miss": "so it is wet"}, "it meets the line that it must not, 'so it is wet'"),
        ({"source": ""}, "it does not say where its text comes from"),
        ({"title": "Wet."}, "its title is no line"),
        ({"least": 0}, "`least` is below 1"),
    ],
)
def test_signatures(wrong, why) -> None:
    problems = lint(known({"full": cause(always(FULL))}, signatures=[signature(**wrong)]))
    assert [(p.about, why in p.sentence) for p in problems] == [("signatures.wet", True)]
    assert all(problem.cure for problem in problems)


def test_the_distance_of_two_looks_is_the_expected_weight_of_evidence() -> None:
    """One check that sees one of two causes with 0.85: the formula by hand."""
    causes = {"full": cause(usually(FULL, fails=0.85)), "slow": cause(usually(SLOW))}
    known_looks = looks(causes, {c.name: c for c in (FULL, SLOW)}, {})
    a, b = known_looks.of["full"], known_looks.noise
    (feature,) = a
    assert a[feature] == pytest.approx((1 - (1 - 0.011) * 0.15, 1 - (1 - 0.001) * 0.15))
    assert b[feature] == pytest.approx((0.011, 0.001))
    assert dict(known_looks.apart("full", "full")) == {"resources.full": 0}
    by_hand = sum(
        p * 10 * math.log10(p / q) for p, q in ((0.14835, 0.989), (0.85165 - 0.85015, 0.011 - 0.001), (0.85015, 0.001))
    )
    assert dict(known_looks.apart("full", "slow"))["resources.full"] == pytest.approx(by_hand)
    assert known_looks.distance("full", "slow", math.inf) > by_hand
    assert known_looks.distance("full", "slow", 1.0) == pytest.approx(by_hand)


def test_the_order_of_what_is_known_makes_no_difference() -> None:
    causes = {"b": cause(always(FULL)), "a": cause(always(FULL), prior=0.2)}
    assert lint(known(causes)) == lint(known(dict(reversed(causes.items()))))
    assert all(isinstance(p, Problem) and p == replace(p) for p in lint(known(causes)))
