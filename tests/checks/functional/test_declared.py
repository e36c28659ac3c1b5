"""What diagkit.toml says of services."""

import pytest

from diagkit.checks.functional import declared
from diagkit.model import Service, Silence, Site, Status, Target, Unknown, Vantage
from diagkit.probes.commands import Command, Commands
from diagkit.probes.doors import KnownPorts, Port
from diagkit.probes.pages import Page, Pages
from diagkit.probes.processes import Process, Processes
from diagkit.probes.systemd import Unit, Units

HERE = Target("ssh", host="web1", label="web1", tags=("web",))
HTTPD = Process(
    pid=78, parent=1, name="httpd", state="S", stuck=False, threads=1, kernel=False, age=9.0, nice=0,
    cpu=0.0, system=0.0, children_cpu=0.0, lifetime_cpu=0.0, rss=0, growth=0.0,
    uid=0, fd_slots=0, fd_limit=0, task_limit=0,
)  # fmt: skip


def site(**what):
    return Site(services=(Service(name="shop", **what),))


def judged(findings):
    return [(f.status, f.subject.raw) for f in findings]


@pytest.mark.parametrize(
    ("state", "status", "expect", "expected"),
    [
        ("answered", 200, 200, Status.OK),
        ("answered", 200, "200", Status.OK),
        ("answered", 204, 200, Status.FAIL),
        ("answered", 200, "item 7", Status.OK),
        ("answered", 200, "item 8", Status.FAIL),
        ("refused", 0, 200, Status.FAIL),
        ("", 0, 200, Status.UNKNOWN),
    ],
)
def test_url(state, status, expect, expected):
    url = "http://web1/items"
    page = Page(
        url=url, vantage=Vantage.HERE, state=state, status=status, body="1 item 7", phases_ms={}, declared="shop"
    )
    assert judged(declared.url.judge(Pages(all=(page,)), site(url=url, expect=expect))) == [(expected, "shop")]


@pytest.mark.parametrize(
    ("state", "expected"),
    [("open", Status.OK), ("mute", Status.OK), ("refused", Status.FAIL), ("", Status.UNKNOWN)],
)
def test_tcp(state, expected):
    ports = KnownPorts(ssh=None, declared={"shop": Port(host="web1", port=8080, state=state)}, usual=())
    assert judged(declared.tcp.judge(ports, site(tcp=":8080"))) == [(expected, "shop")]


@pytest.mark.parametrize(
    ("name", "active", "expected"),
    [
        ("shop.service", "active", Status.OK),
        ("shop.service", "inactive", Status.FAIL),
        ("other.service", "active", Status.FAIL),
    ],
)
def test_unit(name, active, expected):
    units = Units(all=(Unit(name=name, load="loaded", active=active, sub="?"),))
    assert judged(declared.unit.judge(units, site(unit="shop"), HERE)) == [(expected, "shop")]


@pytest.mark.parametrize(
    ("processes", "name", "expected"),
    [
        (Processes(all=(HTTPD,)), "httpd", Status.OK),
        (Processes(all=(HTTPD,)), "shop", Status.FAIL),
        (Unknown("processes.processes", Silence.DENIED, "hidepid"), "httpd", Status.UNKNOWN),
    ],
)
def test_process(processes, name, expected):
    assert judged(declared.process.judge(processes, site(process=name), HERE)) == [(expected, "shop")]


@pytest.mark.parametrize(
    ("code", "silence", "expected"),
    [(0, None, Status.OK), (1, None, Status.FAIL), (0, Silence.TIMEOUT, Status.UNKNOWN)],
)
def test_command(code, silence, expected):
    ran = Commands(all=(Command(service="shop", code=code, said="3 jobs wait", silence=silence),))
    assert judged(declared.command.judge(ran)) == [(expected, "shop")]


def test_what_is_declared_for_other_targets_is_skipped():
    elsewhere = site(unit="shop", process="shop", on=("db1",))
    assert judged(declared.unit.judge(Units(all=()), elsewhere, HERE)) == [(Status.SKIP, "")]
    assert judged(declared.process.judge(Processes(all=()), elsewhere, HERE)) == [(Status.SKIP, "")]
    assert judged(declared.url.judge(Pages(all=()), elsewhere)) == [(Status.SKIP, "")]
    assert judged(declared.tcp.judge(KnownPorts(ssh=None, declared={}, usual=()), elsewhere)) == [(Status.SKIP, "")]


def test_on_names_a_target_by_tag():
    units = Units(all=(Unit(name="shop.service", load="loaded", active="active", sub="running"),))
    assert judged(declared.unit.judge(units, site(unit="shop", on=("web",)), HERE)) == [(Status.OK, "shop")]
