"""What selecting lines on a host costs it, against `grep -E -f` of all signatures: `python3 tests/bench/logsift.py`.

Both read the same logs of 12 MB, in turns, with GNU grep and with busybox: one line in a hundred has a signature. CPU time
of the host is all that the shell of a visit and its children use. Prints ratios, what goes over the wire, and how many
lines with a signature did not arrive; exit code 1 where an aim is missed. Peak memory is that of the largest process.
"""

import ctypes
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from diagkit.logs.signatures import catalogue
from diagkit.model import Moment, Sift
from diagkit.transports.frames import Stream
from diagkit.transports.replies import replies
from diagkit.transports.script import Round, plan

SIZE = 12 << 20
SHARE = 0.01  # of the lines have a signature
AT_MOST = 1 / 8  # of the CPU time of grep
# Bytes the peer reads: it is too slow for all of them. Compiling the patterns is a part of its time.
PEER_SIZES = {"GNU grep": 4 << 20, "busybox": 1 << 16}
TURNS = 2
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOMENT = Moment(NOW, NOW - timedelta(hours=24), NOW)
LOGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "rsyslog 8": (
        "%Y-%m-%dT%H:%M:%S.%f+00:00 web1 ",
        (
            "nginx[{}]: 10.0.0.{} - GET /item/{} in {} ms",
            "shop[{}]: INFO order {} of client {} took {} us",
            "dhclient[{}]: XMT: Solicit on eth{}, interval {}{}0ms.",
            "CRON[{}]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.{}/{}/{})",
        ),
    ),
    "log4j 2": (
        "%Y-%m-%d %H:%M:%S,%f ",
        (
            "INFO  [http-nio-8080-exec-{}] com.example.shop.Cart - item {} of {} put into cart {}",
            "DEBUG [pool-{}-thread-{}] com.example.shop.Stock - {} left of {}",
        ),
    ),
}
PEERS = {"GNU grep": (("sh", "-s"), ("grep", "-aE")), "busybox": (("busybox", "sh", "-s"), ("busybox", "grep", "-E"))}


def lines(stamp: str, said: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """A log of the day before NOW, of SIZE bytes; and of each line whether it has a signature."""
    chance = random.Random(4)
    bad = [s.match for s in catalogue().values() if "\n" not in s.match]
    every = timedelta(hours=23) / (SIZE // 110)
    size, at = 0, NOW - timedelta(hours=23)
    while size < SIZE:
        at += every
        has = chance.random() < SHARE
        text = chance.choice(bad) if has else chance.choice(said).format(*(chance.randrange(1000) for _ in range(4)))
        line = f"{at.strftime(stamp)}{text}\n"
        size += len(line)
        yield line, has


def cpu(work: Callable[[], bytes]) -> tuple[float, bytes]:
    """Seconds of CPU time of all children, and what came of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out


def converse(shell: tuple[str, ...], round_: Round, applets: str) -> bytes:
    """All that the shell says to this round of questions. applets: a folder of commands that come before the others."""
    path = os.pathsep.join((*([applets] if applets else []), os.environ["PATH"]))
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
    with suppress(ChildProcessError):
        while True:
            os.wait()  # what the shell left behind
    return said


def visit(shell: tuple[str, ...], ask: Sift, applets: str) -> tuple[float, int, bytes]:
    """Seconds of CPU time, bytes over the wire, and the answer."""
    round_ = plan([ask], MOMENT)
    taken, said = cpu(lambda: converse(shell, round_, applets))
    _, nothing = cpu(lambda: converse(shell, plan([Sift("/dev/null")], MOMENT), applets))
    stream = Stream(b"diagkit=5f", 1)
    stream.feed(said)
    stream.read()
    ((_, question),) = round_.questions
    ((_, reply),) = replies(question, stream.frames[0], time.time(), b"diagkit=77")
    assert reply.silence is None
    return taken, len(said) - len(nothing), reply.out


def expressions() -> str:
    """All signatures as one would hand them to grep: what it knows of their patterns, else their literals."""
    found = set[str]()
    for signature in catalogue().values():
        pattern = signature.pattern.pattern if signature.pattern else ""
        for its_own, greps in ((r"\(\?[=!<][^()]*\)", ""), (r"\(\?(P<\w+>|:|i:)", "("), (r"\\d", "[0-9]")):
            pattern = re.sub(its_own, greps, pattern)
        tried = subprocess.run(
            ["grep", "-E", "-e", pattern], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if pattern and "(?" not in pattern and tried.returncode == 1:
            found.add(pattern)
        else:
            found |= {re.sub(r"([][(){}.*+?^$|\\])", r"\\\1", literal) for literal in signature.literals}
    return "\n".join(sorted(found))


def main() -> int:
    """Measure every log with every grep."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1)  # or the time of what the shell does not wait for would be lost
    missed_aims = 0
    with tempfile.TemporaryDirectory() as folder:
        for applet in ("grep", "awk", "cut", "dd", "gzip", "head", "ls", "sed", "tail", "tr"):
            Path(folder, applet).symlink_to(shutil.which("busybox") or "")
        patterns = Path(folder, "patterns")
        patterns.write_text(expressions())
        for log, (stamp, said) in LOGS.items():
            path, part = Path(folder, "app.log"), Path(folder, "part.log")
            written = list(lines(stamp, said))
            path.write_text("".join(line for line, _ in written))
            wanted = {line.rstrip("\n").encode() for line, has in written if has}
            ask = Sift(str(path), read=32 << 20, cap=8 << 20)
            for name, (shell, grep) in PEERS.items():
                part.write_bytes(path.read_bytes()[: PEER_SIZES[name]])
                ratios, wire, missing = [], 0, 0
                for _ in range(TURNS):
                    ours, wire, out = visit(shell, ask, folder if name == "busybox" else "")
                    words = [*grep, "-i", "-f", str(patterns), str(part)]
                    run = lambda: subprocess.run(words, capture_output=True, env={"LC_ALL": "C"}, check=True).stdout  # noqa: E731, B023
                    theirs, _ = cpu(run)
                    ratios.append(ours / path.stat().st_size / (theirs / part.stat().st_size))
                    missing = len(wanted - set(out.splitlines()))
                ratio = statistics.median(ratios)
                passed = out.count(b"\n") * 100 / (SIZE / 110)
                print(
                    f"{log:10} {name:9} 1/{1 / ratio:.0f} of grep -E -f, {SIZE / ours / 1e6:4.0f} MB per second of CPU; "
                    f"{wire / 1024:4.0f} KiB over the wire ({wire / SIZE:.1%}), {passed:.1f} % of lines passed, "
                    f"{len(wanted)} have a signature, {missing} missed"
                )
                missed_aims += ratio > AT_MOST or missing > 0
    return 1 if missed_aims else 0


if __name__ == "__main__":
    sys.exit(main())
