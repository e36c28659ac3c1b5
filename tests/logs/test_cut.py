"""A window cut out of a file: never less than it holds, in few reads, and honest where order is broken."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs.cut import READS, Cut, cut, may_hold
from diagkit.logs.dating import Dater
from diagkit.logs.timestamps import Clock, micros

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = Clock(ahead=3600, latest=NOW, booted=NOW - timedelta(days=3), place="Europe/Berlin")
HOUR = timedelta(hours=1)


def iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}+00:00 web1 shop[812]: GET /items/{at.microsecond} 200\n"


def bsd(at: datetime) -> str:
    return f"{at + HOUR:%b %e %H:%M:%S} web1 shop[812]: GET /items 200\n"


def write(path: Path, times: list[datetime], form=iso, between: str = "") -> Path:
    path.write_text("".join(form(at) + between for at in times))
    return path


def rising(count: int, step: float = 1.0, start: datetime = NOW - timedelta(days=1)) -> list[datetime]:
    return [start + timedelta(seconds=step * n) for n in range(count)]


def window(path: Path, since: datetime, until: datetime, clock: Clock = CLOCK) -> Cut:
    with path.open("rb") as file:
        found = cut(file, path.stat().st_size, since, until, clock)
        assert file.tell() == 0
    assert found.reads <= READS
    return found


def inside(
    path: Path, since: datetime, until: datetime, start: int, end: int | None, near: int | None = None
) -> list[bytes]:
    raw = path.read_bytes()[start:end]
    dater = Dater(CLOCK, near=near)
    return [line for line in raw.splitlines() if (us := dater.at(line)) and micros(since) <= us <= micros(until)]


def holds_all(path: Path, since: datetime, until: datetime) -> Cut:
    found = window(path, since, until)
    all_of_it = inside(path, since, until, 0, None, found.near if found.start == 0 else None)
    assert inside(path, since, until, found.start, found.end, found.near) == all_of_it
    return found


@pytest.mark.parametrize("form", [iso, bsd])
def test_a_window_in_a_sorted_file(tmp_path: Path, form) -> None:
    path = write(tmp_path / "log", rising(60_000), form)
    since = NOW - timedelta(hours=20)
    found = holds_all(path, since, since + timedelta(minutes=10))
    assert found.ordered
    assert found.note == ""
    assert found.end - found.start < path.stat().st_size / (4 if form is bsd else 8)


def test_before_and_after_all_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "log", rising(20_000))
    for since in (NOW - timedelta(days=9), NOW + timedelta(days=9)):
        found = holds_all(path, since, since + HOUR)
        assert found.end - found.start <= 1 << 16


def test_a_file_with_its_youngest_line_first(tmp_path: Path) -> None:
    path = write(tmp_path / "log", rising(40_000)[::-1])
    found = holds_all(path, NOW - timedelta(hours=20), NOW - timedelta(hours=19))
    assert found.ordered
    assert "youngest" in found.note
    assert found.end - found.start < path.stat().st_size / 4


def test_lines_without_order_are_read_whole_and_it_is_said(tmp_path: Path) -> None:
    times = rising(20_000)
    random.Random(4).shuffle(times)
    path = write(tmp_path / "log", times)
    found = holds_all(path, NOW - timedelta(hours=20), NOW - timedelta(hours=19))
    assert (found.start, found.end, found.ordered) == (0, path.stat().st_size, False)
    assert "not in order" in found.note


def test_lines_that_stray_a_little(tmp_path: Path) -> None:
    dice = random.Random(7)
    times = sorted(rising(40_000), key=lambda at: at + timedelta(seconds=dice.uniform(0, 40)))
    path = write(tmp_path / "log", times)
    assert holds_all(path, NOW - timedelta(hours=20), NOW - timedelta(hours=19, minutes=50)).ordered


def test_one_wild_stamp_in_a_hundred_misleads_nobody(tmp_path: Path) -> None:
    times = [at if n % 100 else datetime(1970, 1, 1, tzinfo=UTC) for n, at in enumerate(rising(40_000), start=1)]
    path = write(tmp_path / "log", times)
    found = holds_all(path, NOW - timedelta(hours=20), NOW - timedelta(hours=19))
    assert found.start > 0 or not found.ordered


def test_stack_traces_and_long_lines_between(tmp_path: Path) -> None:
    trace = "".join(f"\tat org.shop.Cart.add(Cart.java:{n})\n" for n in range(60)) + "x" * 9000 + "\n"
    path = write(tmp_path / "log", rising(2000, step=30), between=trace)
    found = holds_all(path, NOW - timedelta(hours=20), NOW - timedelta(hours=19))
    assert found.ordered
    assert found.end - found.start < path.stat().st_size / 4


def test_nothing_dated_is_read_whole_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("no stamp here\n" * 100_000)
    found = window(path, NOW - HOUR, NOW)
    assert (found.start, found.end) == (0, path.stat().st_size)
    assert "no line says when" in found.note


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    assert window(path, NOW - HOUR, NOW) == Cut(start=0, end=0, reads=window(path, NOW, NOW).reads, ordered=False)


@pytest.mark.parametrize("size", [1 << 20, 1 << 30, 1 << 40])
def test_a_sparse_file_of_any_size(tmp_path: Path, size: int) -> None:
    path, islands = tmp_path / "log", 40
    with path.open("wb") as file:
        for n in range(islands):
            file.seek(size // islands * n)
            lines = "".join(iso(NOW - timedelta(hours=islands - n) + timedelta(seconds=s)) for s in range(120))
            file.write(lines.encode())
        file.truncate(size)
    since = NOW - timedelta(hours=20)
    found = window(path, since, since + timedelta(minutes=1))
    raw = iso(since).encode()
    with path.open("rb") as file:
        file.seek(size // islands * 20)
        assert file.read(len(raw)) == raw
    assert found.start <= size // islands * 20 < found.end
    assert found.end - found.start <= 2 * size // islands + (1 << 17)  # of which next to all is a hole


def test_zeros_that_are_no_hole(tmp_path: Path) -> None:
    times = rising(20_000)
    lines = [iso(at).encode() for at in times]
    path = tmp_path / "log"
    path.write_bytes(b"".join(lines[:8000]) + b"\0" * 3_000_000 + b"\n" + b"".join(lines[8000:]))
    for since in (times[2000], times[7990], times[12000]):
        holds_all(path, since, since + timedelta(minutes=5))


def test_clocks_that_go_back_are_no_disorder(tmp_path: Path) -> None:
    night = datetime(2026, 10, 24, 22, tzinfo=UTC)
    times = rising(8 * 3600, start=night)
    path = tmp_path / "log"
    path.write_text(
        "".join(
            f"{at + (2 if at < night + 3 * HOUR else 1) * HOUR:%b %e %H:%M:%S} web1 x: {n}\n"
            for n, at in enumerate(times)
        )
    )
    clock = Clock(ahead=3600, latest=NOW, booted=NOW, place="Europe/Berlin")
    for hours in range(7):
        since = night + hours * HOUR
        found = window(path, since, since + HOUR / 2, clock)
        assert found.ordered
        kept = path.read_bytes()[found.start : found.end]
        assert b"x: %d\n" % (hours * 3600) in kept
        assert b"x: %d\n" % (hours * 3600 + 1800) in kept


def test_a_file_of_years_whose_lines_do_not_say_theirs(tmp_path: Path) -> None:
    times = rising(30_000, step=3600.0, start=NOW - timedelta(seconds=3600 * 29_999))  # more than three years
    path = write(tmp_path / "log", times, bsd)
    for wanted in (25_000, 15_000, 5_000, 100):
        found = window(path, times[wanted], times[wanted] + HOUR / 2)
        assert found.ordered
        before = sum(len(bsd(at)) for at in times[:wanted])
        assert found.start <= before < found.end
        assert found.end - found.start < path.stat().st_size / 5
        dater = Dater(CLOCK, near=found.near)
        dated = [dater.at(line) for line in path.read_bytes()[found.start : found.end].splitlines()]
        assert micros(times[wanted]) in dated


@given(
    gaps=st.lists(st.floats(0, 900), min_size=1, max_size=400),
    begin=st.integers(0, 399),
    minutes=st.integers(0, 300),
    width=st.integers(10, 4000),
)
@settings(max_examples=60, deadline=None)
def test_never_less_than_the_window(tmp_path_factory, gaps, begin, minutes, width) -> None:
    at, times = NOW - timedelta(days=2), []
    for gap in gaps:
        at += timedelta(seconds=gap)
        times.append(at)
    path = tmp_path_factory.mktemp("cut") / "log"
    path.write_text("".join(iso(at)[:-1] + "y" * width + "\n" for at in times))
    since = times[min(begin, len(times) - 1)]
    holds_all(path, since, since + timedelta(minutes=minutes))


def test_parts_that_cannot_be_searched() -> None:
    day = timedelta(days=1)
    assert may_hold(NOW - HOUR, NOW, first=NOW - day, last=NOW)
    assert not may_hold(NOW - HOUR, NOW, first=NOW - 3 * day, last=NOW - day)
    assert not may_hold(NOW - 9 * day, NOW - 8 * day, first=NOW - 3 * day, last=None)
    assert may_hold(NOW - HOUR, NOW, first=None, last=None)
