"""What somebody may have meant by a name we do not know."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str:
    """The known name most like this word, whole or after its last dot; or nothing."""
    from difflib import get_close_matches

    names = list(known)
    by_end = {name.rpartition(".")[2]: name for name in names}
    close = get_close_matches(word, names, 1) or [by_end[end] for end in get_close_matches(word, by_end, 1)]
    return close[0] if close else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The same as the end of a sentence: `; did you mean X?`, or nothing."""
    close = closest(word, known)
    return f"; did you mean {close}?" if close else ""
