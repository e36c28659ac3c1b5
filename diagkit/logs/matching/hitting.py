"""A sieve for a machine that has nothing but grep: every line that may matter passes it, and few others do.

A hitting set of the literals: short pieces, of which each literal holds at least one, so that a line without any of
them holds no literal either. What passes is matched exactly, here. Nothing is lost on the way: in the C locale
`grep -i` knows the two cases of ASCII letters, as the search for literals does, and no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from heapq import heappop, heappush
from math import exp, log

from diagkit.logs import errors
from diagkit.logs.signatures import catalogue, harmless

LENGTH = 6  # letters of a piece; longer ones let no fewer lines pass
COMMON = 1e-5  # probability of a piece at which it costs twice as much as one that never occurs

# In lines of every full minute. They date what follows them: a line of a stack trace does not say when it was written.
_FULL_MINUTES = tuple(f":{minute:02}:00" for minute in range(60))
_KNOWN = 3  # letters after which the next one is foretold


@cache
def sieve() -> tuple[str, ...]:
    """What one of has to be in a line, in any case of letters."""
    return (*_FULL_MINUTES, *hitting_set(_literals(), Frequency(_ordinary_lines())))


def _literals() -> set[str]:
    """What signatures and unknown errors are searched by; what merely marks a moment is too common."""
    return {*errors.WORDS, *(literal for signature in catalogue().values() for literal in signature.literals)}


def _ordinary_lines() -> Iterator[str]:
    for signature in catalogue().values():
        yield from (signature.match, signature.miss)
    yield from (kind.match for kind in harmless())


class Frequency:
    """How often a piece of text is to be expected in log lines, by which letter follows which three in some of them."""

    def __init__(self, lines: Iterable[str]) -> None:
        text = "\n".join(lines).lower()
        self._text = len(text) + 1
        self._runs, self._longer = (Counter(text[at : at + n] for at in range(len(text))) for n in (_KNOWN, _KNOWN + 1))

    def of(self, piece: str) -> float:
        """The logarithm of its probability at a place of the text. What was never seen is rare, not impossible."""
        chance = log((self._runs[piece[:_KNOWN]] + 0.1) / self._text)
        for at in range(_KNOWN, len(piece)):
            before = piece[at - _KNOWN : at]
            chance += log((self._longer[before + piece[at]] + 0.1) / (self._runs[before] + 5))
        return chance


def hitting_set(literals: Iterable[str], frequency: Frequency) -> tuple[str, ...]:
    """Few and rare pieces of these literals, at least one of each.

    The greedy cover of a weighted set: again and again the piece that stands for the most literals for its price. What
    many pieces cost is memory: 750 take 8 MB of GNU grep and 32 MB of busybox.
    """
    left: dict[str, set[str]] = {}
    for literal in literals:
        for piece in _pieces(literal):
            left.setdefault(piece, set()).add(literal)
    price = {piece: 1 + exp(frequency.of(piece)) / COMMON for piece in left}
    queue = sorted((-len(left[piece]) / price[piece], piece) for piece in left)
    chosen: list[str] = []
    found: set[str] = set()
    while queue:
        _, piece = heappop(queue)
        left[piece] -= found
        worth = -len(left[piece]) / price[piece]
        if queue and (worth, piece) > queue[0]:  # it was worth more before others were chosen
            if left[piece]:
                heappush(queue, (worth, piece))
        elif left[piece]:
            chosen.append(piece)
            found |= left[piece]
    return tuple(sorted(chosen))


def _pieces(literal: str) -> Iterator[str]:
    return (literal[at : at + LENGTH] for at in range(max(1, len(literal) - LENGTH + 1)))
