"""Logs to read back, made with the tools that make them in the field; each test says which it needs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from diagkit.logs import sources

TEXT = b"".join(
    b"Nov 20 %02d:%02d:%02d web1 shop[402]: request %d took %d ms\n" % (n // 3600, n // 60 % 60, n % 60, n, n % 917)
    for n in range(20_000)
)


def run(*words: str | Path, given: bytes | None = None, cwd: Path | None = None) -> bytes:
    """What a tool prints; the test is skipped where the machine has no such tool."""
    if not shutil.which(str(words[0])):
        pytest.skip(f"{words[0]} is not installed")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(
        [str(w) for w in words], input=given, stdout=subprocess.PIPE, check=True, cwd=cwd, env=environment
    ).stdout


def read(part: sources.Part) -> bytes:
    """All its lines; every block holds what blocks promise."""
    found = []
    for block in part.blocks():
        assert 0 < len(block) <= 1 << 20
        assert block.endswith(b"\n")
        found.append(block)
    return b"".join(found)


def only(path: Path | str) -> sources.Part:
    """The one part that lies there, of which nothing has to be said."""
    found, notes = sources.find([str(path)])
    assert not notes
    assert len(found) == 1
    assert len(found[0].parts) == 1
    return found[0].parts[0]


def written(folder: Path, content: bytes, name: str = "app.log") -> sources.Part:
    """The part that a file with this content is."""
    (folder / name).write_bytes(content)
    return only(folder / name)
