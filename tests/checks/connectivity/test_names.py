"""Names: a dead resolver, a hosts file that knows better, servers that disagree."""

from dataclasses import replace

import pytest

from diagkit.checks.connectivity import names
from diagkit.model import Silence, Status, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies, Dependency, HostsNamed
from diagkit.probes.names import HostsFile, Lookup, NameServers, Overrides, Resolver, ServerSaid

RESOLVER = Resolver(servers=("10.0.0.53",), upstreams=(), search=("example.org",), options=(), sources=("files", "dns"))
GOOD = ServerSaid(server="10.0.0.53", state="answered", over="udp", rcode="NOERROR", addresses=("10.0.0.5",))
SECOND = replace(GOOD, server="10.0.0.54")
LOOKUP = Lookup(name="db1", state="resolved", addresses=("10.0.0.5",), hosts_file=(), servers=(GOOD,), error="")


UNSEEN = Unknown("names.hosts_file", Silence.DENIED)


def statuses(findings):
    return [f.status for f in findings]


def asked(*said, search=()):
    return NameServers(said=said, search=search)


def test_resolution():
    [fine] = names.resolution.judge(LOOKUP)
    assert fine.status is Status.OK
    dead = replace(GOOD, state="filtered")
    [broken] = names.resolution.judge(replace(LOOKUP, state="unresolved", servers=(dead,), error="Name not known"))
    assert broken.status is Status.UNKNOWN
    assert "name server 10.0.0.53 does not answer" in broken.summary.raw


def test_agreed():
    assert statuses(names.agreed.judge(LOOKUP)) == [Status.OK]
    assert statuses(names.agreed.judge(replace(LOOKUP, addresses=("10.9.9.9",)))) == [Status.WARN]
    assert statuses(names.agreed.judge(replace(LOOKUP, servers=()))) == [Status.SKIP]


STALE, NOWHERE = replace(GOOD, addresses=("10.0.0.99",)), replace(GOOD, rcode="NXDOMAIN", addresses=())


def needed(there, here):
    return Dependencies(all=(Dependency(name="db1.example.org", there=there, here=here),))


@pytest.mark.parametrize(
    ("there", "here", "status"),
    [(GOOD, GOOD, Status.OK), (STALE, GOOD, Status.FAIL), (GOOD, NOWHERE, Status.SKIP), (None, GOOD, Status.SKIP)],
)
def test_consistent(there, here, status):
    assert statuses(names.consistent.judge(needed(there, here))) == [status]


@pytest.mark.parametrize(
    ("there", "here", "status"),
    [
        (GOOD, GOOD, Status.OK),
        (STALE, GOOD, Status.OK),  # it resolves; whether rightly is judged in `consistent`
        (NOWHERE, GOOD, Status.FAIL),
        (NOWHERE, NOWHERE, Status.WARN),
        (replace(NOWHERE, rcode="SERVFAIL"), GOOD, Status.FAIL),
        (replace(GOOD, state="filtered"), GOOD, Status.FAIL),
        (replace(GOOD, state="filtered"), replace(GOOD, state="filtered", addresses=()), Status.SKIP),
        (replace(GOOD, state="failed"), GOOD, Status.FAIL),  # hung up without an answer
        (replace(GOOD, state="refused"), GOOD, Status.UNKNOWN),  # not over TCP, which proves little
        (None, GOOD, Status.UNKNOWN),
    ],
)
def test_dependencies(there, here, status):
    assert statuses(names.dependencies.judge(needed(there, here), RESOLVER, UNSEEN)) == [status]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ([GOOD], Status.OK),
        ([replace(GOOD, rcode="NXDOMAIN", addresses=())], Status.OK),  # an answer is an answer
        ([replace(GOOD, state="filtered")], Status.FAIL),
        ([replace(GOOD, state="refused")], Status.FAIL),
        ([replace(GOOD, state="unreachable")], Status.FAIL),
        ([replace(GOOD, rcode="SERVFAIL", addresses=())], Status.FAIL),
        ([GOOD, replace(GOOD, over="tcp", state="refused")], Status.OK),  # many answer over UDP alone
        (
            [replace(GOOD, state="filtered"), replace(GOOD, over="tcp")],
            Status.WARN,
        ),  # datagrams are lost; the server is not dead
        ([replace(GOOD, over="tcp", state="refused")], Status.UNKNOWN),  # nothing told us about UDP
        ([], Status.UNKNOWN),
    ],
)
def test_resolvers(said, status):
    assert statuses(names.resolvers.judge(RESOLVER, asked(*said))) == [status]


def test_one_dead_server_of_two_is_slow_and_not_broken():
    two = replace(RESOLVER, servers=("10.0.0.53", "10.0.0.54"))
    dead, fine = names.resolvers.judge(two, asked(replace(GOOD, state="filtered"), SECOND))
    assert (dead.status, fine.status) == (Status.WARN, Status.OK)
    assert "5 s" in dead.summary.raw


def test_a_name_in_the_hosts_file_needs_no_dns():
    hosts = HostsFile(entries=(("db1.example.org", "10.0.0.5"),))
    assert statuses(names.dependencies.judge(needed(NOWHERE, NOWHERE), RESOLVER, hosts)) == [Status.OK]


def test_hosts_file():
    overrides = Overrides(
        all=(
            ("web1.example.org", "10.0.0.6", ("10.0.0.6",)),
            ("printer", "10.0.0.9", ()),
            ("db1.example.org", "10.0.0.99", ("10.0.0.5",)),
        )
    )
    judged = list(names.hosts_file.judge(overrides, Inapplicable("", "")))
    assert statuses(judged) == [Status.OK, Status.OK, Status.WARN]
    used = list(names.hosts_file.judge(overrides, HostsNamed(all=("db1", "db"))))
    assert statuses(used) == [Status.OK, Status.OK, Status.FAIL]
    assert "/etc/hosts says db1.example.org = 10.0.0.99, DNS says 10.0.0.5" in judged[2].summary.raw
