"""The programs that are sent to machines, as they lie beside this file."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


@cache
def bare_text(name: str) -> str:
    """One of them without its comments and indentation."""
    text = (files("diagkit.transports") / name).read_text()
    lines = (re.sub(r"(^|\s)#( .*)?$", "", line).strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)
