"""Many names in few words: `web-1..web-40, web-42`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagkit.frozen import frozen

NUMBER = re.compile(r"(?<!\d)[0-9]{1,9}(?!\d)")
LEAST = 3  # names that follow each other are a range from here on
PLACES = 4  # numbers of a name that are looked at, from its end


@frozen
class Span:
    """One name, or several that follow each other."""

    words: str
    count: int


def spans(names: Iterable[str]) -> list[Span]:
    """Names that differ in one number alone, together and in the order of that number; the others as they come."""
    names = list(dict.fromkeys(names))
    parts = {name: [(name[: m.start()], name[m.end() :]) for m in NUMBER.finditer(name)][-PLACES:] for name in names}
    sizes: dict[tuple[str, str], int] = {}
    for around in parts.values():
        for pair in around:
            sizes[pair] = sizes.get(pair, 0) + 1
    families: dict[tuple[str, str | None], list[str]] = {}
    for name, around in parts.items():
        family = max(reversed(around), key=sizes.__getitem__) if around else (name, None)
        families.setdefault(family, []).append(name)
    return [span for family, members in families.items() for span in _of_family(family, members)]


def listed_spans(names: Iterable[str], at_most: int) -> str:
    """`web-1..web-40, web-42 and 12 more`, where 12 are names."""
    found = spans(names)
    shown = found if len(found) <= at_most + 1 else found[:at_most]
    rest = sum(span.count for span in found[len(shown) :])
    return ", ".join(span.words for span in shown) + (f" and {rest} more" if rest else "")


def _of_family(family: tuple[str, str | None], names: list[str]) -> list[Span]:
    before, after = family
    if after is None or len(names) < LEAST:
        return [Span(name, 1) for name in names]
    digits = {name: name[len(before) : len(name) - len(after)] for name in names}
    runs: list[list[str]] = []
    for name in sorted(names, key=lambda name: (len(digits[name]), digits[name])):
        if runs and _next(digits[runs[-1][-1]]) == digits[name]:
            runs[-1].append(name)
        else:
            runs.append([name])
    return [span for run in runs for span in _told(run)]


def _told(run: list[str]) -> list[Span]:
    return [Span(f"{run[0]}..{run[-1]}", len(run))] if len(run) >= LEAST else [Span(name, 1) for name in run]


def _next(digits: str) -> str:
    """`10` after `9`, and `010` after `009`."""
    return str(int(digits) + 1).zfill(len(digits))
