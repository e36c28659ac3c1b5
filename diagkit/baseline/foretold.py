"""The forecasts among the findings: whatever was measured to end at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from diagkit.model import Finding, Forecast

DAY = 86_400.0
FARTHEST = 3650 * DAY  # what is said to end later than this has no end


def forecasts(findings: Iterable[Finding], now: datetime) -> tuple[Forecast, ...]:
    """The forecasts, soonest first: `full_in_s` of a trend, `days_left` of a certificate."""
    found = []
    for finding in findings:
        measured = finding.measured
        left = measured.get("full_in_s", measured.get("days_left", FARTHEST / DAY) * DAY)
        if left < FARTHEST:
            found.append(
                Forecast(
                    target=finding.target,
                    check=finding.check,
                    subject=finding.subject,
                    at=now + timedelta(seconds=left),
                    soonest=_time(now, measured.get("soonest_s")),
                    latest=_time(now, measured.get("latest_s")),
                    summary=finding.summary,
                )
            )
    return tuple(sorted(found, key=lambda forecast: forecast.at))


def _time(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None or seconds >= FARTHEST else now + timedelta(seconds=seconds)
