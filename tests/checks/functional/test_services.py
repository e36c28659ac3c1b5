"""Services: who listens, who answers, and where the proxies look for them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.functional import services
from diagkit.model import Moment, Silence, Status, Unknown, Vantage
from diagkit.probes.doors import Port
from diagkit.probes.greetings import Greetings
from diagkit.probes.pages import InnerPages, Page, Pages
from diagkit.probes.processes import Process, Processes
from diagkit.probes.proxies import Remote, RemoteUpstreams, Upstream, Upstreams
from diagkit.probes.scheduler import Crontabs
from diagkit.probes.sockets import Listener, Listeners
from diagkit.probes.systemd import Unit, Units

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOON, NOON - timedelta(hours=1), NOON)
NGINX = Unit(
    name="nginx.service", load="loaded", active="active", sub="running", pid=7, started=NOON - timedelta(days=1)
)
SHOP = replace(NGINX, name="shop.service", pid=8)
WEB = Listener(address="0.0.0.0", port=80, waiting=0, backlog=511, process="nginx", pid=7)
APP = Listener(address="127.0.0.1", port=8080, waiting=0, backlog=16, process="python3", pid=8)
TO_APP = Upstream(proxy="nginx", host="127.0.0.1", port=8080, file="/etc/nginx/sites-enabled/shop", group="shop")
FAR = Upstream(proxy="nginx", host="10.0.0.6", port=8080, file="/etc/nginx/sites-enabled/shop", group="shop")
INIT = Process(
    pid=1, parent=0, name="init", state="S", stuck=False, threads=1, kernel=False, age=9.0, nice=0,
    cpu=0.0, system=0.0, children_cpu=0.0, lifetime_cpu=0.0, rss=0, growth=0.0,
    uid=0, fd_slots=0, fd_limit=0, task_limit=0,
)  # fmt: skip


def listening(*those):
    return Listeners(all=those)


def anonymous(listener):
    return replace(listener, process="", pid=0)


def judged(findings):
    return [(f.status, f.subject.raw) for f in findings]


@pytest.mark.parametrize(
    ("unit", "listeners", "status"),
    [
        (NGINX, (WEB,), Status.OK),
        (NGINX, (replace(WEB, port=8443),), Status.OK),  # on another port, but it is nginx
        (NGINX, (anonymous(WEB),), Status.OK),
        (NGINX, (APP,), Status.FAIL),
        (NGINX, (anonymous(APP),), Status.UNKNOWN),
        (NGINX, (), Status.UNKNOWN),
        (replace(NGINX, started=NOON), (APP,), Status.SKIP),  # it has just been started
        (replace(NGINX, sub="dead"), (APP,), Status.SKIP),
        (replace(NGINX, triggered_by=("nginx.socket",)), (APP,), Status.SKIP),
        (SHOP, (), Status.SKIP),
    ],
)
def test_listening(unit, listeners, status):
    found = services.listening.judge(Units(all=(unit,)), listening(*listeners), MOMENT, services.Settling())
    assert [f.status for f in found] == [status]


def page(state="answered", status=200, url="http://127.0.0.1:80/", error=""):
    return Page(url=url, vantage=Vantage.TARGET, state=state, status=status, phases_ms={}, error=error)


NOBODY = Unknown("pages.pages", Silence.NOT_RUN)


@pytest.mark.parametrize(
    ("inside", "outside", "status"),
    [
        (page(), NOBODY, Status.OK),
        (page(status=502), NOBODY, Status.OK),  # alive, though it serves nobody
        (page("refused", 0), NOBODY, Status.OK),  # not a matter of answering
        (page("mute", 0, error="timed out"), NOBODY, Status.FAIL),
        (page("", 0, error="unsupported"), NOBODY, Status.UNKNOWN),
        (page("", 0, error="unsupported"), page(url="http://web1/"), Status.OK),
        (page("", 0, error="unsupported"), page("mute", 0, url="http://web1/"), Status.FAIL),
        (page("", 0, error="unsupported"), page("mute", 0, url="https://web1/"), Status.UNKNOWN),
    ],
)
def test_answering(inside, outside, status):
    outside = Pages(all=(outside,)) if isinstance(outside, Page) else outside
    found = list(services.answering.judge(InnerPages(all=(inside,)), outside, listening(WEB)))
    assert judged(found) == [(status, "127.0.0.1:80")]


def test_who_does_not_answer_is_named():
    (found,) = services.answering.judge(InnerPages(all=(page("mute", 0),)), NOBODY, listening(WEB))
    assert found.summary.raw == "nginx[7] accepts connections but does not answer: hung"


def test_without_a_web_server_nobody_need_answer():
    assert judged(services.answering.judge(InnerPages(all=()), NOBODY, listening())) == [(Status.SKIP, "")]


@pytest.mark.parametrize(("state", "status"), [("open", Status.OK), ("mute", Status.FAIL), ("", Status.UNKNOWN)])
def test_greeting(state, status):
    port = Port(host="127.0.0.1", port=25, state=state, banner="220 mail ESMTP")
    assert judged(services.greeting.judge(Greetings(all=(port,)))) == [(status, "127.0.0.1:25")]


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        (INIT, (Status.OK, "")),
        (replace(INIT, pid=78, parent=1, name="httpd", state="T"), (Status.FAIL, "httpd[78]")),
        (replace(INIT, pid=99, parent=90, name="vim", state="T"), (Status.OK, "")),  # suspended in somebody's shell
        (replace(INIT, pid=78, parent=1, name="httpd", state="t"), (Status.OK, "")),  # a debugger holds it
    ],
)
def test_frozen(process, expected):
    assert judged(services.frozen.judge(Processes(all=(INIT, process)))) == [expected]


@pytest.mark.parametrize(
    ("upstream", "listeners", "status"),
    [
        (TO_APP, (WEB, APP), Status.OK),
        (TO_APP, (WEB, replace(APP, address="0.0.0.0")), Status.OK),
        (TO_APP, (WEB, replace(APP, address="::")), Status.OK),
        (replace(TO_APP, host="localhost"), (WEB, replace(APP, address="::1")), Status.OK),
        (TO_APP, (WEB, replace(APP, address="10.0.0.5")), Status.FAIL),
        (TO_APP, (WEB, replace(APP, port=8081)), Status.FAIL),
        (TO_APP, (WEB,), Status.FAIL),
        (TO_APP, (anonymous(WEB),), Status.FAIL),
        (replace(TO_APP, proxy="haproxy"), (WEB,), Status.OK),  # configured, but it does not run
    ],
)
def test_local_upstreams(upstream, listeners, status):
    found = services.upstreams.judge(Upstreams(all=(upstream,)), RemoteUpstreams(all=()), listening(*listeners))
    assert [f.status for f in found] == [status]


@pytest.mark.parametrize(
    ("state", "others", "expected"),
    [
        ("open", (), (Status.OK, "")),
        ("refused", (), (Status.FAIL, "10.0.0.6:8080")),
        ("filtered", (TO_APP,), (Status.WARN, "10.0.0.6:8080")),  # another of its group serves
        ("", (), (Status.UNKNOWN, "10.0.0.6:8080")),
    ],
)
def test_upstreams_on_other_hosts(state, others, expected):
    remote = RemoteUpstreams(all=(Remote(upstream=FAR, state=state),))
    found = services.upstreams.judge(Upstreams(all=(FAR, *others)), remote, listening(WEB, APP))
    assert judged(found)[0] == expected


def test_configuration_that_is_hidden_is_not_well():
    seen = Upstreams(all=(), hidden=("/etc/haproxy/haproxy.cfg",))
    found = services.upstreams.judge(seen, RemoteUpstreams(all=()), listening())
    assert judged(found) == [(Status.UNKNOWN, "/etc/haproxy/haproxy.cfg")]


@pytest.mark.parametrize(
    ("listeners", "status"),
    [
        ((WEB, APP), Status.OK),
        ((WEB, replace(APP, port=8081)), Status.FAIL),
        ((WEB, replace(APP, port=8081, pid=99)), Status.OK),  # no service's main process
        ((WEB, replace(APP, port=5432)), Status.OK),  # a database is no lost upstream
        ((WEB,), Status.OK),
    ],
)
def test_upstream_ports(listeners, status):
    found = list(
        services.upstream_ports.judge(Upstreams(all=(TO_APP,)), listening(*listeners), Units(all=(NGINX, SHOP)))
    )
    assert [f.status for f in found] == [status]
    if status is Status.FAIL:
        assert "shop.service (python3) listens on 127.0.0.1:8081" in found[0].summary.raw


@pytest.mark.parametrize(("name", "expected"), [("crond", (Status.OK, "")), ("init", (Status.FAIL, "cron"))])
def test_cron(name, expected):
    found = services.cron.judge(Crontabs(all=("/etc/crontab",)), Processes(all=(replace(INIT, name=name),)))
    assert judged(found) == [expected]
