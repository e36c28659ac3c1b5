"""Inventories from files, directories, lists after a comma, and text that was piped in; which format each is in."""

from __future__ import annotations

import gc
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from diagkit.inventories import Malformed, adjacent, ini, mapping, plain, yaml_values
from diagkit.inventories.groups import UNGROUPED, Inventory
from diagkit.inventories.text import VAULT, read_text

STDIN = "-"
YAML = (".yml", ".yaml")
PASSED_OVER = (  # in a directory; Ansible's INVENTORY_IGNORE_EXTS
    *(".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"),
)
BESIDE = ("group_vars", "host_vars", "vars_plugins")
YAML_KEY = re.compile(r"(?:[\w.-]+|\"[^\"]+\"|'[^']+'):(?:\s|$)")


def read(sources: Sequence[str], piped: str = "") -> Inventory:
    """All these inventories laid over one another, the later over the earlier. `-` is the text that was piped in.

    Raises `Malformed` or `Unreadable` with one sentence.
    """
    into = Inventory()
    with _no_collection():
        for source in sources:
            if source == STDIN:
                into.origins.append("stdin")
                _take(piped, "stdin", "", into)
            elif "," in source and not Path(source).exists():
                into.origins.append(source)
                _listed(source, into)
            else:
                into.origins.append(source)
                _from(Path(source).expanduser(), into)
        into.settle()
        for source in sources:
            path = Path(source).expanduser()
            if source != STDIN and path.exists():
                adjacent.read(path if path.is_dir() else path.parent, into)
    return into


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the garbage collector, which would go through a large inventory again and again: four times as fast."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _from(path: Path, into: Inventory) -> None:
    if not path.is_dir():
        _take(read_text(path), str(path), path.suffix, into)
        return
    found = [entry for entry in sorted(path.iterdir()) if not entry.name.startswith(".") and entry.name not in BESIDE]
    read_from = [entry for entry in found if not entry.name.endswith(PASSED_OVER)]
    if not read_from:
        raise Malformed(f"{path}: there is no inventory in this directory")
    for entry in read_from:
        _from(entry, into)


def _listed(source: str, into: Inventory) -> None:
    """`-i web1,web2,`: a list on the command line, as Ansible takes it."""
    plain.read(source.replace(",", "\n"), "--inventory", into)


def _take(text: str, origin: str, suffix: str, into: Inventory) -> None:
    """Read a text by what it looks like; its name decides where it looks like several things."""
    if text.startswith("#!"):
        raise Malformed(
            f"{origin}: is a program, and diagkit runs no inventory scripts; run it yourself:"
            f" {origin} --list | diagkit check -i -"
        )
    if text.startswith(VAULT):
        raise Malformed(f"{origin}: is encrypted by ansible-vault: ansible-vault view {origin} | diagkit check -i -")
    if text.lstrip().startswith("{") and (parsed := _json(text, origin, strict=suffix not in YAML)) is not None:
        mapping.read(parsed, origin, into)
    elif suffix == ".toml":
        mapping.read(_toml(text, origin), origin, into)
    elif suffix in YAML or (suffix != ".ini" and _looks_like_yaml(text)):
        mapping.read(yaml_values.load(text, origin), origin, into)
    elif plain.is_plain(text):
        plain.read(text, origin, into)
    else:
        ini.read(text, origin, into)


def _looks_like_yaml(text: str) -> bool:
    """By the first line that says anything: `---`, or a key."""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            return line.startswith("---") or bool(YAML_KEY.match(line))
    return False


def _json(text: str, origin: str, *, strict: bool) -> object:
    """The value; None if it is not JSON and need not be, because YAML has braces too."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Malformed(f"{origin}: is nested too deeply") from error
    except json.JSONDecodeError as error:
        if strict:
            raise Malformed(f"{origin}:{error.lineno}: is not JSON: {error.msg}") from error
        return None


def _toml(text: str, origin: str) -> object:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Malformed(f"{origin}: {error}") from error
    if "targets" in data and UNGROUPED not in data:
        raise Malformed(f"{origin}: holds diagkit's own settings; name it with --config")
    return data
