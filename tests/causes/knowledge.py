"""Small knowledge made for the purpose: a disk, a database that writes to it, web servers, a name server."""

from dataclasses import replace

from diagkit.causes import Cause, Condition, LookAlike, always, often, usually
from diagkit.causes.knowledge import Knowledge
from diagkit.checks import Check, Findings, check
from diagkit.model import Finding, Status, Untrusted


def made(name: str, noise: tuple[float, float] = (0.03, 0.005)) -> Check:
    """A check of this name; it is never called here."""

    def judge() -> Findings:
        yield from ()

    return replace(check(noise=noise)(judge), name=name, phase=name.partition(".")[0])


SPACE = made("resources.disk.space")
WRITES = made("logs.writes.failed")
UNIT = made("functional.units.failed")
PAGES = made("connectivity.http.status")
PEERS = made("functional.dependencies.reachable", (0.003, 0.003))
SERVERS = made("connectivity.names.resolvers", (0.003, 0.003))
LOOKUPS = made("connectivity.names.lookups")
CHECKS = (SPACE, WRITES, UNIT, PAGES, PEERS, SERVERS, LOOKUPS)

clients_fail = Condition(title="clients fail")
requests_fail = Condition(title="requests fail", shows=(usually(PAGES),), leads_to=(usually(clients_fail),))
service_down = Condition(
    title="a service is down", shows=(always(UNIT),), leads_to=(usually(requests_fail), usually(clients_fail))
)
writes_fail = Condition(title="writes fail", shows=(usually(WRITES),), leads_to=(often(service_down),))
names_fail = Condition(title="names fail", shows=(usually(LOOKUPS),), leads_to=(often(requests_fail),))


def cause(title: str, prior: float = 0.01, **more: object) -> Cause:
    """A cause with the least that every cause has."""
    return Cause(title=title, prior=prior, verify="look", act="mend", roll_back="undo", **more)  # type: ignore[arg-type]


disk_full = cause(
    "Disk full", per_subject=True, shows=(always(SPACE),), leads_to=(usually(writes_fail),),
    look_alikes=(LookAlike(cause="service_stopped", tell="there is room", by=SPACE),),
)  # fmt: skip
service_stopped = cause("Service stopped", per_subject=True, shows=(always(UNIT),), leads_to=(usually(service_down),))
dependency_unreachable = cause(
    "Dependency unreachable", 0.004, per_subject=True, shared=True, shows=(always(PEERS),),
    leads_to=(usually(requests_fail),),
)  # fmt: skip
resolver_unreachable = cause(
    "Name server down", 0.004, per_subject=True, shared=True, shows=(always(SERVERS),), leads_to=(usually(names_fail),)
)
provider_fails = Condition(
    title="a host it uses is in trouble", leads_to=(usually(dependency_unreachable), usually(requests_fail))
)

KNOWLEDGE = Knowledge(
    causes={
        "disk_full": disk_full,
        "service_stopped": service_stopped,
        "dependency_unreachable": dependency_unreachable,
        "resolver_unreachable": resolver_unreachable,
    },
    conditions={
        "clients_fail": clients_fail,
        "requests_fail": requests_fail,
        "service_down": service_down,
        "writes_fail": writes_fail,
        "names_fail": names_fail,
        "provider_fails": provider_fails,
    },
    voices={},
    noises={check.name: check.noise for check in CHECKS},
    runbooks={},
    vital=frozenset({SPACE.name}),
)


def finding(about: Check, status: Status, subject: str = "", target: str = "web-1") -> Finding:
    """One finding of that check."""
    return Finding(
        check=about.name,
        status=status,
        subject=Untrusted(subject),
        summary=Untrusted(f"{about.name} is {status.value}"),
        target=Untrusted(target),
    )
