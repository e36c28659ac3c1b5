"""The resolver: set up, quick, and with a search path that leads somewhere."""

from dataclasses import replace

import pytest

from diagkit.checks.connectivity import resolver
from diagkit.model import Silence, Status, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies, Dependency, HostsNamed
from diagkit.probes.names import HostsFile, NameServers, Resolver, ServerSaid

SET = Resolver(servers=("10.0.0.53",), upstreams=(), search=("example.org",), options=(), sources=("files", "dns"))
STUB = replace(SET, servers=("127.0.0.53",))
GOOD = ServerSaid(server="10.0.0.53", state="answered", over="udp", rcode="NOERROR", addresses=("10.0.0.5",))
NOWHERE = replace(GOOD, rcode="NXDOMAIN", addresses=())
NAMED, NOTHING = HostsNamed(all=("db1",)), Inapplicable("", "")
NO_HOSTS, HOSTS = HostsFile(entries=()), HostsFile(entries=(("db1.example.org", "10.0.0.5"),))


def status(findings):
    return [f.status for f in findings]


def asked(*said, search=()):
    return NameServers(said=said, search=search)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([GOOD], [Status.OK]),
        ([replace(GOOD, took_ms=2400.0)], [Status.WARN]),
        ([replace(GOOD, state="filtered"), replace(GOOD, over="tcp", took_ms=3000.0)], [Status.WARN]),
        ([replace(GOOD, state="filtered")], [Status.SKIP]),
    ],
)
def test_speed(said, expected):
    assert status(resolver.speed.judge(SET, asked(*said), resolver.Slow())) == expected


@pytest.mark.parametrize(
    ("known", "said", "expected"),
    [
        (SET, [GOOD], [Status.SKIP]),
        (STUB, [replace(GOOD, server="127.0.0.53")], [Status.OK]),
        (STUB, [replace(GOOD, server="127.0.0.53", state="refused")], [Status.FAIL]),
        (STUB, [], [Status.UNKNOWN]),
    ],
)
def test_stub(known, said, expected):
    assert status(resolver.stub.judge(known, asked(*said))) == expected


@pytest.mark.parametrize(
    ("known", "named", "hosts", "expected"),
    [
        (SET, NAMED, NO_HOSTS, Status.OK),
        (replace(SET, sources=("files", "resolve", "dns")), NAMED, NO_HOSTS, Status.OK),
        (replace(SET, servers=()), NAMED, NO_HOSTS, Status.FAIL),
        (replace(SET, servers=()), NAMED, HOSTS, Status.WARN),  # it has what it needs
        (replace(SET, servers=()), NOTHING, NO_HOSTS, Status.WARN),
        (replace(SET, sources=("files",)), NAMED, NO_HOSTS, Status.FAIL),
        (Unknown("names.resolver", Silence.MISSING), NAMED, NO_HOSTS, Status.FAIL),
        (Unknown("names.resolver", Silence.DENIED, "head: Permission denied"), NAMED, NO_HOSTS, Status.FAIL),
        (Unknown("", Silence.UNREACHABLE, "ops@web: Permission denied (publickey)"), NAMED, NO_HOSTS, Status.UNKNOWN),
    ],
)
def test_configured(known, named, hosts, expected):
    assert status(resolver.configured.judge(known, named, hosts)) == [expected]


def known_as(said):
    return Dependencies(all=(Dependency(name="db1.example.org", there=said, here=None),))


@pytest.mark.parametrize(
    ("known", "domain", "name", "expected"),
    [
        (SET, GOOD, GOOD, Status.OK),
        (SET, replace(GOOD, rcode="SERVFAIL"), GOOD, Status.WARN),
        (SET, replace(GOOD, state="refused"), GOOD, Status.SKIP),
        (SET, NOWHERE, NOWHERE, Status.FAIL),
        (SET, NOWHERE, GOOD, Status.WARN),  # strange, but the names that are used resolve
        (replace(SET, search=()), None, NOWHERE, Status.FAIL),
        (replace(SET, search=()), None, GOOD, Status.SKIP),
    ],
)
def test_search(known, domain, name, expected):
    domains = (("example.org", domain),) if domain else ()
    found = resolver.search.judge(known, asked(search=domains), known_as(name), NAMED, NO_HOSTS)
    assert status(found) == [expected]


def test_a_strange_domain_beside_a_good_one_is_usual():
    two = replace(SET, search=("example.org", "corp.example"))
    domains = (("example.org", GOOD), ("corp.example", NOWHERE))
    found = resolver.search.judge(two, asked(search=domains), known_as(GOOD), NAMED, NO_HOSTS)
    assert status(found) == [Status.OK, Status.OK]
