"""The commands that look things up, and capture."""

import json
import re
import stat

import pytest

from diagkit import catalog, outputs
from diagkit.cli import knowledge, runbook
from diagkit.cli.manner import Manner
from diagkit.config import Config
from diagkit.logs.signatures import catalogue
from tests.cli import tapes


@pytest.mark.parametrize(
    ("what", "known"),
    [
        ("checks", catalog.all_checks),
        ("causes", catalog.all_causes),
        ("probes", catalog.all_probes),
        ("outputs", outputs.all_outputs),
    ],
)
def test_list_names_all_there_is(diagkit, what, known):
    listed = json.loads(diagkit("list", what, "--format", "json").stdout)
    assert {entry["id"] for entry in listed} == set(known())
    assert all(entry["title"] for entry in listed)
    lines = diagkit("list", what).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [entry["id"] for entry in listed]


def test_explain_tells_of_a_check_what_it_needs_and_runs_and_speaks_for(diagkit):
    told = diagkit("explain", tapes.CHECK).stdout
    for part in (
        "The machine can open more files",
        f"[checks.{tapes.CHECK}] in diagkit.toml",
        "warn = 0.7",
        "files.file_handles",
        "/proc/sys/fs/file-nr",
        "file_table_full, always",
    ):
        assert part in told


def test_explain_tells_of_a_deep_check_when_it_runs(diagkit):
    assert (
        "It takes 8 s more, and runs only where it is named in full"
        in diagkit("explain", "resources.lasting.busy").stdout
    )
    assert "named in full" not in diagkit("explain", tapes.CHECK).stdout


def test_explain_tells_of_a_cause_how_it_shows_and_what_to_do(diagkit):
    told = diagkit("explain", "disk_full").stdout
    for part in (
        "always resources.disk.space",
        "the direct check",
        "usually writes_fail",
        "inodes_exhausted: ",
        "Roll back:",
        "diagkit runbook show storage/disk_full",
    ):
        assert part in told


@pytest.mark.parametrize(
    "kind", [catalog.all_checks, catalog.all_causes, catalog.all_conditions, catalog.all_probes, catalogue]
)
def test_everything_can_be_explained(kind):
    for name in kind():
        told = list(knowledge.about(name))
        assert told[0].startswith(f"{name}, a ")
        assert len(told) > 2


def test_config_show_tells_where_each_value_came_from(diagkit, home):
    (home / "diagkit.toml").write_text(f'logs = ["/var/log/shop.log"]\n[checks.{tapes.CHECK}]\nwarn = 0.5\n')
    shown = diagkit("config", "show").stdout
    assert re.search(r"^timeout += 30\.0 +# default$", shown, re.MULTILINE)
    assert re.search(r'^logs += \["/var/log/shop.log"\] +# \./diagkit\.toml$', shown, re.MULTILINE)
    assert re.search(rf"^checks\.{tapes.CHECK}\.warn += 0\.5 +# \./diagkit\.toml$", shown, re.MULTILINE)
    assert re.search(rf"^checks\.{tapes.CHECK}\.fail += 0\.9 +# default$", shown, re.MULTILINE)
    assert "resources.disk.space" not in shown
    everything = json.loads(diagkit("config", "show", "--all", "--format", "json").stdout)
    assert {"key": "checks.resources.disk.space.warn", "value": 0.1, "origin": "default"} in everything


def test_doctor_is_honest(diagkit, home):
    answer = diagkit("doctor", PATH="/nonexistent")
    lines = {line.split(maxsplit=2)[1]: line for line in answer.stdout.splitlines()}
    assert answer.returncode == 1
    assert lines["diagkit"].startswith("ok")
    assert lines["ssh"].startswith("warn")
    assert "no known_hosts" in answer.stdout
    (home / "diagkit.toml").write_text("tiemout = 3\n")
    assert "did you mean timeout?" in diagkit("doctor").stdout


def test_doctor_finds_what_is_there(diagkit, home):
    (home / ".ssh").mkdir()
    (home / ".ssh/known_hosts").write_text("web1 ssh-ed25519 AAAA\n")
    (home / "diagkit.toml").write_text("[groups]\n")
    told = diagkit("doctor").stdout
    assert f"{home}/.ssh/known_hosts: 1" in told
    assert "./diagkit.toml" in told


def test_runbooks_are_listed_and_shown_whole_or_in_part(diagkit):
    assert re.search(r"^phases/connectivity +Connectivity: ", diagkit("runbook", "list").stdout, re.MULTILINE)
    whole = diagkit("runbook", "show", "connectivity").stdout
    assert diagkit("runbook", "show", "phases/connectivity").stdout == whole
    part = diagkit("runbook", "show", "connectivity", "verify").stdout
    assert part.startswith("## Verify\n")
    assert part.strip() in whole
    assert diagkit("runbook", "show", "phases/connectivity#verify").stdout == part


@pytest.mark.parametrize("name", runbook.shelf())
def test_every_runbook_has_the_sections_in_order(name):
    headings = re.findall(r"^## (.+)$", runbook.read(name), re.MULTILINE)
    assert tuple(headings) == runbook.SECTIONS
    assert runbook.read(name).startswith("# ")
    assert all(len(runbook.part(runbook.read(name), heading)) > 20 for heading in headings)


def test_a_tape_is_for_its_owner_alone_and_says_what_the_live_run_said(diagkit, home):
    answer = diagkit("capture", "local", "-o", "local.tape", "--only", tapes.CHECK)
    assert answer.returncode == 0
    assert stat.S_IMODE((home / "local.tape").stat().st_mode) == 0o600
    replayed = json.loads(diagkit("check", "replay:local.tape", "--only", tapes.CHECK, "--format", "json").stdout)
    assert replayed["targets"][0]["name"] == "local"
    assert replayed["findings"][0]["status"] in ("ok", "warn", "fail")


def test_a_tape_of_several_targets_is_refused(diagkit, home):
    (home / "diagkit.toml").write_text('[groups]\nall = ["web1", "web2"]\n')
    answer = diagkit("capture", "all", "-o", "x.tape")
    assert answer.returncode == 64
    assert "a tape is of one target; all means 2" in answer.stderr


@pytest.mark.parametrize(
    ("environment", "flag", "setting", "coloured"),
    [
        ({}, None, "auto", False),  # stdout is no terminal here
        ({"FORCE_COLOR": "1"}, None, "auto", True),
        ({"FORCE_COLOR": "0"}, None, "auto", True),
        ({"FORCE_COLOR": ""}, None, "auto", False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, None, "auto", False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, None, "auto", True),
        ({"NO_COLOR": "1"}, "always", "never", True),
        ({"FORCE_COLOR": "1"}, "never", "always", False),
        ({"FORCE_COLOR": "1"}, "auto", "never", True),
        ({"NO_COLOR": "1"}, None, "always", True),
    ],
)
def test_who_decides_about_colour(monkeypatch, environment, flag, setting, coloured):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settled = Config(color=type(Config().color)(setting))
    assert Manner(colour=flag).view(settled).colour is coloured
