"""From findings to a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence

from diagkit.model import Diagnosis, Finding, Verdict


def weigh(findings: Sequence[Finding]) -> Diagnosis:
    """The likely root causes behind these findings."""
    return Diagnosis(verdict=Verdict.HEALTHY if not findings else Verdict.INCONCLUSIVE)
