#!/usr/bin/env python3
"""What weighing the causes costs: CPU time of the diagnosis of every recorded host, against parsing and judging it.

Prints median and 95th percentile in milliseconds, and the ratio of weighing to the rest of the pure work.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from diagkit import catalog
from diagkit.causes.diagnosis import weigh
from diagkit.session import Settings, judge
from diagkit.transports.replay import read_tape

HOSTS = Path(__file__).parent.parent / "hosts"


def main() -> None:
    """Weigh each recorded host three times."""
    settings = Settings(checks=tuple(catalog.all_checks().values()))
    knowledge = catalog.knowledge()
    weighing, judging = [], []
    for path in sorted(HOSTS.glob("*/*.tape.gz")):
        tape = read_tape(path)
        for _ in range(3):
            began = time.process_time()
            findings, _ = judge(tape, settings)
            between = time.process_time()
            weigh(findings, knowledge, tape.moment.until)
            judging.append(between - began)
            weighing.append(time.process_time() - between)
    for what, seconds in (("judging", judging), ("weighing", weighing)):
        p95 = statistics.quantiles(seconds, n=20)[-1]
        print(f"{what:9} median {statistics.median(seconds) * 1e3:6.1f} ms, p95 {p95 * 1e3:6.1f} ms, n={len(seconds)}")
    print(f"ratio weighing/judging {sum(weighing) / sum(judging):.2f}")


if __name__ == "__main__":
    main()
