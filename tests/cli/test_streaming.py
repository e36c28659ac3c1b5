"""JSON lines are said of each target as soon as it is known."""

import json
import socket
import subprocess
import sys

import pytest


@pytest.fixture
def mute():
    """The address of a machine that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ops@127.0.0.1:{server.getsockname()[1]}"


def test_nobody_waits_for_the_slowest(environment, home, mute, tmp_path):
    words = ["check", "local", mute, "--only", "resources.memory.*", "--format", "jsonl", "--timeout", "20", "-q"]
    with subprocess.Popen(
        [sys.executable, "-m", "diagkit", *words], env=environment, cwd=home, stdout=subprocess.PIPE, text=True
    ) as running:
        first, second = (json.loads(running.stdout.readline()) for _ in range(2))
        assert running.poll() is None  # the other one is still being waited for
        running.terminate()
        rest = [json.loads(line) for line in running.stdout]
    assert (first["event"], second["event"], second["name"]) == ("run", "target", "local")
    assert [event["name"] for event in rest if event["event"] == "target"] == [mute]
    assert rest[-1]["event"] == "summary"
    assert rest[-1]["interrupted"] is True


def test_what_is_said_piece_by_piece_is_the_report(diagkit, home):
    words = ["check", "local", "--only", "resources.*", "--format", "jsonl", "--report", "jsonl=whole.jsonl"]
    said = diagkit(*words).stdout
    assert said == (home / "whole.jsonl").read_text()
    assert len(said.splitlines()) > 10


@pytest.mark.parametrize("kept", [True, False])
def test_a_reader_that_has_gone_ends_the_run_unless_a_report_is_kept(environment, home, mute, kept):
    words = ["check", "local", mute, "--only", "resources.memory.*", "--format", "jsonl", "-q"]
    words += ["--timeout", "6", "--report", "json=kept.json"] if kept else ["--timeout", "300"]
    with subprocess.Popen(
        [sys.executable, "-m", "diagkit", *words], env=environment, cwd=home, stdout=subprocess.PIPE, text=True
    ) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(60) == 141
    if kept:
        targets = json.loads((home / "kept.json").read_text())["targets"]
        assert [target["name"] for target in targets] == ["local", mute]
