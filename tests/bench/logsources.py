"""Reading logs: against cat, against gzip of the standard library, and in how much memory: `python3 tests/bench/logsources.py`.

Every comparison is interleaved, in CPU time (user and system). The logs are generated into a temporary folder that is
removed. Prints the ratios and the peaks; exit code 1 where one misses its aim.
"""

import bz2
import gzip
import lzma
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import zstandard

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from diagkit.logs import sources  # noqa: E402
from diagkit.logs.census import Census  # noqa: E402
from diagkit.logs.lines import Log  # noqa: E402
from diagkit.logs.timestamps import Clock  # noqa: E402
from diagkit.logs.window import NEVER, Window  # noqa: E402

MB = 1 << 20
ROUNDS = 7
PLAIN = 256 * MB
PACKED = 64 * MB
AGAINST_CAT = 0.5  # of its bytes per second
AGAINST_GZIP = 2.0  # times as fast, with the same search behind
PEAK = 150 * MB

START = datetime(2026, 11, 20, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=START + timedelta(days=30), booted=START)
ALWAYS = Window(since=START - timedelta(days=1), until=NEVER)
SAID = (
    "systemd[1]: Started Session {n} of User ops.",
    "sshd[{n}]: Connection closed by 10.0.{a}.{b} port {n} [preauth]",
    "CRON[{n}]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)",
    "shop[402]: GET /basket/{n} 200 in {a} ms, request {id:032x}",
    "postfix/qmgr[1204]: {n:08X}: from=<ops@example.org>, size={n}, nrcpt=1 (queue active)",
    'nginx[311]: 10.0.{a}.{b} - "GET /img/{n}.png HTTP/1.1" 304',
)  # fmt: skip
TROUBLE = "kernel: [{n}.{n:06}] Out of memory: Killed process {n} (shop) total-vm:{n}kB, anon-rss:{n}kB"

PEAK_OF = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from diagkit.logs import sources
found, notes = sources.find(sys.argv[2:])
size = longest = 0
for part in (part for one in found for part in one.parts):
    for block in part.blocks():
        size += len(block)
        longest = max(longest, len(block))
said = [note.says for note in notes] + [note for one in found for part in one.parts for note in part.notes]
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))  # ru_maxrss has the parent's, too
print(size, longest, int(peak.split()[1]) * 1024, *said[-1:])
"""


def syslog(size: int) -> Iterator[bytes]:
    """Lines of syslog; one in a thousand tells of trouble."""
    dice = random.Random(1)
    at, written = START, 0
    while written < size:
        lines = []
        for _ in range(10_000):
            at += timedelta(milliseconds=dice.randrange(300))
            said = TROUBLE if dice.random() < 0.001 else dice.choice(SAID)
            words = said.format(
                n=dice.randrange(100_000), a=dice.randrange(256), b=dice.randrange(256), id=dice.getrandbits(128)
            )
            lines.append(f"{at.isoformat(timespec='microseconds')} web1 {words}\n")  # as rsyslog of Debian 12 has it
        block = "".join(lines).encode()
        yield block
        written += len(block)


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU time, of this process and of those it starts."""

    def spent() -> float:
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    before = spent()
    work()
    return spent() - before


def ratio(ours: Callable[[], object], peer: Callable[[], object]) -> float:
    """How many times as fast ours is, in turns."""
    ours(), peer()
    return median(cpu(peer) / cpu(ours) for _ in range(ROUNDS))


def part_of(path: Path) -> sources.Part:
    """The part that a file is."""
    return sources.find([str(path)])[0][0].parts[0]


def against_cat(folder: Path) -> float:
    """Plain files."""
    path = folder / "syslog"
    block = b"".join(syslog(8 * MB))
    with path.open("wb") as file:
        for _ in range(PLAIN // len(block)):
            file.write(block)
    part = part_of(path)
    with Path("/dev/null").open("wb") as null:
        return ratio(
            lambda: sum(map(len, part.blocks())), lambda: subprocess.run(["cat", path], stdout=null, check=True)
        )


def packed(folder: Path) -> Path:
    """A compressed log."""
    path = folder / "syslog.1.gz"
    if not path.exists():
        with gzip.open(path, "wb", 6) as file:
            for block in syslog(PACKED):
                file.write(block)
    return path


def decoding(folder: Path) -> float:
    """Compressed files, nothing but read."""
    path = packed(folder)
    part = part_of(path)
    return ratio(lambda: sum(map(len, part.blocks())), lambda: sum(map(len, gunzipped(path))))


def against_gzip(folder: Path) -> float:
    """Compressed files, searched for every signature."""
    path = packed(folder)
    part = part_of(path)
    log = Log("/var/log/syslog", b"")
    counted: set[int] = set()

    def count(blocks: Iterator[bytes]) -> None:
        census = Census(log, CLOCK, ALWAYS)
        for block in blocks:
            census.read(block)
        counted.add(census.counts.size)

    result = ratio(lambda: count(part.blocks()), lambda: count(gunzipped(path)))
    assert len(counted) == 1
    return result


def gunzipped(path: Path) -> Iterator[bytes]:
    """Blocks of whole lines with the standard library, as one would write it."""
    with gzip.open(path) as file:
        rest = b""
        while chunk := file.read(MB // 2):
            data = rest + chunk
            end = data.rfind(b"\n") + 1
            yield data[:end]
            rest = data[end:]
        if rest:
            yield rest


def hostile(folder: Path) -> Iterator[tuple[str, Path]]:
    """Inputs that would fill the memory of whoever trusts them; small on disk."""
    endless = folder / "endless.log"
    with endless.open("wb") as file:
        file.truncate(1024 * MB)  # a hole: a gigabyte of NUL on one line
        file.seek(1024 * MB)
        file.write(b"\nNov 20 12:00:00 web1 shop: after the hole\n")
    yield "a line of 1 GB", endless
    letters = folder / "letters.log.gz"
    letters.write_bytes(gzip.compress(b"x" * (64 * MB)) * 16)
    yield "a line of 1 GB in a .gz", letters
    zeros = bytes(64 * MB)
    wide = zstandard.ZstdCompressionParameters.from_level(3, window_log=25)
    pack: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "bzip2": bz2.compress,
        "xz -9": lambda data: lzma.compress(data, preset=9),
        "zstd, window of 32 MB": zstandard.ZstdCompressor(compression_params=wide).compress,
    }
    for name, compress in pack.items():
        bomb = folder / name.replace(" ", "-")
        bomb.write_bytes(compress(b"x\n" + zeros) * 160)
        yield f"a bomb of 10 GB, {name}", bomb
    archive = folder / "bomb.tar"
    subprocess.run(["tar", "-cf", archive, "gzip", "letters.log.gz"], cwd=folder, check=True)
    bombs = folder / "bomb.tar.xz"
    bombs.write_bytes(lzma.compress(archive.read_bytes(), preset=9))
    yield "bombs in a .tar.xz", bombs
    archive.unlink()
    with tempfile.TemporaryDirectory(dir=folder) as other:
        block = b"".join(syslog(30 * MB))
        for number in range(10):
            (Path(other) / f"app{number}.log").write_bytes(block)
        sent = folder / "sent.tar.gz"
        subprocess.run(["tar", "-I", "gzip -1", "-cf", sent, "."], cwd=other, check=True)
    yield "300 MB of logs in a .tar.gz", sent
    with tempfile.TemporaryDirectory(dir=folder) as other:
        many = Path(other)
        for number in range(3000):
            (many / f"app{number}.log").write_bytes(b"Nov 20 12:00:00 web1 shop: hello\n" * 2000)
        yield "3000 logs of 66 KB", many


def main() -> int:
    """Measure everything and print it."""
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, measure, aim in (
            ("plain lines, against cat >/dev/null", against_cat, AGAINST_CAT),
            (".gz, against gzip of the standard library", decoding, AGAINST_GZIP),
            ("the same, each with the count of signatures behind it", against_gzip, AGAINST_GZIP),
        ):
            found = measure(folder)
            missed += found < aim
            print(f"{found:6.2f}x  {what} (aim {aim:g})", flush=True)
        for what, path in hostile(folder):
            began = time.monotonic()
            command = [sys.executable, "-W", "error", "-c", PEAK_OF, str(ROOT), path]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"LC_ALL": "C"})
            size, longest, peak, *said = done.stdout.split(maxsplit=3)
            missed += int(peak) > PEAK or int(longest) > MB
            took = time.monotonic() - began
            print(
                f"{int(peak) / MB:4.0f} MB  {what}: {int(size) // MB} MB read in {took:.1f} s. {' '.join(said).strip()}",
                flush=True,
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
