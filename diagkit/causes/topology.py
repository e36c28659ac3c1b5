"""How the targets hang together: who has which address, and whose services each of them uses.

A host has many names (its label, its address, its own name for itself, what others call it in their configuration);
they are made one before anything is compared, or the far end of a connection would look like one more host.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diagkit.frozen import frozen
from diagkit.model import Target
from diagkit.probes import Facts
from diagkit.probes.dependencies import Dependencies
from diagkit.probes.endpoints import Endpoints
from diagkit.probes.host import Identity
from diagkit.probes.names import Lookup, is_address
from diagkit.probes.network import Links
from diagkit.probes.proxies import Upstreams


@frozen(kw_only=True)
class Place:
    """One target among the others.

    names: every name and address it is known by, in lower case. uses: the hosts whose services it uses, as it writes
    them, with the port (0: not known which). aliases: what the names it writes resolve to, seen from there.
    """

    target: str
    names: frozenset[str]
    uses: tuple[tuple[str, int], ...] = ()
    aliases: Mapping[str, tuple[str, ...]] | None = None


def place_of(target: Target, facts: Facts) -> Place:
    """Where this target stands, as far as its facts tell it."""
    return Place(
        target=target.label,
        names=frozenset(name.lower() for name in _names(target, facts) if name),
        uses=tuple(dict.fromkeys(_uses(target, facts))),
        aliases={d.name.lower(): d.there.addresses for d in _known(facts, Dependencies) if d.there},
    )


def _known(facts: Facts, kind: type[Any]) -> tuple[Any, ...]:
    """All of a fact that is a list, or nothing where it could not be learned or was not asked for."""
    known: Any = facts[kind] if facts.probe_of(kind) else None
    return tuple(known.all) if isinstance(known, kind) else ()


def _names(target: Target, facts: Facts) -> Iterator[str]:
    yield from (target.label, target.host, target.address)
    for link in _known(facts, Links):
        yield from (address.partition("/")[0] for address in link.addresses if link.name != "lo")
    for kind, attribute in ((Identity, "hostname"), (Lookup, "addresses")):
        known = facts[kind] if facts.probe_of(kind) else None
        if isinstance(known, kind):
            value = getattr(known, attribute)
            yield from (value,) if isinstance(value, str) else value


def _uses(target: Target, facts: Facts) -> Iterator[tuple[str, int]]:
    for declared in target.depends_on:
        host, _, port = declared.rpartition(":") if declared.count(":") == 1 else (declared, "", "")
        yield host.lower(), int(port or 0)
    for endpoint in (*_known(facts, Endpoints), *(u for u in _known(facts, Upstreams) if not u.local)):
        yield endpoint.host.lower(), endpoint.port


class Topology:
    """All targets together."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = {place.target: place for place in places}
        self._owners: dict[str, str] = {}
        shared = self._shared_names()
        for place in self._places.values():
            for name in place.names - shared:
                self._owners.setdefault(name, place.target)
                if not is_address(name):
                    self._owners.setdefault(name.partition(".")[0], place.target)

    def _shared_names(self) -> set[str]:
        """What more than one target calls itself (a container bridge, `localhost`) names none of them."""
        seen: set[str] = set()
        twice: set[str] = set()
        for place in self._places.values():
            twice |= seen & place.names
            seen |= place.names
        return twice

    def owner(self, host: str, seen_from: str) -> str:
        """The target that this name or address belongs to, as that target writes it; empty: none of them."""
        host = host.lower()
        aliases = (self._places[seen_from].aliases or {}) if seen_from in self._places else {}
        written = [
            a for name, addresses in aliases.items() if host in (name, name.partition(".")[0]) for a in addresses
        ]
        # what the name resolves to there counts before what it is called here: it may resolve wrongly
        return next((self._owners[name] for name in (*written, host) if name in self._owners), "")

    def common_name(self, subject: str, seen_from: str) -> str:
        """A subject (an address, a name, host:port) as all targets can write it: by target or address where known."""
        host, port = (
            (subject.rpartition(":")[0], subject.rpartition(":")[2]) if subject.count(":") == 1 else (subject, "")
        )
        if host.startswith("127.") or host in ("::1", "localhost"):  # everybody has one of his own
            return f"{subject} of {seen_from}"
        aliases = (self._places[seen_from].aliases or {}) if seen_from in self._places else {}
        resolved = sorted(a for name, addresses in aliases.items() if host == name for a in addresses)
        known = self.owner(host, seen_from) or (resolved[0] if resolved else host.lower())
        return f"{known}:{port}" if port else known

    def providers(self, target: str) -> dict[str, list[str]]:
        """The other targets whose services this one uses -> the endpoints as it writes them."""
        found: dict[str, list[str]] = {}
        for host, port in self._places[target].uses if target in self._places else ():
            owner = self.owner(host, target)
            if owner and owner != target:
                found.setdefault(owner, []).append(_written(host, port))
        return found


def _written(host: str, port: int) -> str:
    place = f"[{host}]" if ":" in host else host
    return f"{place}:{port}" if port else place
