"""What a person at 3 am must find in the report, and where."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from rich.cells import cell_len

from diagkit.model import Diagnosis, Status, Verdict
from diagkit.outputs import View
from diagkit.outputs.text import text
from tests.outputs import reports


def say(name: str, **view) -> list[str]:
    return text.render(reports.ALL[name](), View(**view)).splitlines()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("healthy", "HEALTHY: nothing wrong found in 15 of 15 checks on web1"),
        ("incomplete", "No problem found in what could be seen: 14 of 16 checks on web1; 2 could not be judged"),
        ("confirmed", "CONFIRMED on web1: Disk full: no space left on device (/var)"),
        ("two_causes", "PROBABLE on web1: Memory exhausted: the host lives on swap"),
        ("inconclusive", "INCONCLUSIVE on web1: The service behind the proxy does not answer; no cause is established"),
        ("unreachable", "NOT REACHED: web9: TCP: Connection refused (port 22)"),
        (
            "mixed",
            "CONFIRMED on web1: Disk full: no space left on device (/var) (3 targets: 1 failed, 1 ok, 1 not reached)",
        ),
    ],
)
def test_the_first_line_is_the_verdict_and_quiet_is_that_line_alone(name: str, line: str):
    assert say(name, width=200)[0] == line
    assert say(name, width=200, quiet=True) == [line]


def test_an_interrupted_run_says_so_first():
    assert say("interrupted", width=200)[0].startswith(
        "INTERRUPTED, incomplete. No problem found in what could be seen"
    )


def test_what_is_over_is_told_as_over():
    found = reports.passing()
    past = replace(reports.DISK_FULL, verdict=Verdict.RECOVERED)
    over = reports.report(found, Diagnosis(verdict=Verdict.RECOVERED, causes=(past,)))
    assert text.render(over, View()).startswith(
        "RECOVERED on web1: Disk full: no space left on device (/var), over by now"
    )


@pytest.mark.parametrize("name", reports.ALL)
def test_the_last_line_is_a_command_to_type(name: str):
    assert say(name)[-1].startswith("   diagkit ")


@pytest.mark.parametrize("name", reports.ALL)
@pytest.mark.parametrize("width", [32, 40, 59, 60, 80, 120])
def test_no_line_is_wider_than_the_page_and_nothing_is_elided(name: str, width: int):
    lines = say(name, width=width, verbose=True, everything=True)
    assert max(map(cell_len, lines)) <= width
    assert "…" not in "".join(lines)
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize("width", [1, 2, 32_000])
def test_absurd_widths_are_survived(width: int):
    assert say("mixed", width=width)


def test_every_fact_survives_a_narrow_page():
    wide, narrow = ("".join("".join(say("confirmed", width=w)).split()) for w in (200, 40))
    for word in ("postgresql@15-main.service", "100%used,0.0GiBleftof39.1", "14:41:07to15:04:58"):
        assert word in wide
        assert word in narrow


def test_ascii_is_ascii_and_no_colour_is_no_escape():
    assert "\n".join(say("mixed", ascii=True)).isascii()
    assert "\x1b" not in "\n".join(say("mixed"))
    assert "\x1b[" in "\n".join(say("mixed", colour=True))


def test_the_environment_does_not_decide_about_colour(monkeypatch: pytest.MonkeyPatch):
    for name, value in {"FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": "20", "TTY_COMPATIBLE": "1"}.items():
        monkeypatch.setenv(name, value)
    plain = say("confirmed")
    monkeypatch.setenv("NO_COLOR", "1")
    assert plain == say("confirmed")
    assert "\x1b[" in "\n".join(say("confirmed", colour=True))


def test_many_findings_of_one_check_are_folded_with_their_number():
    many = [reports.finding(Status.WARN, "logs.signatures.known", f"unit{n}", "Connection refused") for n in range(200)]
    crowd = reports.report(many, Diagnosis(verdict=Verdict.INCONCLUSIVE))
    said = text.render(crowd, View())
    assert said.count("Connection refused") == 5 + 1  # and once in the verdict
    assert "and 195 more of logs.signatures.known (--all shows them)" in said
    assert text.render(crowd, View(everything=True)).count("Connection refused") == 200 + 1


def test_what_could_not_be_seen_is_grouped_by_what_would_open_it():
    notes = [
        replace(reports.KERNEL_LOG, probe=f"probe{n}", checks=(f"logs.a.c{n}",), opens=reports.U(f"way {n % 9}"))
        for n in range(30)
    ]
    said = text.render(replace(reports.incomplete(), silences=tuple(notes)), View(width=120))
    assert "COULD NOT LOOK AT  30 checks" in said
    assert said.count("to open: ") == 5
    assert "probe0: denied: dmesg: read kernel buffer failed: Operation not permitted (and 3 more reasons)" in said
    assert "and 4 more of this kind (-v shows them)" in said
    whole = text.render(replace(reports.incomplete(), silences=tuple(notes)), View(width=120, verbose=True))
    assert whole.count("to open: ") == 9
    assert whole.count("Operation not permitted") == 30


def test_a_finding_told_with_its_cause_is_not_told_twice():
    said = "\n".join(say("confirmed", width=120))
    assert said.count("No space left on device, 218 times") == 1
    assert "signatures.known postgresql@15-main.service (cause 1)" in said


def test_a_large_report_costs_little():
    many = [
        reports.finding(Status.FAIL, f"resources.c{n}.x", f"subject {n}", "a sentence of usual length with 12 numbers")
        for n in range(200)
    ]
    crowd = reports.report(many, Diagnosis(verdict=Verdict.INCONCLUSIVE))
    one = reports.report(many[:20], Diagnosis(verdict=Verdict.INCONCLUSIVE))
    text.render(one, View())

    def cost(report) -> float:
        start = time.process_time()
        text.render(report, View(everything=True))
        return time.process_time() - start

    assert min(cost(crowd) for _ in range(3)) < 40 * min(cost(one) for _ in range(3))  # linear would be 10
