"""What was seen of one host, as a net takes it in.

A bad finding (WARN, FAIL) is one observation. A check that passed everywhere is one observation of grade 0. A graded
finding is one observation with its likelihood ratio. A check with an unjudged part and nothing bad is no observation
at all: unknown is evidence for nothing.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from diagkit.causes import State
from diagkit.frozen import frozen
from diagkit.model import Finding, Status, Untrusted

FAILED = 2
BAD = (Status.WARN, Status.FAIL)


@frozen
class Observed:
    """What was seen: a bad finding, or a check that passed (the finding then is one of its passed ones)."""

    finding: Finding
    grade: int


def by_check(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings of each check."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.check, []).append(finding)
    return found


def observations(by_check: Mapping[str, list[Finding]]) -> list[Observed]:
    """Every bad finding; every passed subject of a check with bad ones; every check that passed as a whole."""
    found = []
    for name in sorted(by_check):
        about = by_check[name]
        bad = [f for f in about if f.status in BAD]
        passed = [f for f in about if f.status is Status.OK]
        if not bad and not passed:
            continue  # as of what a host does not have
        found += [Observed(f, grade(f)) for f in sorted(bad, key=_subject)]
        graded = [f for f in passed if f.likelihood_ratio is not None]
        found += [Observed(f, 0) for f in sorted(graded, key=_subject)]
        if not bad and len(passed) > len(graded) and not unjudged(about):
            found.append(Observed(next(f for f in passed if f.likelihood_ratio is None), 0))
    return found


def likeness(by_check: Mapping[str, list[Finding]], observed: Sequence[Observed], voices: Container[str]) -> Hashable:
    """All of it that a net is made of: hosts with the same have the same net, and their observations are in step.

    What a passed check speaks of is of no account, unless there is trouble with it or a log line has the name.
    """
    troubled = {o.finding.subject.raw for o in observed if o.grade}
    standing = [
        (name, all(f.status is Status.SKIP for f in about), any(f.status is Status.UNKNOWN for f in about))
        for name, about in by_check.items()
    ]
    seen = [
        (
            o.finding.check,
            subject if (subject := o.finding.subject.raw) in troubled or subject in voices else "",
            o.grade,
            o.finding.background,
            o.finding.likelihood_ratio,
        )
        for o in observed
    ]
    return tuple(sorted(standing)), tuple(seen)


def _subject(finding: Finding) -> str:
    return finding.subject.raw


def kept_silent(state: State, by_check: Mapping[str, list[Finding]]) -> Finding | None:
    """What to hold against a state that is told by log lines, when the log could be read and has none of them."""
    about = by_check.get(state.told_by.name, []) if state.told_by else []
    if not about or any(f.status is Status.UNKNOWN for f in about):
        return None
    none = Untrusted("the log has none of the lines that tell of it")
    return replace(about[0], subject=Untrusted(""), status=Status.OK, summary=none)


def grade(finding: Finding) -> int:
    """How bad: 0 for what is no trouble, 1 for WARN, 2 for FAIL."""
    return FAILED if finding.status is Status.FAIL else int(finding.status is Status.WARN)


def unjudged(about: list[Finding]) -> bool:
    """Whether these findings of one check leave open how things are: a part is unknown, and none is bad."""
    statuses = [f.status for f in about]
    return Status.UNKNOWN in statuses and not any(status in BAD for status in statuses)
