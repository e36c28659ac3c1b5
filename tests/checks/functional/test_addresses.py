"""A database that its server does not know: a wrong name, or one that is being restored."""

from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks.functional import addresses
from diagkit.logs.occurrences import Occurrence
from diagkit.model import Moment, Silence, Status, Unknown
from diagkit.probes.endpoints import Attempts
from diagkit.probes.logs import Occurrences

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENT = Moment(NOON, NOON - timedelta(hours=1), NOON)
UNSEEN = Unknown("settings.settings", Silence.DENIED)


@pytest.mark.parametrize(
    ("lasted", "ago", "status"),
    [
        (600, 300, Status.FAIL),
        (0, 10, Status.FAIL),
        (0, 300, Status.OK),  # for a moment, some time ago
    ],
)
def test_a_database_that_is_not_there(lasted, ago, status):
    last = NOON - timedelta(seconds=ago)
    line = Occurrence(
        signature="database_missing", count=4, first=last - timedelta(seconds=lasted), last=last, bursts=(), minutes={},
        source="journal", sample='FATAL: database "shop" does not exist', programs=("shop",),
        fields={"database": ("shop",)},
    )  # fmt: skip
    (found,) = addresses.usual.judge(Attempts(all=()), Occurrences(all=(line,)), UNSEEN, UNSEEN, MOMENT)
    assert found.status is status
