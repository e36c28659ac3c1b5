"""The packet filter: a rule that shuts the wrong one out, and rules that ought to be there."""

import pytest

from diagkit.checks.connectivity import firewall
from diagkit.model import Silence, Status, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.filter_rules import iptables, nft
from diagkit.probes.filters import OlderFilter, PacketFilter
from diagkit.probes.handshakes import Handshakes, Waiting
from diagkit.probes.names import Resolver
from diagkit.probes.sockets import Listener, Listeners

NOTHING, UNSEEN = Inapplicable("", ""), Unknown("handshakes.handshakes", Silence.DENIED)
RESOLVER = Resolver(servers=("10.0.0.53",), upstreams=(), search=(), options=(), sources=("files", "dns"))
CALM = Handshakes(ours=(), theirs=())
CALLING = Handshakes(ours=(Waiting(place="10.0.0.11:5432", count=1),), theirs=())
LISTENERS = Listeners(
    all=tuple(
        Listener(address=address, port=port, waiting=0, backlog=128, process="nginx")
        for address, port in (("0.0.0.0", 22), ("0.0.0.0", 80), ("0.0.0.0", 9100), ("127.0.0.1", 8080))
    )
)


def saved(*rules, policy="ACCEPT", out="ACCEPT"):
    head = ["*filter", f":INPUT {policy} [0:0]", ":FORWARD DROP [0:0]", f":OUTPUT {out} [0:0]", ":f2b - [0:0]"]
    return PacketFilter(chains=tuple(iptables([*head, *rules, "COMMIT"])))


def ruleset(*rules, hook="input", policy="accept"):
    head = [f"\t\ttype filter hook {hook} priority filter; policy {policy};"]
    lines = ["table inet filter {", "\tchain c {", *head, *(f"\t\t{rule}" for rule in rules), "\t}", "}"]
    return PacketFilter(chains=tuple(nft(lines)))


ORDINARY = (
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -p icmp -j ACCEPT",
    "-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT",
    "-A INPUT -p tcp -m tcp --dport 22 -j f2b",
    "-A f2b -s 203.0.113.7/32 -j REJECT --reject-with icmp-port-unreachable",
    "-A f2b -j RETURN",
)


def statuses(findings):
    return [(f.status, f.subject.raw) for f in findings]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (saved(), (Status.OK, "")),
        (saved(*ORDINARY, policy="DROP"), (Status.OK, "")),  # 9100 is closed: nobody said that it ought to be open
        (saved("-A INPUT -p tcp -m tcp --dport 80 -j DROP"), (Status.FAIL, "80")),
        (saved("-A INPUT -p tcp -m tcp --dport 443 -j DROP"), (Status.OK, "")),  # nothing listens there
        (saved("-A INPUT -p tcp -m tcp --dport 8080 -j DROP"), (Status.OK, "")),  # only the host itself uses it
        (saved("-A INPUT -p udp -m udp --dport 80 -j DROP"), (Status.OK, "")),
        (
            saved("-A INPUT -p tcp --dport 80 -m state --state NEW -j REJECT --reject-with tcp-reset"),
            (Status.FAIL, "80"),
        ),
        (
            saved("-A INPUT -s 10.0.0.0/8 -p tcp --dport 80 -j ACCEPT", "-A INPUT -p tcp --dport 80 -j DROP"),
            (Status.OK, ""),
        ),
        (saved("-A INPUT -i lo -p tcp -m tcp --dport 80 -j DROP"), (Status.OK, "")),
        (saved("-A INPUT -j f2b", "-A f2b -p tcp -m tcp --dport 80 -j DROP"), (Status.FAIL, "80")),
        (
            saved("-A INPUT -p tcp --dport 22 -j ACCEPT", "-A INPUT -j REJECT --reject-with icmp-host-prohibited"),
            (Status.FAIL, "80"),
        ),
        (saved("-A INPUT -p tcp --dport 22 -j ACCEPT", policy="DROP"), (Status.FAIL, "80")),
        (ruleset("tcp dport 80 counter packets 0 bytes 0 drop"), (Status.FAIL, "80")),
        (ruleset('tcp dport { 80, 443 } ct state new log prefix "x " drop'), (Status.FAIL, "80")),
        (ruleset("ip saddr 203.0.113.0/24 drop", "tcp dport { 22, 80 } accept", policy="drop"), (Status.OK, "")),
        (ruleset("tcp dport vmap { 22 : accept, 80 : accept }", policy="drop"), (Status.OK, "")),
        (ruleset("ct state established,related accept", 'iifname "lo" accept', policy="drop"), (Status.FAIL, "80")),
    ],
)
def test_rules(filters, expected):
    assert statuses(firewall.rules.judge(filters, NOTHING, LISTENERS)) == [expected]


def test_rules_of_the_older_kind_count_as_well():
    older = OlderFilter(chains=saved("-A INPUT -p tcp -m tcp --dport 80 -j DROP").chains)
    assert statuses(firewall.rules.judge(saved(), older, LISTENERS)) == [(Status.FAIL, "80")]


def peers(filters, handshakes=CALM):
    return statuses(firewall.peers.judge(filters, NOTHING, NOTHING, RESOLVER, handshakes, NOTHING, LISTENERS))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (saved(), (Status.OK, "")),
        (saved(*ORDINARY, policy="DROP"), (Status.OK, "")),
        (saved("-A OUTPUT -d 10.0.0.53/32 -j DROP"), (Status.FAIL, "10.0.0.53")),
        (saved("-A OUTPUT -p tcp -m tcp --dport 5432 -j DROP"), (Status.WARN, "5432")),
        (saved("-A OUTPUT -p tcp -m tcp --dport 25 -j REJECT"), (Status.OK, "")),
        (ruleset("udp dport 53 drop", hook="output"), (Status.FAIL, "53")),
        (saved("-A OUTPUT -d 198.51.100.0/24 -j DROP"), (Status.OK, "")),  # nobody here needs them
        (saved("-A INPUT -s 10.0.0.0/24 -j REJECT"), (Status.FAIL, "10.0.0.53")),
        (saved("-A INPUT -s 10.0.0.0/24 -p icmp -j DROP"), (Status.OK, "")),
        (saved("-A OUTPUT -d 10.0.0.53/32 -j ACCEPT", "-A OUTPUT -d 10.0.0.0/8 -j DROP"), (Status.OK, "")),
        (saved("-A INPUT -s 10.0.7.0/24 -p tcp -m tcp --dport 80 -j DROP"), (Status.WARN, "80")),
        (saved("-A INPUT -s 203.0.113.9/32 -p tcp -m tcp --dport 80 -j DROP"), (Status.OK, "")),  # a blocklist
        (saved("-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT", out="DROP"), (Status.OK, "")),
        (saved("-A OUTPUT -m state --state ESTABLISHED -j ACCEPT", out="DROP"), (Status.FAIL, "10.0.0.53")),
        (
            ruleset("ip daddr { 10.0.0.50-10.0.0.60 } reject with icmp port-unreachable", hook="output"),
            (Status.FAIL, "10.0.0.53"),
        ),
    ],
)
def test_peers(filters, expected):
    assert peers(filters) == [expected]


def test_a_pending_connection_tells_the_port_that_is_needed():
    only_dns = saved("-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT", out="DROP")
    assert peers(only_dns, CALLING) == [(Status.FAIL, "10.0.0.11")]
    assert peers(saved("-A OUTPUT -d 10.0.0.11/32 -p tcp -m tcp --dport 6379 -j DROP"), CALLING) == [(Status.OK, "")]
