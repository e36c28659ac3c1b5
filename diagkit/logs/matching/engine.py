"""What can search, and how it is chosen. `Search` is the seam: nobody beyond it can tell one engine from another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

Hit = tuple[int, int]  # where the line begins; which literal
Search = Callable[[bytes], Iterator[Hit]]
Engine = Callable[[Sequence[bytes]], "Finder"]


class Finder(Protocol):
    """Finds the lines that hold one of its literals, in ASCII letters of either case. Threads may share it.

    The literals are in lower case and hold no newline. `engine`: what it works with, `vectorscan` or `plain`.
    """

    @property
    def engine(self) -> str: ...

    def places(self, text: bytes) -> list[int]:
        """Offsets in ascending order: one or more in each line that holds a literal, and perhaps in some others."""

    def held(self, line: bytes) -> list[int]:
        """Which literals this line holds, by their numbers, in ascending order."""


def finder(literals: Sequence[bytes]) -> Finder:
    """Vectorscan; without it, or on a processor that it cannot use, the plain search: slower, with equal answers."""
    from diagkit.logs.matching.plain import Plain
    from diagkit.logs.matching.vectorscan import Unavailable, Vectorscan

    try:
        return Vectorscan(literals)
    except Unavailable:
        return Plain(literals)


def searching(literals: Sequence[bytes], engine: Engine = finder) -> Search:
    """Search texts for literals: each line is reported once for each literal it holds, in the order of the lines."""
    return partial(hits_of, engine(literals))


def hits_of(found: Finder, text: bytes) -> Iterator[Hit]:
    """Each line with each literal it holds, in the order of the lines."""
    end = -1
    for place in found.places(text):
        if place > end:
            start = text.rfind(b"\n", 0, place) + 1
            end = text.find(b"\n", place)
            end = len(text) if end < 0 else end
            for which in found.held(text[start:end]):
                yield start, which
