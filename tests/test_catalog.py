"""What is loaded of the catalogue, and when."""

import subprocess
import sys
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.checks import Check
from diagkit.cli.selection import select
from diagkit.probes import Probe

CHECKS = catalog.all_checks()
BEFORE = "import sys; from diagkit import catalog; "


def loaded(statement: str, home: Path) -> set[str]:
    """The modules of ours that a fresh interpreter has loaded after this."""
    script = f"{BEFORE}{statement}; print(*(m for m in sys.modules if m.startswith('diagkit.')))"
    environment = {"HOME": str(home), "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda c: c.name)
def test_a_check_is_found_by_its_name_as_among_all(check: Check) -> None:
    assert catalog.checks_of([check.name])[check.name] is check


@pytest.mark.parametrize(
    "patterns",
    [
        ["resources.memory.*"],
        ["resources.memory"],
        ["resources.memory.*", "logs.auth"],
        ["*"],
        ["resources"],
        ["*.disk.*"],
    ],
)
def test_patterns_choose_the_same_as_among_all(patterns: list[str]) -> None:
    some = catalog.checks_of(patterns)
    assert select(some, "", patterns, ()) == select(CHECKS, "", patterns, ())
    assert list(some) == [name for name in CHECKS if name in some], "in the order of the checklist"


@pytest.mark.parametrize(
    "pattern", ["", ".", "resources.memery", "nothing", "/etc/passwd", "../x.y", "resources/memory", "\0"]
)
def test_what_names_no_module_is_looked_for_among_all(pattern: str) -> None:
    assert catalog.checks_of([pattern]) == CHECKS


def test_only_what_is_named_is_loaded(tmp_path: Path) -> None:
    there = loaded("catalog.probes_for(catalog.checks_of(['resources.memory.*']).values()); catalog.faults()", tmp_path)
    assert "diagkit.checks.resources.memory" in there
    assert not {"diagkit.checks.resources.disk", "diagkit.probes.logs", "diagkit.logs.signatures"} & there


def test_the_users_own_checks_are_among_them(tmp_path: Path) -> None:
    (tmp_path / ".config/diagkit/checks").mkdir(parents=True)
    assert "diagkit.checks.resources.disk" in loaded("catalog.checks_of(['resources.memory.*'])", tmp_path)


@pytest.mark.parametrize("probe", catalog.all_probes().values(), ids=lambda p: p.name)
def test_a_probe_lives_beside_what_it_learns(probe: Probe) -> None:
    assert probe.fact.__module__ == probe.sources[0].parse.__module__
