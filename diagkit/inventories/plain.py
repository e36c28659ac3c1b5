"""Plain lists: one target a line, as it is written on a command line; `#` begins a comment."""

from __future__ import annotations

import re

from diagkit.inventories import Malformed
from diagkit.inventories.addresses import parse
from diagkit.inventories.groups import UNGROUPED, Inventory
from diagkit.inventories.ranges import expand

COMMENT = re.compile(r"(?:^|\s)[#;].*")


def is_plain(text: str) -> bool:
    """Whether no line has anything that only an INI inventory has: a section or a variable."""
    lines = (COMMENT.sub("", line).strip() for line in text.splitlines())
    return not any("=" in line or (line.startswith("[") and line.endswith("]") and "::" not in line) for line in lines)


def read(text: str, origin: str, into: Inventory) -> None:
    """Add the targets of a list. Raises `Malformed`."""
    group = into.group(UNGROUPED)
    for number, line in enumerate(text.splitlines(), 1):
        word = COMMENT.sub("", line).strip()
        if not word:
            continue
        place = f"{origin}:{number}"
        if len(word.split()) > 1:
            raise Malformed(f"{place}: {word!r} is more than one target; write one a line")
        try:
            for name in expand(word):
                parse(name)
                into.add_host(name, group, place)
        except ValueError as error:
            raise Malformed(f"{place}: {error}") from error
