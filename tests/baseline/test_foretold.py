"""The forecasts of a report are read off its findings."""

from datetime import UTC, datetime, timedelta

from diagkit.baseline.foretold import forecasts
from diagkit.model import Finding, Status, Untrusted

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def finding(subject, **measured):
    return Finding(status=Status.OK, check="c", subject=Untrusted(subject), summary=Untrusted("s"), measured=measured)


def test_soonest_first_and_nothing_that_ends_never():
    found = forecasts(
        [
            finding("certificate", days_left=61.0),
            finding("disk", full_in_s=7200.0, soonest_s=3600.0, latest_s=1e12),
            finding("far", full_in_s=1e12),
            finding("none"),
        ],
        NOW,
    )
    assert [f.subject.raw for f in found] == ["disk", "certificate"]
    assert found[0].at == NOW + timedelta(hours=2)
    assert found[0].soonest == NOW + timedelta(hours=1)
    assert found[0].latest is None
    assert found[1].at == NOW + timedelta(days=61)
