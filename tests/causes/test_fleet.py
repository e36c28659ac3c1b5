"""Several targets in the light of each other, on small knowledge made for the purpose."""

from datetime import UTC, datetime

from diagkit.causes.diagnosis import weigh
from diagkit.causes.topology import Place, Topology
from diagkit.model import Diagnosis, Finding, Status, Verdict

from .knowledge import KNOWLEDGE, LOOKUPS, PAGES, PEERS, SERVERS, SPACE, UNIT, WRITES, finding

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAIL, OK = Status.FAIL, Status.OK
SERVER = "10.0.0.53"


def place(target: str, *uses: tuple[str, int], names: tuple[str, ...] = (), **aliases: str) -> Place:
    known = {name: (address,) for name, address in aliases.items()}
    return Place(target=target, names=frozenset({target, *names}), uses=uses, aliases=known)


WEB_1 = place("web-1", ("db", 5432), db="10.0.0.5")
WEB_2 = place("web-2", ("10.0.0.5", 5432))
DATABASE = place("db-1", names=("10.0.0.5",))


def diagnosed(*findings: Finding, places: tuple[Place, ...] = (WEB_1, WEB_2, DATABASE)) -> Diagnosis:
    return weigh(findings, KNOWLEDGE, NOON, places)


def sick_web(target: str, subject: str) -> tuple[Finding, ...]:
    return (
        finding(PEERS, FAIL, subject, target),
        finding(PAGES, FAIL, "http://it/", target),
        finding(SPACE, OK, "/", target),
        finding(UNIT, OK, "", target),
        finding(SERVERS, OK, SERVER, target),
    )


def full_database() -> tuple[Finding, ...]:
    return (
        finding(SPACE, FAIL, "/var", "db-1"),
        finding(WRITES, FAIL, "", "db-1"),
        finding(UNIT, FAIL, "postgresql.service", "db-1"),
        finding(SERVERS, OK, SERVER, "db-1"),
    )


def test_a_full_disk_of_the_database_explains_the_errors_of_the_web_servers() -> None:
    said = diagnosed(*sick_web("web-1", "db:5432"), *sick_web("web-2", "10.0.0.5:5432"), *full_database())
    first, *others = said.causes
    assert (first.id, first.target.raw, first.entity.raw, first.verdict) == (
        "disk_full", "db-1", "/var", Verdict.CONFIRMED,
    )  # fmt: skip
    assert {t.raw for t in first.affects} == {"web-1", "web-2"}
    assert any("web-1: db:5432" in line.raw for line in first.explains)
    assert [s.target.raw for s in first.story if s.target.raw] == ["web-1", "web-2"]
    assert all(c.verdict is Verdict.INCONCLUSIVE for c in others)
    assert said.unexplained == ()


def test_without_the_database_among_the_targets_it_is_one_thing_that_both_miss() -> None:
    there = (WEB_1, WEB_2)
    said = diagnosed(*sick_web("web-1", "db:5432"), *sick_web("web-2", "10.0.0.5:5432"), places=there)
    first = said.causes[0]
    assert first.id == "dependency_unreachable"
    assert len([c for c in said.causes if c.id == first.id]) == 1
    assert {first.target.raw, *(t.raw for t in first.affects)} == {"web-1", "web-2"}


def test_a_healthy_database_is_not_blamed() -> None:
    well = (finding(SPACE, OK, "/", "db-1"), finding(UNIT, OK, "", "db-1"))
    said = diagnosed(*sick_web("web-1", "db:5432"), *well)
    assert said.causes[0].id == "dependency_unreachable"
    assert {c.target.raw for c in said.causes} == {"web-1"}


def test_clients_speak_for_the_trouble_of_their_provider() -> None:
    weak = (finding(UNIT, Status.WARN, "postgresql.service", "db-1"), finding(SPACE, OK, "/", "db-1"))
    by_itself = next(c for c in diagnosed(*weak).causes if c.id == "service_stopped")
    together = diagnosed(*weak, *sick_web("web-1", "db:5432"), *sick_web("web-2", "10.0.0.5:5432"))
    assert next(c for c in together.causes if c.id == "service_stopped").confidence > by_itself.confidence


def lookups_fail(target: str) -> tuple[Finding, ...]:
    return finding(SERVERS, FAIL, SERVER, target), finding(LOOKUPS, FAIL, "", target), finding(SPACE, OK, "/", target)


def test_a_name_server_is_one_thing_for_all_that_use_it() -> None:
    hosts = [f"web-{n}" for n in range(1, 6)]
    said = diagnosed(*(f for h in hosts for f in lookups_fail(h)), places=tuple(map(place, hosts)))
    (server,) = [c for c in said.causes if c.id == "resolver_unreachable"]
    assert len(server.affects) == 4
    assert server.confidence > 0.99


def test_who_uses_it_happily_acquits_it() -> None:
    happy = (finding(SERVERS, OK, SERVER, "web-9"), finding(SPACE, OK, "/", "web-9"))
    places = (place("web-1"), place("web-9"))
    alone = diagnosed(*lookups_fail("web-1"), places=places[:1]).causes[0]
    beside = diagnosed(*lookups_fail("web-1"), *happy, places=places)
    assert alone.id == "resolver_unreachable"
    assert next((c.confidence for c in beside.causes if c.id == alone.id), 0.0) < alone.confidence


def test_the_same_fault_on_many_hosts_is_told_as_one() -> None:
    hosts = [f"web-{n}" for n in range(1, 11)]
    full = [f for h in hosts[:4] for f in (finding(SPACE, FAIL, "/", h), finding(WRITES, FAIL, "", h))]
    well = [f for h in hosts[4:] for f in (finding(SPACE, OK, "/", h), finding(WRITES, OK, "", h))]
    (common,) = diagnosed(*full, *well, places=tuple(map(place, hosts))).common
    assert (common.id, len(common.targets), common.of) == ("disk_full", 4, 10)
    assert common.decibans > 10


def test_two_of_many_are_chance() -> None:
    hosts = [f"web-{n}" for n in range(1, 31)]
    full = [f for h in hosts[:2] for f in (finding(SPACE, FAIL, "/", h), finding(WRITES, FAIL, "", h))]
    well = [finding(SPACE, OK, "/", h) for h in hosts[2:]]
    assert diagnosed(*full, *well, places=tuple(map(place, hosts))).common == ()


def test_like_hosts_fare_alike_and_in_any_order() -> None:
    seen = [*sick_web("web-1", "db:5432"), *sick_web("web-2", "10.0.0.5:5432"), *full_database()]
    assert diagnosed(*seen).causes[0] == diagnosed(*reversed(seen)).causes[0]


def test_names_of_one_host_are_made_one() -> None:
    topology = Topology([WEB_1, WEB_2, DATABASE])
    assert topology.owner("db", "web-1") == "db-1", "as DNS resolves it there"
    assert topology.owner("db", "web-2") == "", "nobody told web-2 what db is"
    assert topology.owner("10.0.0.5", "web-2") == "db-1"
    assert topology.owner("DB-1", "web-2") == "db-1"
    assert topology.providers("web-2") == {"db-1": ["10.0.0.5:5432"]}
    assert topology.common_name("db:5432", "web-1") == topology.common_name("10.0.0.5:5432", "web-2")


def test_what_several_hosts_call_themselves_names_none_of_them() -> None:
    bridge = "172.17.0.1"
    topology = Topology([place("a", names=(bridge,)), place("b", names=(bridge,)), place("c", (bridge, 80))])
    assert topology.providers("c") == {}
