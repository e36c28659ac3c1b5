"""TCP ports: those that ought to answer from here, and those the target listens on, from here and from itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Reply, Service, Site, Target, Vantage
from diagkit.probes import Answers, probe
from diagkit.probes.path import ssh_port
from diagkit.probes.sockets import Listener, Listeners

WEB = (80, 443)
MOST_PORTS = 12  # of the listening ones that are tried; each costs two connections
COUNT_KNOCKS = {3306}  # MySQL blocks a client that connects max_connect_errors times without speaking


@frozen(kw_only=True)
class Port:
    """How one port answered. state: as in transports/wire, or empty where the test was not possible (see `error`)."""

    host: str
    port: int
    state: str
    took_ms: float = 0.0
    error: str = ""
    banner: str = ""

    @property
    def open(self) -> bool:
        """It takes connections, whether or not it says something."""
        return self.state in ("open", "mute")

    @property
    def alive(self) -> bool:
        """Somebody is there: it took the connection or said no itself."""
        return self.open or self.state == "refused"

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def seen_port(ask: Reach, reply: Reply) -> Port:
    """The answer of a `tcp` or `banner` test."""
    if reply.silence:
        return Port(host=ask.to, port=ask.port, state="", error=f"{reply.silence.value}: {reply.complaint}")
    data = json.loads(reply.text)
    return Port(
        host=ask.to,
        port=ask.port,
        state=data["state"],
        took_ms=data["took_ms"],
        error=data["error"],
        banner=data.get("banner", ""),
    )


def applies(service: Service, target: Target) -> bool:
    """Whether the service is declared for this target."""
    return not service.on or bool({target.label, target.host, *target.tags} & set(service.on))


def vantage(host: str, target: Target) -> Vantage:
    """From where a declared service is tried: here, but for what is on a target that lies behind others."""
    return Vantage.TARGET if target.behind and host == target.address else Vantage.HERE


def place_of(service: Service, target: Target) -> tuple[str, int] | None:
    """Host and port of a declared service; `:port` is on the target itself."""
    itself = "127.0.0.1" if target.scheme == "local" else target.address
    if service.url:
        url = urlsplit(service.url)
        return url.hostname or itself, url.port or (443 if url.scheme == "https" else 80)
    host, _, port = service.tcp.rpartition(":")
    return (host.strip("[]") or itself, int(port)) if port.isdigit() else None


def declared(target: Target, site: Site) -> dict[tuple[str, int], str]:
    """Every (host, port) that somebody declared for this target, with the service's name."""
    found: dict[tuple[str, int], str] = {}
    for service in site.services:
        place = place_of(service, target)
        if place and applies(service, target):
            found[place] = service.name
    return found


@frozen(kw_only=True)
class KnownPorts:
    """The ports tried from here: `ssh` (None: it is not elsewhere), the declared ones by name, and the usual."""

    ssh: Port | None
    declared: Mapping[str, Port]
    usual: tuple[Port, ...]  # 80 and 443: nobody said that they ought to be open

    @property
    def all(self) -> tuple[Port, ...]:
        """Every port that was tried."""
        return (*([self.ssh] if self.ssh else []), *self.declared.values(), *self.usual)


def _ssh(target: Target) -> Reach | None:
    return Reach("banner", target.address, ssh_port(target)) if target.elsewhere else None


def _usual(target: Target, site: Site) -> list[Reach]:
    taken = {*declared(target, site), (target.address, ssh_port(target))}
    ports = [port for port in WEB if target.elsewhere and (target.address, port) not in taken]
    return [Reach("tcp", target.address, port) for port in ports]


def _declared(place: tuple[str, int], target: Target) -> Reach:
    return Reach("tcp", *place, vantage=vantage(place[0], target))


def _knock(target: Target, site: Site) -> Iterable[Ask]:
    yield from [ssh] if (ssh := _ssh(target)) else []
    yield from _usual(target, site)
    yield from (_declared(place, target) for place in declared(target, site))


@probe(also=_knock)
def known_ports(target: Target, site: Site, answers: Answers) -> KnownPorts:
    """TCP from here: the ssh port, 80, 443, and what is declared."""
    seen = {ask: seen_port(ask, reply) for ask, reply in answers.items() if isinstance(ask, Reach)}
    ssh = _ssh(target)
    return KnownPorts(
        ssh=seen[ssh] if ssh else None,
        declared={name: seen[_declared(place, target)] for place, name in declared(target, site).items()},
        usual=tuple(seen[ask] for ask in _usual(target, site)),
    )


@frozen(kw_only=True)
class Doorway:
    """One port the target listens on, tried from the target itself and from here.

    outside: None where it is not meant for others (it listens on the loopback), or no packet from here goes there.
    """

    listener: Listener
    inside: Port
    outside: Port | None


@frozen(kw_only=True)
class Doorways:
    """The ports the target listens on, as many of them as are tried."""

    all: tuple[Doorway, ...]

    def at(self, port: int) -> Doorway | None:
        """The doorway with this number."""
        return next((d for d in self.all if d.listener.port == port), None)


def doorsteps(listeners: Listeners) -> list[Listener]:
    """One listener for each port, those that others may reach before those that only the host itself does."""
    by_port: dict[int, Listener] = {}
    for listener in sorted(listeners.all, key=lambda one: (one.local_only, one.port, ":" in one.address)):
        if listener.port not in COUNT_KNOCKS:
            by_port.setdefault(listener.port, listener)
    return list(by_port.values())[:MOST_PORTS]


def inner_address(listener: Listener) -> str:
    """Where the host itself reaches this listener."""
    return "127.0.0.1" if listener.address in ("0.0.0.0", "::", "*") else listener.address  # noqa: S104 - we dial, not bind


def _inside(listener: Listener) -> Reach:
    return Reach("tcp", inner_address(listener), listener.port, vantage=Vantage.TARGET)


def _outside(listener: Listener, target: Target) -> Reach | None:
    if listener.local_only or not target.elsewhere:
        return None
    kind = "banner" if listener.port == ssh_port(target) else "tcp"  # the same question that was asked already
    return Reach(kind, target.address, listener.port)


def _try_doors(target: Target, listeners: Listeners) -> Iterable[Ask]:
    for listener in doorsteps(listeners):
        yield _inside(listener)
        if outside := _outside(listener, target):
            yield outside


@probe(also=_try_doors)
def doorways(target: Target, listeners: Listeners, answers: Answers) -> Doorways:
    """TCP to each listening port, from the target through its ssh connection, and from here."""
    found = []
    for listener in doorsteps(listeners):
        inside, outside = _inside(listener), _outside(listener, target)
        found.append(
            Doorway(
                listener=listener,
                inside=seen_port(inside, answers[inside]),
                outside=seen_port(outside, answers[outside]) if outside else None,
            )
        )
    return Doorways(all=tuple(found))
