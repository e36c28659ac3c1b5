"""What differs between two tapes, in meaning: facts field by field, and findings whose status changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime

from diagkit.model import Again, Finding, Scan, Status, Tape, Unknown, Untrusted
from diagkit.probes import Facts, Inapplicable, Probe
from diagkit.session import Settings, judge

PASSING = (Status.OK, Status.SKIP, None)
SAME_SIZE = 2.0  # two numbers within this factor are the same: loads, free bytes and ages move by themselves
MOVING = re.compile(r"(^|_)(pid|ppid|inode|uptime|ticks|at|since|until|age|started|seq|id)($|_)")


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
    """What differs. Facts that move by themselves (rates, logs, reach tests) are compared through their findings."""
    still = [probe for probe in settings.probes() if _is_still(probe)]
    left, right = (_facts(tape, still, settings) for tape in (a, b))
    unseen = tuple(name for name in left if isinstance(left[name], Unknown) and isinstance(right[name], Unknown))
    return Comparison(
        a=_said(a),
        b=_said(b),
        seen=len(still) - len(unseen),
        unseen=unseen,
        facts=tuple(d for name in left if name not in unseen for d in _differences(name, left[name], right[name])),
        findings=tuple(_findings(a, b, settings)),
    )


def _said(tape: Tape) -> Untrusted:
    return Untrusted(f"{tape.target.label}, {tape.moment.now:%Y-%m-%d %H:%M} UTC")


def _facts(tape: Tape, wanted: list[Probe], settings: Settings) -> dict[str, object]:
    facts = Facts(settings.probes(), tape)
    return {probe.name: facts[probe.fact] for probe in wanted}


def _differences(name: str, a: object, b: object) -> Iterator[Difference]:
    left, right = dict(_leaves(a, name)), dict(_leaves(b, name))
    for place in sorted(left.keys() | right.keys()):
        if not _same(left.get(place), right.get(place)):
            yield Difference(field=Untrusted(place), a=_shown(left.get(place)), b=_shown(right.get(place)))


def _is_still(probe: Probe) -> bool:
    return not any(isinstance(ask, Again | Scan) for ask in probe.asks())


def _leaves(value: object, place: str) -> Iterator[tuple[str, object]]:
    """Every simple value with its path. What is in a list goes by its first field (path, name), not its position."""
    if isinstance(value, Unknown | Inapplicable):
        yield place, _why(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if not MOVING.search(field.name):
                yield from _leaves(getattr(value, field.name), f"{place}.{field.name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{place}.{_name(key)}")
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _leaves(item if is_dataclass(item) else isinstance(item, str) or None, f"{place}.{_name(item)}")
    elif not isinstance(value, datetime | float) and value is not None:
        yield place, value


def _name(item: object) -> str:
    if is_dataclass(item):
        return _name(getattr(item, fields(item)[0].name))
    return item.raw if isinstance(item, Untrusted) else str(item)


def _why(missing: Unknown | Inapplicable) -> str:
    if isinstance(missing, Inapplicable):
        return f"does not apply ({missing.why})"
    return f"unknown ({missing.silence.value.replace('_', ' ')})"


def _same(a: object, b: object) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float) and a != b:
        low, high = sorted((float(abs(a)), float(abs(b))))
        return low > 0 and high / low < SAME_SIZE and not isinstance(a, bool)
    return a == b


def _shown(value: object) -> Untrusted | None:
    if value is None or isinstance(value, Untrusted):
        return value
    return Untrusted("yes" if value is True else "no" if value is False else str(value))


def _findings(a: Tape, b: Tape, settings: Settings) -> Iterator[Change]:
    left, right = ({(f.check, f.subject.raw): f for f in judge(tape, settings)[0]} for tape in (a, b))
    for key in sorted(left.keys() | right.keys()):
        before, after = left.get(key), right.get(key)
        statuses = (_status(before), _status(after))
        if statuses[0] != statuses[1] and not all(status in PASSING for status in statuses):
            telling = max((f for f in (before, after) if f), key=lambda f: list(Status).index(f.status))
            yield Change(check=key[0], subject=Untrusted(key[1]), a=statuses[0], b=statuses[1], summary=telling.summary)


def _status(finding: Finding | None) -> Status | None:
    return finding.status if finding else None
