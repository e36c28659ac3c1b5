#!/usr/bin/env python3
"""What weighing the causes costs: CPU time of the diagnosis of every recorded host, against parsing and judging it.

Prints median and 95th percentile in milliseconds and the ratio of weighing to the rest of the pure work; then the same
for a hundred hosts of which ten are sick, alike and each in its own way, against the limits of 50 and 150 ms.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from diagkit import catalog
from diagkit.causes.diagnosis import weigh
from diagkit.causes.topology import Place
from diagkit.conclusions import Settings, judge
from diagkit.model import Finding, Untrusted
from diagkit.transports.replay import read_tape

HOSTS = Path(__file__).parent.parent / "hosts"
ONE_HOST, FLEET = 50.0, 150.0  # milliseconds of CPU time that it may take
FLEET_SIZE, SICK = 100, 10


def main() -> None:
    """Weigh each recorded host three times, and fleets made of them."""
    settings = Settings(checks=tuple(catalog.all_checks().values()))
    knowledge = catalog.knowledge()
    judging, weighing = [], []
    sick, healthy = [], []
    for path in sorted(HOSTS.glob("*/*.tape.gz")):
        tape = read_tape(path)
        for _ in range(3):
            began = time.process_time()
            findings, _ = judge(tape, settings)
            judging.append(time.process_time() - began)
            weighing.append(_cost(lambda f=findings, t=tape: weigh(f, knowledge, t.moment.until)))  # type: ignore[misc]
        (healthy if path.parent.name == "healthy" else sick).append(findings)
    now = tape.moment.until
    _say("judging one host", judging)
    _say("weighing one host", weighing, ONE_HOST)
    print(f"ratio weighing/judging {sum(weighing) / sum(judging):.2f}")
    for title, tens in (("all alike", [[one] * SICK for one in sick]), ("all different", _different(sick))):
        costs = []
        for ten in tens:
            fleet = [*ten, *islice(cycle(healthy), FLEET_SIZE - SICK)]
            renamed = [f for n, found in enumerate(fleet) for f in _renamed(found, n)]
            places = [Place(target=f"host-{n}", names=frozenset({f"host-{n}"})) for n in range(len(fleet))]
            costs.append(_cost(lambda r=renamed, p=places: weigh(r, knowledge, now, p)))  # type: ignore[misc]
        _say(f"weighing {FLEET_SIZE} hosts, {SICK} sick, {title}", costs, FLEET)


def _different(sick: list[Sequence[Finding]]) -> list[list[Sequence[Finding]]]:
    return [list(islice(cycle(sick[start:] + sick[:start]), SICK)) for start in range(0, len(sick), SICK // 2)]


def _renamed(findings: Sequence[Finding], n: int) -> list[Finding]:
    return [replace(f, target=Untrusted(f"host-{n}")) for f in findings]


def _cost(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _say(what: str, seconds: list[float], limit: float = 0.0) -> None:
    p95 = statistics.quantiles(seconds, n=20)[-1] * 1e3
    against = f", {p95 / limit:.2f} of the {limit:.0f} ms it may take" if limit else ""
    median = statistics.median(seconds) * 1e3
    print(f"{what:42} median {median:6.1f} ms, p95 {p95:6.1f} ms, n={len(seconds)}{against}")


if __name__ == "__main__":
    main()
