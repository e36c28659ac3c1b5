"""What the database of all log literals costs on ordinary lines: `python3 tests/bench/logdatabase.py`. CI runs it.

A new literal can halve the speed of all: one that ends as ordinary words do, or that ordinary lines hold. The peer is
counting line ends in the same text, which is nothing but reading it from memory. Prints the ratio of their CPU times and
the share of lines that have to be looked at; exit code 1 if either is beyond its limit.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from diagkit.logs.matching.engine import finder
from diagkit.logs.signatures import catalogue

LOGS = Path(__file__).parents[1] / "logs"
SIZE = 16_000_000  # bytes of text
ROUNDS = 7
SLOWEST = 15.0  # times counting line ends; with 615 signatures it takes about 5
MOST = 0.40  # of lines that were collected because they look bad; with 615 signatures it is a third


def cost(work: Callable[[], object]) -> float:
    """Seconds of CPU."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> int:
    """Measure it on what healthy hosts and applications of some thirty kinds say."""
    files = sorted(path for path in LOGS.glob("healthy*/**/*") if path.is_file())
    said = b"".join(path.read_bytes() for path in files)
    text = said * (SIZE // len(said))
    found = finder(sorted({literal.encode() for known in catalogue().values() for literal in known.literals}))
    found.places(text[:1000])
    pairs = [(cost(lambda: found.places(text)), cost(lambda: text.count(b"\n"))) for _ in range(ROUNDS)]
    ratio = min(ours for ours, _ in pairs) / min(theirs for _, theirs in pairs)
    lines = {said.count(b"\n", 0, place) for place in found.places(said)}
    share = len(lines) / said.count(b"\n")
    print(f"{len(catalogue())} signatures by {found.engine}, {len(said) / 1e3:.0f} kB of healthy lines")
    print(f"{ratio:6.1f}x  counting line ends  (limit {SLOWEST:g})")
    print(f"{share:6.1%}  of the lines are looked at  (limit {MOST:.0%})")
    return int(ratio > SLOWEST or share > MOST)


if __name__ == "__main__":
    sys.exit(main())
