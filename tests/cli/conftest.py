import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home; the current directory of every run."""
    return tmp_path


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """What a run may see of ours: the way to the program, nothing of our settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


@pytest.fixture
def diagkit(home: Path, environment: dict[str, str]):
    """Run diagkit for real, as a user would."""

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "diagkit", *words],
            check=False,
            env=environment | more,
            cwd=home,
            capture_output=True,
            text=True,
            timeout=240,  # of a busy machine
            stdin=subprocess.DEVNULL,
        )

    return run
