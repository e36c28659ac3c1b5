"""What to type about a host key that is not the one ssh wants: where it looks, and under the name it looks for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from diagkit.transports.ssh.config.route import Route
from diagkit.transports.ssh.host_keys.known_hosts import SSH_PORT, lookup_names

NOWHERE = ("", "/dev/null")
OWN_FILE = "~/.ssh/known_hosts"  # which ssh-keygen edits unless told otherwise


def learn(route: Route) -> str:
    """What to do so that the key of a host nobody knows is known, once it is checked.

    Only ssh itself goes by way of others; it asks, and shows the fingerprint once more.
    """
    port = "" if route.port == SSH_PORT else f" -p {route.port}"
    if route.new_keys_to in NOWHERE:
        return "name a file as its UserKnownHostsFile: there is none to write it to"
    if route.jumps or route.proxy_command:
        return f"ssh -o StrictHostKeyChecking=ask{port} {shlex.quote(route.name)}"
    name = route.key_names[0]
    renamed = "" if name in lookup_names(route.host, route.port) else f" | sed {shlex.quote(_naming(name))}"
    return f"ssh-keyscan{port} {route.host}{renamed} >> {_typed(route.new_keys_to)}"


def _naming(name: str) -> str:
    """What has sed put this name in the place of the one that was scanned, in all lines but comments."""
    literal = re.sub(r"[/&\\]", r"\\\g<0>", name)
    return f"s/^[^ #][^ ]*/{literal}/"


def forget(name: str, places: Iterable[str]) -> str:
    """The command that takes the keys known by this name out of the files they are in. places: `path:line`."""
    files = dict.fromkeys(_typed(place.rpartition(":")[0]) for place in places) or [OWN_FILE]
    return "; ".join(f"ssh-keygen -R '{name}'" + ("" if file == OWN_FILE else f" -f {file}") for file in files)


def _typed(path: str) -> str:
    """A file as the shell takes it, below our home as people write it."""
    home = f"{Path.home()}/"
    if path.startswith(home):
        return f"~/{shlex.quote(path.removeprefix(home))}"
    return path if path.startswith("~/") else shlex.quote(path)
