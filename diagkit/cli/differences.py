"""What differs between two tapes, in meaning: facts field by field, and findings whose status changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum

from diagkit.model import Again, Finding, Scan, Status, Tape, Unknown, Untrusted
from diagkit.probes import Facts, Inapplicable, Probe
from diagkit.session import Settings, judge

PASSING = (Status.OK, Status.SKIP, None)
SELF = "(target)"  # stands for the name of the host itself, which differs between any two
MOVING = re.compile(  # the ends of names of fields that change from one minute to the next
    r"[._](pid|id|at|since|until|started|uptime|age|seq|inode|free|available|used|open|wait|waiting|current|count|tasks|"
    r"others|before|failed|allocated|committed|shared|sent|load|restarts|refused|device|memory\.kernel|body|neighbours|jobs|last_words|near|deleted_links)$"
)
TELLING = 4  # fields told of a thing that only one of the two has
Tree = Mapping[str, "Tree"] | Sequence["Tree"] | str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one fact. None: it is not there."""

    field: Untrusted
    a: Untrusted | None
    b: Untrusted | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One check about one subject that came out differently. None: nothing was said about it."""

    check: str
    subject: Untrusted
    a: Status | None
    b: Status | None
    summary: Untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that differs between a and b. `unseen`: the probes that saw nothing on either; `seen`: how many did."""

    a: Untrusted
    b: Untrusted
    seen: int
    unseen: tuple[str, ...]
    facts: tuple[Difference, ...]
    findings: tuple[Change, ...]


def compare(a: Tape, b: Tape, settings: Settings) -> Comparison:
    """What differs."""
    still = [probe for probe in settings.probes() if _is_still(probe)]
    left, right = (_facts(tape, still, settings) for tape in (a, b))
    unseen = tuple(name for name in left if isinstance(left[name], Unknown) and isinstance(right[name], Unknown))
    seen = [name for name in left if name not in unseen]
    return Comparison(
        a=_said(a),
        b=_said(b),
        seen=len(seen),
        unseen=unseen,
        facts=tuple(d for n in seen for d in differ(n, tree(left[n], n, _own(a)), tree(right[n], n, _own(b)))),
        findings=tuple(_findings(a, b, settings)),
    )


def _said(tape: Tape) -> Untrusted:
    return Untrusted(f"{tape.target.label}, {tape.moment.now:%Y-%m-%d %H:%M} UTC")


def _own(tape: Tape) -> re.Pattern[str]:
    """Where the host speaks of itself by the name we gave it."""
    return re.compile(rf"\b{re.escape(tape.target.host)}\b" if tape.target.host else r"(?!)")


def _facts(tape: Tape, wanted: list[Probe], settings: Settings) -> dict[str, object]:
    facts = Facts(settings.probes(), tape)
    return {probe.name: facts[probe.fact] for probe in wanted}


def _is_still(probe: Probe) -> bool:
    """Whether it tells how a host is set up. Rates and logs are compared through their findings."""
    moves = probe.name.startswith("logs.") or MOVING.search(probe.name)
    return not moves and not any(isinstance(ask, Again | Scan) for ask in probe.asks())


def tree(value: object, place: str, own: re.Pattern[str]) -> Tree:
    """A fact as tables, lists and simple values, without what moves by itself, as fractions (measurements) do."""
    if isinstance(value, Unknown | Inapplicable):
        return _why(value)
    if is_dataclass(value) and not isinstance(value, type | Untrusted):
        named = {f.name: f"{place}.{f.name}" for f in fields(value)}
        return {n: tree(getattr(value, n), p, own) for n, p in named.items() if not MOVING.search(p)}
    if isinstance(value, Mapping):
        return {own.sub(SELF, _text(key)): tree(item, place, own) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [tree(item, place, own) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if value is None or isinstance(value, datetime | float):
        return None
    return value if isinstance(value, int) else own.sub(SELF, _text(value))


def differ(place: str, a: Tree, b: Tree) -> Iterator[Difference]:
    """The fields in which two trees differ, with their paths."""
    if a == b:
        return
    if isinstance(a, list) and isinstance(b, list) and all(isinstance(item, dict) for item in (*a, *b)):
        a, b = _by_name(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from differ(place if key == "all" else f"{place}.{key}", a.get(key), b.get(key))
    elif not (isinstance(a, list) and isinstance(b, list) and sorted(map(str, a)) == sorted(map(str, b))):
        yield Difference(field=Untrusted(place), a=_shown(a), b=_shown(b))


def _by_name(a: list[Tree], b: list[Tree]) -> tuple[Tree, Tree]:
    """Two lists of things as tables, each thing named by as many of its first fields as tell them apart."""
    simple = [[list(_simple(item)) for item in side] for side in (a, b)]
    length = max((len(names) for side in simple for names in side), default=0)
    for several in range(1, length + 1):
        names = [[" ".join(parts[:several]) for parts in side] for side in simple]
        if all(len(set(side)) == len(side) for side in names):
            break
    return dict(zip(names[0], a, strict=True)), dict(zip(names[1], b, strict=True))


def _simple(value: Tree) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _simple(item)
    elif isinstance(value, list):
        for item in value:
            yield from _simple(item)
    elif isinstance(value, str | int):
        yield str(value)


def _shown(value: Tree) -> Untrusted | None:
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


def _findings(a: Tape, b: Tape, settings: Settings) -> Iterator[Change]:
    left, right = (
        {(f.check, _own(tape).sub(SELF, f.subject.raw)): f for f in judge(tape, settings)[0]} for tape in (a, b)
    )
    for key in sorted(left.keys() | right.keys()):
        before, after = left.get(key), right.get(key)
        statuses = (_status(before), _status(after))
        if statuses[0] != statuses[1] and not all(status in PASSING for status in statuses):
            telling = max((f for f in (before, after) if f), key=lambda f: list(Status).index(f.status))
            yield Change(check=key[0], subject=Untrusted(key[1]), a=statuses[0], b=statuses[1], summary=telling.summary)


def _status(finding: Finding | None) -> Status | None:
    return finding.status if finding else None
