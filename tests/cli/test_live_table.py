"""What is seen of a fleet while it is asked."""

import os
import pty
import select

import pyte
import pytest

from diagkit.cli.live_table import ROWS, Brief, LiveTable
from diagkit.cli.progress import Progress
from diagkit.fleet.crew import Standing, Visit
from diagkit.model import Coverage, Layer, Status, Target, TargetResult, Untrusted


def brief(status, matter="", *, reached=True):
    lost = None if reached else Layer.TCP
    target = TargetResult(
        name=Untrusted("host"), status=status, reached=reached, coverage=Coverage(judged=1, of=1), layer=lost
    )
    return Brief(target, Untrusted(matter))


def table(briefs, of=100):
    found = LiveTable(of)
    for label, one in briefs.items():
        found.add(label, one)
    return found


def test_counts_who_takes_long_and_who_is_not_well_worst_first():
    found = table(
        {
            "web-1": brief(Status.OK),
            "web-2": brief(Status.WARN, "/var: 86 % used"),
            "web-3": brief(Status.FAIL, "/: No space left on device"),
            "web-4": brief(Status.UNKNOWN, "Connection refused", reached=False),
        }
    )
    first, asking, *rest = found.lines({"db-1": 2.2, "db-2": 9.7, "db-3": 1.0, "db-4": 0.2}, 24)
    assert first.strip() == "0 s  4 of 100 asked: 1 failed, 1 warning, 1 ok, 1 not reached"
    assert asking.strip() == "asking db-2 10 s, db-1 2 s, db-3 1 s and 1 more"
    assert [line.split() for line in rest] == [
        ["web-3", "FAIL", "/:", "No", "space", "left", "on", "device"],
        ["web-4", "LOST", "Connection", "refused"],
        ["web-2", "WARN", "/var:", "86", "%", "used"],
    ]


@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 50])
def test_it_is_no_higher_than_the_terminal(height):
    lines = [*table({f"web-{n}": brief(Status.FAIL, "down") for n in range(40)}).lines({"db-1": 1.0}, height)]
    assert len(lines) <= max(height, 1)
    assert len(lines) <= ROWS + 3


def test_what_hosts_say_cannot_move_the_cursor():
    hostile = table({"a\x1b[2J": brief(Status.FAIL, "b\x1b[1;1Hc\nd")})
    assert not any("\x1b" in line or "\n" in line for line in hostile.lines({"x\r\x1b[A": 1.0}, 24))


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 60 columns as standard error, and what stands on it."""
    ours, theirs = pty.openpty()
    screen = pyte.Screen(60, 20)
    stream = pyte.ByteStream(screen)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "20")
    with os.fdopen(theirs, "w", buffering=1) as stderr:

        def seen():
            while select.select([ours], [], [], 0.2)[0]:  # one read need not bring all of it
                stream.feed(os.read(ours, 1 << 16))
            return [line.rstrip() for line in screen.display if line.strip()]

        yield stderr, seen
    os.close(ours)


def test_it_is_drawn_over_itself_and_leaves_what_was_said(terminal, monkeypatch):
    stderr, seen = terminal
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setattr("diagkit.cli.progress.BEAT", 0.0)
    progress = Progress(quiet=False, of=3)
    for number, status in enumerate((Status.FAIL, Status.OK, Status.WARN)):
        target = Target("ssh", label=f"web-{number}")
        progress.waiting(Standing({target.label: 1.0}, waiting=2 - number, of=3))
        notes = ("first contact",) if number == 1 else ()
        progress.done(Visit(target=target, result=None, took=1.0, notes=notes), brief(status, "x" * 200))
    progress.waiting(Standing({}, waiting=0, of=3))
    note, counts, *rows = seen()
    assert note == "web-1: first contact"
    assert counts.strip() == "0 s  3 of 3 asked: 1 failed, 1 warning, 1 ok"
    assert [row.split()[:2] for row in rows] == [["web-0", "FAIL"], ["web-2", "WARN"]]
    progress.close()
    assert seen() == [note]
