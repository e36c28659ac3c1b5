"""What is asked of the network about a target, and how the answers become facts."""

import json
from datetime import UTC, datetime

import pytest

from diagkit.model import Moment, Reach, Reply, Service, Silence, Site, Tape, Target, Unknown, Vantage
from diagkit.probes import Facts
from diagkit.probes.certificates import Certificates, certificates
from diagkit.probes.doors import Doorways, KnownPorts, doorsteps, doorways, known_ports
from diagkit.probes.pages import Pages, pages
from diagkit.probes.path import Echoes, ManyEchoes, echoes, hops, many_echoes, path_mtu, typed_name
from diagkit.probes.sockets import Listener, Listeners

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOON, NOON, NOON)
WEB1 = Target("ssh", host="web1", label="web1")
LOCAL = Target("local", label="local")
SHOP = Service(name="shop", url="https://shop.example.org/health")
CACHE = Service(name="cache", tcp=":6379", on=("cache1",))


def facts(probe, target, *, site=None, replies=None, given=()):
    tape = Tape(target=target, moment=MOMENT, replies=replies or {}, site=site or Site())
    return Facts([probe], tape, given)


def say(**answer):
    return Reply(out=json.dumps(answer).encode())


def test_the_gateway_stands_in_for_the_way_to_this_machine():
    assert facts(echoes, LOCAL).wants() == {Reach("ping", "_gateway", 22)}
    assert facts(hops, WEB1).wants() == {Reach("trace", "web1")}
    assert facts(path_mtu, WEB1).wants() == {Reach("mtu", "web1")}


def test_a_longer_look_sends_more_of_the_same():
    ask = Reach("long_ping", "web1", 22)
    answer = say(address="10.0.0.1", method="raw ICMP", sent=200, rtts_ms=[0.4, 0.5], refusals=[])
    fact = facts(many_echoes, WEB1, replies={ask: answer})[ManyEchoes]
    assert (fact.to, fact.sent, fact.rtts_ms) == ("web1", 200, (0.4, 0.5))


def test_ports_that_ought_to_answer():
    wants = facts(known_ports, WEB1, site=Site(services=(SHOP, CACHE))).wants()
    assert {(ask.kind, ask.to, ask.port) for ask in wants} == {
        ("banner", "web1", 22),
        ("tcp", "web1", 80),
        ("tcp", "web1", 443),
        ("tcp", "shop.example.org", 443),
    }
    assert facts(known_ports, LOCAL).wants() == set()
    assert facts(known_ports, LOCAL)[KnownPorts] == KnownPorts(ssh=None, declared={}, usual=())


def test_a_service_declared_on_the_target_itself():
    cache1 = Target("ssh", host="10.0.0.12", port=2222, label="cache1")
    wants = facts(known_ports, cache1, site=Site(services=(CACHE,))).wants()
    assert Reach("tcp", "10.0.0.12", 6379) in wants
    assert Reach("banner", "10.0.0.12", 2222) in wants


def test_a_test_that_was_not_possible_is_no_answer():
    silent = {Reach("ping", "web1", 22): Reply(silence=Silence.DENIED, err=b"ICMP is not permitted")}
    fact = facts(echoes, WEB1, replies=silent)[Echoes]
    assert fact == Unknown("path.echoes", Silence.DENIED, "ICMP is not permitted")


def test_pages_and_certificates_of_the_declared_url_and_of_the_usual_ports():
    site = Site(services=(SHOP,))
    get = Reach("http", "shop.example.org", 443, SHOP.url)
    shake = Reach("tls", "shop.example.org", 443, "shop.example.org")
    assert facts(pages, WEB1, site=site).wants() == {get, Reach("http", "web1", 80, "http://web1/")}
    assert facts(certificates, WEB1, site=site).wants() == {shake, Reach("tls", "web1", 443, "web1")}
    answered = {get: say(state="answered", status=204, phases_ms={}, error="")}
    first, second = facts(pages, WEB1, site=site, replies=answered)[Pages].all
    assert (first.status, first.declared, second.state) == (204, "shop", "")
    refused = {shake: say(state="refused", error="Connection refused", took_ms=1.0)}
    seen = facts(certificates, WEB1, site=site, replies=refused)[Certificates].all[0]
    assert (seen.state, seen.expected, seen.not_after) == ("refused", True, None)


LISTENERS = Listeners(
    all=(
        Listener(address="0.0.0.0", port=22, waiting=0, backlog=128, process="sshd"),
        Listener(address="::", port=22, waiting=0, backlog=128, process="sshd"),
        Listener(address="127.0.0.1", port=3306, waiting=0, backlog=128, process="mysqld"),
        Listener(address="127.0.0.1", port=6379, waiting=0, backlog=128, process="redis-server"),
    )
)


def test_each_listening_port_is_tried_from_where_it_is_meant_for():
    wants = facts(doorways, WEB1, given=(LISTENERS,)).wants()
    assert wants == {
        Reach("banner", "web1", 22),
        Reach("tcp", "127.0.0.1", 22, vantage=Vantage.TARGET),
        Reach("tcp", "127.0.0.1", 6379, vantage=Vantage.TARGET),
    }


def test_a_server_that_counts_knocks_is_not_knocked_at():
    assert 3306 not in {one.port for one in doorsteps(LISTENERS)}


def test_doorways_of_a_host_with_many_ports_are_bounded():
    many = Listeners(all=tuple(Listener(address="0.0.0.0", port=p, waiting=0, backlog=1) for p in range(9000, 9100)))
    assert len(facts(doorways, WEB1, given=(many,))[Doorways].all) == 12


@pytest.mark.parametrize(
    ("host", "label", "name"),
    [
        ("web1", "web1", "web1"),
        ("10.0.0.5", "web1", "web1"),  # an alias of the ssh configuration
        ("10.0.0.5", "ssh://ops@web1:2222", "web1"),
        ("10.0.0.5", "10.0.0.5", "10.0.0.5"),
        ("fd00::5", "ops@fd00::5", "fd00::5"),
    ],
)
def test_the_name_somebody_typed(host, label, name):
    assert typed_name(Target("ssh", host=host, label=label)) == name
