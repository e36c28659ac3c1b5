"""What starting diagkit costs, against a bare `python3 -c pass`: `python3 tests/bench/startup.py`.

Counts the instructions of user mode with valgrind where it is installed, because they do not depend on what else the
machine does; else takes the least CPU time of several runs. Prints the ratios; exit code 1 if one is above its limit.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT = 12.0  # times a bare interpreter, for what a finger waits for
WORKING = 40.0  # for a run of the checklist, whatever it then asks
RUNS = 7  # without valgrind

DIAGKIT = ["-m", "diagkit"]
RUN = "import diagkit.cli.app, diagkit.cli.run; from diagkit import catalog"  # what is loaded to ask anything
CASES: dict[str, tuple[list[str], str, float | None]] = {
    "--help": ([*DIAGKIT, "--help"], "", LIMIT),
    "--version": ([*DIAGKIT, "--version"], "", LIMIT),
    "TAB after `diagkit c`": ([*DIAGKIT, "diagkit c"], "zsh", LIMIT),
    "TAB after `diagkit check --`": ([*DIAGKIT, "diagkit check --"], "zsh", LIMIT),
    "TAB after `diagkit check --only `": ([*DIAGKIT, "diagkit check --only "], "zsh", LIMIT),
    "check --help": ([*DIAGKIT, "check", "--help"], "", LIMIT),
    "one check": (["-c", f"{RUN}; catalog.checks_of(['resources.memory.*'])"], "", WORKING / 2),
    "the whole checklist": (["-c", f"{RUN}; catalog.knowledge()"], "", WORKING),
    "list checks": ([*DIAGKIT, "list", "checks"], "", WORKING),
}


def cost(words: list[str], completing: str) -> float:
    """Instructions, or seconds of CPU time, of one run with warm bytecode."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(ROOT)}
    if completing:
        environment["_DIAGKIT_COMPLETE"] = completing
    command = [sys.executable, *words]

    def run(command: list[str]) -> str:
        done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=True)
        return done.stderr

    run(command)
    if shutil.which("valgrind"):
        counted = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command])
        return float(re.search(r"Collected : (\d+)", counted)[1])
    taken = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        run(command)
        taken.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return min(taken)


def main() -> int:
    """Measure every case and print its ratio."""
    unit = "instructions" if shutil.which("valgrind") else "seconds of CPU time"
    bare = cost(["-c", "pass"], "")
    print(f"python3 -c pass: {bare:.4g} {unit}")
    late = 0
    for name, (words, completing, limit) in CASES.items():
        ratio = cost(words, completing) / bare
        verdict = "" if limit is None else f"  (limit {limit:g})" if ratio <= limit else f"  ABOVE {limit:g}"
        late += limit is not None and ratio > limit
        print(f"{ratio:6.2f}x  {name}{verdict}")
    return int(late > 0)


if __name__ == "__main__":
    sys.exit(main())
