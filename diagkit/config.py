"""Settings: every diagkit.toml there is, laid over one another and checked.

The later wins: /etc/diagkit/diagkit.toml, the user's own, ./diagkit.toml, the file named by --config or DIAGKIT_CONFIG.
Every error names the file, the key, and the nearest right key.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from diagkit import codec, own
from diagkit.checks import Check
from diagkit.frozen import frozen
from diagkit.model import Deploy, Service
from diagkit.spelling import nearest

SYSTEM = Path("/etc/diagkit/diagkit.toml")
LARGEST_FILE = 1 << 20  # bytes
SAFE = ("targets", "groups", "inventory", "services", "checks", "logs", "deploys")
JUDGED = ("url", "tcp", "unit", "process", "command")


class Misconfigured(ValueError):
    """A setting is wrong; one sentence with the file and the key."""


class FailOn(Enum):
    """The mildest status that makes the exit code other than 0."""

    WARNING = "warning"
    CRITICAL = "critical"
    NEVER = "never"


class Colour(Enum):
    """When to use colour: `auto` is on a terminal only."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@frozen(kw_only=True)
class Declared:
    """`[targets.NAME]`: a name for a target. Without an address the name itself is the address.

    depends_on: other targets, or `host:port`, whose services it uses.
    """

    address: str = ""
    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


@frozen(kw_only=True)
class Config:
    """Every setting. `timeout` is in seconds for each host; `checks` holds what replaces the limits of a check.

    baseline: whether each run is remembered on this workstation, and held against the runs before it.
    inventory: a file whose hosts and groups are targets too; a relative path starts at the file that says so.
    """

    timeout: float = 30.0
    since: str = ""
    fail_on: FailOn = FailOn.WARNING
    color: Colour = Colour.AUTO
    ascii: bool = False
    ssh_config: str = ""
    baseline: bool = False
    inventory: str = ""
    targets: Mapping[str, Declared] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    logs: tuple[str, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    checks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def groups_of(self, label: str, tags: Collection[str]) -> frozenset[str]:
        """The groups that a target is in: by its name, a glob, a tag, or a group that is in the group."""
        found = set[str]()
        while more := {
            group
            for group, members in self.groups.items()
            if group not in found
            and any(
                fnmatchcase(label, member) or member in found or member.removeprefix("tag:") in tags
                for member in members
            )
        }:
            found |= more
        return frozenset(found)


@frozen
class Layer:
    """One file's settings, in the shape of `Config`. `origin` is what we call the file."""

    origin: str
    data: Mapping[str, Any]


def layers(named: str = "") -> tuple[Layer, ...]:
    """The files there are, mildest first. `named` (--config) takes the place of DIAGKIT_CONFIG, and must exist."""
    named = named or os.environ.get("DIAGKIT_CONFIG", "")
    here = Path("diagkit.toml")
    ours = [path for path in (SYSTEM, own.root() / "diagkit.toml") if path.exists()]
    chosen = [Path(named)] if named else []
    stray = here.exists() and not any(path.exists() and here.samefile(path) for path in ours + chosen)
    return (
        *(_read(path, trusted=True) for path in ours),
        *(_read(path, trusted=False) for path in [here] if stray),
        *(_read(path, trusted=True) for path in chosen),
    )


def load(stack: tuple[Layer, ...]) -> Config:
    """The settings that result, checked."""
    merged: dict[str, Any] = {}
    for layer in stack:
        merged = _lay(merged, layer.data)
    loaded = _typed(merged)
    for name in loaded.groups:
        if name in loaded.targets:
            raise Misconfigured(f"{origins(stack)[f'groups.{name}']}: groups.{name}: there is a target of that name")
    return loaded


def origins(stack: tuple[Layer, ...]) -> dict[str, str]:
    """Where each setting that is not a default came from, by its key."""
    return {key: layer.origin for layer in stack for key, _ in leaves(layer.data)}


def limits(stack: tuple[Layer, ...], checks: Mapping[str, Check]) -> dict[str, object]:
    """The limits that replace a check's own, by the name of the check. Types are those of its limits."""
    replaced: dict[str, object] = {}
    for layer in stack:
        for name, keys in layer.data.get("checks", {}).items():
            place = f"{layer.origin}: checks.{name}"
            if name not in checks:
                raise Misconfigured(f"{place}: there is no such check{nearest(name, checks)}")
            default = replaced.get(name, checks[name].limits)
            try:
                replaced[name] = codec.load(type(default), codec.dump(default) | keys, place)
            except codec.Malformed as error:
                raise Misconfigured(str(error)) from error
    return replaced


def leaves(tree: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, object]]:
    """Every value that is not a table, with its dotted key."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{place}{key}.")
        else:
            yield f"{place}{key}", value


def _lay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {k: _lay(below[k], v) for k, v in above.items() if isinstance(v, Mapping) and k in below}
    return {**below, **above, **both}


def _read(path: Path, *, trusted: bool) -> Layer:
    """One file, its own mistakes found while we know its name."""
    origin = str(path) if path.is_absolute() else f"./{path}"
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Misconfigured(f"{origin}: larger than {LARGEST_FILE} bytes")
        data = tomllib.loads(path.read_text("utf-8"))
        shaped = _shape(data)
        if not trusted:
            _refuse_unsafe(shaped)
        _typed(shaped)
        if named := shaped.get("inventory"):
            shaped["inventory"] = str(path.parent / Path(named).expanduser())
    except OSError as error:
        raise Misconfigured(f"{origin}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{origin}: is not UTF-8 text") from error
    except ValueError as error:  # of TOML, of our shape, of the types
        raise Misconfigured(f"{origin}: {str(error).removeprefix('$.').removeprefix('$: ')}") from error
    return Layer(origin, shaped)


def _shape(data: dict[str, Any]) -> dict[str, Any]:
    """TOML's tables in the shape of `Config`: times are text, checks are named in one word."""
    for key in ("services", "checks"):
        if not isinstance(data.get(key, {}), dict):
            raise Misconfigured(f"{key}: expected a table")
    shaped: dict[str, Any] = _times(data, "")
    for name, service in shaped.get("services", {}).items():
        if not isinstance(service, dict):
            raise Misconfigured(f"services.{name}: expected a table")
        if not any(key in service for key in JUDGED):
            raise Misconfigured(f"services.{name}: nothing to check; give it one of {', '.join(JUDGED)}")
        if re.match(r"\w+://[^/?#]*@", str(service.get("url", ""))):  # tapes and reports repeat it
            raise Misconfigured(f"services.{name}.url: a password does not belong here; check a page that needs none")
    if "checks" in shaped:
        shaped["checks"] = dict(_by_check(shaped["checks"], ""))
    return shaped


def _typed(shaped: Mapping[str, Any]) -> Config:
    services = {name: {**keys, "name": name} for name, keys in shaped.get("services", {}).items()}
    loaded: Config = codec.load(Config, {**shaped, "services": services})
    return loaded


def _times(value: Any, place: str) -> Any:
    """TOML's times as text, which is how the codec reads times. A time without a zone could be any of many."""
    if isinstance(value, dict):
        return {k: _times(v, f"{place}.{k}".lstrip(".")) for k, v in value.items()}
    if isinstance(value, list):
        return [_times(v, f"{place}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Misconfigured(f"{place}: {value} needs a zone, as in {value.isoformat()}Z")
        return value.isoformat()
    return value


def _by_check(tree: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in tree.items():
        name = f"{place}{key}"
        if not isinstance(value, dict):
            raise Misconfigured(f"checks.{name}: expected a table named after a check")
        keys = {k: v for k, v in value.items() if not isinstance(v, dict)}
        if keys:
            yield name, keys
        yield from _by_check({k: v for k, v in value.items() if isinstance(v, dict)}, f"{name}.")


def _refuse_unsafe(shaped: dict[str, Any]) -> None:
    """A file that merely lies in the current directory may come from anybody: it may not make us run anything."""
    cure = "put it into ~/.config/diagkit/diagkit.toml, or name this file with --config"
    for key in shaped:
        if key in Config.__dataclass_fields__ and key not in SAFE:
            raise Misconfigured(f"{key}: a file that merely lies in the current directory may not set this; {cure}")
    inventory = Path(str(shaped.get("inventory", ""))).expanduser()
    if not inventory.resolve().is_relative_to(Path.cwd()):
        raise Misconfigured(
            f"inventory: a file that merely lies in the current directory may not name one elsewhere; {cure}"
        )
    for name, service in shaped.get("services", {}).items():
        if "command" in service:
            raise Misconfigured(
                f"services.{name}.command: a file that merely lies in the current directory may not have "
                f"a command run; {cure}"
            )
