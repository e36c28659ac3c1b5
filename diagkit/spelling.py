"""What somebody may have meant by a name we do not know."""

from __future__ import annotations

from collections.abc import Iterable

FEW = 16  # names that still fit into one sentence


def closest(word: str, known: Iterable[str]) -> str:
    """The known name most like this word, whole or after its last dot; or nothing."""
    from difflib import get_close_matches

    names = list(known)
    by_end = {name.rpartition(".")[2]: name for name in names}
    close = get_close_matches(word, names, 1) or [by_end[end] for end in get_close_matches(word, by_end, 1)]
    return close[0] if close else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a wrong name: `; did you mean X?`, or `; there are X, Y, Z` where they are few."""
    names = list(known)
    if close := closest(word, names):
        return f"; did you mean {close}?"
    return f"; there are {', '.join(names)}" if 0 < len(names) <= FEW else ""
