"""The search with Vectorscan, a matcher of many patterns at gigabytes a second, by the `hyperscan` wheel.

It is given windows of the literals for whole texts, and the literals for single lines, never patterns: so its answers
are those of `literal in line.lower()`. Windows are shared, and a common one (`failed`) stands for hundreds of literals.
"""

from __future__ import annotations

import platform
import threading
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
        _refuse_processor()
        try:
            from hyperscan import HyperscanError
        except (ImportError, OSError) as error:
            raise Unavailable(str(error)) from error
        try:
            self._windows, self._literals = map(_loaded, _compiled(tuple(literals)))
            self._memory = _Memory(self._windows, self._literals)
        except HyperscanError as error:
            raise Unavailable(str(error)) from error

    def places(self, text: bytes) -> list[int]:
        """Where a window of a literal ends."""
        found: list[int] = []
        append = found.append

        def met(_window: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append(end - 1)

        self._windows.scan(text, met, scratch=self._memory.of_windows)
        found.sort()
        return found

    def held(self, line: bytes) -> list[int]:
        """Which literals this line holds."""
        met: set[int] = set()
        self._literals.scan(line, lambda literal, *_: met.add(literal), scratch=self._memory.of_literals)
        return sorted(met)


class _Memory(threading.local):
    """What a search works in: each thread has its own, and all share the databases."""

    def __init__(self, windows: Any, literals: Any) -> None:
        from hyperscan import Scratch

        self.of_windows, self.of_literals = Scratch(windows), Scratch(literals)


@cache
def _compiled(literals: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """The databases of the windows and of the literals: as kept, or made and kept."""
    import hyperscan

    version = (hyperscan.__version__, platform.machine(), _processor())  # type: ignore[attr-defined]  # not in its stub
    name = "literals-" + blake2b("\n".join((*version, *map(repr, literals))).encode(), digest_size=16).hexdigest()
    if data := kept.load(name):
        size, _, both = data.partition(b"\n")
        with suppress(hyperscan.HyperscanError, ValueError):  # of another version or processor after all: made anew
            known = both[: int(size)], both[int(size) :]
            list(map(_loaded, known))
            return known
    made = _dumped(list(windows(literals))), _dumped(literals)
    kept.store(name, b"%d\n" % len(made[0]) + b"".join(made))
    return made


def _dumped(expressions: Sequence[bytes]) -> bytes:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=expressions,
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(expressions),
        literal=True,
    )
    return hyperscan.dumpb(database)


def _loaded(compiled: bytes) -> Any:
    import hyperscan

    return hyperscan.loadb(compiled, hyperscan.HS_MODE_BLOCK)


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
