"""What is kept of earlier runs: only by choice, little, for nobody else's eyes, and whole."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from diagkit.cli import histories
from diagkit.model import Sample, Target
from diagkit.transports.replay import read_tape
from tests.cli import tapes

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CHECK = ("check", "local", "--only", tapes.CHECK, "--only", "resources.forecast.file_handles")


@pytest.fixture
def kept(home):
    return home / ".local/state/diagkit/baseline/local.jsonl"


def sample(hour, **measured):
    return Sample(at=NOW + timedelta(hours=hour), measured=measured)


def test_nothing_is_kept_unless_somebody_chose_it(diagkit, home):
    assert diagkit(*CHECK).returncode == 0
    assert not (home / ".local").exists()
    answer = diagkit("baseline", "show")
    assert answer.returncode == 0
    assert "No history is kept" in answer.stdout


def test_a_run_is_remembered_shown_and_forgotten(diagkit, kept):
    for _ in range(2):
        assert diagkit(*CHECK, "--baseline").returncode == 0
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert all(len(line) <= histories.LINE_BYTES for line in kept.read_text().splitlines())
    assert "2 runs" in diagkit("baseline", "show").stdout
    assert "file_handles" in diagkit("baseline", "show", "local").stdout
    (told,) = json.loads(diagkit("baseline", "show", "local", "--format", "json").stdout)
    assert len(told["samples"]) == 2
    assert f"removed {kept}" in diagkit("baseline", "forget", "local").stdout
    assert not kept.exists()
    assert diagkit("baseline", "show", "local").returncode == 3


def test_it_can_be_chosen_for_good_in_the_users_own_settings(diagkit, home, kept):
    settings = home / ".config/diagkit/diagkit.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("baseline = true\n")
    assert diagkit(*CHECK, "--no-baseline").returncode == 0
    assert not kept.exists()
    assert diagkit(*CHECK).returncode == 0
    assert kept.exists()


def test_a_stray_file_cannot_choose_it(diagkit, home):
    (home / "diagkit.toml").write_text("baseline = true\n")
    answer = diagkit(*CHECK)
    assert answer.returncode == 78
    assert "baseline" in answer.stderr


def test_damaged_lines_are_told_and_left_out(diagkit, kept):
    histories.write(kept, [sample(-2, file_handles=7.0), sample(-1, file_handles=8.0)])
    kept.write_text(kept.read_text() + '{"at": "no time", "measured": {}}\n{"at": \n[]\n')
    answer = diagkit(*CHECK, "--baseline")
    assert answer.returncode == 0
    assert "3 lines of the history" in answer.stderr
    assert len(histories.read(kept).history.samples) == 3
    assert histories.read(kept).damaged == 0


def test_what_is_not_ours_is_neither_read_nor_overwritten(diagkit, kept):
    kept.parent.mkdir(parents=True)
    kept.write_text("my diary\n")
    answer = diagkit(*CHECK, "--baseline")
    assert answer.returncode == 0
    assert "no history that this diagkit can read" in answer.stderr
    assert kept.read_text() == "my diary\n"
    assert diagkit("baseline", "show", "local").returncode == 3
    assert diagkit("baseline", "forget", "--all").returncode == 0
    assert not kept.exists()


@pytest.mark.parametrize("content", [b"", b'{"diagkit_history": 99}\n', b"\xff\xfe" * 100, b"x" * 3_000_000])
def test_other_files_are_told_from_a_history(tmp_path, content):
    (tmp_path / "h.jsonl").write_bytes(content)
    with pytest.raises(histories.Unreadable):
        histories.read(tmp_path / "h.jsonl")


def test_where_nothing_can_be_written_the_verdict_stands(diagkit):
    answer = diagkit(*CHECK, "--baseline", XDG_STATE_HOME="/dev/null/state")
    assert answer.returncode == 0
    assert "history" in answer.stderr or "not remembered" in answer.stderr


def test_a_tape_brings_the_history_it_was_judged_with(diagkit, home, kept):
    handles = [sample(-48 + hour, file_handles=100.0 + hour) for hour in range(30)]
    histories.write(kept, handles)
    captured = diagkit("capture", "local", "-o", "now.tape", "--only", tapes.CHECK, "--baseline")
    assert captured.returncode == 0
    assert read_tape(home / "now.tape").history == histories.History(samples=tuple(handles))
    size = kept.stat().st_size
    again = diagkit("check", "replay:now.tape", *CHECK[2:], "--baseline", "--all")
    assert "forecast.file_handles: does not grow" in again.stdout
    assert kept.stat().st_size == size, "a replay is no run of the host"


def test_forget_wants_to_know_what(diagkit):
    assert diagkit("baseline", "forget").returncode == 64
    assert diagkit("baseline", "forget", "web1", "--all").returncode == 64
    assert "nothing to forget" in diagkit("baseline", "forget", "web1").stdout


def test_a_history_is_bounded_in_runs_and_bytes(tmp_path):
    long = {f"space /srv/{n:03d}/{'x' * 40}": 123_456_789.123456 + n for n in range(60)}
    samples = [sample(hour, memory=float(hour), **long) for hour in range(histories.RUNS + 10)]
    histories.write(tmp_path / "h.jsonl", samples)
    kept = histories.read(tmp_path / "h.jsonl").history.samples
    assert len(kept) == histories.RUNS
    assert kept[-1].measured["memory"] == histories.RUNS + 9, "the first figures are the ones kept"
    assert (tmp_path / "h.jsonl").stat().st_size <= (histories.RUNS + 1) * (histories.LINE_BYTES + 1)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (Target("local", label="local"), "local.jsonl"),
        (Target("ssh", host="web1", user="ops", label="ops@web1"), "ssh/web1.jsonl"),
        (Target("ssh", host="web1", port=2222), "ssh/web1:2222.jsonl"),
        (Target("ssh", host="fe80::1%eth0"), "ssh/fe80::1%25eth0.jsonl"),
        (Target("ssh", host="local"), "ssh/local.jsonl"),
    ],
)
def test_each_host_has_a_file_of_its_own(target, path, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert histories.place(target) == tmp_path / "diagkit/baseline" / path


def test_a_relative_state_home_does_not_count(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    assert histories.root() == tmp_path / ".local/state/diagkit/baseline"
