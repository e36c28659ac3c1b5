"""Whom the host needs: the addresses that routes and packet filters must let it reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from diagkit.frozen import frozen
from diagkit.model import Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies
from diagkit.probes.endpoints import Attempts
from diagkit.probes.handshakes import Handshakes
from diagkit.probes.names import Resolver, is_address

DNS = 53


@frozen
class Needed:
    """An address, the port where it is known (else 0), and what it is to the host. pending: no answer from it now."""

    address: str
    port: int
    what: str
    pending: bool = False


def needed(
    known: Dependencies | Unknown | Inapplicable,
    resolver: Resolver | Unknown,
    handshakes: Handshakes | Unknown,
    attempts: Attempts | Unknown | Inapplicable,
) -> list[Needed]:
    """Those to whom connections are pending or fail, the name servers, and those whom the configuration names."""
    addresses = dict(_named(known))
    return [*_silent(handshakes, attempts, addresses), *_set_up(addresses, resolver)]


def _named(known: Dependencies | Unknown | Inapplicable) -> Iterator[tuple[str, str]]:
    for one in known.all if isinstance(known, Dependencies) else ():
        for said in (one.here, one.there):
            yield from ((one.name, address) for address in said.addresses[:1]) if said else ()


def _silent(
    handshakes: Handshakes | Unknown, attempts: Attempts | Unknown | Inapplicable, addresses: Mapping[str, str]
) -> Iterator[Needed]:
    for place in handshakes.ours if isinstance(handshakes, Handshakes) else ():
        host, _, port = place.place.rpartition(":")
        yield Needed(host, int(port), "a connection to it is pending", pending=True)
    for attempt in attempts.all if isinstance(attempts, Attempts) else ():
        end = attempt.endpoint
        address = next((a for name, a in addresses.items() if end.host in (name, name.partition(".")[0])), end.host)
        if attempt.state in ("filtered", "unreachable", "refused") and is_address(address):
            yield Needed(address, end.port, f"{end} is {attempt.state}", pending=attempt.state != "refused")


def _set_up(addresses: Mapping[str, str], resolver: Resolver | Unknown) -> Iterator[Needed]:
    for server in resolver.asked if isinstance(resolver, Resolver) else ():
        if is_address(server) and not ipaddress.ip_address(server).is_loopback:
            yield Needed(server, DNS, "its name server")
    for name, address in addresses.items():
        yield Needed(address, 0, f"{name}, which the configuration names")
