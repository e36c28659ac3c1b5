"""Which hosts are alike, and which differences tell."""

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.differences.alike import alike, impersonal, own_name
from diagkit.model import (
    Coverage,
    Diagnosis,
    Finding,
    Layer,
    Status,
    Step,
    Suspect,
    TargetResult,
    Untrusted,
    Verdict,
    Weighed,
)

U = Untrusted
Host = tuple[TargetResult, list[Finding], list[Suspect]]


def host(
    name: str, *found: tuple[str, str], status: Status = Status.FAIL, causes: tuple[tuple[str, str], ...] = ()
) -> Host:
    """A host with these findings (check, subject) of this status, and these confirmed causes (id, entity) of the first."""
    findings = [
        Finding(check=c, target=U(name), subject=U(s), status=status, summary=U(f"{s} is wrong")) for c, s in found
    ]
    because = tuple(Weighed(check=f.check, subject=f.subject, summary=f.summary, decibans=20.0) for f in findings[:1])
    suspects = [
        Suspect(
            id=i, title=i, verdict=Verdict.CONFIRMED, confidence=0.99, target=U(name), entity=U(entity), because=because
        )
        for i, entity in causes
    ]
    return result(name, status if found else Status.OK), findings, suspects


def result(name: str, status: Status) -> TargetResult:
    return TargetResult(name=U(name), status=status, reached=True, coverage=Coverage(judged=1, of=1))


def lost(name: str, detail: str, layer: Layer = Layer.TCP) -> Host:
    return replace(result(name, Status.UNKNOWN), reached=False, layer=layer, detail=U(detail)), [], []


def groups(*hosts: Host) -> list[list[str]]:
    return [[name.raw for name in group.targets] for group in told(*hosts)]


def told(*hosts: Host):
    diagnosis = Diagnosis(verdict=Verdict.INCONCLUSIVE, causes=tuple(c for h in hosts for c in h[2]))
    return alike([h[0] for h in hosts], [f for h in hosts for f in h[1]], diagnosis)


FULL = ("resources.disk.space", "/var")


def test_one_host_is_like_nobody():
    assert groups(host("web-1")) == []


def test_the_worst_come_first_then_the_many_and_the_healthy_last():
    found = groups(
        host("a"),
        host("b", FULL, status=Status.WARN),
        lost("c", "Connection refused"),
        host("d", ("functional.units.failed", "nginx.service")),
        host("e", FULL),
        host("f", FULL),
        host("g"),
    )
    assert found == [["e", "f"], ["d"], ["c"], ["b"], ["a", "g"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/", "/var"),
        ("postgresql@15-main.service", "postgresql@14-main.service"),
        ("db1:5432", "db2:5432"),
        ("10.0.0.1:5432", "10.0.0.1:5433"),
    ],
)
def test_another_thing_is_another_kind(one: str, other: str):
    assert groups(host("web-1", ("c.c", one)), host("web-2", ("c.c", other))) == [["web-1"], ["web-2"]]
    causes = [host(f"web-{n}", ("c.c", ""), causes=(("cause", thing),)) for n, thing in enumerate((one, other))]
    assert groups(*causes) == [["web-0"], ["web-1"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("python3[177]", "python3[42]"),
        ("web-1:443", "web-2:443"),
        ("http://web-1/", "http://web-2/"),
        ("web-1.example.com:443", "web-2.example.com:443"),
        ("session-12.scope", "session-c4.scope"),
        ("docker-0123456789ab.scope", "docker-ba9876543210.scope"),
        ("/var/log/messages-20261121", "/var/log/messages-20261122"),
    ],
)
def test_what_only_tells_hosts_apart_makes_no_kind(one: str, other: str):
    assert groups(host("web-1", ("c.c", one)), host("web-2", ("c.c", other))) == [["web-1", "web-2"]]


def test_a_unit_named_like_the_host_is_a_unit():
    assert impersonal(U("nginx.service"), U("nginx")) == U("nginx.service")
    assert impersonal(U("web-10:443"), U("web-1")) == U("web-10:443")


def test_what_a_cause_brings_about_may_differ_and_what_it_does_not_may_not():
    unit, clock = ("functional.units.failed", "nginx.service"), ("resources.clock.offset", "")
    disk = (("disk_full", "/var"),)
    one = host("a", FULL, causes=disk)
    two = host("b", FULL, unit, causes=disk)
    shown = Weighed(check=unit[0], subject=U(unit[1]), summary=U("x"), decibans=0.0)
    explained = [replace(two[2][0], story=(Step(title="fails", shown_by=(shown,)),))]
    assert groups(one, (two[0], two[1], explained)) == [["a", "b"]]
    assert groups(one, host("c", FULL, clock, causes=disk)) == [["a"], ["c"]]


def test_a_warning_beside_a_failure_makes_no_kind_of_its_own():
    warned = Finding(check="c.d", target=U("b"), status=Status.WARN, summary=U("x"))
    other = host("b", FULL)
    assert groups(host("a", FULL), (other[0], [*other[1], warned], [])) == [["a", "b"]]


def test_the_most_typical_stands_for_all():
    warned = Finding(check="c.d", target=U("a"), status=Status.WARN, summary=U("x"))
    odd = host("a", FULL)
    (group,) = told((odd[0], [*odd[1], warned], []), host("b", FULL), host("c", FULL))
    assert group.like.raw == "b"
    assert group.checks == (FULL[0],)


def test_those_who_suffer_from_another_host_are_alike():
    provider = host("db", ("functional.units.stopped", "pg"), causes=(("stopped", "pg"),))
    clients = [host(f"web-{n}", ("connectivity.http.status", f"http://web-{n}/")) for n in range(3)]
    lines = tuple(U(f"web-{n}: http://web-{n}/: http://web-{n}/ is wrong") for n in range(3))
    cause = replace(provider[2][0], affects=tuple(c[0].name for c in clients), explains=lines)
    found = told((provider[0], provider[1], [cause]), *clients)
    assert [[n.raw for n in group.targets] for group in found] == [["web-0", "web-1", "web-2"], ["db"]]
    assert {group.causes for group in found} == {("stopped",)}


def test_hosts_refused_at_their_own_addresses_are_one_kind():
    refused = [lost(f"web-{n}", f"Connection refused by 10.0.0.{n} port 22: nothing listens") for n in range(1, 41)]
    (group,) = told(*refused)
    assert len(group.targets) == 40
    assert group.detail.raw == "Connection refused by (target) port 22: nothing listens"


def test_what_several_say_is_no_address_of_their_own():
    by_jump = [lost(f"web-{n}", f"at the jump host 10.0.{n % 2}.1: Connection refused") for n in range(6)]
    assert groups(*by_jump) == [["web-0", "web-2", "web-4"], ["web-1", "web-3", "web-5"]]


def test_how_long_it_took_and_which_key_was_seen_make_no_kind():
    late = [lost(f"w{n}", f"no answer from 10.0.0.{n} port 22 within {7 + n % 2} s: it is down") for n in range(4)]
    assert len(groups(*late)) == 1
    keys = [lost(f"w{n}", f"the key is SHA256:ab{n}cd now", Layer.HOST_KEY) for n in range(3)]
    assert len(groups(*keys)) == 1
    assert len(groups(*late, *keys)) == 2


def test_of_one_lost_host_the_words_stay_as_they_are():
    (group, _) = told(lost("web-1", "Connection refused by 10.0.0.1 port 22"), host("web-2"))
    assert group.detail.raw == "Connection refused by 10.0.0.1 port 22"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("web-1", "web-1"),
        ("deploy@web-1:22", "web-1"),
        ("ssh://deploy@web-1:22", "web-1"),
        ("[2001:db8::1]:22", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("10.0.0.5:2222", "10.0.0.5"),
        ("local", "local"),
    ],
)
def test_the_name_of_a_host_is_in_what_the_user_typed(label: str, name: str):
    assert own_name(U(label)) == name


def test_an_address_is_a_name_too():
    assert impersonal(U("[2001:db8::1]:443"), U("2001:db8::1")) == impersonal(U("[2001:db8::2]:443"), U("2001:db8::2"))
    assert impersonal(U("10.0.0.1:443"), U("10.0.0.1")) == U("(target):443")


@given(st.text(), st.text())
def test_no_text_is_too_odd(text: str, name: str):
    assert isinstance(impersonal(U(text), U(name)).raw, str)


@given(st.lists(st.sampled_from(["ok", "full", "unit", "lost"]), min_size=2, max_size=20), st.randoms())
def test_every_target_is_in_one_group_whatever_the_order(kinds: list[str], chance: random.Random):
    make = {
        "ok": host,
        "full": lambda name: host(name, FULL),
        "unit": lambda name: host(name, ("c.c", "x")),
        "lost": lambda name: lost(name, f"refused by {name}"),
    }
    hosts = [make[kind](f"web-{n}") for n, kind in enumerate(kinds)]
    found = groups(*hosts)
    assert sorted(name for group in found for name in group) == sorted(h[0].name.raw for h in hosts)
    assert len(found) == len(set(kinds))
    chance.shuffle(hosts)
    assert {frozenset(group) for group in groups(*hosts)} == {frozenset(group) for group in found}


def test_ten_times_the_hosts_take_ten_times_as_long():
    def cost(of: int) -> float:
        hosts = [host(f"web-{n}", *(("c.c", f"x{i}") for i in range(n % 7))) for n in range(of)]
        start = time.process_time()
        told(*hosts)
        return time.process_time() - start

    assert min(cost(2000) for _ in range(3)) < 40 * min(cost(200) for _ in range(3))
