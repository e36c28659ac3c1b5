"""The names of hosts in an inventory: ranges expanded, a port told apart from the name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from diagkit.inventories.ranges import expand

BRACKETED = re.compile(r"\[([^\[\]]+)\](?::([0-9]+))?")  # [IPv6 address], perhaps with a port
WITH_PORT = re.compile(r"((?:[^:@/\[\]]|\[[^\[\]]*\])+):([0-9]+)")  # a user@host:port is left as it was typed


def spelled_out(pattern: str) -> Iterator[tuple[str, str]]:
    """Every host that `web[1:3]:2222` and the like stand for, with its port, which may be empty. Raises ValueError."""
    port = ""
    if found := _bracketed(pattern) or WITH_PORT.fullmatch(pattern):
        pattern, port = found[1], found[2] or ""
    if pattern.endswith(":") and not pattern.endswith("::"):
        raise ValueError(f"{pattern!r} ends in a colon, which stands before a port")
    if not pattern.isprintable() or pattern.startswith("-"):
        raise ValueError(f"{pattern!r} is not the name of a host")
    for name in expand(pattern) if "[" in pattern else (pattern,):
        yield name, port


def _bracketed(pattern: str) -> re.Match[str] | None:
    found = BRACKETED.fullmatch(pattern)
    try:
        return found if found and ipaddress.IPv6Address(found[1]) else None
    except ValueError:  # a range, such as [1:3]
        return None
