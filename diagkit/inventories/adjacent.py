"""The variables that lie beside an inventory: group_vars/NAME and host_vars/NAME, as files or as folders of files.

https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html#organizing-host-and-group-variables
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from diagkit.inventories import Malformed, yaml_values
from diagkit.inventories.groups import Inventory, Settings
from diagkit.inventories.mapping import keep
from diagkit.inventories.text import VAULT, read_text

SUFFIXES = ("", ".yml", ".yaml", ".json")  # in the order in which Ansible looks; the first that is there counts


def read(folder: Path, into: Inventory) -> None:
    """Add the variables that lie in this folder for groups and hosts of the inventory. Raises `Malformed`."""
    for name, path in _kept_in(folder / "group_vars"):
        if group := into.groups.get(name):
            _add(path, group.filed, into)
    for name, path in _kept_in(folder / "host_vars"):
        if host := into.hosts.get(name):
            _add(path, host.filed, into)


def _kept_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """What there are variables for, and where. Names come from the folder: no host's name leads out of it."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    found: dict[str, tuple[int, Path]] = {}
    for path in entries:
        for rank, suffix in enumerate(SUFFIXES):
            if path.name.endswith(suffix) and not path.name.startswith("."):
                name = path.name.removesuffix(suffix)
                found[name] = min((rank, path), found.get(name, (len(SUFFIXES), path)))
    yield from ((name, path) for name, (_, path) in found.items())


def _add(path: Path, settings: Settings, into: Inventory) -> None:
    if path.is_dir():
        for inner in sorted(path.iterdir()):
            if inner.name.startswith(".") or inner.name.endswith("~"):
                continue
            if (inner.is_dir() and not inner.suffix) or (inner.is_file() and inner.suffix in SUFFIXES):
                _add(inner, settings, into)
        return
    text = read_text(path)
    if text.startswith(VAULT):
        into.notes.append(f"{path}: is encrypted by ansible-vault, and was not read")
    elif text.strip():
        keep(_parsed(text, path), str(path), settings)


def _parsed(text: str, path: Path) -> object:
    if path.suffix != ".json":
        return yaml_values.load(text, str(path))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{path}: is not JSON: {error}") from error
