"""Times as people type them: understood as one thing, or refused with one sentence."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.cli.when import AFTER, BEFORE, WINDOW, NotUnderstood, echo, understand, window

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("now", NOW),
        ("20m", NOW - timedelta(minutes=20)),
        ("1h30m", NOW - timedelta(minutes=90)),
        ("1d 2h", NOW - timedelta(hours=26)),
        ("2 hours ago", NOW - timedelta(hours=2)),
        ("90s", NOW - timedelta(seconds=90)),
        ("14:05", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("today 03:00", datetime(2026, 11, 21, 2, 0, tzinfo=UTC)),
        ("yesterday 22:00", datetime(2026, 11, 20, 21, 0, tzinfo=UTC)),
        ("2026-11-21T14:05+01:00", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("2026-11-21T13:05Z", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("2026-11-21 14:05", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("20261121T1405", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("Nov 21 14:05:33", datetime(2026, 11, 21, 13, 5, 33, tzinfo=UTC)),
        ("Dec 24 18:00", datetime(2025, 12, 24, 17, 0, tzinfo=UTC)),
        ("Feb 29 10:00", datetime(2024, 2, 29, 9, 0, tzinfo=UTC)),
        ("21 Nov 2026 14:05 UTC", datetime(2026, 11, 21, 14, 5, tzinfo=UTC)),
        ("2026-07-01 12:00", datetime(2026, 7, 1, 10, 0, tzinfo=UTC)),  # summer time then, not now
    ],
)
def test_understood(text: str, when: datetime) -> None:
    assert understand(text, NOW, BERLIN) == when


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10", "guess"),
        ("1405", "guess"),
        ("friday", "guess"),
        ("friday 14:05", "guess"),
        ("2026-11-21", "guess"),
        ("01/02/2026 14:05", "either way"),
        ("14:05 EST", "EST does not name one zone for certain"),
        ("Nov 21 14:05 IST", "IST does not name one zone for certain"),
        ("21 Nov 2026 10:05 UTC+3", "read either way"),
        ("16:05", "still to come .* say 'yesterday 16:05'"),
        ("2030-01-01T00:00Z", "still to come"),
        ("2026-10-25 02:30", "happened twice"),
        ("2026-03-29 02:30", "happened never"),
        ("25:00", "not a time of day"),
        ("999999w", "beginning of the calendar"),
        ("9" * 40, "not a time"),
        ("tomorrow", "not a time"),
        ("", "not a time"),
        ("١٠:٠٠", "not a time"),
        ("20m\x1b[31m", "not a time"),
        ("x" * 500, "not a time"),
    ],
)
def test_refused_in_one_sentence(text: str, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why) as refused:
        understand(text, NOW, BERLIN)
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


@given(st.text(max_size=80) | st.from_regex(r"[0-9:TZ+ /a-z-]{1,30}", fullmatch=True))
def test_junk_is_refused_or_in_the_past(text: str) -> None:
    with suppress(NotUnderstood):
        assert understand(text, NOW, BERLIN) <= NOW


@given(st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 21)))  # noqa: DTZ001
def test_iso_with_a_zone_is_taken_at_its_word(when: datetime) -> None:
    for zone in (UTC, ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Kiritimati")):
        instant = when.replace(tzinfo=UTC)  # an instant, not a wall clock: some days never happened in Kiritimati
        assert understand(instant.astimezone(zone).isoformat(), NOW, BERLIN) == instant


def test_the_last_hour_is_looked_at_when_nothing_is_said() -> None:
    moment = window(now=NOW, zone=BERLIN)
    assert (moment.since, moment.until, moment.now) == (NOW - WINDOW, NOW, NOW)


def test_at_is_a_window_that_does_not_reach_into_the_future() -> None:
    moment = window(at="14:05", now=NOW, zone=BERLIN)
    at = datetime(2026, 11, 21, 13, 5, tzinfo=UTC)
    assert (moment.since, moment.until) == (at - BEFORE, at + AFTER)
    assert window(at="1m", now=NOW, zone=BERLIN).until == NOW


def test_until_alone_ends_the_hour_before_it() -> None:
    moment = window(until="yesterday 22:00", now=NOW, zone=BERLIN)
    assert moment.until - moment.since == WINDOW


@pytest.mark.parametrize(
    ("given", "why"),
    [({"at": "14:05", "since": "20m"}, "leave out"), ({"since": "10m", "until": "20m"}, "ends before it begins")],
)
def test_windows_that_make_no_sense(given: dict[str, str], why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        window(**given, now=NOW, zone=BERLIN)


def test_what_was_understood_is_said_in_one_line() -> None:
    said = echo(window(at="14:05", now=NOW, zone=BERLIN), BERLIN)
    assert said == "looking at 2026-11-21 13:50:00 +0100 to 2026-11-21 14:10:00 +0100 (20 min)"
