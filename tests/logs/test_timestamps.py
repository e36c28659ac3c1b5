"""Time stamps: read right, or flagged; never guessed in silence."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.logs.timestamps import DAY, Clock, offset, read_stamp

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
BERLIN = Clock(ahead=3600, latest=NOW, booted=datetime(2026, 11, 21, 20, 0, tzinfo=UTC))


def at(*parts: int) -> datetime:
    return datetime(2026, 11, 21, *parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "when", "assumed", "rest"),
    [
        ("1795297684.509939 web1 kernel: x", at(21, 48, 4, 509939), (), "web1 kernel: x"),
        ("1795297684509 x", at(21, 48, 4, 509000), (), "x"),
        ("2026-11-21T21:48:04.692752+00:00 web1 cron[105]: x", at(21, 48, 4, 692752), (), "web1 cron[105]: x"),
        ("<30>1 2026-11-21T21:48:04Z web1 cron - - - x", at(21, 48, 4), (), "web1 cron - - - x"),
        ("2026-11-21T21:48:05.016123Z 0 [ERROR] x", at(21, 48, 5, 16123), (), "0 [ERROR] x"),
        ("2026-11-21 21:48:05.016 UTC [120] LOG:  x", at(21, 48, 5, 16000), (), "[120] LOG:  x"),
        ("2026-11-21 21:48:05.016 CET [120] LOG:  x", at(20, 48, 5, 16000), ("zone",), "[120] LOG:  x"),
        ("2026-11-21 22:13:16,978 INFO shop: x", at(21, 13, 16, 978000), ("zone",), "INFO shop: x"),
        ("[2026-11-21 22:13:16 +0100] [812] [INFO] x", at(21, 13, 16), (), "[812] [INFO] x"),
        ("Nov 21 21:48:05 mini1 x", at(20, 48, 5), ("year", "zone"), "mini1 x"),
        ("[  141.630761] x", at(20, 2, 21, 630761), (), "x"),
        ("2026/11/21 22:08:17 [error] x", at(21, 8, 17), ("zone",), "[error] x"),
        ("[Sat Nov 21 22:08:19.123456 2026] [core:error] x", at(21, 8, 19, 123456), ("zone",), "[core:error] x"),
        ("107:M 21 Nov 2026 21:48:05.407 * x", at(20, 48, 5, 407000), ("zone",), "* x"),
        ("[21-Nov-2026 14:05:06] WARNING: x", at(13, 5, 6), ("zone",), "WARNING: x"),
        ("E1121 12:00:00.000123 1234 f.go:1] x", at(11, 0, 0, 123), ("year", "zone"), "1234 f.go:1] x"),
        ("type=AVC msg=audit(1795297684.532:184): avc: x", at(21, 48, 4, 532000), (), "avc: x"),
    ],
)
def test_the_forms_that_programs_write(line: str, when: datetime, assumed: tuple[str, ...], rest: str) -> None:
    stamp = read_stamp(line, BERLIN)
    assert stamp is not None
    assert (stamp.at, stamp.assumed, line[stamp.end :]) == (when, assumed, rest)


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ('10.0.0.2 - - [21/Nov/2026:22:08:19 +0000] "GET / HTTP/1.1" 502 157', at(22, 8, 19)),
        ('{"level":"error","ts":1795297684.5,"msg":"x"}', at(21, 48, 4, 500000)),
        ('{"time":"2026-11-21T10:00:00Z","level":"ERROR"}', at(10)),
    ],
)
def test_where_the_stamp_is_inside_the_whole_line_stays_the_message(line: str, when: datetime) -> None:
    stamp = read_stamp(line, BERLIN)
    assert stamp is not None
    assert (stamp.at, stamp.end) == (when, 0)


@pytest.mark.parametrize(
    "line",
    ["", "    at java.lang.String", "2026-13-21T21:48:04Z x", "2026-02-30 10:00:00 x", "Nov 31 10:00:00 x",
     "crond: crond (busybox 1.35.0) started", "٢٠٢٦-11-21 21:48:05 x", "10:00:00 x", "12345 x"],
)  # fmt: skip
def test_what_is_no_stamp_is_none(line: str) -> None:
    assert read_stamp(line, BERLIN) is None


def test_a_missing_year_is_that_of_the_latest_such_day() -> None:
    year = {
        name: stamp.at.year
        for name in ("Nov 21", "Nov 22", "Dec 31", "Jan  1", "Feb 29")
        if (stamp := read_stamp(f"{name} 12:00:00 x", BERLIN))
    }
    assert year == {"Nov 21": 2026, "Nov 22": 2026, "Dec 31": 2025, "Jan  1": 2026, "Feb 29": 2024}


@pytest.mark.parametrize("name", ["EST", "IST", "BST", "CET", "MSK", "PDT"])
def test_a_zone_that_could_be_several_is_assumed_to_be_the_hosts(name: str) -> None:
    stamp = read_stamp(f"2026-11-21 12:00:00 {name} x", BERLIN)
    assert stamp is not None
    assert stamp.at == at(11)
    assert stamp.assumed == ("zone",)


@pytest.mark.parametrize(
    ("text", "hours"), [("+0530", 5.5), ("-03:30", -3.5), ("+14:00", 14), ("-1200", -12), ("Z", 0)]
)
def test_offsets(text: str, hours: float) -> None:
    zone = offset(text)
    assert zone is not None
    assert zone.utcoffset(None) == timedelta(hours=hours)


@given(
    when=st.datetimes(datetime(1970, 1, 2), datetime(2040, 1, 1)),  # noqa: DTZ001
    hours=st.integers(-12, 14),
    latest=st.datetimes(datetime(1971, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001
)
def test_with_year_and_zone_it_is_right_and_without_it_is_flagged(when: datetime, hours: int, latest: datetime) -> None:
    zone = timezone(timedelta(hours=hours))
    written = when.replace(microsecond=0, tzinfo=zone)
    clock = Clock(ahead=0, latest=latest.replace(tzinfo=UTC), booted=NOW)
    whole = read_stamp(f"{written.isoformat()} host x", clock)
    assert whole is not None
    assert (whole.at, whole.assumed) == (written, ())
    bare = read_stamp(written.strftime("%b %d %H:%M:%S host x"), clock)
    assert bare is not None
    assert bare.assumed == ("year", "zone")
    assert bare.at <= clock.latest + DAY
    assert bare.at.strftime("%m-%d %H:%M:%S") == written.strftime("%m-%d %H:%M:%S")


@given(st.text(max_size=80))
def test_junk_raises_nothing(text: str) -> None:
    read_stamp(text, BERLIN)
