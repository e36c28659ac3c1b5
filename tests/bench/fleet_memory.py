#!/usr/bin/env python3
"""What a fleet takes of memory, from what its hosts said to the reports: `python tests/bench/fleet_memory.py [HOSTS…]`.

The hosts are the tapes of tests/hosts under other names, most of them sick, each in its own way; they are judged by as
many threads as ask in a fleet, and said as text and as JSON. Connections are not in it: `sshidle.py` measures those.
Prints the peak of each size in a process of its own, and the time that a host takes to be said; exit code 1 when an aim
is missed: 150 MB for a thousand hosts, 2 ms for a host in JSON.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from diagkit import catalog  # noqa: E402
from diagkit.cli.deeper import told_by  # noqa: E402
from diagkit.cli.run import run_info  # noqa: E402
from diagkit.cli.stop import Stop  # noqa: E402
from diagkit.conclusions import Conclusion, Settings  # noqa: E402
from diagkit.fleet.allocation import keep_little  # noqa: E402
from diagkit.fleet.parallel import USUAL  # noqa: E402
from diagkit.model import epoch  # noqa: E402
from diagkit.outputs import View, all_outputs  # noqa: E402
from diagkit.session import assemble  # noqa: E402
from diagkit.transports.replay import read_tape  # noqa: E402

SIZES = (1, 100, 1000)
MOST_MB, MOST_MS = 150.0, 2.0
TAPES = sorted((ROOT / "tests" / "hosts").glob("*/*.tape.gz"))


def judged(count: int, settings: Settings) -> list[Conclusion]:
    """What each of so many hosts tells."""
    then = told_by(settings, keep=False)

    def one(number: int) -> Conclusion:
        tape = read_tape(TAPES[number % len(TAPES)])
        label = f"host-{number}"
        return then(replace(tape, target=replace(tape.target, label=label))).conclusion

    keep_little()
    with ThreadPoolExecutor(USUAL) as pool:
        return list(pool.map(one, range(count)))


def said(count: int) -> tuple[float, float]:
    """Judge so many hosts and say it; the peak in MB, and the milliseconds that JSON takes for each."""
    settings = Settings(checks=tuple(catalog.all_checks().values()), tellers=catalog.all_tellers(), set_up=count > 1)
    told = judged(count, settings)
    about = run_info(epoch(time.time()), [one.moment for one in told], Stop())
    report = assemble(told, settings, about)
    began = took = 0.0
    with Path(os.devnull).open("w") as nowhere:
        for name in ("text", "json"):
            began = time.process_time()
            nowhere.writelines(all_outputs()[name].pieces(report, View()))
            took = time.process_time() - began
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, took / count * 1e3


def main() -> int:
    """Each size in a process of its own."""
    missed = False
    for size in [int(word) for word in sys.argv[1:]] or SIZES:
        done = subprocess.run([sys.executable, __file__, "--only", str(size)], stdout=subprocess.PIPE, check=True)
        peak, per_host = map(float, done.stdout.split())
        late = size > 1 and (peak > MOST_MB or per_host > MOST_MS)
        missed |= late
        verdict = "NOT MET" if late else "met"
        print(
            f"{size:5} hosts: {peak:6.1f} MB (aim <= {MOST_MB:.0f}), JSON {per_host:5.2f} ms/host (aim <= {MOST_MS:.0f}) {verdict}",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--only"]:
        print(*said(int(sys.argv[2])))
    else:
        sys.exit(main())
