"""The lines of a whole file: as each by itself would be read, only faster, and righter where others tell more."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs.dating import Dater
from diagkit.logs.timestamps import Clock, micros, moment, read_stamp

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = Clock(ahead=3600, latest=NOW, booted=NOW - timedelta(days=3), place="Europe/Berlin")
LEVELS = ("INFO", "WARN", "ERROR", "UTC", "CET", "POST")


def lines_of(at: datetime, word: str) -> list[str]:
    """The same moment as many programs write it, and lines that no time stands in."""
    us, seconds = f"{at:%f}", at.timestamp()
    return [
        f"{at:%Y-%m-%d %H:%M:%S},{us[:3]} {word} shop: x",
        f"{at:%Y-%m-%d %H:%M:%S} {word} x",
        f"{at:%Y-%m-%dT%H:%M:%S}.{us}Z {word} x",
        f"{at:%Y-%m-%dT%H:%M:%S}.{us}123+02:00 {word}",
        f"[{at:%Y-%m-%dT%H:%M:%S},{us[:3]}][{word} ][o.e.c.s] x",
        f"{at:%Y/%m/%d %H:%M:%S} [{word}] 12#12: x",
        f"{at:%b %e %H:%M:%S} web1 app[1]: {word}",
        f'{at:%b %e %H:%M:%S} web1 app[1]: {{"time":"2026-11-01T10:00:00Z","msg":"{word}"}}',
        f"<13>{at:%b %e %H:%M:%S} web1 app[1]: {word}",
        f"{at:%b %d %Y %H:%M:%S}: %ASA-6-1: {word}",
        f"[{at:%a %b %d %H:%M:%S}.{us} {at:%Y}] [core:{word}] x",
        f'10.0.0.{at.second} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET /{word} HTTP/1.1" 200 1',
        f'10.0.0.9 - - [{at:%d/%b/%Y %H:%M:%S}] "GET /{word} HTTP/1.1" 200 1',
        f"{seconds:.6f} web1 kernel: {word}",
        f"{int(seconds * 1000)} {word}",
        f"{int(seconds)} {word}",
        f"[{at.second:5}.{us}] {word}",
        f"E{at:%m%d %H:%M:%S}.{us} 12 f.go:1] {word}",
        f"{at:%d-%b-%Y %H:%M:%S}.{us[:3]} {word} [main] x",
        f"{at:%y%m%d %H%M%S} 148 {word} dfs.DataNode: x",
        f"{at:%y/%m/%d %H:%M:%S} {word} executor.Executor: x",
        f"{word} [main] {at:%Y-%m-%d %H:%M:%S},{us[:3]} Cart.java:1 - x",
        f"web-{at.second % 3}  | {at:%Y-%m-%dT%H:%M:%S}.{us}Z {word}",
        f'{{"level":"{word}","ts":{seconds:.6f},"msg":"x"}}',
        f'{{"t":{{"$date":"{at:%Y-%m-%dT%H:%M:%S}.{us[:3]}+00:00"}},"s":"I","msg":"{word}"}}',
        f'{{"msg":"{word}","time":0.25,"@timestamp":"{at:%Y-%m-%dT%H:%M:%S}Z"}}',
        f'time="{at:%Y-%m-%dT%H:%M:%S}Z" level={word} msg=x',
        f"level={word} ts={at:%Y-%m-%dT%H:%M:%S}.{us[:3]}Z caller=x",
        f"{at:%H:%M:%S}.{us[:3]} [main] {word} x",
        f"type=AVC msg=audit({int(seconds)}.{us[:3]}:184): {word}",
        f"\tat org.shop.Cart.{word}(Cart.java:12)",
        f"Caused by: java.lang.{word}: {at:%Y-%m-%d}",
        word,
        "",
    ]


moments = st.builds(
    lambda day, seconds, us: NOW - timedelta(days=day, seconds=seconds, microseconds=us),
    st.integers(1, 3), st.integers(0, 130), st.integers(0, 999_999),
)  # fmt: skip


@given(st.lists(st.tuples(moments, st.sampled_from(LEVELS), st.integers(0, 33)), min_size=1, max_size=60))
@settings(max_examples=120, deadline=None)
def test_every_line_is_read_as_it_would_be_by_itself(picked) -> None:
    dater = Dater(CLOCK)
    for at, word, which in picked:
        line = lines_of(at, word)[which]
        alone, us = read_stamp(line, CLOCK), dater.at(line.encode())
        if alone and "date" in alone.assumed:  # which the lines before tell
            assert us is not None
            assert (us - micros(alone.at)) % (86_400 * 1_000_000) == 0
        else:
            assert us == (micros(alone.at) if alone else None), line
        if alone:
            assert dater.end(line.encode()) == alone.end, line
            assert dater.assumed >= set(alone.assumed)


@given(
    st.sampled_from(range(34)), st.sampled_from(LEVELS), st.lists(st.integers(0, 400_000_000), min_size=2, max_size=60)
)
@settings(max_examples=120, deadline=None)
def test_so_are_the_lines_of_a_file_of_one_form(which: int, word: str, after: list[int]) -> None:
    dater = Dater(CLOCK)
    for us in sorted(after):
        line = lines_of(NOW - timedelta(hours=2) + timedelta(microseconds=us), word)[which]
        alone = read_stamp(line, CLOCK)
        assert dater.at(line.encode()) == (micros(alone.at) if alone else None), line


@given(st.binary(min_size=1, max_size=80), st.sampled_from(range(34)))
def test_junk_before_a_line_hides_its_time_in_a_file_as_it_does_by_itself(junk: bytes, which: int) -> None:
    dater = Dater(CLOCK)
    line = lines_of(NOW - timedelta(hours=2), "INFO")[which].encode()
    dater.at(line)
    odd = junk.replace(b"\n", b"") + line
    alone, us = read_stamp(odd.decode("latin-1"), CLOCK), dater.at(odd)
    if not (alone and "date" in alone.assumed):
        assert us == (micros(alone.at) if alone else None)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_raise_nothing(raw: bytes) -> None:
    dater = Dater(CLOCK)
    dater.at(b"2026-11-21 21:48:05 x")
    dater.at(raw)
    dater.end(raw)


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
)


@pytest.mark.parametrize("place", ZONES)
@pytest.mark.parametrize("form", ["%b %e %H:%M:%S web1 x", "%Y-%m-%d %H:%M:%S INFO x", "[%d/%b/%Y %H:%M:%S] x"])
def test_local_times_over_two_changes_is_right_or_flagged(place: str, form: str) -> None:
    """A line every twenty minutes, over two changes of the clocks."""
    zone, clock = ZoneInfo(place), Clock(ahead=0, latest=NOW, booted=NOW, place=place)
    dater = Dater(clock)
    at = NOW - timedelta(days=300)
    while at < NOW:
        line = at.astimezone(zone).strftime(form).encode()
        dater.assumed.clear()
        assert dater.at(line) == micros(at) or "fold" in dater.assumed, (at, line)
        at += timedelta(minutes=20)


@given(
    st.lists(st.integers(0, 5400), min_size=1, max_size=40),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
@settings(max_examples=200, deadline=None)
def test_around_the_change_each_line_is_right_or_flagged(gaps: list[int], place: str) -> None:
    zone = ZoneInfo(place)
    at = {
        "Europe/Berlin": datetime(2026, 10, 24, 22, tzinfo=UTC),
        "America/New_York": datetime(2026, 11, 1, 3, tzinfo=UTC),
        "Australia/Lord_Howe": datetime(2026, 4, 4, 12, tzinfo=UTC),
    }[place]
    dater = Dater(Clock(ahead=0, latest=NOW, booted=NOW, place=place))
    for gap in gaps:
        at += timedelta(seconds=gap)
        dater.assumed.clear()
        us = dater.at(at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S INFO x").encode())
        assert us == micros(at) or "fold" in dater.assumed, (at, us and moment(us))
        assert "zone" in dater.assumed or us == micros(at)


def test_an_hour_that_came_twice_is_told_by_the_order_of_its_lines() -> None:
    dater = Dater(CLOCK)
    stamps = ["01:59:59", "02:00:00", "02:59:59", "02:00:00", "02:20:00", "02:59:59", "03:00:00"]
    read = [dater.at(f"2026-10-25 {stamp} INFO x".encode()) or 0 for stamp in stamps]
    assert [f"{moment(us):%H:%M:%S}" for us in read] == [
        "23:59:59",
        "00:00:00",
        "00:59:59",
        "01:00:00",
        "01:20:00",
        "01:59:59",
        "02:00:00",
    ]


def test_december_and_january_in_one_file() -> None:
    clock = Clock(ahead=0, latest=datetime(2027, 1, 2, tzinfo=UTC), booted=NOW)
    dater = Dater(clock)
    read = [dater.at(line) for line in (b"Dec 31 23:59:59 h x", b"Jan  1 00:00:01 h x", b"Jan  1 23:00:00 h x")]
    assert [moment(us).year for us in read if us] == [2026, 2027, 2027]


def test_a_line_near_by_gives_the_year() -> None:
    assert (
        moment(Dater(CLOCK, near=micros(datetime(2023, 5, 1, tzinfo=UTC))).at(b"May  2 00:00:00 h x") or 0).year == 2023
    )


def test_the_order_of_day_and_month_is_learned_from_the_first_date_that_proves_it() -> None:
    dater = Dater(CLOCK)
    assert moment(dater.at(b"21/11/2026 10:00:00 x") or 0).day == 21
    assert dater.assumed == {"zone"}
    assert moment(dater.at(b"05/11/2026 10:00:00 x") or 0) == datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert dater.assumed == {"zone"}


def test_where_nothing_proves_it_the_order_is_flagged() -> None:
    dater = Dater(CLOCK)
    assert moment(dater.at(b"05/11/2026 10:00:00 x") or 0).month == 5
    assert dater.assumed == {"order", "zone"}


@pytest.mark.parametrize(
    ("line", "second"),
    [
        (b"[   75.123456] x", 75.123456),
        (b"[12345.123456] x", 12345.123456),
    ],
)
def test_the_kernels_seconds_do_not_end_at_sixty(line: bytes, second: float) -> None:
    dater = Dater(CLOCK)
    for _ in range(2):
        assert moment(dater.at(line) or 0) == CLOCK.booted + timedelta(seconds=second)


@pytest.mark.parametrize(
    "line", [b"2016-12-31T23:59:60Z x", b"2016-12-31T23:59:60.5Z x", b"1795297684509.123 x", b"1795297684509123456 x"]
)
def test_odd_digits_are_read_as_carefully_twice_as_once(line: bytes) -> None:
    dater = Dater(CLOCK)
    alone = read_stamp(line.decode(), CLOCK)
    assert alone
    assert dater.at(line) == dater.at(line) == micros(alone.at)


def test_a_wild_year_in_one_line_does_not_mislead_those_after_it() -> None:
    dater = Dater(CLOCK)
    read = [dater.at(line) for line in (b"Nov 20 10:00:00 h x", b"2019-01-01T00:00:00Z x", b"Nov 20 10:00:01 h x")]
    assert [moment(us).year for us in read if us] == [2026, 2019, 2026]
