"""Every name that means a target in one run: of diagkit.toml, of inventories, of ~/.ssh/config."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from diagkit.cli import piped
from diagkit.cli.exits import DATA, NO_INPUT, USAGE, Refusal
from diagkit.config import Config, Declared
from diagkit.inventories import Malformed, Unreadable, addresses, reading, ssh_config_hosts
from diagkit.inventories.connections import Connections
from diagkit.inventories.groups import ALL, Inventory
from diagkit.inventories.patterns import Names
from diagkit.model import Target

UNDECLARED = Declared()
SAID = 5  # names in one note; the rest is a number


def parse(word: str) -> Target:
    """One address. Raises `Refusal` with one sentence."""
    try:
        return addresses.parse(word)
    except ValueError as error:
        raise Refusal(USAGE, str(error)) from error


def several(names: Sequence[str]) -> str:
    """Some names for one line of text."""
    more = f" and {len(names) - SAID} more" if len(names) > SAID else ""
    return f"{', '.join(names[:SAID])}{more}"


class Known:
    """What is known is read when it is first wanted: a check of this machine reads no inventory.

    inventories: files and directories that were named, `-` for stdin. If none was, that of diagkit.toml counts.
    """

    def __init__(self, config: Config, inventories: Sequence[str] = (), ssh_config: str = "") -> None:
        self.config = config
        self.typed = bool(inventories)
        self._sources = inventories or ((config.inventory,) if config.inventory else ())
        self._ssh_config = ssh_config or config.ssh_config
        self._read: list[tuple[Inventory, Connections]] = []

    @cached_property
    def inventory(self) -> Inventory:
        """The inventories, as one."""
        return self._take(self._sources)

    @cached_property
    def piped(self) -> Inventory:
        """What comes in on stdin."""
        if reading.STDIN in self._sources:
            return self.inventory
        return self._take([reading.STDIN])

    @cached_property
    def ssh_hosts(self) -> Sequence[str]:
        """The hosts of the ssh configuration."""
        try:
            return ssh_config_hosts.names(self._ssh_config)
        except OSError as error:
            raise Refusal(NO_INPUT, f"cannot read {self._ssh_config!r}: {error.strerror}") from error

    @property
    def source(self) -> str:
        """Where names are looked up, in words."""
        return ", ".join(self.inventory.origins) if self.typed else "diagkit.toml or ~/.ssh/config"

    def target(self, name: str) -> Target:
        """The target of this name; what nobody knows is an address. Raises `Refusal`."""
        declared = self.config.targets.get(name, UNDECLARED)
        listed = next((each for each, _ in self._read if name in each.hosts), None)
        if listed and (self.typed or not declared.address):
            found = self.listed(name, listed)
        else:
            found = replace(parse(declared.address or name), label=name)
        tags = dict.fromkeys((*declared.tags, *found.tags))
        return replace(found, tags=tuple(tags), depends_on=declared.depends_on)

    def listed(self, name: str, inventory: Inventory) -> Target:
        """A host of an inventory."""
        connections = next(known for each, known in self._read if each is inventory)
        try:
            return connections.target(name)
        except Malformed as error:
            raise Refusal(DATA, str(error)) from error

    def tagged(self, tag: str) -> list[str]:
        """The declared targets with this tag."""
        return [name for name, declared in self.config.targets.items() if tag in declared.tags]

    def tags(self) -> set[str]:
        """Every tag of declared targets."""
        return {tag for declared in self.config.targets.values() for tag in declared.tags}

    def of_inventories(self) -> Names:
        """What the inventories know."""
        return Names(hosts=list(self.inventory.hosts), groups=members(self.inventory))

    def of_all(self) -> Names:
        """What is known anywhere; the groups of diagkit.toml are for the caller to add."""
        hosts = dict.fromkeys((*self.config.targets, *self.inventory.hosts, *self.ssh_hosts))
        tags = {f"tag:{tag}": self.tagged(tag) for tag in self.tags()}
        declared = dict.fromkeys((*self.config.targets, *self.inventory.hosts))
        return Names(hosts=list(hosts), groups={**members(self.inventory), **tags, ALL: list(declared)})

    def around(self, targets: Sequence[Target]) -> Names:
        """What `--limit` may name: these targets, by label and host, and their groups; and all of the inventories."""
        read = [inventory for inventory, _ in self._read]
        hosts = dict.fromkeys((*(name for each in read for name in each.hosts), *(t.label for t in targets)))
        groups: dict[str, Collection[str]] = dict.fromkeys((*self.config.groups, *self.config.targets), ())
        for inventory in read:
            for name, found in members(inventory).items():
                groups[name] = [*groups.get(name, ()), *found]
        groups.pop(ALL, None)  # here it means these targets too
        of_these: dict[str, list[str]] = {}
        for target in targets:
            names = {*target.tags, *(f"tag:{tag}" for tag in target.tags)}
            names |= self.config.groups_of(target.label, target.tags)
            if target.host not in hosts:
                names.add(target.host)
            for name in names:
                of_these.setdefault(name, []).append(target.label)
        for name, labels in of_these.items():
            groups[name] = list(dict.fromkeys((*groups.get(name, ()), *labels)))
        return Names(hosts=list(hosts), groups=groups)

    def notes(self, targets: Iterable[Target]) -> Iterator[str]:
        """What inventories say and is not done, as far as it concerns these targets."""
        chosen = {name for target in targets for name in (target.label, target.label.rpartition("@")[2])}
        for inventory, connections in self._read:
            yield from inventory.notes
            for what, names in connections.passed_over.items():
                if concerned := [name for name in dict.fromkeys(names) if name in chosen]:
                    yield f"{what} ({several(concerned)})"

    def _take(self, sources: Sequence[str]) -> Inventory:
        try:
            found = reading.read(sources, piped.text() if reading.STDIN in sources else "")
        except Malformed as error:
            raise Refusal(DATA, str(error)) from error
        except Unreadable as error:
            raise Refusal(NO_INPUT, str(error)) from error
        if sources and not found.hosts:
            raise Refusal(DATA, f"{', '.join(found.origins)}: there are no hosts in it")
        self._read.append((found, Connections(found)))
        return found


def members(inventory: Inventory) -> Mapping[str, Collection[str]]:
    """The groups of an inventory with the hosts in each, as patterns want them."""
    return {name: inventory.members(name) for name in inventory.groups}
