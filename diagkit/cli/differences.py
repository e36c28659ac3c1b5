"""What differs between two tapes, in meaning: facts field by field, and findings whose status changed."""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.conclusions import Settings, judge
from diagkit.differences import SELF, Difference, differ, is_still, itself, tree
from diagkit.frozen import frozen
from diagkit.model import Finding, Status, Tape, Unknown, Untrusted
from diagkit.probes import Facts, Probe

PASSING = (Status.OK, Status.SKIP, None)


@frozen(kw_only=True)
class Change:
    """One check about one subject that came out differently. None: nothing was said about it."""

    check: str
    subject: Untrusted
    a: Status | None
    b: Status | None
    summary: Untrusted


@frozen(kw_only=True)
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
    still = [probe for probe in settings.probes() if is_still(probe)]
    left, right = (_facts(tape, still, settings) for tape in (a, b))
    unseen = tuple(name for name in left if isinstance(left[name], Unknown) and isinstance(right[name], Unknown))
    seen = [name for name in left if name not in unseen]
    return Comparison(
        a=_said(a),
        b=_said(b),
        seen=len(seen),
        unseen=unseen,
        facts=tuple(d for n in seen for d in differ(n, tree(left[n], n, itself(a)), tree(right[n], n, itself(b)))),
        findings=tuple(_findings(a, b, settings)),
    )


def _said(tape: Tape) -> Untrusted:
    return Untrusted(f"{tape.target.label}, {tape.moment.now:%Y-%m-%d %H:%M} UTC")


def _facts(tape: Tape, wanted: list[Probe], settings: Settings) -> dict[str, object]:
    facts = Facts(settings.probes(), tape)
    return {probe.name: facts[probe.fact] for probe in wanted}


def _findings(a: Tape, b: Tape, settings: Settings) -> Iterator[Change]:
    left, right = (
        {(f.check, itself(tape).sub(SELF, f.subject.raw)): f for f in judge(tape, settings)[0]} for tape in (a, b)
    )
    for key in sorted(left.keys() | right.keys()):
        before, after = left.get(key), right.get(key)
        statuses = (_status(before), _status(after))
        if statuses[0] != statuses[1] and not all(status in PASSING for status in statuses):
            telling = max((f for f in (before, after) if f), key=lambda f: list(Status).index(f.status))
            yield Change(check=key[0], subject=Untrusted(key[1]), a=statuses[0], b=statuses[1], summary=telling.summary)


def _status(finding: Finding | None) -> Status | None:
    return finding.status if finding else None
