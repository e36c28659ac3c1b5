"""What to look at next, and why not, on small knowledge made for the purpose."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagkit.causes.diagnosis import weigh
from diagkit.causes.next_check import next_checks
from diagkit.causes.weighing import weigh_one
from diagkit.causes.why_not import why_not
from diagkit.model import Finding, NextCheck, Silence, Status, Untrusted

from .knowledge import KNOWLEDGE, LOOKUPS, PAGES, PEERS, SERVERS, SPACE, UNIT, WRITES, finding

FAIL, OK, UNKNOWN = Status.FAIL, Status.OK, Status.UNKNOWN


def proposed(*findings: Finding) -> tuple[NextCheck, ...]:
    return next_checks(weigh_one("web-1", findings, KNOWLEDGE, {}), KNOWLEDGE)


def test_the_check_that_separates_the_candidates_comes_first() -> None:
    seen = (finding(WRITES, OK), finding(PEERS, OK, "db:5432"), finding(LOOKUPS, OK), finding(PAGES, FAIL, "/"))
    first = proposed(*seen, finding(UNIT, UNKNOWN), finding(SPACE, UNKNOWN), finding(SERVERS, OK, "10.0.0.53"))[0]
    assert first.check == UNIT.name, "requests fail: a stopped service is likelier than a full disk without lost writes"
    assert first.command.raw == f"diagkit functional web-1 --only {UNIT.name} -v"
    assert first.bits > 0.1


def test_what_is_known_is_not_asked_again() -> None:
    judged = [finding(c, OK) for c in (SPACE, WRITES, UNIT, PEERS, SERVERS, LOOKUPS)]
    assert proposed(finding(PAGES, FAIL, "/"), *judged) == ()


def test_a_check_that_tells_nothing_is_not_proposed() -> None:
    """The disk is full and that explains all: name servers are of no interest."""
    seen = (finding(SPACE, FAIL, "/"), finding(WRITES, FAIL), finding(UNIT, FAIL, "db"))
    assert SERVERS.name not in [check.check for check in proposed(*seen, finding(SERVERS, UNKNOWN))]


def test_a_dear_check_has_to_tell_more() -> None:
    seen = (finding(PAGES, FAIL, "/"), finding(UNIT, UNKNOWN), finding(SPACE, UNKNOWN), finding(WRITES, OK))
    dear = replace(KNOWLEDGE, costs={UNIT.name: 60.0})
    order = [c.check for c in next_checks(weigh_one("web-1", seen, dear, {}), dear)]
    assert UNIT.name not in order[:1]


def test_what_has_to_be_allowed_first_is_said() -> None:
    denied = replace(finding(UNIT, UNKNOWN), hint=Untrusted("log in as root"))
    first = next(c for c in proposed(finding(PAGES, FAIL, "/"), denied) if c.check == UNIT.name)
    assert first.opens.raw == "log in as root"


@pytest.mark.parametrize(
    ("silence", "proposed_as"),
    [
        (Silence.DENIED, ["log in as root"]),
        (Silence.NOT_RUN, [""]),  # nobody has to allow anything: it is only to be asked again
        (Silence.TIMEOUT, [""]),
        (Silence.MISSING, []),  # asking again brings the same
        (Silence.UNSUPPORTED, []),
    ],
)
def test_why_it_was_not_judged_decides_whether_it_is_asked_again(silence: Silence, proposed_as: list[str]) -> None:
    mute = replace(finding(UNIT, UNKNOWN), silence=silence, hint=Untrusted("log in as root"))
    assert [c.opens.raw for c in proposed(finding(PAGES, FAIL, "/"), mute) if c.check == UNIT.name] == proposed_as


def test_a_settled_diagnosis_proposes_nothing() -> None:
    seen = (finding(SPACE, FAIL, "/"), finding(WRITES, FAIL), finding(UNIT, UNKNOWN))
    assert weigh(seen, KNOWLEDGE, datetime(2026, 1, 1, tzinfo=UTC)).next_checks == ()


def test_why_not_names_what_speaks_against() -> None:
    seen = (finding(SPACE, OK, "/"), finding(UNIT, FAIL, "db"), finding(WRITES, UNKNOWN))
    said = why_not("disk_full", "web-1", seen, KNOWLEDGE)
    assert said.confidence < 0.05
    assert said.despite[0].check == SPACE.name
    assert said.instead == ("Service stopped",)


def test_why_not_says_what_was_not_seen() -> None:
    seen = (finding(SPACE, UNKNOWN), finding(UNIT, FAIL, "db"))
    assert why_not("disk_full", "web-1", seen, KNOWLEDGE).unseen == (SPACE.name,)


def test_why_not_says_that_it_cannot_be() -> None:
    seen = (finding(SERVERS, Status.SKIP), finding(UNIT, FAIL, "db"))
    heard = replace(KNOWLEDGE, voices={"a_line": {"resolver_unreachable": 0.85}})
    told = (*seen, finding(LOOKUPS, FAIL, "a_line"))
    assert not why_not("resolver_unreachable", "web-1", told, heard).impossible.raw, "a log line names it after all"
    assert SERVERS.name in why_not("resolver_unreachable", "web-1", seen, KNOWLEDGE).impossible.raw
    assert why_not("disk_full", "web-1", (finding(SPACE, OK),), KNOWLEDGE).impossible.raw
