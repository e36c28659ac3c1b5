"""The TAB key."""

import shutil
import subprocess
import sys

import pytest

from diagkit import catalog, outputs
from diagkit.cli import complete, registry
from diagkit.logs.signatures import catalogue


def values(diagkit, line, shell="zsh"):
    answer = diagkit(line, _DIAGKIT_COMPLETE=shell)
    assert answer.returncode == 0, answer.stderr
    return [row.partition("\t")[0] for row in answer.stdout.splitlines()]


def test_commands_are_offered_from_the_registry(diagkit):
    assert values(diagkit, "diagkit ") == list(registry.COMMANDS)
    assert values(diagkit, "diagkit co") == ["connectivity", "compare", "config", "completion"]
    assert values(diagkit, "diagkit --v") == ["--version"]


def test_options_and_their_values_are_offered(diagkit):
    assert "--only" in values(diagkit, "diagkit check --")
    assert values(diagkit, "diagkit check --fail-on ") == ["warning", "critical", "never"]
    assert values(diagkit, "diagkit check --fail-on=c") == ["--fail-on=critical"]
    assert values(diagkit, "diagkit check --fail-on=c", shell="bash") == ["critical"]
    assert values(diagkit, "diagkit completion show z") == ["zsh"]
    assert "phases/connectivity" in values(diagkit, "diagkit runbook show ph")


def test_targets_come_from_the_settings_and_from_ssh(diagkit, home):
    (home / "diagkit.toml").write_text('[targets.web1]\ntags = ["web"]\n[groups]\nall = ["web1"]\n')
    (home / "config").write_text("Host bastion *.example\n  User ops\n")
    line = "diagkit check --ssh-config config "
    assert values(diagkit, line) == ["local", "replay:", "web1", "all", "tag:web", "bastion"]
    assert values(diagkit, "diagkit check tag:w", shell="bash") == ["web"]


def test_targets_come_from_an_inventory_that_was_named(diagkit, home):
    (home / "hosts.ini").write_text("[web]\nweb[1:2]\n[db]\ndb1\n")
    line = "diagkit check --ssh-config none -i hosts.ini "
    assert values(diagkit, line + "w") == ["web", "web1", "web2"]
    assert values(diagkit, line + "d") == ["db", "db1"]
    assert values(diagkit, "diagkit check --ssh-config none -i nowhere.ini l") == ["local"]


def test_a_broken_configuration_does_not_break_the_tab_key(diagkit, home):
    (home / "diagkit.toml").write_text("= nonsense")
    assert values(diagkit, "diagkit check lo") == ["local"]


def test_an_open_quote_is_no_reason_to_fail(diagkit):
    assert values(diagkit, "diagkit check 'lo") == []


def test_the_last_of_several_names_is_completed(diagkit):
    assert values(diagkit, "diagkit check --only logs.memory,resources.files.sys") == [
        "logs.memory,resources.files.system_limit"
    ]


def test_names_read_off_the_source_are_those_of_the_catalog():
    assert set(complete.checks("")) == set(catalog.all_checks())
    assert set(complete.formats("")) == set(outputs.all_outputs())
    states = {*catalog.all_causes(), *catalog.all_conditions()}
    assert set(complete.explicable("")) == {*catalog.all_checks(), *states, *catalog.all_probes(), *catalogue()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_the_shell_can_read(diagkit, shell):
    script = diagkit("completion", "show", shell).stdout
    assert "_DIAGKIT_COMPLETE=" + shell in script
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], check=False, input=script, text=True, timeout=20).returncode == 0


def test_bash_completes_a_real_line(diagkit, environment, home):
    (home / "bin").mkdir()
    (home / "bin/diagkit").write_text(f'#!/bin/sh\nexec {sys.executable} -m diagkit "$@"\n')
    (home / "bin/diagkit").chmod(0o755)
    script = diagkit("completion", "show", "bash").stdout
    typed = 'COMP_LINE="diagkit check --fail-on n"; COMP_POINT=${#COMP_LINE}; _diagkit; echo "${COMPREPLY[@]}"'
    path = f"{home / 'bin'}:{environment['PATH']}"
    answer = subprocess.run(
        ["bash", "-c", script + typed],
        check=False,
        env=environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.stdout == "never\n"


@pytest.mark.parametrize(
    ("shell", "path"),
    [
        ("bash", ".local/share/bash-completion/completions/diagkit"),
        ("zsh", ".local/share/zsh/site-functions/_diagkit"),
        ("fish", ".config/fish/completions/diagkit.fish"),
    ],
)
def test_install_puts_the_script_where_the_shell_looks(diagkit, home, shell, path):
    assert diagkit("completion", "install", shell).returncode == 0
    assert (home / path).read_text() == diagkit("completion", "show", shell).stdout


def test_what_narrows_a_fleet_and_who_asks_it_is_offered(diagkit, home):
    (home / "hosts.ini").write_text("[web]\nweb-1\n[db]\ndb-1\n")
    for option in ("--limit", "--exclude"):
        assert values(diagkit, f"diagkit check -i hosts.ini {option} d") == ["db", "db-1"]
    assert values(diagkit, "diagkit check --executor ") == ["threads", "processes:", "dask://"]
