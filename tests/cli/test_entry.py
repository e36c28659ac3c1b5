"""The door: help, version, completion; what they say, and what they must not load."""

import subprocess
import sys

import pytest
import typer

from diagkit import __version__
from diagkit.cli import app, registry

HEAVY = {"rich", "paramiko", "psutil", "icmplib", "pydantic", "asyncio", "cryptography", "dateutil"}
HEAVIER_THAN_NEEDED = {"typer", "dataclasses", "re"}


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_names_every_command(diagkit, word):
    answer = diagkit(word)
    assert answer.returncode == 0
    assert answer.stderr == ""
    assert answer.stdout == registry.help_text() + "\n"
    for name, (_, line) in registry.COMMANDS.items():
        assert f"  {name:<14}{line}" in answer.stdout


def test_version(diagkit):
    assert diagkit("--version").stdout == f"diagkit {__version__}\n"


@pytest.mark.parametrize("name", registry.COMMANDS)
def test_the_registry_says_what_the_command_says_of_itself(name):
    command = app.load(name)
    assert command.help.partition("\n")[0] == registry.COMMANDS[name][1]


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_commands_know_both_words_for_help(diagkit, word):
    assert diagkit("check", word).stdout.startswith("Usage: diagkit check")


def test_no_command_is_a_usage_error_with_the_help(diagkit):
    answer = diagkit()
    assert answer.returncode == 64
    assert answer.stdout == ""
    assert answer.stderr == registry.help_text() + "\n"


def run_and_loaded(environment, *words, **more):
    """A run, and the modules that it has loaded at its end."""
    program = (
        "import sys, diagkit.__main__ as door\n"
        "code = door.answer(sys.argv[1:])\n"
        "sys.stderr.write('\\n'.join(sys.modules)); sys.exit(code)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *words],
        check=False,
        env=environment | more,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return run, set(run.stderr.split())


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_loads_next_to_nothing(environment, word):
    _, loaded = run_and_loaded(environment, word)
    assert not (HEAVY | HEAVIER_THAN_NEEDED) & loaded
    assert len(loaded) < 80


@pytest.mark.parametrize(
    "line", ["diagkit ", "diagkit ch", "diagkit check --", "diagkit check --only ", "diagkit runbook show "]
)
def test_completion_loads_nothing_heavy(environment, line):
    _, loaded = run_and_loaded(environment, line, _DIAGKIT_COMPLETE="zsh")
    assert not HEAVY & loaded
    assert "diagkit.model" not in loaded, "the nouns alone cost as much as Typer"


@pytest.mark.parametrize("name", registry.COMMANDS)
def test_every_command_has_plain_help_and_loads_nothing_heavy_for_it(environment, name):
    run, loaded = run_and_loaded(environment, name, "-h", FORCE_COLOR="1")
    assert run.returncode == 0
    assert run.stdout.startswith(f"Usage: diagkit {name}")
    assert "\x1b" not in run.stdout
    assert not HEAVY & loaded


def test_typer_is_the_one_whose_inside_we_know():
    """`Commands` leans on TyperGroup, which is only half public: look again before raising the bound in pyproject."""
    assert (0, 26) <= tuple(int(part) for part in typer.__version__.split(".")[:2]) < (0, 29)
