r"""Which names a pattern means, as Ansible reads host patterns.

web*, ~web\d+      names and groups that match a glob or, after ~, a regular expression
web:&live:!web3   of a group those that are in another too, without one host; commas do as well as colons
web[0], web[1:3]  of what matches the first; the second to the fourth
https://docs.ansible.com/ansible/latest/inventory_guide/intro_patterns.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property

from diagkit.inventories.groups import ALL, UNGROUPED
from diagkit.inventories.ranges import RANGE, expand

GLOB = frozenset("*?[")
SUBSCRIPT = re.compile(r"(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]")
BRACKETS = re.compile(r"\[([^\]]+)\]")
TERM = re.compile(r"(?:[!&]?tag:)?(?:[^\s:\[\]]|\[[^\]]*\])+")  # between colons; brackets hold together what is in them


class NothingMatches(ValueError):
    """No name and no group is meant by this term of a pattern."""

    def __init__(self, term: str) -> None:
        super().__init__(term)
        self.term = term


@dataclass(frozen=True)
class Names:
    """What a pattern may mean: hosts in their order, and groups with theirs. `all` is all of them, or what it says."""

    hosts: Sequence[str]
    groups: Mapping[str, Collection[str]]

    @cached_property
    def known(self) -> frozenset[str]:
        """The hosts, to look them up."""
        return frozenset(self.hosts)

    def everything(self) -> Iterator[str]:
        """Every word that somebody may have meant."""
        yield from (name for name in self.groups if name not in (ALL, UNGROUPED))
        yield from self.hosts


def is_pattern(word: str) -> bool:
    """Whether this cannot be a name or an address: it has something in it that only a pattern has."""
    if "://" in word or len(word) < 2:
        return word == "*"
    if word[0] in "~!&" or any(mark in word for mark in (",", ":&", ":!", "*", "?")):
        return True
    inside = BRACKETS.search(word)
    return bool(inside and inside[1].count(":") + inside[1].count("%") < 2) or bool(RANGE.search(word))


def terms(pattern: str) -> list[str]:
    """The terms of a pattern: those between its commas, or if there are none between its colons."""
    if "," in pattern:
        return [term for part in pattern.split(",") if (term := part.strip())]
    return TERM.findall(pattern) if ":" in pattern and not pattern.startswith("~") else [pattern]


def select(pattern: Iterable[str], names: Names) -> list[str]:
    """The hosts that these terms mean, each once. Raises `NothingMatches`, or ValueError for what is no pattern."""
    known = list(pattern)
    if not all(known) or not known:
        raise ValueError("an empty pattern means nothing")
    adding = [term for term in known if term[0] not in "&!"] or [ALL]
    found = dict.fromkeys(name for term in adding for name in one(term, names))
    for term in known:
        if term[0] == "&":
            both = set(one(term[1:], names))
            found = {name: None for name in found if name in both}
    for term in known:
        if term[0] == "!":
            without = set(one(term[1:], names))
            found = {name: None for name in found if name not in without}
    return list(found)


def one(term: str, names: Names) -> Sequence[str]:
    """The hosts that one term means. A host's own name goes before a group's. Raises `NothingMatches`, ValueError."""
    if term in names.known:
        return [term]
    if slices(term, names):
        base, *subscript = SUBSCRIPT.fullmatch(term).groups()  # type: ignore[union-attr]  # it matched
        return _slice(term, _matching(base, names), *subscript)
    spelled = expand(term) if RANGE.search(term) else [term]
    if found := [name for each in spelled for name in _matching(each, names)]:
        return found
    if term == ALL or term in names.groups:
        return []
    raise NothingMatches(term)


def slices(term: str, names: Names) -> bool:
    """Whether this takes some of what is known by their place, as `web[0:2]` does if there is a group `web`."""
    found = None if term.startswith("~") else SUBSCRIPT.fullmatch(term)
    return bool(found and _matching(found[1], names))


def _matching(term: str, names: Names) -> list[str]:
    """The hosts of every group that matches, then every host that does."""
    if term == ALL:
        return list(names.groups.get(ALL, names.hosts))
    if not term.startswith("~") and not GLOB & set(term):
        return [term] if term in names.known else list(names.groups.get(term, ()))
    try:
        matches = re.compile(term[1:] if term.startswith("~") else translate(term)).match
    except re.error as error:
        raise ValueError(f"{term!r} is no regular expression: {error}") from error
    groups = (name for group, members in names.groups.items() if group != ALL and matches(group) for name in members)
    return list(dict.fromkeys((*groups, *filter(matches, names.hosts))))


def _slice(term: str, within: list[str], at: str | None, start: str, end: str) -> list[str]:
    if at is None:
        found = within[int(start) : int(end) + 1 if end else None]
    else:
        found = within[int(at) : int(at) + 1 or None] if -len(within) <= int(at) < len(within) else []
    if not found:
        raise ValueError(f"{term!r} counts from 0, and there are {len(within)}")
    return found
