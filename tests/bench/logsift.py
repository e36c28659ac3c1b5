"""What selecting lines on a host costs it, against `grep -E -f` of all signatures: `python3 tests/bench/logsift.py`.

Both read the same log of 16 MB, in turns, with GNU grep and with busybox. Its lines are those of several programs with
the words and paths of real life, one in a hundred has a signature: with lines that are all alike the automaton of grep
would be ready after the first. CPU time of the host is all that the shell of a visit and its children use; grep gets
PATIENCE seconds of it, and what it has read by then counts.

Prints megabytes per second of CPU and the memory of both, what goes over the wire,
how many lines pass, and how many of those with a signature do not. Exit code 1 where an aim is missed.
"""

import ctypes
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from diagkit.logs.matching.sieve import expression, pieces  # noqa: E402
from diagkit.logs.signatures import Signature, catalogue  # noqa: E402
from diagkit.model import Moment, Sift  # noqa: E402
from diagkit.transports.frames import Stream  # noqa: E402
from diagkit.transports.replies import replies  # noqa: E402
from diagkit.transports.script import Round, plan  # noqa: E402
from tests.bench import log_corpora  # noqa: E402

SIZE = 16 << 20
SHARE = 0.01  # of the lines have a signature
PATIENCE = 10  # seconds of CPU time for grep
AT_MOST = 1 / 8  # of its CPU time for the same bytes
MOST_PASSED = 0.1  # of the lines without a signature
TURNS = 3
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
NOW = log_corpora.START + timedelta(hours=26)
MOMENT = Moment(NOW, NOW - timedelta(hours=27), NOW)
PEERS = {"GNU grep": (("sh", "-s"), ("grep", "-aE")), "busybox": (("busybox", "sh", "-s"), ("busybox", "grep", "-E"))}


def lines(size: int) -> Iterator[tuple[str, bool]]:
    """A log of many programs; and of each line whether it has a signature."""
    chance = random.Random(4)
    paths = [
        str(path)
        for top in (ROOT / "diagkit", ROOT / "tests", Path(os.__file__).parent)
        for path in islice(top.rglob("*"), 4000)
    ]
    words = sorted({word for path in paths for word in re.findall("[A-Za-z]{3,14}", path)})
    word = lambda: chance.choice(words)  # noqa: E731
    number = chance.randrange
    forms = [log_corpora.lines(form, 0.0) for form in log_corpora.FORMATS]
    bad = [s.match for s in catalogue().values() if "\n" not in s.match]
    at = log_corpora.START
    while size > 0:
        at += timedelta(milliseconds=number(800))
        has = chance.random() < SHARE
        kind = 4 if has else number(6)
        says = (
            lambda: (
                f"INFO [exec-{number(99)}] org.{word()}.{word()}.{word().title()} : {word()} {word()} {word()}={number(10**8)}"
            ),
            lambda: (
                f'10.0.{number(256)}.{number(256)} "GET {chance.choice(paths)} HTTP/1.1" 200 {number(10**6)} "{word()}/{number(9)}"'
            ),
            lambda: (
                f'{{"level":"info","{word()}":"{word()}","path":"{chance.choice(paths)}","took":{number(999)},"msg":"{word()} {word()}"}}'
            ),
            lambda: f"{word()}[{number(9999)}]: {word()} {word()} {word()} {word()} {word()} ({number(99)} {word()})",
            lambda: chance.choice(bad),
            lambda: next(chance.choice(forms)).decode().partition(": ")[2],
        )[kind if has or kind != 4 else 5]
        line = f"{at:%Y-%m-%dT%H:%M:%S.%f}+00:00 web1 {says()}\n"
        size -= len(line)
        yield line, has


def cpu() -> float:
    """Seconds of CPU time of all children, once they and what they left behind have ended."""
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def converse(shell: tuple[str, ...], round_: Round, path: str) -> bytes:
    """All that the shell says to this round of questions."""
    child = subprocess.Popen(
        shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env={"PATH": path}
    )
    assert child.stdin
    assert child.stdout
    child.stdin.write(round_.script("diagkit=5f", "diagkit=77", 60))
    child.stdin.flush()
    said = b""
    while not re.search(rb"\ndiagkit=5f L 1\n", said) and (more := os.read(child.stdout.fileno(), 1 << 20)):
        said += more
    child.stdin.close()
    child.wait()
    return said


def visit(shell: tuple[str, ...], ask: Sift, path: str) -> tuple[float, int, bytes]:
    """Bytes for each second of CPU time, bytes over the wire, and the answer."""
    round_ = plan([ask], MOMENT)
    before = cpu()
    said = converse(shell, round_, path)
    seconds = cpu() - before
    stream = Stream(b"diagkit=5f", 1)
    stream.feed(said)
    stream.read()
    ((_, question),) = round_.questions
    ((_, reply),) = replies(question, stream.frames[0], time.time(), b"diagkit=77")
    head, _, out = reply.out.partition(b"\n")
    told = json.loads(head)
    return (told["end"] - told["read"]) / seconds, len(said), out


def scan(words: list[str], log: Path) -> tuple[float, str]:
    """Bytes this grep reads in a second of CPU time, its end after PATIENCE of them; and its MB, where time(1) is."""
    clock = [which, "-f", "%M"] if (which := shutil.which("time")) else []
    before = cpu()
    with log.open("rb", buffering=0) as file:  # with -c, for one that writes to /dev/null stops at its first line
        said = subprocess.run(
            [*clock, "sh", "-c", 'ulimit -t "$0"; exec "$@"', f"{PATIENCE}", *words, "-c"],
            stdin=file, capture_output=True, env={"LC_ALL": "C", "PATH": os.environ["PATH"]}, check=False,
        ).stderr  # fmt: skip
        return file.tell() / (cpu() - before), f"{int(said.split()[-1]) / 1000:.0f}" if clock else "?"


def in_any_case(literal: str) -> str:
    """An expression that finds the literal as we do."""
    letters = (f"[{c}{c.upper()}]" if c.isalpha() else re.sub(r"([][(){}.*+?^$|\\])", r"\\\1", c) for c in literal)
    return "".join(letters)


def expressions(signature: Signature) -> set[str]:
    """The signature as one would hand it to grep: its pattern, where grep can hold it, else its literals."""
    pattern = signature.pattern.pattern if signature.pattern else ""
    for ours, greps in ((r"\(\?(P<\w+>|:)", "("), (r"\\d", "[0-9]"), (r"(?<![\[\\])\^", "")):
        pattern = re.sub(ours, greps, pattern)
    if pattern and "(?" not in pattern and not re.search(r"\[[^]]*\\", pattern):
        found = subprocess.run(
            ["grep", "-aEn", "-e", pattern], input=f"\n{signature.match}".encode(), capture_output=True, check=False
        ).stdout
        if found.startswith(b"2:"):  # and not every line
            return {pattern}
    return {in_any_case(literal) for literal in signature.literals}


def main() -> int:
    """Measure with every grep."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1)  # or the time of what the shell does not wait for would be lost
    missed_aims = 0
    with tempfile.TemporaryDirectory() as folder:
        applets, log, patterns = (Path(folder, name) for name in ("applets", "app.log", "patterns"))
        applets.mkdir()
        subprocess.run(["busybox", "--install", "-s", applets], check=True)
        patterns.write_text("".join(f"{one}\n" for one in sorted(set().union(*map(expressions, catalogue().values())))))
        written = list(lines(SIZE))
        log.write_text("".join(line for line, _ in written))
        wanted = {line.rstrip("\n").encode() for line, has in written if has}
        ordinary = len(written) - len(wanted)
        sieves = {
            "GNU grep": ["grep", "-aFi", "\n".join(pieces())],
            "busybox": ["busybox", "grep", "-Ei", expression(pieces())],
        }
        for name, (shell, grep) in PEERS.items():
            path = os.pathsep.join((*([str(applets)] if name == "busybox" else []), os.environ["PATH"]))
            ours, wire, out = max(visit(shell, Sift(str(log), read=2 * SIZE, cap=8 << 20), path) for _ in range(TURNS))
            theirs, their_memory = scan([*grep, "-f", str(patterns)], log)
            _, our_memory = scan(sieves[name], log)
            came = set(out.splitlines())
            share = len(came - wanted) / ordinary
            missing = len(wanted - came)
            print(
                f"{name:9} {ours / 1e6:.0f} MB per second of CPU, grep -E -f of all signatures {theirs / 1e6:.2f}: "
                f"1/{ours / theirs:.0f}; {our_memory} MB of memory against "
                f"{their_memory}; {share:.1%} of ordinary lines pass, "
                f"{wire / 1024:.0f} KiB ({wire / SIZE:.1%}) over the wire; of {len(wanted)} lines with a signature {missing} missed"
            )
            missed_aims += theirs / ours > AT_MOST or share > MOST_PASSED or missing > 0
    return 1 if missed_aims else 0


if __name__ == "__main__":
    sys.exit(main())
