"""Logs that somebody sent, of incidents and of good health: the true cause comes first, or nothing is found."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from diagkit.cli.app import run

FOLDER = Path(__file__).parent / "incidents"
EXPECTED = tomllib.loads((FOLDER / "expect.toml").read_text("utf-8"))
INCIDENTS = sorted((name, log["cause"]) for name, log in EXPECTED.items() if "cause" in log)
HEALTHY = sorted(name for name, log in EXPECTED.items() if "cause" not in log)
MOST = 40_000  # bytes of one log


def report(name: str, capfd: pytest.CaptureFixture[str]) -> Any:
    """What `diagkit logs` says of one of them."""
    run(["logs", str(FOLDER / f"{name}.log"), "--zone", "UTC", "--format", "json", "--quiet"])
    return json.loads(capfd.readouterr().out)


@pytest.mark.parametrize(("name", "cause"), INCIDENTS)
def test_the_cause_comes_first(name: str, cause: str, capfd: pytest.CaptureFixture[str]) -> None:
    first = report(name, capfd)["diagnosis"]["causes"][0]
    assert first["id"] == cause
    assert first["verdict"] in {"probable", "confirmed"}


@pytest.mark.parametrize("name", HEALTHY)
def test_good_health_gives_no_finding(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    said = report(name, capfd)
    assert [f["summary"] for f in said["findings"] if f["status"] in {"warn", "fail"}] == []
    assert said["diagnosis"]["causes"] == []


def test_every_log_is_expected_and_small() -> None:
    logs = sorted(FOLDER.glob("*.log"))
    assert [log.stem for log in logs] == sorted(EXPECTED)
    assert all(log.stat().st_size < MOST for log in logs)
