"""What was freed is given back, and not kept for another answer as large."""

import platform
import subprocess
import sys

import pytest

RESIDENT = """
from pathlib import Path
from diagkit.fleet.allocation import give_back, keep_little

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

"""
HELD = """
keep_little()
bytes(8 << 20)  # glibc would keep all that is smaller from now on
before = resident()
answers, between = [], []
for _ in range(50):
    answers.append(b"x" * (1 << 20))
    between.append(b"x" * 4096)  # what is kept of each host lies behind its answer
most = resident()
answers.clear()
print(most - before, resident() - before)
"""
BETWEEN = """
small, kept = [], []
for _ in range(800):
    small.append(b"x" * (64 << 10))
    kept.append(b"x" * 4096)
small.clear()
before = resident()
give_back()
print(before, resident())
"""
pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")


def resident(program: str) -> list[int]:
    """The megabytes that it says it has."""
    said = subprocess.run([sys.executable, "-c", RESIDENT + program], check=True, capture_output=True, text=True)
    return [int(word) for word in said.stdout.split()]


def test_what_was_freed_is_given_back():
    most, kept = resident(HELD)
    assert most >= 50
    assert kept < 10


def test_so_is_what_is_free_between_things_that_are_not():
    before, after = resident(BETWEEN)
    assert before - after >= 30
