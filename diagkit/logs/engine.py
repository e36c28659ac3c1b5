"""Which lines hold which literals: the seam for a faster engine.

A signature is found in two steps. A search finds the lines that hold one of its literals; the signature's pattern then
confirms it on that line alone. The search sees every byte, the patterns see next to none, so only the search has to be
fast, and it can be replaced (`Engine`) without anybody being able to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

Hit = tuple[int, int]  # where the line begins; which literal
Search = Callable[[bytes], Iterator[Hit]]
Engine = Callable[[Sequence[bytes]], Search]


def find_each(literals: Sequence[bytes]) -> Search:
    """Search for each literal in turn with `bytes.find`, in ASCII letters of either case.

    The literals are in lower case. Each line is reported once for each literal it holds, in no promised order. One pass
    over the text for each literal, but at memory speed: 430 literals in 500 KB of journal took 49 ms of CPU.
    """

    def search(raw: bytes) -> Iterator[Hit]:
        text = raw.lower()
        for which, literal in enumerate(literals):
            at = text.find(literal)
            while at >= 0:
                yield text.rfind(b"\n", 0, at) + 1, which
                end = text.find(b"\n", at)
                at = text.find(literal, end) if end >= 0 else -1

    return search
