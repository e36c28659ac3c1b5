"""Who is the odd one, and in what."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from diagkit import catalog
from diagkit.differences.outliers import ASPECTS, MOST_OF_ONE, outliers, traits
from diagkit.model import Layer, Moment, Read, Reply, Run, Silence, Tape, Target, Unreached
from diagkit.probes import Facts

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SYSCTLS = catalog.all_probes()["sysctls.sysctls"]
ROUTES = catalog.all_probes()["network.routes"]
LINKS = catalog.all_probes()["network.links"]
CLOCK = catalog.all_probes()["clock.clock"]
RESOLVER = catalog.all_probes()["names.resolver"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    name: str
    mtu: int | None = 1500
    somaxconn: int | None = 4096
    ahead: float = 0.0
    gateway: str = "10.0.0.1"
    network: str = "10.0.0.0/24"
    servers: tuple[str, ...] = ("10.0.0.53",)
    more: dict[str, str] = field(default_factory=dict)
    lost: bool = False

    def tape(self) -> Tape:
        (sysctls,), (links,), (clock,) = SYSCTLS.asks(), LINKS.asks(), CLOCK.asks()
        routes = f"default via {self.gateway} dev eth0\n{self.network} dev eth0 proto kernel scope link\n"
        settings = {"net/core/somaxconn": self.somaxconn, "kernel/pid_max": 32768, **self.more}
        lines = "".join(f"/proc/sys/{path}:{value}\n" for path, value in settings.items() if value is not None)
        device = f"2: eth0: <UP,LOWER_UP> mtu {self.mtu} qdisc noqueue\n    inet 10.0.0.{len(self.name)}/24\n"
        replies = {
            sysctls: Reply(out=lines.encode(), at=1000.0),
            ROUTES.asks()[0]: Reply(out=routes.encode()),
            clock: Reply(out=f"{1_700_000_000 + self.ahead:.9f}\n".encode(), at=1_700_000_000.0, took=0.01),
            Read("/etc/resolv.conf"): Reply(out="".join(f"nameserver {s}\n" for s in self.servers).encode()),
        }
        if self.mtu:
            replies[links] = Reply(out=device.encode())
        return Tape(
            target=Target("ssh", host=self.name, label=self.name),
            moment=Moment(NOW, NOW, NOW),
            replies=dict.fromkeys(RESOLVER.asks(), Reply(silence=Silence.MISSING)) | replies,
            unreached=Unreached(Layer.TCP, Silence.REFUSED) if self.lost else None,
        )


def odd(*hosts: Host) -> list[tuple[str, str, str, str, int, int]]:
    probes = [SYSCTLS, LINKS, CLOCK, RESOLVER, ROUTES]
    tapes = [host.tape() for host in hosts]
    found = outliers([told for tape in tapes if (told := traits(tape, Facts(probes, tape), probes))])
    return [(o.target.raw, o.what.raw, o.value.raw, o.usual.raw, o.agreeing, o.of) for o in found]


LIKE = [Host(name=f"web{n}") for n in (1, 2, 3)]


def test_hosts_that_are_alike_have_no_odd_one():
    assert odd(*LIKE) == []


@pytest.mark.parametrize(
    ("host", "what", "value", "usual"),
    [
        (Host(name="web4", mtu=1300), "MTU of eth0", "1300", "1500"),
        (Host(name="web4", somaxconn=128), "sysctl net.core.somaxconn", "128", "4096"),
        (Host(name="web4", ahead=37), "clock", "+37.0 s", "+0.0 s"),
        (Host(name="web4", gateway="10.0.0.254"), "gateway out of 10.0.0.0/24", "10.0.0.254", "10.0.0.1"),
        (Host(name="web4", servers=("10.9.9.9",)), "name servers", "10.9.9.9", "10.0.0.53"),
        (Host(name="web4", servers=("10.9.9.9", "10.0.0.53")), "name servers", "10.9.9.9", "none"),
    ],
)
def test_the_odd_one_is_named_with_what_differs(host, what, value, usual):
    assert odd(*LIKE, host) == [("web4", what, value, usual, 3, 4)]


def test_of_two_that_differ_neither_is_odd():
    assert odd(LIKE[0], Host(name="web4", mtu=1300)) == []
    assert odd(*LIKE[:2], Host(name="web4", mtu=1300, lost=True)) == [], "a host that was not reached says nothing"


def test_where_opinions_are_divided_nobody_is_odd():
    others = [Host(name=f"web{n}", mtu=9000) for n in (4, 5)]
    assert odd(*LIKE, *others) == []


def test_only_those_are_compared_that_have_such_a_thing():
    assert odd(*LIKE, Host(name="web4", somaxconn=None)) == []
    assert odd(LIKE[0], LIKE[1], Host(name="web4", somaxconn=None), Host(name="web5", somaxconn=1)) == [
        ("web5", "sysctl net.core.somaxconn", "1", "4096", 2, 3)
    ]
    assert odd(*LIKE, Host(name="web4", mtu=None)) == [], "what could not be seen is no difference"


def test_a_host_in_another_network_has_another_gateway():
    assert odd(*LIKE, Host(name="db1", gateway="10.0.9.1", network="10.0.9.0/24")) == []


def test_clocks_that_agree_within_a_second_agree():
    assert odd(*LIKE, Host(name="web4", ahead=0.8)) == []


def test_a_host_of_another_kind_is_not_told_by_its_hundred_fields():
    many = {f"vm/setting_{n}": "1" for n in range(MOST_OF_ONE + 1)}
    other = dict.fromkeys(many, "2")
    like = [Host(name=f"web{n}", more=many) for n in (1, 2, 3)]
    assert odd(*like, Host(name="db1", more=other)) == []


def test_every_aspect_is_of_a_probe_that_there_is():
    places = {name.partition(".")[0] for name in catalog.all_probes()}
    assert {aspect.field.pattern.partition("\\")[0] for aspect in ASPECTS} <= places


def test_the_order_of_the_hosts_does_not_matter_for_who_is_odd():
    strange = Host(name="web4", mtu=1300)
    assert odd(strange, *LIKE) == odd(*LIKE, strange)
    assert isinstance(SYSCTLS.asks()[0], Run)
