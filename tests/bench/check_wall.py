#!/usr/bin/env python3
"""How long a full check of this machine takes, against the longest single wait in it.

The checklist must wait for two things whatever it does: the gap between two samples of a counter, and the pings. Prints
the ratio of the wall time of `diagkit check` to the longer of the two, and where the rest went. Aim: 1.5.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from diagkit.model import Again, Reach
from diagkit.transports.replay import read_tape

AIM = 1.5
ROUNDS = 5


def main() -> None:
    """Run it a few times and print the median."""
    walls = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            began = time.monotonic()
            subprocess.run([sys.executable, "-m", "diagkit", "check", "-q"], check=False, stdout=subprocess.DEVNULL)
            walls.append(time.monotonic() - began)
            print(f"run {number + 1}: {walls[-1]:.2f} s, load {os.getloadavg()[0]:.1f}")
        tape = Path(folder) / "here.tape"
        subprocess.run([sys.executable, "-m", "diagkit", "capture", "local", "-o", str(tape)], check=True)
        replies = read_tape(tape).replies
    gap = max((ask.gap for ask in replies if isinstance(ask, Again)), default=0.0)
    ping = max((r.took for ask, r in replies.items() if isinstance(ask, Reach) and ask.kind == "ping"), default=0.0)
    wall = statistics.median(walls)
    longest = max(gap, ping)
    print(f"wall {wall:.2f} s; sampling gap {gap:.2f} s, ping {ping:.2f} s")
    print(f"ratio {wall / longest:.2f} (aim {AIM})")


if __name__ == "__main__":
    main()
