"""How bad a kind of line is, and how many lines of each severity there are over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diagkit.digest.buckets import Grid
from diagkit.logs.occurrences import Occurrence
from diagkit.logs.signatures import catalogue
from diagkit.model import Finding, LogSignature, Status

SEVERITIES = {"fail": Status.FAIL, "warn": Status.WARN}
ERROR = "error"


def judged_by_checks(findings: Iterable[Finding], found: Iterable[Occurrence]) -> dict[str, Status]:
    """How bad the kinds of lines are on which a check of their own has the last word, such as OOM kills."""
    bad: dict[str, Status] = {}
    for finding in findings:
        if finding.status in SEVERITIES.values():
            for evidence in finding.evidence:
                bad[evidence.excerpt.raw] = Status.worst((finding.status, bad.get(evidence.excerpt.raw, Status.OK)))
    return {one.signature: bad[one.sample] for one in found if one.sample in bad}


def status_of(signature: str, count: int, judged: Mapping[str, Status]) -> Status:
    """How bad so many lines of this kind are. judged: by checks of their own."""
    known = catalogue()[signature]
    return judged.get(signature) or (known.severity if count >= known.least else Status.OK)


def too_few(signature: str, status: Status) -> int:
    """From how many lines on this kind would be trouble, where these were not enough; else 0."""
    known = catalogue()[signature]
    return known.least if status is Status.OK and known.severity is not Status.OK else 0


def rows(known: Iterable[LogSignature], errors: Mapping[int, int], grid: Grid) -> dict[str, tuple[int, ...]]:
    """Lines in each bucket: of signatures that fail, that warn, and all other errors, which are given by the minute."""
    found = {}
    for row, status in SEVERITIES.items():
        bars = [signature.per_bucket for signature in known if signature.status is status]
        found[row] = tuple(map(sum, zip(*bars, strict=True))) if bars else (0,) * grid.number
    return found | {ERROR: grid.counts(errors)}
