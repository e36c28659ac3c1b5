"""What was freed is given back, and not kept for another answer as large."""

import platform
import subprocess
import sys

import pytest

HELD = """
from pathlib import Path
from diagkit.fleet.allocation import keep_little

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_what_was_freed_is_given_back():
    said = subprocess.run([sys.executable, "-c", HELD], check=True, capture_output=True, text=True)
    most, kept = map(int, said.stdout.split())
    assert most >= 50
    assert kept < 10
