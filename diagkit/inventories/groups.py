"""Hosts, groups, groups of groups, and which variable wins: what every inventory format fills in.

The rules are Ansible's: a host's own variable wins over its groups', a child group's over its parents', and all of them
over those of `all`; at the same depth the higher `ansible_group_priority` wins, then the name that sorts last. A file
in group_vars or host_vars wins over what the inventory says of the same group or host.
https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html#how-variables-are-merged
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from diagkit.inventories import Malformed

ALL = "all"
UNGROUPED = "ungrouped"
PRIORITY = "ansible_group_priority"


class Setting(NamedTuple):
    """A variable's value as text, and where it is written. sealed: why it cannot be read, as with a vault."""

    text: str
    place: str
    sealed: str = ""


Settings = dict[str, Setting]


@dataclass(slots=True)
class Host:
    """A host by its inventory name. place: where it first stands. filed: its variables from host_vars."""

    name: str
    place: str
    groups: dict[str, None] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    filed: Settings = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """A group with what stands in it directly. filed: its variables from group_vars."""

    name: str
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    filed: Settings = field(default_factory=dict)


class Inventory:
    """All inventories of one run, laid over one another. Fill it in, `settle` it, then ask.

    origins: what was read. notes: what in it could not be honoured, for the user to know.
    """

    def __init__(self) -> None:
        self.origins: list[str] = []
        self.notes: list[str] = []
        self.hosts: dict[str, Host] = {}
        self.groups: dict[str, Group] = {ALL: Group(ALL), UNGROUPED: Group(UNGROUPED)}
        self.groups[ALL].children[UNGROUPED] = None
        self._parents: dict[str, list[str]] = {}
        self._depths: dict[str, int] = {}
        self._members: dict[str, list[str]] = {}
        self._lineages: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._inherited: dict[tuple[str, ...], Mapping[str, Setting]] = {}

    def group(self, name: str) -> Group:
        """The group of this name, which from now on exists."""
        return self.groups.get(name) or self.groups.setdefault(name, Group(name))

    def add_host(self, name: str, group: Group, place: str, port: str = "") -> Host:
        """The host of this name, in this group. A port counts where the host is named for the first time."""
        host = self.hosts.get(name)
        if host is None:
            host = self.hosts[name] = Host(name, place)
            if port:
                host.settings["ansible_port"] = Setting(port, place)
        group.hosts[name] = None
        host.groups[group.name] = None
        return host

    def settle(self) -> None:
        """Put everything under `all`, and what is in no other group into `ungrouped`. Raises `Malformed` on a loop."""
        for name in self._parentless():
            self.groups[ALL].children[name] = None
        stray = self.groups[UNGROUPED]
        for host in self.hosts.values():
            if host.groups.keys() <= {ALL, UNGROUPED}:
                stray.hosts[host.name] = host.groups[UNGROUPED] = None
            elif UNGROUPED in host.groups:
                del host.groups[UNGROUPED], stray.hosts[host.name]
        self._parents = {}
        for group in self.groups.values():
            for child in group.children:
                self._parents.setdefault(child, []).append(group.name)
        for cache in (self._depths, self._members, self._lineages, self._inherited):
            cache.clear()
        self._measure_depths()

    def members(self, name: str) -> list[str]:
        """The hosts of a group and of the groups in it, each once, in the order in which they are declared."""
        if name not in self._members:
            found: dict[str, None] = {}
            for group in self._below(name):
                found.update(self.groups[group].hosts)
            self._members[name] = list(found)
        return self._members[name]

    def lineage(self, host: Host) -> tuple[str, ...]:
        """The groups a host is in, directly or through others, the nearest first; without `all` and `ungrouped`."""
        direct = tuple(host.groups)
        if direct not in self._lineages:
            found = dict.fromkeys(direct)
            for name in (queue := list(direct)):
                new = [parent for parent in self._parents.get(name, ()) if parent not in found]
                found.update(dict.fromkeys(new))
                queue += new
            self._lineages[direct] = tuple(name for name in found if name not in (ALL, UNGROUPED))
        return self._lineages[direct]

    def settings(self, host: Host) -> Mapping[str, Setting]:
        """The variables that hold for a host, each from the place that wins."""
        lineage = self.lineage(host)
        if lineage not in self._inherited:
            ordered = [self.groups[name] for name in sorted(lineage, key=self._rank)]
            merged = dict(self.groups[ALL].settings)
            for group in ordered:
                merged |= group.settings
            merged |= self.groups[ALL].filed
            for group in ordered:
                merged |= group.filed
            self._inherited[lineage] = merged
        return {**self._inherited[lineage], **host.settings, **host.filed}

    def _rank(self, name: str) -> tuple[int, int, str]:
        priority = self.groups[name].settings.get(PRIORITY)
        try:
            return self._depths[name], int(priority.text) if priority else 1, name
        except ValueError:
            raise Malformed(f"{priority.place if priority else name}: {PRIORITY} of {name} is not a number") from None

    def _parentless(self) -> Iterator[str]:
        children = {child for group in self.groups.values() for child in group.children}
        return (name for name in self.groups if name != ALL and name not in children)

    def _below(self, name: str) -> Iterator[str]:
        """The group itself and all groups in it, level by level."""
        seen = {name}
        for group in (queue := [name]):
            yield group
            for child in self.groups[group].children:
                if child not in seen:
                    seen.add(child)
                    queue.append(child)

    def _measure_depths(self) -> None:
        """How far below `all` each group is, by the longest way. Raises `Malformed` where groups form a loop."""
        waiting = {name: len(self._parents.get(name, ())) for name in self.groups}
        ready = [name for name, left in waiting.items() if not left]
        self._depths = dict.fromkeys(ready, 0)
        for name in ready:
            for child in self.groups[name].children:
                self._depths[child] = max(self._depths.get(child, 0), self._depths[name] + 1)
                waiting[child] -= 1
                if not waiting[child]:
                    ready.append(child)
        if len(ready) < len(self.groups):
            raise Malformed(f"{', '.join(self.origins)}: {self._circle(set(self.groups) - set(ready))}")

    def _circle(self, tangled: set[str]) -> str:
        """One of the loops among groups that are in a loop or below one."""
        name, way = min(tangled), list[str]()
        while name not in way:
            way.append(name)
            name = next(parent for parent in self._parents[name] if parent in tangled)
        loop = [*reversed(way[way.index(name) :])]
        return f"the group {loop[0]} contains itself: {' > '.join([*loop, loop[0]])}"
