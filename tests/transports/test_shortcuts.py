"""Other words for the same question: they have the same answer."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

from diagkit.model import Run
from diagkit.probes.deleted import LINKS
from diagkit.probes.disk_users import TRAFFIC
from diagkit.probes.log_files import OPEN
from diagkit.probes.processes import DETAILS
from diagkit.transports.shortcuts import words


def about_us(text: str) -> list[str]:
    """The lines about this process, and those about none, without the numbers at their ends: these move."""
    own = f"/proc/{os.getpid()}/"
    lines = (line.rstrip("0123456789 ") for line in text.splitlines())
    return sorted(line for line in lines if own in line or line in ("/proc", "/proc/"))


@pytest.mark.parametrize("run", [LINKS, TRAFFIC, OPEN, DETAILS], ids=["deleted", "traffic", "logs", "details"])
def test_less_is_looked_at_for_the_same_answer(run: Run) -> None:
    argv = run.argv
    assert words(argv) != shlex.join(argv)
    with tempfile.NamedTemporaryFile(suffix=".log"), tempfile.TemporaryFile():
        plain, short = (
            subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False).stdout
            for text in (shlex.join(argv), words(argv))
        )
    assert about_us(plain)
    assert about_us(short) == about_us(plain)


@pytest.mark.parametrize("find", ["find", "busybox find"])
def test_folders_are_found_without_the_names_of_files(tmp_path: Path, find: str) -> None:
    for folder in ("a/b/c", "a/leaf", "crowd", "deep/crowd/below"):
        (tmp_path / folder).mkdir(parents=True)
    for folder in ("crowd", "deep/crowd"):
        for number in range(400):
            (tmp_path / folder / f"{number:0200}").touch()
    large = ("-type", "d", "-size", "+4k", "-exec", "stat", "-c", "%s %n", "{}", "+")
    argv = ("find", str(tmp_path), "-xdev", "-maxdepth", "3", *large)
    plain, short = (
        subprocess.run(["sh", "-c", text.replace("find", find, 1)], capture_output=True, text=True, check=False)
        for text in (shlex.join(argv), words(argv))
    )
    assert words(argv) != shlex.join(argv)
    assert "/deep/crowd" in short.stdout
    assert sorted(short.stdout.splitlines()) == sorted(plain.stdout.splitlines())
    assert (short.returncode, short.stderr) == (plain.returncode, "")


@pytest.mark.parametrize(
    "argv",
    [
        ("find", "/proc", "-maxdepth", "3", "-path", "/proc/[0-9]*/task/*"),
        ("find", "/proc", "-maxdepth", "3", "-name", "x"),
        ("find", "/proc", "-mindepth", "2", "-maxdepth", "2", "-path", "/proc/[0-9]*/$(id)", "-exec", "cat", "{}", "+"),
        ("find", "/proc", "-mindepth", "2", "-maxdepth", "2", "-name", "io", "-exec", "cat", "{}", "+"),
        ("find", "/proc/[0-9]*/fd"),
    ],
)
def test_all_else_is_said_as_it_is(argv: tuple[str, ...]) -> None:
    assert words(argv) == shlex.join(argv)
