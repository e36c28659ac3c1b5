"""What programs read: JSON after its schema, JSON lines, JUnit as CI systems take it, Markdown."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from diagkit.model import Report, Status
from diagkit.outputs import View, all_outputs
from diagkit.outputs.encoding import encoded
from diagkit.outputs.json import schema, values_of
from tests.outputs import reports


def say(name: str, report: Report, **view) -> str:
    return all_outputs()[name].render(report, View(**view))


def test_the_formats():
    assert list(all_outputs()) == ["json", "jsonl", "junit", "markdown", "text"]
    assert all(found.doc.startswith("For ") for found in all_outputs().values())


@pytest.mark.parametrize("name", reports.ALL)
def test_json_fits_its_schema(name: str):
    jsonschema.Draft202012Validator(schema()).validate(json.loads(say("json", reports.ALL[name]())))


def test_the_schema_is_one_and_refers_to_nothing():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert "$ref" not in json.dumps(schema())
    assert not schema()["$id"].startswith("http")


def test_json_has_the_outline_that_others_read():
    said = json.loads(say("json", reports.confirmed()))
    assert set(said) == {
        *(
            "run",
            "targets",
            "findings",
            "diagnosis",
            "alike",
            "timeline",
            "logs",
            "forecasts",
            "outliers",
            "silences",
            "faults",
        ),
        *("summary", "schema_version"),
    }
    assert said["run"]["since"] == "2026-11-21T14:05:00Z"
    assert said["diagnosis"]["causes"][0]["runbook"] == "disk_full"
    assert said["summary"] == {"status": "fail", "counts": {"ok": 12, "skip": 0, "unknown": 2, "warn": 0, "fail": 3}}


def test_what_json_cannot_say_is_left_out():
    odd = replace(reports.SPACE, measured={"a": 1.0, "b": float("inf"), "c": float("nan")})
    said = json.loads(say("json", replace(reports.confirmed(), findings=(odd,))))
    assert said["findings"][0]["measured"] == {"a": 1.0}


def test_json_lines_name_their_event_and_end_with_the_summary():
    events = [json.loads(line) for line in say("jsonl", reports.mixed()).splitlines()]
    assert [e["event"] for e in (events[0], events[-1])] == ["run", "summary"]
    assert {e["event"] for e in events} == {"run", "target", "alike", "finding", "cause", "silence", "summary"}
    assert events[-1]["verdict"] == "confirmed"


def suites(report: Report, **view) -> list[ET.Element]:
    return ET.fromstring(say("junit", report, **view)).findall("testsuite")


def outcomes(suite: ET.Element) -> dict[str, str]:
    return {test.get("name", ""): child.tag for test in suite.iter("testcase") for child in test}


def test_junit_has_a_suite_for_each_target_and_counts_right():
    found = suites(reports.mixed())
    assert [s.get("name") for s in found] == ["web1", "web2", "web9"]
    for suite in found:
        for count, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
            assert int(suite.get(count, "")) == len(suite.findall(f"testcase/{tag}"))


def test_junit_grades_as_the_exit_code_does():
    (suite,) = suites(reports.two_causes())
    assert outcomes(suite)["memory.swapping"] == "failure"
    (suite,) = suites(reports.two_causes(), fail_on=Status.FAIL)
    assert outcomes(suite)["memory.swapping"] == "system-out"
    assert outcomes(suite)["memory.available"] == "failure"
    (suite,) = suites(reports.incomplete())
    assert outcomes(suite) == {"kernel.errors": "error", "memory.oom": "error"}


def test_junit_names_are_unique_for_gitlab_takes_twins_for_one():
    twins = reports.report([reports.SPACE] * 3, reports.confirmed().diagnosis)
    (suite,) = suites(twins)
    assert [t.get("name") for t in suite.iter("testcase")] == [
        "disk.space /var",
        "disk.space /var #2",
        "disk.space /var #3",
    ]


def test_junit_says_the_message_where_each_reader_looks():
    (suite,) = suites(reports.confirmed())
    failure = next(suite.iter("failure"))
    assert failure.get("message")
    assert (failure.text or "").startswith(failure.get("message", "?"))


def test_markdown_begins_with_the_verdict_and_ends_with_what_to_type():
    said = say("markdown", reports.confirmed()).splitlines()
    assert said[0] == "# CONFIRMED on `web1`: Disk full: no space left on device (`/var`)"
    assert said[-1] == "    diagkit runbook show disk_full"


@pytest.mark.parametrize("name", reports.ALL)
def test_text_is_what_the_values_would_give(name: str):
    """`encoded` writes at once what the standard library makes of the values."""
    report = reports.ALL[name]()
    assert encoded(report) == json.dumps(values_of(report))
    odd = {"a": [1, 2.5, True, None, float("inf")], "é": "\ud800", "at": report.run.since, "b": b"\xff"}
    assert encoded(odd) == json.dumps(values_of(odd))
