"""`diagkit timeline`: one story of many hosts, in every format, and no verdict."""

import gzip
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from diagkit.model import Layer, Silence, Unreached
from diagkit.outputs.chronicle import FORMATS, schema
from tests.cli.tapes import host, keep

HOSTS = Path(__file__).parents[1] / "hosts"


@pytest.fixture
def incident(home: Path) -> str:
    """A tape of a host whose service was stopped."""
    recorded = HOSTS / "service_stopped" / "web.tape.gz"
    (home / "web.tape").write_bytes(gzip.decompress(recorded.read_bytes()))
    return "replay:web.tape"


@pytest.fixture
def unreachable(home: Path) -> str:
    tape = host(None)
    keep(replace(tape, replies={}, unreached=Unreached(Layer.TCP, Silence.REFUSED, "refused")), home / "gone.tape")
    return "replay:gone.tape"


def test_a_stop_and_the_errors_it_brings_in_the_order_of_time(diagkit, incident):
    done = diagkit("timeline", incident, COLUMNS="100")
    assert done.returncode == 0
    assert done.stdout.startswith("TIMELINE of web1: ")
    at = [done.stdout.index(said) for said in ("the system came up", "nginx cannot reach", "shop.service stopped")]
    assert at == sorted(at)
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize("width", ["80", "120"])
def test_it_keeps_to_the_width(diagkit, incident, width):
    lines = diagkit("timeline", incident, COLUMNS=width).stdout.splitlines()
    assert max(map(len, lines)) <= int(width)


def test_json_fits_its_schema_and_has_no_verdict(diagkit, incident):
    told = json.loads(diagkit("timeline", incident, "--format", "json").stdout)
    jsonschema.Draft202012Validator(schema()).validate(told)
    assert set(told) == {"run", "targets", "timeline", "silences", "faults", "schema_version"}
    times = [datetime.fromisoformat(event["at"]) for event in told["timeline"]["events"]]
    assert times == sorted(times)
    assert json.loads(diagkit("schema", "timeline").stdout) == schema()


def test_json_lines_name_their_event(diagkit, incident):
    lines = [json.loads(line) for line in diagkit("timeline", incident, "--format", "jsonl").stdout.splitlines()]
    assert lines[0]["event"] == "run"
    assert {"moment", "onset"} <= {line["event"] for line in lines}


def test_markdown_is_a_list(diagkit, incident):
    lines = diagkit("timeline", incident, "--format", "markdown").stdout.splitlines()
    assert lines[0] == "# Timeline of `web1`"
    assert any(line.startswith("- 2026-11-22 00:15:06 **stop**: `shop.service stopped`") for line in lines)


def test_a_target_that_was_not_reached_is_said_and_is_no_zero(diagkit, incident, unreachable):
    done = diagkit("timeline", incident, unreachable)
    assert done.returncode == 3
    assert "web1 (gone.tape): not reached: tcp: refused" in done.stdout


def test_what_cannot_be_done_has_no_verdict_either(diagkit):
    assert diagkit("timeline", "replay:nowhere.tape").returncode == 66
    assert diagkit("timeline", "web1", "--since", "tomorrow").returncode == 64
    refused = diagkit("timeline", "replay:nowhere.tape", "--format", "json")
    assert json.loads(refused.stdout)["errors"][0]["code"] == 66


def test_the_report_of_a_sick_host_has_the_most_telling_moments(diagkit, incident):
    said = diagkit("check", incident, "--format", "json")
    told = json.loads(said.stdout)["timeline"]
    assert 0 < len(told["events"]) <= 8
    assert told["of"] >= len(told["events"])
    assert "shop.service stopped" in {event["summary"] for event in told["events"]}
    assert "diagkit timeline web1" in diagkit("check", incident).stdout


def test_the_formats_are_named_by_what_they_are_for():
    assert list(FORMATS) == ["text", "json", "jsonl", "markdown"]
    assert all((say.__doc__ or "").startswith("For ") for say in FORMATS.values())


def test_a_healthy_host_has_no_timeline_in_its_report(diagkit, home):
    healthy = HOSTS / "healthy" / "database.tape.gz"
    (home / "db.tape").write_bytes(gzip.decompress(healthy.read_bytes()))
    told = json.loads(diagkit("check", "replay:db.tape", "--format", "json").stdout)
    assert told["timeline"] == {"events": [], "of": 0, "onsets": [], "reliefs": [], "clocks": []}
