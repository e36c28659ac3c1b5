"""The verdicts, on small knowledge made for the purpose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.causes import Cause, Condition, always, often, usually
from diagkit.causes.diagnosis import weigh
from diagkit.causes.grounding import ground
from diagkit.causes.knowledge import Knowledge, topological
from diagkit.model import Diagnosis, Finding, Status, Verdict
from tests.causes.knowledge import finding, made

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPACE = made("resources.disk.space")
WRITES = made("logs.writes.failed")
UNIT = made("functional.units.failed")
MEMORY = made("resources.memory.available")
LINES = made("logs.signatures.kernel", (0.01, 0.001))

service_down = Condition(title="a service is down", shows=(always(UNIT),))
writes_fail = Condition(title="writes fail", shows=(usually(WRITES),), leads_to=(often(service_down),))
disk_full = Cause(
    title="Disk full", prior=0.01, per_subject=True, verify="df {subject}", act="free room", roll_back="",
    shows=(always(SPACE),), leads_to=(usually(writes_fail),),
)  # fmt: skip
crashed = Cause(
    title="Crashed", prior=0.01, verify="look at {target}", act="restart", roll_back="", shows=(often(UNIT),)
)
CAUSES = {"disk_full": disk_full, "crashed": crashed}
CONDITIONS = {"service_down": service_down, "writes_fail": writes_fail}


def diagnosed(*findings: Finding, voices: dict[str, dict[str, float]] | None = None) -> Diagnosis:
    knowledge = Knowledge(
        causes=CAUSES,
        conditions=CONDITIONS,
        voices=voices or {},
        noises={check.name: check.noise for check in (SPACE, WRITES, UNIT, MEMORY, LINES)},
        runbooks={"disk_full": "storage/disk_full"},
        vital=frozenset({SPACE.name}),
    )
    return weigh(findings, knowledge, NOON)


def test_direct_evidence_confirms() -> None:
    said = diagnosed(
        finding(SPACE, Status.FAIL, "/"), finding(SPACE, Status.OK, "/boot"), finding(WRITES, Status.FAIL, "enospc")
    )
    assert said.verdict is Verdict.CONFIRMED
    first = said.causes[0]
    assert (first.id, first.entity.raw, first.runbook) == ("disk_full", "/", "storage/disk_full")
    assert [w.check for w in first.because] == [SPACE.name, WRITES.name]
    assert first.next[0].raw == "df /"
    assert first.explains


def test_one_story_for_a_cascade() -> None:
    said = diagnosed(
        finding(SPACE, Status.FAIL, "/"), finding(WRITES, Status.FAIL, "enospc"), finding(UNIT, Status.FAIL, "db")
    )
    assert said.causes[0].id == "disk_full"
    assert all(c.confidence < 0.5 for c in said.causes[1:])
    assert said.unexplained == ()


def test_elimination_alone_is_inconclusive_and_names_the_condition() -> None:
    said = diagnosed(finding(WRITES, Status.FAIL, "enospc"), finding(SPACE, Status.UNKNOWN))
    assert said.verdict is Verdict.INCONCLUSIVE
    assert said.condition.raw in ("writes fail", "")
    assert all(c.verdict is Verdict.INCONCLUSIVE for c in said.causes)
    assert SPACE.name in next(c for c in said.causes if c.id == "disk_full").missing


def test_a_passed_direct_check_speaks_against() -> None:
    said = diagnosed(finding(WRITES, Status.FAIL, "enospc"), finding(SPACE, Status.OK, "/"))
    against = [c for c in said.causes if c.id == "disk_full"]
    assert not against or SPACE.name in [w.check for w in against[0].despite]


def test_unknown_is_no_evidence() -> None:
    """Adding findings that could not be judged changes no probability."""
    seen = [finding(UNIT, Status.FAIL, "db")]
    blind = [*seen, finding(SPACE, Status.UNKNOWN), finding(MEMORY, Status.UNKNOWN)]
    without = {c.id: c.confidence for c in diagnosed(*seen).causes}
    assert {c.id: c.confidence for c in diagnosed(*blind).causes} == without


def test_healthy_names_no_cause() -> None:
    said = diagnosed(finding(SPACE, Status.OK, "/"), finding(UNIT, Status.OK))
    assert (said.verdict, said.causes) == (Verdict.HEALTHY, ())


def test_nothing_seen_is_not_healthy() -> None:
    assert diagnosed(finding(SPACE, Status.UNKNOWN)).verdict is Verdict.INCONCLUSIVE
    assert diagnosed().verdict is Verdict.INCONCLUSIVE


def test_each_target_is_weighed_by_itself() -> None:
    said = diagnosed(
        finding(SPACE, Status.FAIL, "/", "web-1"), finding(WRITES, Status.FAIL, "enospc", "web-1"),
        finding(SPACE, Status.OK, "/", "web-2"), finding(WRITES, Status.OK, "", "web-2"),
    )  # fmt: skip
    assert {c.target.raw for c in said.causes} == {"web-1"}


def test_a_signature_speaks_for_its_cause() -> None:
    lines = finding(WRITES, Status.FAIL, "kernel.odd")
    quiet = {c.id: c.confidence for c in diagnosed(lines, finding(SPACE, Status.WARN, "/")).causes}
    voiced = diagnosed(lines, finding(SPACE, Status.WARN, "/"), voices={"kernel.odd": {"crashed": 0.85}})
    assert {c.id: c.confidence for c in voiced.causes}.get("crashed", 0) > quiet.get("crashed", 0)


def test_circles_are_refused() -> None:
    a = Condition(title="a")
    b = Condition(title="b", leads_to=(often(a),))
    object.__setattr__(a, "leads_to", (often(b),))
    with pytest.raises(ValueError, match="in a circle"):
        topological({"a": a, "b": b})


def test_the_same_findings_give_the_same_diagnosis_in_any_order() -> None:
    seen = [finding(SPACE, Status.FAIL, "/"), finding(SPACE, Status.WARN, "/var"), finding(UNIT, Status.FAIL, "db")]
    assert diagnosed(*seen) == diagnosed(*reversed(seen))


def test_what_only_the_log_remembers_is_over() -> None:
    lines = finding(LINES, Status.FAIL, "kernel.killed")
    voices = {"kernel.killed": {"crashed": 0.98}}
    long_ago, well = replace(lines, at=NOON - timedelta(minutes=30)), finding(SPACE, Status.OK)
    old = diagnosed(long_ago, well, voices=voices)
    assert (old.verdict, old.causes[0].verdict) == (Verdict.RECOVERED, Verdict.RECOVERED)
    assert diagnosed(long_ago, voices=voices).verdict in (Verdict.PROBABLE, Verdict.CONFIRMED)  # nobody looked
    fresh = diagnosed(replace(lines, at=NOON - timedelta(minutes=3)), voices=voices)
    assert fresh.verdict in (Verdict.PROBABLE, Verdict.CONFIRMED)
    hurting = diagnosed(
        replace(lines, at=NOON - timedelta(minutes=30)), finding(UNIT, Status.FAIL, "db"), voices=voices
    )
    assert hurting.verdict in (Verdict.PROBABLE, Verdict.CONFIRMED)


def test_a_part_that_is_not_vital_may_stay_dark() -> None:
    assert diagnosed(finding(SPACE, Status.OK, "/"), finding(MEMORY, Status.UNKNOWN)).verdict is Verdict.HEALTHY


def test_subjects_of_one_kind_must_be_equal_and_of_two_kinds_may_be_the_same_thing() -> None:
    limit = replace(disk_full, shows=(always(MEMORY),), leads_to=())
    hung = replace(disk_full, shows=(always(UNIT),), leads_to=())
    object.__setattr__(limit, "leads_to", (usually(hung),))
    seen = [finding(MEMORY, Status.FAIL, "shop.service"), finding(UNIT, Status.FAIL, "127.0.0.1:8080")]
    seen.append(finding(UNIT, Status.FAIL, "other.service"))
    known = Knowledge(
        causes={"limit": limit, "hung": hung},
        conditions={},
        voices={},
        noises={c.name: c.noise for c in (MEMORY, UNIT)},
        runbooks={},
        vital=frozenset(),
    )
    net = ground(seen, known)
    edges = {(net.nodes[a].subject, net.nodes[b].subject) for a, b, _ in net.net.edges}
    assert edges == {("shop.service", "127.0.0.1:8080")}


def test_what_is_not_there_is_no_suspect() -> None:
    said = diagnosed(finding(WRITES, Status.FAIL, "enospc"), finding(SPACE, Status.SKIP))
    assert "disk_full" not in [c.id for c in said.causes]


def test_what_only_says_what_is_so_is_never_confirmed() -> None:
    seen = (
        finding(SPACE, Status.FAIL, "/"),
        finding(SPACE, Status.OK, "/boot"),
        finding(WRITES, Status.FAIL, "enospc"),
    )
    knowledge = Knowledge(
        causes={"disk_full": replace(disk_full, shallow=True)},
        conditions=CONDITIONS,
        voices={},
        noises={check.name: check.noise for check in (SPACE, WRITES, UNIT)},
        runbooks={},
        vital=frozenset(),
    )
    assert weigh(seen, knowledge, NOON).verdict is Verdict.PROBABLE


@pytest.mark.parametrize(("ago", "verdict"), [(60, Verdict.RECOVERED), (10, Verdict.CONFIRMED)])
def test_where_lines_came_quickly_an_incident_is_sooner_over(ago: int, verdict: Verdict) -> None:
    lines = replace(
        finding(LINES, Status.FAIL, "kernel.killed"),
        at=NOON - timedelta(seconds=ago),
        measured={"count": 21, "seconds": 20.0},
    )
    well = finding(SPACE, Status.OK)
    assert diagnosed(lines, well, voices={"kernel.killed": {"crashed": 0.98}}).verdict in (
        (verdict,) if verdict is Verdict.RECOVERED else (Verdict.PROBABLE, Verdict.CONFIRMED)
    )
