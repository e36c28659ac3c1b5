"""Recorded logs: what is said of them, and that a healthy host says nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagkit.logs.errors import error_lines, template
from diagkit.logs.kernel import lacking, without_taken_over
from diagkit.logs.lines import Log, line_at, span
from diagkit.logs.matching.engine import searching
from diagkit.logs.occurrences import Occurrence, occurrences
from diagkit.logs.signatures import catalogue
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import NEVER, Window
from diagkit.model import Moment, Status

RECORDED = Path(__file__).parent / "recorded"
CLOCK = Clock(
    ahead=0, latest=datetime(2026, 11, 21, 23, tzinfo=UTC), booted=datetime(2026, 11, 21, 21, 45, 42, tzinfo=UTC)
)
ALWAYS = Window(since=datetime(2026, 11, 21, tzinfo=UTC), until=NEVER)


def recorded(name: str, source: str) -> Log:
    return Log(source, (RECORDED / name).read_bytes())


def met(*logs: Log, window: Window = ALWAYS) -> dict[str, Occurrence]:
    return {o.signature: o for o in occurrences(logs, CLOCK, window)}


def telling(found: dict[str, Occurrence]) -> set[str]:
    known = catalogue()
    return {n for n, o in found.items() if known[n].severity is not Status.OK and o.count >= known[n].least}


@pytest.mark.parametrize(
    ("name", "source"),
    [("debian12-boot.journal", "journal"), ("busybox.messages", "/var/log/messages")],
)
def test_a_host_that_boots_and_is_logged_into_says_nothing(name: str, source: str) -> None:
    log = recorded(name, source)
    assert telling(met(log)) == set()
    assert error_lines([log], CLOCK, ALWAYS) == ()


def test_a_crash_loop() -> None:
    found = met(recorded("crash-loop.journal", "journal"))
    assert {"unit_failed", "unit_restarted", "configuration_missing"} <= telling(found)
    assert found["unit_restarted"].fields == {"unit": ("shop.service",)}
    assert found["configuration_missing"].fields == {"path": ("/etc/shop/shop.conf",)}
    assert found["configuration_missing"].programs == ("python3",)


def test_a_configuration_that_nginx_refuses() -> None:
    found = met(recorded("nginx-config.journal", "journal"))
    assert telling(found) == {"nginx_config_refused", "config_test_failed", "unit_failed", "unit_start_failed"}
    assert "proxy_set_headers" in found["nginx_config_refused"].sample
    assert found["unit_start_failed"].fields["unit"] == ("nginx.service",)


def test_an_upstream_that_is_down_is_told_by_nginx_own_signature_alone() -> None:
    found = met(recorded("upstream.error.log", "/var/log/nginx/error.log"))
    assert telling(found) == {"upstream_refused"}
    assert found["upstream_refused"].count == 12
    assert found["upstream_refused"].fields == {"peer": ("http://127.0.0.1:8080",)}
    assert found["upstream_refused"].programs == ("nginx",)
    assert found["upstream_refused"].assumed == ("zone",)


def test_a_restart_gives_too_few_of_them_to_speak() -> None:
    log = recorded("upstream.error.log", "/var/log/nginx/error.log")
    found = met(Log(log.source, b"".join(log.raw.splitlines(keepends=True)[:2])))
    assert found["upstream_refused"].count == 2
    assert telling(found) == set()


def test_the_oom_killer_in_the_kernels_buffer() -> None:
    found = met(recorded("oom-kill.kernel", "kernel"))
    assert found["cgroup_oom_killed"].fields == {"pid": ("6008",), "process": ("python3",)}
    assert found["oom_constraint"].fields["constraint"] == ("CONSTRAINT_MEMCG",)
    assert found["oom_constraint"].fields["limit"] == ("/hosts/db1",)
    assert f"{found['cgroup_oom_killed'].last:%H:%M:%S}" == "22:41:25"


def test_only_the_kernel_speaks_for_the_kernel() -> None:
    line = b"1795297684.5 web1 logger[7]: Out of memory: Killed process 1 (java)\n"
    assert met(Log("journal", line)) == {}


def test_what_sudo_and_cron_were_told_to_run_is_not_what_happened() -> None:
    lines = (
        b"1795297684.5 web1 sudo[7]: ops : PWD=/ ; USER=root ; COMMAND=/usr/bin/grep 'No space left on device' /var/log/x\n"
        b"1795297684.6 web1 CRON[8]: (root) CMD (echo Too many open files)\n"
    )
    assert met(Log("journal", lines)) == {}


def test_repeats_are_folded_with_first_and_last_whichever_way_round_the_log_is_read() -> None:
    lines = [b"1795297%d.0 db1 app[%d]: write failed: No space left on device" % (600 + n, n) for n in range(5)]
    for order in (lines, lines[::-1]):
        (only,) = met(Log("journal", b"\n".join(order))).values()
        assert (only.count, only.first.second, only.last.second) == (5, 40, 44)
        assert only.programs == ("app",)


def test_a_line_without_a_time_takes_that_of_the_line_before() -> None:
    text = b"2026-11-21 22:37:06,529 ERROR shop: failed\nTraceback (most recent call last):\nOSError: [Errno 28] No space left on device\n"
    (only,) = met(Log("/var/log/shop/app.log", text)).values()
    assert f"{only.first:%H:%M:%S}" == "22:37:06"
    assert only.sample == "OSError: [Errno 28] No space left on device"


def test_a_line_that_nothing_dates_does_not_count() -> None:
    assert met(Log("/var/log/app.log", b"No space left on device\n")) == {}


def test_only_the_window_in_the_current_boot_counts() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    moment = Moment(now=noon, since=noon.replace(hour=11), until=noon)
    assert Window.of(moment, booted=noon.replace(hour=1)).since == moment.since
    assert Window.of(moment, booted=noon.replace(hour=11, minute=30)).since == noon.replace(hour=11, minute=30)
    past = Moment(now=noon, since=noon.replace(hour=1), until=noon.replace(hour=2))
    assert Window.of(past, booted=noon.replace(hour=11)).since == past.since, "asked about before the reboot"
    assert not Window.of(past, booted=noon.replace(hour=11)).holds(noon.replace(hour=3))


def test_the_buffer_adds_only_what_the_journal_lacks() -> None:
    journal = Log("journal", b"1795297684.0 h kernel: a\n1795297700.0 h app[1]: b\n")
    buffer = Log("kernel", b"[    1.000000] boot\n[  142.000000] a\n[ 3343.000000] later\n")
    assert lacking(journal, buffer, CLOCK).raw == b"[    1.000000] boot\n[ 3343.000000] later\n"
    assert lacking(Log("journal", b"1795297700.0 h app[1]: b\n"), buffer, CLOCK) == buffer


def test_what_a_container_took_over_from_its_kernel_is_not_new() -> None:
    start = CLOCK.booted + timedelta(seconds=1000)
    took, own, later = (
        b"%d.0 h kernel: sda: error\n" % (start.timestamp() + 1),
        b"%d.0 h systemd[1]: Started\n" % (start.timestamp() + 2),
        b"%d.0 h kernel: sda: error\n" % (start.timestamp() + 900),
    )
    journal = Log("journal", took + own + later)
    assert without_taken_over(journal, Log("kernel", b"[  142.000000] sda: error\n"), CLOCK, start).raw == own + later
    fresh = Log("kernel", b"[ 1001.000000] sda: error\n")
    assert without_taken_over(journal, fresh, CLOCK, start) == journal


def test_a_deployment_that_brings_a_new_error() -> None:
    found = error_lines([recorded("deployment.log", "/var/log/shop/app.log")], CLOCK, ALWAYS)
    new = {e.template: e for e in found if e.new}
    assert "KeyError: 'currency'" in new
    assert new["KeyError: 'currency'"].before == 0
    assert new["KeyError: 'currency'"].program == "shop"
    assert "ERROR shop[#]: GET #" in new


def test_an_error_as_frequent_as_ever_is_no_burst() -> None:
    lines = "".join(
        f"2026-11-21 {h:02}:{m:02}:00 ERROR job {m} is late\n" for h in range(18, 23) for m in range(0, 60, 5)
    )
    window = Window(since=datetime(2026, 11, 21, 22, tzinfo=UTC), until=NEVER)
    (only,) = error_lines([Log("/var/log/job/job.log", lines.encode())], CLOCK, window)
    assert (only.count, only.before) == (12, 48)
    assert not only.new
    assert only.surprise() > -1


def test_a_template_is_the_line_without_what_varies() -> None:
    assert template("job 4711 of 10.0.0.7 took 1.5 s at 0x7f11 id deadbeef01") == "job # of # took # s at # id #"
    assert template("failed to feed the cat") == "failed to feed the cat"


def test_an_engine_finds_each_line_once_for_each_literal_in_any_case() -> None:
    text = b"one Two two\nthree\nTWO one"
    assert sorted(searching([b"two", b"one"])(text)) == [(0, 0), (0, 1), (18, 0), (18, 1)]


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\0\0no space left on device\0", b"x" * 100_000, b"\xff\xfe\r\n"])
def test_odd_bytes_do_no_harm(raw: bytes) -> None:
    log = Log("/var/log/x.log", raw)
    assert met(log) == {}
    assert span(log, CLOCK) is None
    assert not raw or line_at(log, 0, CLOCK) is None
