"""Logs read side by side are read as one after the other; what was lost or stopped on the way is known."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagkit.logs import reading, sources
from diagkit.logs.reading import Found, read
from diagkit.logs.reading import jobs as cutting
from diagkit.logs.reading.jobs import Job, jobs
from diagkit.logs.reading.workers import Crew, Gauge
from diagkit.logs.timestamps import Clock, moment
from diagkit.logs.window import ALWAYS, Window

START = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=START + timedelta(days=1), booted=START)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """As Log4j 2 writes it, with stack traces that must not lose their head."""
    path = tmp_path / "app.log"
    lines = []
    for second in range(4000):
        at = f"{START + timedelta(seconds=second):%Y-%m-%d %H:%M:%S},117"
        lines.append(f"{at} INFO  [main] com.shop.Cart - served /cart/{second}")
        if second % 7 == 0:
            lines.append(f"{at} ERROR [main] com.shop.Pool - no connection after {second} ms")
            lines.append("java.net.ConnectException: Connection refused: db1/10.0.0.2:5432")
            lines.append("\tat com.shop.Pool.take(Pool.java:88)")
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def counted(found: Found) -> dict[str, object]:
    tallies = {name: tally for counts in found.counts.values() for name, tally in counts.tallies.items()}
    return {
        "reach": found.reach,
        "signatures": {name: (t.count, t.first, t.last, dict(t.minutes)) for name, t in tallies.items()},
        "templates": {t.text: (t.count, t.first, t.last, dict(t.over_time)) for t in found.mined.miner},
        "kinds": {kind.program for kind in found.mined.kinds().values()},
    }


def planned(path: Path) -> list[Job]:
    series, _ = sources.find([str(path)])
    return list(jobs(series, ALWAYS, lambda _: CLOCK, whole=True))


def test_stretches_and_processes_change_nothing(log, monkeypatch):
    whole = read(planned(log), Gauge(), lambda: None)
    monkeypatch.setattr(cutting, "RANGE", 20_000)
    monkeypatch.setattr(reading, "ALONE", 0)
    monkeypatch.setattr(reading, "processors", lambda: 2)
    stretches = planned(log)
    assert len(stretches) > 4
    gauge = Gauge()
    shared = read(stretches, gauge, lambda: None)
    assert counted(shared) == counted(whole)
    assert shared.lines == pytest.approx(whole.lines, rel=0.1)
    assert gauge.read == log.stat().st_size
    assert counted(whole)["signatures"]


def test_lines_without_a_year_are_of_the_year_that_the_window_was_found_in(tmp_path):
    """In a file of three years, as a host that says little leaves it: every day of it comes three times."""
    path = tmp_path / "syslog"
    end = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    times = [end - timedelta(hours=hours) for hours in range(3 * 365 * 24, 0, -4)]
    full = "db1 shop[1]: write failed: No space left on device"
    path.write_text("".join(f"{at:%b} {at.day:2} {at:%H:%M:%S} {full}\n" for at in times))
    os.utime(path, (end.timestamp(), end.timestamp()))
    clock = Clock(ahead=0, latest=end, booted=end)
    window = Window(since=datetime(2024, 6, 1, tzinfo=UTC), until=datetime(2024, 6, 2, 23, tzinfo=UTC))
    series, _ = sources.find([str(path)])
    found = read(list(jobs(series, window, lambda _: clock, whole=False)), Gauge(), lambda: None)
    tally = found.counts[0].tallies["no_space_left"]
    expected = [at for at in times if window.since <= at <= window.until]
    assert (tally.count, moment(tally.first), moment(tally.last)) == (len(expected), expected[0], expected[-1])
    assert {moment(at).year for at in found.reach[0]} == {2024}


def test_a_stop_ends_the_reading_with_what_is_there(log):
    gauge = Gauge()
    gauge.stop()
    assert read(planned(log), gauge, lambda: None).lines == 0


def test_a_worker_that_dies_is_missed():
    def work(take):
        return os._exit(9) if take() == 0 else "done"

    made, died = Crew([0, 1], 2, work).results(lambda: None)
    assert (made, died) == (["done"], 1)
