"""The checks of the logs phase: every status of each, from facts made of lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.checks import Check
from diagkit.checks.logs import applications, auth, coverage, memory, signatures
from diagkit.logs.access import Requests
from diagkit.logs.errors import ErrorLine
from diagkit.logs.files import LogFile
from diagkit.logs.lines import Log
from diagkit.logs.occurrences import occurrences
from diagkit.logs.signatures import catalogue
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import NEVER, Window
from diagkit.model import Finding, Moment, Silence, Site, Status, Tape, Target
from diagkit.probes import Facts
from diagkit.probes.log_files import LogFiles
from diagkit.probes.logs import AccessLogs, ErrorLines, LogTexts, Occurrences, Reading

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=NOON, booted=NOON - timedelta(hours=2))
WINDOW = Window(since=NOON - timedelta(hours=1), until=NEVER)


def said(*lines: str, times: int = 1, source: str = "journal", silence: Silence | None = None) -> LogTexts:
    """What the logs say, a second apart, in the last minutes before noon."""
    start = int(NOON.timestamp()) - 600
    text = "".join(f"{start + n}.0 web1 {line}\n" for n, line in enumerate(lines * times))
    log = Log(source, text.encode())
    reading = Reading(source=source, size=len(log.raw), cut=False, first=NOON, last=NOON, silence=silence)
    return LogTexts(logs=(log,) if text else (), readings=(reading,), clock=CLOCK, window=WINDOW)


def judge(check: Check, *facts: object) -> tuple[Finding, ...]:
    texts = (fact for fact in facts if isinstance(fact, LogTexts))
    given = [*facts, *(Occurrences(all=occurrences(t.logs, t.clock, t.window)) for t in texts)]
    tape = Tape(target=Target("local"), moment=Moment(NOON, NOON - timedelta(hours=1), NOON), replies={}, site=Site())
    return check(Facts([], tape, given))


def only(check: Check, *facts: object) -> Finding:
    (finding,) = judge(check, *facts)
    return finding


QUIET = said("app[1]: all is well")
UNREAD = said(silence=Silence.DENIED)


@pytest.mark.parametrize("check", [signatures.kernel, signatures.system, signatures.applications], ids=lambda c: c.name)
def test_quiet_logs_are_fine_and_unread_ones_are_unknown(check: Check) -> None:
    assert only(check, QUIET).status is Status.OK
    unread = only(check, UNREAD)
    assert unread.status is Status.UNKNOWN
    assert "systemd-journal" in unread.hint.raw


def test_a_signature_speaks_with_its_own_severity_name_and_words() -> None:
    finding = only(signatures.kernel, said("app[7]: write: No space left on device", times=3))
    assert finding.status is Status.FAIL
    assert finding.subject.raw == "no_space_left"
    assert finding.summary.raw == "No space left on device (ENOSPC) (app): 3 times from 11:50:00 to 11:50:02 UTC"
    assert finding.evidence[0].ask.raw == "scan journal"
    assert finding.evidence[0].excerpt.raw == "write: No space left on device"
    assert finding.measured == {"count": 3, "seconds": 2.0}
    assert finding.at == NOON - timedelta(seconds=598)
    warned = only(signatures.system, said("systemd[1]: shop.service: Failed with result 'exit-code'."))
    assert (warned.status, warned.subject.raw) == (Status.WARN, "unit_failed")
    assert "(shop.service): once, at 11:50:00 UTC" in warned.summary.raw


def test_every_family_is_judged_by_one_check() -> None:
    families = {s.family for s in catalogue().values()}
    assert not signatures.KERNEL & signatures.SYSTEM
    assert families > signatures.KERNEL | signatures.SYSTEM
    judges = {(s.family, signatures.judge_of(s).name) for s in catalogue().values()}
    assert len(judges) == len(families)


def test_fewer_lines_than_it_takes_are_no_finding() -> None:
    line = "app[7]: connect to 10.0.0.9: Connection refused"
    assert only(signatures.kernel, said(line, times=2)).status is Status.OK
    assert only(signatures.kernel, said(line, times=9)).status is Status.WARN


def test_counted_only() -> None:
    assert (
        only(signatures.system, said("sshd[7]: Invalid user admin from 203.0.113.9 port 5", times=90)).status
        is Status.OK
    )


def test_logs_of_applications_that_could_not_all_be_read() -> None:
    refused = said(source="/var/log/nginx/error.log", silence=Silence.DENIED)
    both = LogTexts(logs=QUIET.logs, readings=(*QUIET.readings, *refused.readings), clock=CLOCK, window=WINDOW)
    assert only(signatures.applications, both).status is Status.UNKNOWN
    assert only(applications.errors, both, ErrorLines(all=())).status is Status.UNKNOWN


KILLED = "kernel: Out of memory: Killed process 812 (java) total-vm:8123456kB, anon-rss:6012345kB"
LIMITED = "kernel: Memory cgroup out of memory: Killed process 812 (java) total-vm:8123456kB"
FOR_UNIT = "kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/shop.service,task_memcg=/system.slice/shop.service,task=java,pid=812,uid=33"
FOR_HOST = FOR_UNIT.replace("oom_memcg=/system.slice/shop.service", "oom_memcg=/hosts/web1")


@pytest.mark.parametrize(
    ("texts", "host", "limit"),
    [
        (QUIET, Status.OK, Status.OK),
        (UNREAD, Status.UNKNOWN, Status.UNKNOWN),
        (said(KILLED), Status.FAIL, Status.OK),
        (said(FOR_UNIT, LIMITED), Status.OK, Status.FAIL),
        (said(FOR_HOST, LIMITED), Status.FAIL, Status.OK),
        (said(LIMITED), Status.OK, Status.FAIL),
        (said("systemd[1]: shop.service: Failed with result 'oom-kill'."), Status.WARN, Status.OK),
    ],
)
def test_whose_memory_ran_out(texts: LogTexts, host: Status, limit: Status) -> None:
    assert only(memory.oom, texts).status is host
    assert only(memory.cgroup_oom, texts).status is limit


def test_the_victim_and_the_limit_are_named() -> None:
    finding = only(memory.cgroup_oom, said(FOR_UNIT, LIMITED))
    assert finding.subject.raw == "java"
    assert "/system.slice/shop.service" in finding.summary.raw
    assert "Out of memory" in only(memory.oom, said(KILLED)).summary.raw


@pytest.mark.parametrize(
    ("times", "others", "status"),
    [(3, 0, Status.OK), (30, 9, Status.WARN), (30, 0, Status.FAIL), (300, 0, Status.FAIL)],
)
def test_failed_logins(times: int, others: int, status: Status) -> None:
    between = ["app[1]: all is well"] * others
    finding = only(auth.failures, said("sshd[7]: Invalid user admin from 203.0.113.9 port 5", *between, times=times))
    assert finding.status is status
    assert ("203.0.113.9" in finding.summary.raw) == (status is not Status.OK)


def test_logins_we_may_not_see() -> None:
    assert only(auth.failures, UNREAD).status is Status.UNKNOWN
    assert only(auth.failures, QUIET).status is Status.OK


def error(count: int, before: int, watched: float = 1800.0, share: float = 0.0) -> ErrorLine:
    return ErrorLine(
        template="KeyError: #", source="/var/log/shop/app.log", program="shop", count=count, sample="KeyError: 4",
        first=NOON - timedelta(minutes=5), last=NOON, bursts=(), minutes={}, before=before, watched=watched, share=share,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (error(20, before=0), Status.WARN),
        (error(4, before=0), Status.OK),  # too few to tell
        (error(20, before=0, watched=60.0), Status.OK),  # nothing to compare with
        (error(100, before=10), Status.WARN),
        (error(6, before=30), Status.OK),  # as ever
        (error(6, before=0, watched=4.0, share=0.4), Status.WARN),  # young, but nearly half of it is this
        (error(6, before=0, watched=4.0, share=1.0), Status.OK),  # a log that has only errors to say
    ],
)
def test_bursts_of_unknown_errors(line: ErrorLine, status: Status) -> None:
    finding = only(applications.errors, QUIET, ErrorLines(all=(line,)))
    assert finding.status is status
    if status is Status.WARN:
        assert finding.subject.raw == "KeyError: #"
        assert finding.evidence[0].excerpt.raw == "KeyError: 4"
        assert ("new kind" in finding.summary.raw) == (line.before == 0 and not line.share)


def test_at_most_three_kinds_are_shown() -> None:
    assert len(judge(applications.errors, QUIET, ErrorLines(all=(error(20, 0),) * 9))) == 3


def requests(count: int, failed: int) -> AccessLogs:
    return AccessLogs(
        all=(
            Requests(
                source="/var/log/nginx/access.log", count=count, failed=failed, first_failed=NOON, last_failed=NOON, minutes={},
                worst=("/items", 502, failed), sample="GET /items 502",
            ),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("count", "failed", "status"),
    [(0, 0, Status.OK), (100, 4, Status.OK), (10_000, 50, Status.OK), (500, 10, Status.WARN), (100, 50, Status.FAIL)],
)
def test_server_errors(count: int, failed: int, status: Status) -> None:
    finding = only(applications.http_errors, requests(count, failed), QUIET)
    assert finding.status is status
    if status is not Status.OK:
        assert "502 on /items" in finding.summary.raw


@pytest.mark.parametrize(
    ("stuck", "failing", "hanging"),
    [
        (("", 0, 0), Status.OK, Status.OK),
        (("/order", 500, 2), Status.OK, Status.OK),
        (("/order", 500, 3), Status.FAIL, Status.OK),  # it never works
        (("/order", 504, 2), Status.FAIL, Status.FAIL),  # each took as long as the proxy waits
    ],
)
def test_a_page_that_was_not_answered_well_since(stuck: tuple[str, int, int], failing: Status, hanging: Status) -> None:
    logs = AccessLogs(all=(replace(requests(100, 4).all[0], stuck=stuck),))
    assert only(applications.http_errors, logs, QUIET).status is failing
    assert only(applications.timeouts, logs, QUIET).status is hanging


def test_no_access_log_and_one_we_may_not_read() -> None:
    assert only(applications.http_errors, AccessLogs(all=()), QUIET).status is Status.SKIP
    refused = said(source="/var/log/nginx/access.log", silence=Silence.DENIED)
    unread = only(applications.http_errors, AccessLogs(all=(), refused=("/var/log/nginx/access.log",)), refused)
    assert unread.status is Status.UNKNOWN
    assert unread.summary.raw == "log files: denied: /var/log/nginx/access.log"


def test_coverage_says_what_was_read_and_what_was_not() -> None:
    assert only(coverage.read, QUIET).status is Status.OK
    assert "read" in only(coverage.read, QUIET).summary.raw
    assert only(coverage.read, UNREAD).status is Status.UNKNOWN
    files = said(source="/var/log/syslog", silence=Silence.DENIED)
    assert only(coverage.read, files).summary.raw == "log files: denied: /var/log/syslog"
    assert "no journal" in only(coverage.read, said(silence=Silence.MISSING)).summary.raw


def files(*paths: str, modified: datetime = NOON) -> LogFiles:
    found = tuple(LogFile(path=path, size=1, modified=modified) for path in paths)
    return LogFiles(all=found, chosen=(), compressed=tuple(p for p in paths if p.endswith(".gz")))


def test_compressed_logs_of_the_window() -> None:
    assert only(coverage.rotated, files("/var/log/syslog"), QUIET).status is Status.OK
    assert only(coverage.rotated, files("/var/log/syslog.2.gz"), QUIET).status is Status.UNKNOWN


BUSY = said("systemd[1]: Started something.", times=30)


@pytest.mark.parametrize(
    ("texts", "age", "status"),
    [
        (BUSY, timedelta(0), Status.OK),
        (BUSY, timedelta(minutes=20), Status.WARN),
        (QUIET, timedelta(minutes=20), Status.OK),  # nobody had anything to write
        (BUSY, timedelta(days=40), Status.SKIP),  # a leftover
        (UNREAD, timedelta(minutes=20), Status.SKIP),
    ],
)
def test_a_syslog_daemon_that_fell_silent(texts: LogTexts, age: timedelta, status: Status) -> None:
    assert only(coverage.writing, texts, files("/var/log/syslog", modified=NOON - age)).status is status


def test_no_syslog_daemon_at_all() -> None:
    assert only(coverage.writing, BUSY, files()).status is Status.SKIP


@pytest.mark.parametrize(
    ("check", "line", "few", "many"),
    [
        (auth.accounts, "sshd[9]: User ops not allowed because account is locked", 1, None),
        (auth.accounts, "sshd[9]: Authentication refused: bad ownership or modes for directory /home/ops", 1, None),
        (
            auth.startups,
            "sshd[9]: drop connection #12 from [203.0.113.9]:5123 on [10.0.0.5]:22 past MaxStartups",
            1,
            20,
        ),
        (auth.database_logins, 'postgres[9]: FATAL:  password authentication failed for user "shop"', 4, 20),
        (auth.database_logins, "shop[9]: RuntimeError: redis: NOAUTH Authentication required.", 4, 20),
    ],
)
def test_who_is_refused(check: Check, line: str, few: int, many: int | None) -> None:
    assert only(check, QUIET).status is Status.OK
    assert only(check, UNREAD).status is Status.UNKNOWN
    assert only(check, said(line, times=few)).status is Status.WARN
    if many:
        assert only(check, said(line, times=many)).status is Status.FAIL
