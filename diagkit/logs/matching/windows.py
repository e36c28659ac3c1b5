"""What is searched for in the place of a literal: a short piece of it, cut to end where ordinary text seldom does.

Vectorscan looks at the tails of what it searches for, and lingers wherever the text has such a tail. So `failed with
result '` is a poor thing to search for, `failed w` a good one. Cut like this, our literals are found 1.5 to 3 times as
fast as whole.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cache
from math import prod

WIDEST = 12  # bytes of a window: wider ones cost time and save few false hits
NARROWEST = 8  # bytes; of a shorter literal, all of it. Narrower ones are met in too many ordinary lines
TAIL = 3  # bytes that Vectorscan keys on

# The 100 commonest pairs of characters in log lines, the commonest first, two by two, 0 for any digit. Counted over the
# 4,400 distinct lines (in lower case, digits alike) of the journals, kernel buffers and files in tests/hosts.
_COMMON = (
    "000 :   0. 00-.0-0teerst0]b0edmoded emes m s ftauninre] [0syneysleons lo re0 eorop dntilou (ti wm fi0fa00ee "
    "se0c-f0b0d0)0aodooexd0at ca f0e.c0):fsxtp0ng ut0t (litrng  pkeelac nth kffno ooteb t0:]:dal:"
)
_RANK = {_COMMON[at : at + 2]: at // 2 for at in range(0, len(_COMMON), 2)}
_RARE = len(_RANK) * 3


def windows(literals: Sequence[bytes]) -> dict[bytes, tuple[int, ...]]:
    """What to search for, and the numbers of the literals that each stands for.

    Whoever holds a literal holds its window. Literals that have a window in common share it, so that a line which holds
    many of them is met but once.
    """
    found: dict[bytes, list[int]] = {}
    for number in sorted(range(len(literals)), key=lambda number: (len(literals[number]), literals[number])):
        literal = literals[number]
        found.setdefault(_shared(literal, found) or _cut(literal), []).append(number)
    return {window: tuple(numbers) for window, numbers in found.items()}


def _shared(literal: bytes, found: Container[bytes]) -> bytes | None:
    """What is searched for already and is a piece of it: a window of others, or a shorter literal within it."""
    size = len(literal)
    for start in range(size):
        for end in range(start + 1, min(start + WIDEST, size) + 1):
            if (piece := literal[start:end]) in found:
                return piece
    return None


def _cut(literal: bytes) -> bytes:
    ends = range(min(NARROWEST, len(literal)), len(literal) + 1)
    best = max(ends, key=lambda end: (_rarity(literal[max(0, end - TAIL) : end]), min(end, WIDEST)))
    return literal[max(0, best - WIDEST) : best]


@cache
def _rarity(tail: bytes) -> int:
    """How rare the pairs of these bytes are: the product of their ranks, by Zipf the inverse of their frequency."""
    text = "".join("0" if c.isdigit() else c for c in tail.decode("ascii", "replace"))
    return prod(_RANK.get(text[at : at + 2], _RARE) + 3 for at in range(len(text) - 1))
