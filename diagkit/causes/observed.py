"""What was seen of one host, as a net takes it in.

A bad finding (WARN, FAIL) is one observation. A check that passed everywhere is one observation of grade 0. A graded
finding is one observation with its likelihood ratio. A check with an unjudged part and nothing bad is no observation
at all: unknown is evidence for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from diagkit.causes import State
from diagkit.frozen import frozen
from diagkit.model import Finding, Status, Untrusted

FAILED = 2


@frozen
class Observed:
    """What was seen: a bad finding, or a check that passed (the finding then is one of its passed ones)."""

    finding: Finding
    grade: int


def observations(by_check: Mapping[str, list[Finding]]) -> list[Observed]:
    """Every bad finding; every passed subject of a check with bad ones; every check that passed as a whole."""
    found = []
    for name in sorted(by_check):
        about = by_check[name]
        bad = [f for f in about if grade(f)]
        passed = [f for f in about if f.status is Status.OK]
        found += [Observed(f, grade(f)) for f in sorted(bad, key=lambda f: f.subject.raw)]
        graded = [f for f in passed if f.likelihood_ratio is not None]
        found += [Observed(f, 0) for f in sorted(graded, key=lambda f: f.subject.raw)]
        passed = [f for f in passed if f.likelihood_ratio is None]
        if not bad and passed and not unjudged(about):
            found.append(Observed(passed[0], 0))
    return found


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
    return any(f.status is Status.UNKNOWN for f in about) and not any(grade(f) for f in about)
