"""Exact counts of log signatures, against ripgrep and cat: `python3 tests/bench/logscan.py [MEGABYTES]`.

Both count in the same files, one after the other, in CPU time of the process and its children; the ratio is that of
the medians. What ripgrep is asked is less than what we do: how many lines have any signature, with
`rg -a --no-unicode -c -f PATTERNS`. Its patterns are ours where it can hold them and where they mean the same by
themselves; where they look around, or lean on their literal or on the envelope (`^`), it gets the literals alone, in
either case of letters. Nobody counts whom ripgrep finds per signature, by which program, in which minute: that comes
with ours. `rg -F` with nothing but the literals is shown beside it: no aim, but the fairest rival in a storm. What
ripgrep takes to compile what it is asked, measured on an empty file, is taken off: it would flatter us.

Also: two processes against one, the first byte scanned after start, and whether every (line, signature) is the one that
`re` finds. Exit code 1 if an aim is missed.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from diagkit.logs import reading, sources  # noqa: E402
from diagkit.logs.census import Census  # noqa: E402
from diagkit.logs.lines import Log  # noqa: E402
from diagkit.logs.matching.plain import Plain  # noqa: E402
from diagkit.logs.occurrences import Matcher  # noqa: E402
from diagkit.logs.reading.jobs import jobs  # noqa: E402
from diagkit.logs.reading.workers import Gauge  # noqa: E402
from diagkit.logs.signatures import Signature, catalogue  # noqa: E402
from diagkit.logs.tallies import Counts  # noqa: E402
from diagkit.logs.timestamps import Clock  # noqa: E402
from diagkit.logs.window import NEVER, Window  # noqa: E402
from tests.bench import log_corpora  # noqa: E402

AIMS = {0.001: 5.0, 0.01: 4.0, 0.2: 1.2}  # times ripgrep, by the share of lines with a signature
OF_CAT, OF_TWO, OF_HELP = 0.2, 1.7, 1.5
RUNS = 3
AGREE = 500_000  # bytes of each corpus on which every line is compared
CLOCK = Clock(ahead=0, latest=datetime(2026, 12, 1, tzinfo=UTC), booted=datetime(2026, 11, 1, tzinfo=UTC))
ALWAYS = Window(since=datetime(2020, 1, 1, tzinfo=UTC), until=NEVER)


def source(form: str) -> Log:
    """What a log of this form would be called."""
    return Log("journal" if form == "journal" else f"/var/log/shop/{log_corpora.FORMATS[form][0]}", b"")


def count(path: str, form: str) -> Counts:
    """Our side: every signature, read as `diagkit logs` reads."""
    (series,), _ = sources.find([path])
    census = Census(source(form), CLOCK, ALWAYS)
    for part in series.parts:
        for block in part.blocks():
            census.read(block)
    return census.counts


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU it took, its children's included."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    work()
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(b.ru_utime - a.ru_utime + b.ru_stime - a.ru_stime for a, b in zip(before, after, strict=True))


def quietly(*command: str) -> Callable[[], object]:
    """That command, what it says thrown away."""
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=False)


def escaped(literal: str) -> str:
    """The literal as a pattern of Rust's."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", literal)


def for_ripgrep(signature: Signature, ordinary: list[str]) -> list[str]:
    """The signature in patterns that ripgrep can hold."""
    literals = [f"(?i:{escaped(literal)})" for literal in signature.literals]
    if signature.pattern is None:
        return literals
    bare = re.sub(r"\(\?P<\w+>", "(?:", signature.pattern.pattern)
    leans = any(token in bare for token in ("(?=", "(?!", "(?<", "(?P", "(?(", "^", "*+", "++", "(?>"))
    if leans or any(re.search(bare, line, re.ASCII) for line in ordinary):
        return literals
    done = subprocess.run(["rg", "--no-unicode", "-e", bare, "/dev/null"], capture_output=True, check=False)
    return literals if done.returncode == 2 else [bare]


def agrees(path: str, form: str) -> int:
    """Lines with a signature in the first part of the file. Raises where `re`, line by line, finds others."""
    with Path(path).open("rb") as file:
        raw = file.read(AGREE)
    raw = raw[: raw.rfind(b"\n") + 1]
    junk = b"".join(line + b"\r\n" + os.urandom(80).replace(b"\n", b"") + b"\n" for line in raw[:100_000].split(b"\n"))
    wanted: dict[str, int] = {}
    for hit in Matcher(catalogue().values(), Plain).hits(Log(source(form).source, raw + junk), CLOCK, ALWAYS):
        wanted[hit.signature.id] = wanted.get(hit.signature.id, 0) + 1
    census = Census(source(form), CLOCK, ALWAYS)
    census.read(raw + junk)
    found = {name: tally.count for name, tally in census.counts.tallies.items() if tally.count}
    if found != wanted:
        raise SystemExit(f"{path}: counts differ from those of re: {found.items() ^ wanted.items()}")
    return sum(found.values())


def compare(folder: Path, size: int, missed: list[str]) -> None:
    """Rows 1, 2 and agreement."""
    ordinary = [line.decode() for form in log_corpora.FORMATS for line in islice(log_corpora.lines(form, 0.0), 200)]
    patterns, literals = folder / "patterns", folder / "literals"
    patterns.write_text("".join(f"{one}\n" for s in catalogue().values() for one in for_ripgrep(s, ordinary)))
    literals.write_text("".join(f"{one}\n" for s in catalogue().values() for one in s.literals))
    rivals = {
        "rg": ("rg", "-a", "--no-unicode", "-c", "-f", str(patterns)),
        "rg -F": ("rg", "-a", "--no-unicode", "-i", "-c", "-F", "-f", str(literals)),
    }
    pairs = 0
    for form in log_corpora.FORMATS:
        for share, aim in AIMS.items():
            path = str(folder / f"{form}-{share}")
            log_corpora.write(Path(path), form, share, size)
            pairs += agrees(path, form)
            sides = {
                "ours": lambda path=path, form=form: count(path, form),
                "cat": quietly("cat", path),
                **{name: quietly(*words, path) for name, words in rivals.items()},
            }
            sides |= {f"{name}, nothing to read": quietly(*words, "/dev/null") for name, words in rivals.items()}
            taken: dict[str, list[float]] = {name: [] for name in sides}
            for run in range(RUNS):
                for name, work in sides.items():
                    if run == 0 or not name.startswith("rg"):  # which takes long enough to be told by one run
                        taken[name].append(cpu(work))
            ours = median(taken["ours"])
            ratio, literal_ratio = (
                (median(taken[name]) - median(taken[f"{name}, nothing to read"])) / ours for name in rivals
            )
            of_cat = median(taken["cat"]) / ours
            verdict = judged(f"{form} {share:.1%} against rg", ratio, aim, missed)
            said = f"{form:8} {share:6.1%} hit  {size / 1e9 / ours:5.2f} GB/cpu-s  {ratio:5.1f}x rg {verdict}"
            if share == min(AIMS):
                said += f"  {of_cat:.2f} of cat {judged(f'{form} against cat', of_cat, OF_CAT, missed)}"
            print(f"{said}  ({literal_ratio:.1f}x rg -F)", flush=True)
            Path(path).unlink()
    print(f"all {pairs} (line, signature) pairs are those of re")


def judged(name: str, value: float, aim: float, missed: list[str]) -> str:
    """The aim, and whether it is met."""
    if value < aim:
        missed.append(name)
    return f"(aim {aim:g})" if value >= aim else f"BELOW {aim:g}"


def in_two(folder: Path, size: int, missed: list[str]) -> None:
    """The reading of `diagkit logs` with two workers against one, in wall time, one after the other."""
    path = folder / "large"
    log_corpora.write(path, "syslog", 0.01, size // 4)
    path.write_bytes(
        path.read_bytes() * 4
    )  # the same hours four times; to make them all would take longer than to read
    series, _ = sources.find([str(path)])

    def read(workers: int) -> float:
        reading.processors = lambda: workers
        todo = list(jobs(series, ALWAYS, lambda _: CLOCK, whole=True))
        began = time.monotonic()
        reading.read(todo, Gauge(), lambda: None)
        return time.monotonic() - began

    read(1)
    ratios = [read(1) / read(2) for _ in range(RUNS + 2)]
    told = f"median of {len(ratios)} runs at load {os.getloadavg()[0]:.1f}, best {max(ratios):.2f}"
    ratio = median(ratios)
    print(f"two workers: {ratio:.2f}x one {judged('two workers', ratio, OF_TWO, missed)}  ({told})", flush=True)


def first_byte(folder: Path, missed: list[str]) -> None:
    """From the start of Python to the first block searched, the database kept from a run before."""
    program = (
        "from datetime import UTC, datetime as d; from diagkit.logs.census import Census;"
        "from diagkit.logs.lines import Log; from diagkit.logs.timestamps import Clock;"
        "from diagkit.logs.window import ALWAYS;"
        "clock = Clock(ahead=0, latest=d(2026, 12, 1, tzinfo=UTC), booted=d(2026, 11, 1, tzinfo=UTC));"
        "census = Census(Log('/var/log/syslog', b''), clock, ALWAYS);"
        "census.read(b'Nov 20 06:00:00 web1 app: fine\\n')"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(ROOT)}

    def run(*words: str) -> Callable[[], object]:
        command = [sys.executable, *words]
        return lambda: subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)

    line = folder / "one.log"
    line.write_text("Nov 20 06:00:00 web1 app: fine\n")
    started = {
        "first byte": run("-c", program),
        "--help": run("-m", "diagkit", "--help"),
        "logs --help": run("-m", "diagkit", "logs", "--help"),
        "logs of a line": run("-m", "diagkit", "logs", str(line)),
    }
    for work in started.values():
        work()
    taken = {name: min(cpu(work) for _ in range(RUNS + 4)) for name, work in started.items()}
    ratio = taken["first byte"] / taken["--help"]
    verdict = f"(aim {OF_HELP:g})" if ratio <= OF_HELP else f"ABOVE {OF_HELP:g}"
    if ratio > OF_HELP:
        missed.append("first byte")
    print(f"first byte scanned: {ratio:.1f}x diagkit --help {verdict}", end="; ")
    print(f"{taken['first byte'] / taken['logs --help']:.1f}x diagkit logs --help", end="; ")
    print(f"diagkit logs of one line: {taken['logs of a line'] / taken['logs --help']:.1f}x that", flush=True)


def main() -> int:
    """Measure everything."""
    size = int(sys.argv[1]) * 1_000_000 if len(sys.argv) > 1 else 16_000_000
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        first_byte(folder, missed)
        in_two(folder, 16 * size, missed)
        compare(folder, size, missed)
    print(f"missed: {', '.join(missed)}" if missed else "every aim is met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
