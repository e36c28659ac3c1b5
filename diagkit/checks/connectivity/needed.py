"""Whom the host needs: the addresses that routes and packet filters must let it reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from diagkit.model import Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies
from diagkit.probes.handshakes import Handshakes
from diagkit.probes.names import Resolver, is_address

DNS = 53


@dataclass(frozen=True, slots=True)
class Needed:
    """An address, the port where it is known (else 0), and what it is to the host. pending: no answer from it now."""

    address: str
    port: int
    what: str
    pending: bool = False


def needed(
    known: Dependencies | Unknown | Inapplicable, resolver: Resolver | Unknown, handshakes: Handshakes | Unknown
) -> list[Needed]:
    """Those to whom connections are pending, the name servers, and those whom the configuration names."""
    return list(_each(known, resolver, handshakes))


def _each(
    known: Dependencies | Unknown | Inapplicable, resolver: Resolver | Unknown, handshakes: Handshakes | Unknown
) -> Iterator[Needed]:
    for place in handshakes.ours if isinstance(handshakes, Handshakes) else ():
        host, _, port = place.place.rpartition(":")
        yield Needed(host, int(port), "a connection to it is pending", pending=True)
    for server in resolver.asked if isinstance(resolver, Resolver) else ():
        if is_address(server) and not ipaddress.ip_address(server).is_loopback:
            yield Needed(server, DNS, "its name server")
    for one in known.all if isinstance(known, Dependencies) else ():
        said = {address for said in (one.there, one.here) if said for address in said.addresses}
        yield from (Needed(address, 0, f"{one.name}, which the configuration names") for address in sorted(said))
