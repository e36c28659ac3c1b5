"""Inventories made of tables: Ansible's YAML and TOML, and the JSON of `ansible-inventory --list` and of scripts.

https://docs.ansible.com/ansible/latest/collections/ansible/builtin/yaml_inventory.html
https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html#script-inventory
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diagkit.inventories import Malformed
from diagkit.inventories.connections import KEPT
from diagkit.inventories.groups import Group, Inventory, Setting, Settings
from diagkit.inventories.hosts import spelled_out
from diagkit.spelling import nearest

META = "_meta"
KINDS = ("hosts", "children", "vars")
Value = Any
"""What JSON, TOML or `yaml_values` make: a dict, a list, text, a number, None."""


def read(data: Value, origin: str, into: Inventory) -> None:
    """Add what a table of groups says. Raises `Malformed`."""
    _Reader(origin, into).read(data)


def keep(variables: Value, origin: str, settings: Settings) -> None:
    """Of a table of variables those that tell how to reach a host."""
    for key, value in variables.items() if isinstance(variables, dict) else ():
        if key in KEPT and value is not None:
            settings[str(key)] = _setting(value, _place(origin, value, key))


class _Reader:
    def __init__(self, origin: str, into: Inventory) -> None:
        self._origin = origin
        self._into = into
        self._read: set[tuple[str, int]] = set()  # a body that many aliases share is read once for each group's name

    def read(self, data: Value) -> None:
        if not isinstance(data, dict) or not data:
            raise Malformed(f"{self._origin}: is not an inventory: it has no groups")
        if "plugin" in data:
            raise Malformed(
                f"{_place(self._origin, data['plugin'])}: is the configuration of the inventory plugin"
                f" {data['plugin']}, which only Ansible can run:"
                f" ansible-inventory -i {self._origin} --list | diagkit check -i -"
            )
        if misplaced := [key for key in data if key in KINDS]:
            raise Malformed(
                f"{_place(self._origin, misplaced[0])}: {misplaced[0]!r} stands where the name of a group belongs;"
                " put it into one, such as all:"
            )
        for name, body in data.items():
            if name != META:
                self._group(name, body)
        meta = data.get(META)
        known = meta.get("hostvars") if isinstance(meta, dict) else None
        for name, variables in known.items() if isinstance(known, dict) else ():
            if host := self._into.hosts.get(str(name)):
                keep(variables, self._origin, host.settings)

    def _group(self, name: str, body: Value) -> Group:
        group = self._into.group(str(name))
        if (group.name, id(body)) in self._read:
            return group
        self._read.add((group.name, id(body)))
        if isinstance(body, list):  # scripts of old: a group is the list of its hosts
            body = {"hosts": body}
        elif body is not None and not isinstance(body, dict):
            self._note(name, f"{body!r} is no group; left out")
        for key, value in (body or {}).items() if isinstance(body, dict) else ():
            if key == "vars":
                keep(value, self._origin, group.settings)
            elif key == "children":
                for child, inner in self._entries(value, key):
                    group.children[self._group(child, inner).name] = None
            elif key == "hosts":
                self._hosts(value, key, group)
            else:
                self._note(key, f"{str(key)!r} in the group {name} is not read{nearest(str(key), KINDS)}")
        return group

    def _hosts(self, value: Value, key: str, group: Group) -> None:
        for pattern, variables in self._entries(value, key):
            place = _place(self._origin, pattern, key)
            if not isinstance(pattern, str):
                raise Malformed(f"{place}: {pattern!r} is not the name of a host; put it into quotes")
            if variables is not None and not isinstance(variables, dict):
                raise Malformed(f"{place}: the host {pattern} has {variables!r} where its variables belong")
            try:
                for name, port in spelled_out(str(pattern)):
                    host = self._into.add_host(name, group, place, port)
                    if variables:
                        keep(variables, self._origin, host.settings)
            except ValueError as error:
                raise error if isinstance(error, Malformed) else Malformed(f"{place}: {error}") from error

    def _entries(self, value: Value, key: str) -> Iterator[tuple[Value, Value]]:
        """Names with what stands under them. A list, or a single name, has nothing under its names."""
        if isinstance(value, dict):
            yield from value.items()
        elif isinstance(value, list):
            for name in value:
                if isinstance(name, dict):  # - web1: {ansible_host: …}
                    yield from name.items()
                else:
                    yield name, None
        elif isinstance(value, str):
            yield value, None
        elif value is not None:
            raise Malformed(f"{_place(self._origin, value, key)}: {key} wants names, not {value!r}")

    def _note(self, at: str, what: str) -> None:
        self._into.notes.append(f"{_place(self._origin, at)}: {what}")


def _setting(value: Value, place: str) -> Setting:
    if isinstance(value, Mapping) and "__ansible_unsafe" in value:
        value = value["__ansible_unsafe"]
    if getattr(value, "tag", "") == "!vault" or (isinstance(value, Mapping) and "__ansible_vault" in value):
        return Setting("", place, "is encrypted by ansible-vault")
    if isinstance(value, Mapping | list):
        return Setting("", place, "is not one value")
    return Setting(str(value), place)


def _place(origin: str, *at: Value) -> str:
    """The file, and the line of the first of these that knows it."""
    lines = [line for word in at if (line := getattr(word, "line", 0))]
    return f"{origin}:{lines[0]}" if lines else origin
