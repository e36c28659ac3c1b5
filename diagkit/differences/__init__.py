"""What differs between hosts, in meaning: their facts as trees, laid side by side, without what moves by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from diagkit.frozen import frozen
from diagkit.model import Again, Scan, Tape, Unknown, Untrusted
from diagkit.probes import Inapplicable, Probe

SELF = "(target)"  # stands for the name of the host itself, which differs between any two
MOVING = re.compile(  # the ends of names of fields that change from one minute to the next
    r"[._](pid|id|at|since|until|started|uptime|age|seq|inode|free|available|used|open|wait|waiting|current|count|tasks|"
    r"others|before|failed|allocated|committed|shared|sent|load|restarts|refused|device|memory\.kernel|body|neighbours|jobs|last_words|near|deleted_links|marks|configuration)$"
)
NOBODY = re.compile(r"(?!)")  # matches no name
TELLING = 4  # fields told of a thing that only one of the two has
Tree = Mapping[str, "Tree"] | Sequence["Tree"] | str | int | None


@frozen(kw_only=True)
class Difference:
    """One field of one fact. None: it is not there."""

    field: Untrusted
    a: Untrusted | None
    b: Untrusted | None


def itself(tape: Tape) -> re.Pattern[str]:
    """Where the host speaks of itself by the name we gave it."""
    names = sorted(map(re.escape, own_names(tape)))
    return re.compile(rf"\b(?:{'|'.join(names)})\b") if names else NOBODY


def own_names(tape: Tape) -> set[str]:
    """The names that we gave the host."""
    return {name for name in (tape.target.host, tape.target.address) if name}


@cache
def is_still(probe: Probe) -> bool:
    """Whether it tells how a host is set up. Rates and logs are compared through their findings."""
    moves = probe.name.startswith("logs.") or MOVING.search(probe.name)
    return not moves and not any(isinstance(ask, Again | Scan) for ask in probe.asks())


def tree(value: object, place: str, own: re.Pattern[str]) -> Tree:
    """A fact as tables, lists and simple values, without what moves by itself, as fractions (measurements) do."""
    if type(value) is str:  # as most are
        return own.sub(SELF, value)
    if isinstance(value, Unknown | Inapplicable):
        return _why(value)
    if is_dataclass(value) and not isinstance(value, type | Untrusted):
        return {name: tree(getattr(value, name), path, own) for name, path in _still(type(value), place)}
    if isinstance(value, Mapping):
        return {own.sub(SELF, _text(key)): tree(item, place, own) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [tree(item, place, own) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if value is None or isinstance(value, datetime | float):
        return None
    return value if isinstance(value, int) else own.sub(SELF, _text(value))


@cache
def _still(kind: Any, place: str) -> tuple[tuple[str, str], ...]:
    """The fields of a dataclass that do not move by themselves, with their paths."""
    named = ((f.name, f"{place}.{f.name}") for f in fields(kind))
    return tuple((name, path) for name, path in named if not MOVING.search(path))


def differ(place: str, a: Tree, b: Tree) -> Iterator[Difference]:
    """The fields in which two trees differ, with their paths."""
    for path, (left, right) in side_by_side(place, (a, b)):
        if not same(left, right):
            yield Difference(field=Untrusted(path), a=shown(left), b=shown(right))


def side_by_side(place: str, trees: Sequence[Tree]) -> Iterator[tuple[str, Sequence[Tree]]]:
    """The fields in which trees may differ: the path, and the value in each tree; None: it is not there.

    A thing that only one of them has is told as one; of a thing that several have, each field.
    """
    there = [tree for tree in trees if tree is not None]
    if all(tree == trees[0] for tree in trees):
        return
    things = [_things(tree) for tree in there]
    if len(there) > 1 and all(of is not None for of in things):
        named = iter(_by_name([of or [] for of in things]))
        trees = [tree if tree is None else next(named) for tree in trees]
    if len(there) > 1 and all(isinstance(tree, Mapping) for tree in trees if tree is not None):
        for key in dict.fromkeys(key for tree in trees if isinstance(tree, Mapping) for key in tree):
            under = place if key == "all" else f"{place}.{key}"
            yield from side_by_side(under, [tree.get(key) if isinstance(tree, Mapping) else None for tree in trees])
    else:
        yield place, trees


def same(a: Tree, b: Tree) -> bool:
    """Whether two values say the same: the order of a list of simple values says nothing."""
    return a == b or (isinstance(a, list) and isinstance(b, list) and sorted(map(str, a)) == sorted(map(str, b)))


def _things(value: Tree) -> list[Tree] | None:
    """The items of a list of tables."""
    return value if isinstance(value, list) and all(isinstance(item, Mapping) for item in value) else None


def _by_name(lists: list[list[Tree]]) -> list[Tree]:
    """Lists of things as tables, each thing named by as many of its first fields as tell them apart."""
    simple = [[list(_simple(item)) for item in side] for side in lists]
    length = max((len(names) for side in simple for names in side), default=0)
    names = [["" for _ in side] for side in simple]
    for several in range(1, length + 1):
        names = [[" ".join(parts[:several]) for parts in side] for side in simple]
        if all(len(set(side)) == len(side) for side in names):
            break
    return [dict(zip(own, side, strict=True)) for own, side in zip(names, lists, strict=True)]


def _simple(value: Tree) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _simple(item)
    elif isinstance(value, list):
        for item in value:
            yield from _simple(item)
    elif isinstance(value, str | int):
        yield str(value)


def shown(value: Tree) -> Untrusted | None:
    """A value in few words."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        told = [f"{k}={v}" for k, v in value.items() if isinstance(v, str | int) and v not in ("", 0)]
        return Untrusted(", ".join(told[:TELLING]) or "there")
    if isinstance(value, bool):
        return Untrusted("yes" if value else "no")
    text = ", ".join(" ".join(_simple(item)) for item in value) if isinstance(value, list) else str(value)
    return Untrusted(text or "none")


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return value.raw if isinstance(value, Untrusted) else str(value)


def _why(missing: Unknown | Inapplicable) -> str:
    if isinstance(missing, Inapplicable):
        return f"does not apply ({missing.why})"
    return f"unknown ({missing.silence.value.replace('_', ' ')})"
