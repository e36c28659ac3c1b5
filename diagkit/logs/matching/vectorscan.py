"""The search with Vectorscan, a matcher of many patterns at gigabytes a second, by the `hyperscan` wheel.

It is given windows of the literals, never patterns, and what it meets is confirmed on the line: so its answers are
those of `literal in line.lower()`, whatever it can and cannot hold.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from diagkit.logs import kept
from diagkit.logs.matching.windows import windows

NEEDED = "sse4_2"  # of an x86 processor: Vectorscan is compiled for it
_HEAD = 4096  # bytes of /proc/cpuinfo that tell of the first processor, which stands for all


class Unavailable(Exception):
    """Vectorscan is not installed, or cannot work here."""


class Vectorscan:
    """See `Finder`. Raises `Unavailable`."""

    engine = "vectorscan"

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._literals = literals
        _refuse_processor()
        try:
            from hyperscan import HyperscanError
        except (ImportError, OSError) as error:
            raise Unavailable(str(error)) from error
        try:
            self._stands_for, compiled = _compiled(tuple(literals))
            self._database = _loaded(compiled)
        except HyperscanError as error:
            raise Unavailable(str(error)) from error

    def places(self, text: bytes) -> list[int]:
        """Where a window of a literal ends."""
        found: list[int] = []
        append = found.append

        def met(_window: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append(end - 1)

        self._database.scan(text, met)
        found.sort()
        return found

    def held(self, line: bytes) -> list[int]:
        """Which literals this line holds."""
        met: set[int] = set()
        self._database.scan(line, lambda window, *_: met.add(window))
        if not met:
            return []
        lower, literals = line.lower(), self._literals
        return sorted([number for window in met for number in self._stands_for[window] if literals[number] in lower])


@cache
def _compiled(literals: tuple[bytes, ...]) -> tuple[list[list[int]], bytes]:
    """The literals that each pattern of the database stands for, and the database: as kept, or made and kept."""
    import hyperscan

    version = (hyperscan.__version__, platform.machine(), _processor())  # type: ignore[attr-defined]  # not in its stub
    name = "literals-" + blake2b("\n".join((*version, *map(repr, literals))).encode(), digest_size=16).hexdigest()
    if data := kept.load(name):
        head, _, compiled = data.partition(b"\n")
        with suppress(hyperscan.HyperscanError):  # of another version or processor after all: made anew
            _loaded(compiled)
            return json.loads(head), compiled
    cut = windows(literals)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(cut),
        ids=list(range(len(cut))),
        elements=len(cut),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(cut),
        literal=True,
    )
    stands_for, compiled = [list(numbers) for numbers in cut.values()], hyperscan.dumpb(database)
    kept.store(name, json.dumps(stands_for).encode() + b"\n" + compiled)
    return stands_for, compiled


def _loaded(compiled: bytes) -> Any:
    """A database with memory of its own to work in, which no two threads may share."""
    import hyperscan

    database = hyperscan.loadb(compiled, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


def _refuse_processor() -> None:
    has = _processor().split()
    if has and platform.machine() in {"x86_64", "AMD64"} and NEEDED not in has:
        raise Unavailable(f"the processor has no {NEEDED}")


@cache
def _processor() -> str:
    """What the processor can do, in Linux's words; empty where nothing says so."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as file:
            head = file.read(_HEAD)
    except OSError:
        return ""
    said = (line.partition(":") for line in head.splitlines())
    return next((value.strip() for name, _, value in said if name.strip() in {"flags", "Features"}), "")
