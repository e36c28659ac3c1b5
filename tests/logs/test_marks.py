"""Marks: each form knows its own lines, and recorded logs give the moments a reader would underline."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.logs.lines import Line, Log
from diagkit.logs.marks import Form, forms, marks
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import NEVER, Window

RECORDED = Path(__file__).parent / "recorded"
BOOT = datetime(2026, 11, 21, 21, 45, 42, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=datetime(2026, 11, 21, 23, tzinfo=UTC), booted=BOOT)
ALWAYS = Window(since=datetime(2026, 11, 21, tzinfo=UTC), until=NEVER)


def line(example: str, pid: int = 0) -> Line:
    program, _, message = example.partition(": ")
    return Line(source="journal", at=BOOT, program=program, message=message, pid=pid)


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.id)
def test_a_form_knows_its_own(form: Form) -> None:
    example = line(form.match)
    assert form.fields(example) is not None
    assert any(literal in example.message.lower() for literal in form.literals)
    assert form.fields(line(form.miss)) is None


def test_what_a_users_own_manager_does_is_no_news() -> None:
    started = next(form for form in forms() if form.id == "unit_started")
    assert started.fields(line("systemd: Started nginx.service - A web server.", pid=1)) == {"unit": "nginx.service"}
    assert started.fields(line("systemd: Started nginx.service - A web server.", pid=187)) is None


def test_older_systemd_names_units_by_their_description() -> None:
    started = next(form for form in forms() if form.id == "unit_started")
    assert started.fields(line("systemd: Started A web server.")) == {"unit": "A web server"}


def test_a_boot_and_logins() -> None:
    log = Log("journal", (RECORDED / "debian12-boot.journal").read_bytes())
    found = marks([log], CLOCK, ALWAYS)
    assert {"unit_started", "boot_finished", "ssh_login"} <= {mark.id for mark in found}
    assert list(found) == sorted(found, key=lambda mark: mark.at)


def test_a_crash_loop() -> None:
    log = Log("journal", (RECORDED / "crash-loop.journal").read_bytes())
    found = marks([log], CLOCK, ALWAYS)
    restarts = [mark for mark in found if mark.id == "unit_restart_scheduled"]
    assert {mark.fields["unit"] for mark in restarts} == {"shop.service"}
    assert marks([log, Log("/var/log/syslog", b"")], CLOCK, ALWAYS) == found


def test_the_same_line_in_two_logs_is_one_mark() -> None:
    said = b"Nov 21 22:00:01 web1 CRON[739]: (root) CMD (backup)\n"
    (mark,) = marks([Log("/var/log/syslog", said), Log("/var/log/cron.log", said)], CLOCK, ALWAYS)
    assert mark.fields == {"user": "root", "command": "backup"}
    assert mark.assumed == ("year", "zone")
