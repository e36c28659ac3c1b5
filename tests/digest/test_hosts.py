"""The picture of a host's logs, from tapes of real hosts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.cases import replay
from diagkit.conclusions import Settings
from diagkit.model import LogDigest, Novelty, Report, Status
from diagkit.outputs import View
from diagkit.outputs.markdown import markdown
from diagkit.outputs.text import text
from diagkit.transports.replay import read_tape

HOSTS = Path(__file__).parent.parent / "hosts"
ALL = tuple(catalog.all_checks().values())
OF_LOGS = tuple(check for check in ALL if check.phase == "logs")


@cache
def report(*tapes: str, checks=OF_LOGS) -> Report:
    return replay([read_tape(str(HOSTS / f"{tape}.tape.gz")) for tape in tapes], Settings(checks=checks))


def digest(tape: str) -> LogDigest:
    (found,) = report(tape).logs
    return found


@pytest.mark.parametrize(
    ("tape", "row", "count", "began"),
    [
        ("oom_kill/web", "fail", 1, "00:11:41"),
        ("database_lock/database", "warn", 9, "01:16:53"),
        ("service_crash_loop/web", "error", 15, "01:14:31"),  # the web server's answers
        ("ssh_brute_force/web", "fail", 28, "00:15:20"),
        ("log_flood/web-journal", "warn", 1, None),  # one line makes no rise
    ],
)
def test_how_often_and_since_when(tape, row, count, began):
    found = digest(tape)
    assert sum(found.per_severity[row]) == count
    assert (f"{found.began:%H:%M:%S}" if found.began else None) == began
    assert {len(counts) for counts in found.per_severity.values()} == {61}
    assert found.files == ()


@pytest.mark.parametrize(
    "tape", ["oom_kill/web", "service_crash_loop/web", "bad_deployment/web", "dns_wrong_answer/web-2"]
)
def test_every_line_that_counts_is_in_the_picture(tape):
    found = digest(tape)
    for one in (*found.signatures, *found.templates):
        assert sum(one.per_bucket) == one.count
    for status in (Status.FAIL, Status.WARN):
        said = sum(one.count for one in found.signatures if one.status is status)
        assert sum(found.per_severity[status.value]) == said
    assert found.explained == found.error_lines == sum(one.count for one in found.templates)


def test_what_is_new_is_told_from_what_was_there_before():
    (error, *_) = digest("dns_wrong_answer/web-2").templates
    assert (error.novelty, error.before) == (Novelty.NEW, 0)
    assert digest("dns_wrong_answer/web-2").baseline.raw == "earlier lines of the same logs"
    assert digest("oom_kill/web").baseline.raw == ""


def test_checks_have_the_last_word_on_lines_that_are_only_counted():
    (killed,) = (one for one in digest("oom_kill/web").signatures if one.title.startswith("Memory limit"))
    assert killed.status is Status.FAIL


def test_what_was_read_of_a_log_and_what_was_left_behind():
    logs = {source.name.raw: source for source in digest("log_flood/web-journal").sources}
    assert [note.raw for note in logs["journal"].notes][:1] == ["its newest lines"]
    assert all(source.unread.raw == "" and source.zone == "UTC" for source in logs.values())
    lost = {source.name.raw: source.unread.raw for source in digest("service_stopped/web-no_root").sources}
    assert lost["kernel"] == "denied"


def test_the_whole_checklist_shows_no_more_than_the_histogram():
    long = text.render(report("oom_kill/web"), View())
    assert [long.count(heading) for heading in ("\nWHEN  ", "\nWHAT  ", "\nREAD  ")] == [1, 1, 1]
    short = text.render(report("oom_kill/web", checks=ALL), View())
    assert [short.count(heading) for heading in ("\nWHEN  ", "\nWHAT  ", "\nREAD  ")] == [1, 0, 0]
    assert "began 00:11:41" in short
    assert markdown.render(report("oom_kill/web", checks=ALL), View()).count("began 2026-11-22 00:11:41") == 1


def test_a_healthy_host_gets_no_picture_in_the_checklist():
    assert report("healthy/web", checks=ALL).logs == ()


def test_the_worst_of_many_hosts_are_shown():
    tapes = ("oom_kill/web", "ssh_brute_force/web", *["service_crash_loop/web"] * 6)
    for checks in (OF_LOGS, ALL):
        said = text.render(report(*tapes, checks=checks), View())
        assert said.count("\nWHEN  ") == 6
        assert said.index("      28\n") < said.index("      15\n")  # failed logins, and requests that failed
        assert "and the logs of 2 more targets (--all shows them)" in said
