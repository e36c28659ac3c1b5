"""The README keeps its word: its commands are read by the real command line, its configuration by the real loader."""

import re
from pathlib import Path

import pytest

from diagkit import catalog, config
from tests.test_runbooks import FENCE, selected, written

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("line", written(TEXT))
def test_every_command_is_one(line: str) -> None:
    if not re.search(r"\b[A-Z]{2,}\b|--help", line):  # `diagkit explain ID`: a form, not a command
        selected(line)


def test_the_configuration_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sample,) = [block for language, block in FENCE.findall(TEXT) if language == "toml"]
    (tmp_path / "diagkit.toml").write_text(sample)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("DIAGKIT_CONFIG", raising=False)
    loaded = config.load(config.layers())
    assert loaded.services["shop"].on == ("web-1",)
    assert loaded.targets["web-1"].depends_on == ("db-1", "auth.example.org:443")
    assert loaded.checks["resources.disk.space"] == {"warn": 0.05}


def test_the_deep_checks_are_all_there_with_their_seconds() -> None:
    told = {name: int(seconds) for name, seconds in re.findall(r"^\| `([\w.]+)` \| (\d+) \|", TEXT, re.MULTILINE)}
    assert told == {name: round(check.cost) for name, check in catalog.all_checks().items() if check.deep}


def test_every_file_it_points_at_is_there() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert linked
    assert all((ROOT / path).exists() for path in linked)


def test_the_cause_is_that_of_the_example() -> None:
    (sample,) = [block for language, block in FENCE.findall(TEXT) if language == "python"]
    assert sample in (ROOT / "tests/own/acme/causes/licence.py").read_text()


def test_the_test_command_is_what_ci_runs() -> None:
    assert "python3 tests/run.py" in TEXT
    assert "python3 tests/run.py" in (ROOT / ".ci" / "run").read_text()
