"""Who says a line, and what: the envelope that syslog daemons and container runtimes put around it."""

from datetime import UTC, datetime

import pytest

from diagkit.logs.lines import Line, Log, line_at, span, starts
from diagkit.logs.timestamps import Clock

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=NOW, booted=NOW)
SYSLOG, APP = "/var/log/syslog", "/var/log/shop/app.log"


def only(source: str, text: str) -> Line:
    line = line_at(Log(source, text.encode()), 0, CLOCK)
    assert line is not None
    return line


@pytest.mark.parametrize(
    ("source", "text", "program", "pid", "message"),
    [
        (SYSLOG, "Nov 21 21:48:05 web1 sshd[812]: x: y", "sshd", 812, "x: y"),
        (SYSLOG, "Nov 21 21:48:05 web1 kernel: [  141.630761] x", "kernel", 0, "x"),
        (SYSLOG, "Nov 21 21:48:05 web1 kernel: [  141.630761][  T812] x", "kernel", 0, "x"),
        ("/home/ops/saved.txt", "[   12.345678] [T812] x", "kernel", 0, "x"),  # dmesg, kept in a file
        ("/home/ops/saved.txt", "[   12.345678][    C0] x", "kernel", 0, "x"),
        ("/home/ops/saved.txt", "kern  :err   : [   12.345678] x", "kernel", 0, "x"),  # dmesg -x
        (SYSLOG, "<30>Nov 21 21:48:05 web1 cron[7]: x", "cron", 7, "x"),
        (SYSLOG, "2026-11-21T21:48:04.692752+00:00 web1 cron[105]: x", "cron", 105, "x"),
        ("/var/log/messages", "Nov 21 21:48:05 mini1 daemon.info crond[9]: x", "crond", 9, "x"),  # busybox 1.35
        (SYSLOG, "<30>1 2026-11-21T21:48:04Z web1 cron 105 ID47 - x: y", "cron", 105, "x: y"),  # RFC 5424
        (SYSLOG, "<30>1 2026-11-21T21:48:04Z web1 cron - - - x", "cron", 0, "x"),
        (SYSLOG, '<30>1 2026-11-21T21:48:04Z web1 su 1 ID47 [a@1 b="c d" e="f"][g@2 h="i"] x', "su", 1, "x"),
        (APP, "2026-11-21T21:48:04.123456789Z stderr F panic: x", "shop", 0, "panic: x"),  # containerd 1.7
        (APP, "2026-11-21 21:48:04,123 ERROR x", "shop", 0, "ERROR x"),
        (
            APP,
            '{"level":"error","ts":1795297684.5,"msg":"x","service":"cart"}',
            "cart",
            0,
            "x service=cart",
        ),  # zap 1.26
        (SYSLOG, 'Nov 21 21:48:05 web1 shop[8]: {"level":50,"name":"cart","msg":"x"}', "shop", 8, "x name=cart"),
    ],
)
def test_who_says_what(source: str, text: str, program: str, pid: int, message: str) -> None:
    line = only(source, text)
    assert (line.program, line.pid, line.message) == (program, pid, message)


def test_a_line_without_a_time_has_that_of_the_line_it_follows() -> None:
    log = Log(APP, b"2026-11-21 21:48:04 ERROR x\n\tat a.b.C\n\tat d.e.F\n")
    lines = [line_at(log, start, CLOCK) for start in starts(log.raw)]
    assert [line.at.second for line in lines if line] == [4, 4, 4]
    assert [line.message for line in lines if line] == ["ERROR x", "at a.b.C", "at d.e.F"]


@pytest.mark.parametrize("order", [1, -1])
def test_how_far_a_log_reaches(order: int) -> None:
    text = b"\n".join([b"2026-11-21 21:48:0%d x" % n for n in range(5)][::order])
    first, last = span(Log(APP, b"---\n" + text + b"\n\ttail"), CLOCK) or (NOW, NOW)
    assert (first.second, last.second) == (0, 4)
