"""Ansible's INI inventories.

https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ini_inventory.html
"""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from collections.abc import Iterable

from diagkit.inventories import Malformed
from diagkit.inventories.connections import KEPT
from diagkit.inventories.groups import UNGROUPED, Group, Inventory, Setting, Settings
from diagkit.inventories.hosts import spelled_out
from diagkit.spelling import nearest

SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$")
KINDS = ("hosts", "children", "vars")
PLAIN_VALUE = re.compile(r"[A-Za-z~/][\w.@/:~-]*|\d+|\d+\.\d+\.\d+\.\d+")  # what no quote or escape can change
CONSTANTS = {"True", "False", "None"}


def read(text: str, origin: str, into: Inventory) -> None:
    """Add what an INI inventory says. Raises `Malformed`."""
    group, kind = into.group(UNGROUPED), "hosts"
    declared, mentioned = set(into.groups), dict[str, int]()  # groups; those that are only a child or have variables
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        try:
            if line[0] == "[" and (header := _header(line)):
                name, kind = header
                if kind == "vars":
                    mentioned.setdefault(name, number)
                else:
                    declared.add(name)
                group = into.group(name)
            elif kind == "hosts":
                _host(line, group, f"{origin}:{number}", into)
            elif kind == "vars":
                _keep([_variable(line)], f"{origin}:{number}", group.settings)
            else:
                child = line.partition("#")[0].strip()
                mentioned.setdefault(child, number)
                group.children[into.group(child).name] = None
        except ValueError as error:
            raise Malformed(f"{origin}:{number}: {error}") from error
    for name, number in mentioned.items():
        if name not in declared:
            raise Malformed(f"{origin}:{number}: there is no group [{name}]{nearest(name, declared)}")


def _header(line: str) -> tuple[str, str] | None:
    """The name and the kind of a section. None: it is a host whose name begins with a bracket, such as [::1]:22."""
    if found := SECTION.match(line):
        name, kind = found[1], found[2] or "hosts"
        if kind not in KINDS:
            raise ValueError(f"a section is [{name}], [{name}:children] or [{name}:vars], not [{name}:{kind}]")
        return name, kind
    if line.endswith("]") and line.count(":") < 2:
        raise ValueError(f"{line!r} is no section: [NAME], [NAME:children] or [NAME:vars], without spaces")
    return None


def _host(line: str, group: Group, place: str, into: Inventory) -> None:
    simple = not ("#" in line or '"' in line or "'" in line or "\\" in line)
    pattern, *rest = line.split() if simple else shlex.split(line, comments=True)
    pairs = []
    for word in rest:
        key, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"{word!r} after {pattern!r} is no variable=value; one host a line")
        pairs.append((key, value))
    for name, port in spelled_out(pattern):
        host = into.add_host(name, group, place, port)
        _keep(pairs, place, host.settings)


def _variable(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    if not equals:
        raise ValueError(f"{line!r} is no variable=value, and this is a section of variables")
    return key.strip(), value.strip()


def _keep(pairs: Iterable[tuple[str, str]], place: str, settings: Settings) -> None:
    """Of all variables those that tell how to reach a host."""
    for key, value in pairs:
        if key in KEPT:
            settings[key] = Setting(_literal(value), place)


def _literal(text: str) -> str:
    """A value as Ansible takes it: what is a Python literal loses its quotes, all else is text."""
    if PLAIN_VALUE.fullmatch(text) and text not in CONSTANTS:
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of "\d" and the like
            return str(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
