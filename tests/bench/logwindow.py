"""What finding a window of time costs: `python3 tests/bench/logwindow.py`.

Cuts a window out of files from 10 MB to a sparse one of 1 TB, and dates lines as many programs write them. Prints reads
and CPU time of a cut, and the time of a line as a ratio to `datetime.fromisoformat` in the same run, the least of
several runs of each, taken in turn. Exit code 1 if one is above its limit.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from diagkit.logs.cut import cut
from diagkit.logs.dating import Dater
from diagkit.logs.timestamps import Clock

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCK = Clock(ahead=3600, latest=NOW, booted=NOW, place="Europe/Berlin")
READS, CPU = 64, 5.0  # of one cut, in milliseconds
RATIO = 7.0  # times `datetime.fromisoformat`, of a line that shares its minute with the one before; some 0.6 us
RUNS = 9
MB = 1 << 20

FORMS: dict[str, Callable[[datetime], str]] = {
    "RFC 3339 (rsyslog)": lambda at: f"{at:%Y-%m-%dT%H:%M:%S.%f}+00:00 web1 shop[812]: GET /items 200 12ms",
    "RFC 3164 (syslog)": lambda at: f"{at:%b %e %H:%M:%S} web1 shop[812]: GET /items 200 12ms",
    "log4j": lambda at: f"{at:%Y-%m-%d %H:%M:%S},{at:%f}"[:23] + " INFO [main] shop.Cart: GET /items 200",
    "nginx error": lambda at: f"{at:%Y/%m/%d %H:%M:%S} [error] 12#12: *1 connect() failed",
    "journalctl short-unix": lambda at: f"{at.timestamp():.6f} web1 shop[812]: GET /items 200 12ms",
}
SLOWER: dict[str, Callable[[datetime], str]] = {
    "access log": lambda at: f'10.0.0.{at.second} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 1',
    "JSON (zap)": lambda at: f'{{"level":"info","ts":{at.timestamp():.6f},"msg":"GET /items 200"}}',
    "stack trace": lambda at: "\tat org.shop.Cart.add(Cart.java:12)",
    "no stamp at all": lambda at: f"Shop started item {at.second} of the cart",
}


def lines(form: Callable[[datetime], str], size: int) -> bytes:
    """That many bytes of a log, a line every 37 milliseconds, the last one now."""
    line = form(NOW) + "\n"
    count = size // len(line)
    return "".join(form(NOW - timedelta(milliseconds=37 * (count - n))) + "\n" for n in range(count)).encode()


def logs(folder: Path) -> dict[str, Path]:
    """Files of several sizes. The large ones repeat a day's lines in islands, with the date moved on, or are sparse."""
    found = {}
    for name, form in (("RFC 3339", FORMS["RFC 3339 (rsyslog)"]), ("RFC 3164", FORMS["RFC 3164 (syslog)"])):
        path = folder / f"10 MB, {name}"
        path.write_bytes(lines(form, 10 * MB))
        found[path.name] = path
    path = folder / "1 GB"
    with path.open("wb") as file:
        for day in range(100):
            date = f"{NOW - timedelta(days=100 - day):%Y-%m-%d}T"
            text = "".join(
                f"{date}{n // 120 % 24:02}:{n // 2 % 60:02}:{n % 2 * 30:02}Z web1 shop: {n}\n" for n in range(2880)
            )
            padded = text.replace("\n", " " + "x" * 3690 + "\n").encode()
            file.write(padded)
    found[path.name] = path
    for size, name in ((1 << 30, "1 GB, sparse"), (1 << 40, "1 TB, sparse")):
        path = folder / name
        with path.open("wb") as file:
            for n in range(5000):
                file.seek(size // 5000 * n)
                start = NOW - timedelta(minutes=5000 - n)
                file.write(
                    "".join(
                        FORMS["RFC 3339 (rsyslog)"](start + timedelta(seconds=s)) + "\n" for s in range(30)
                    ).encode()
                )
            file.truncate(size)
        found[path.name] = path
    return found


def cuts(folder: Path) -> int:
    """Cut a window out of each file; how many limits were missed."""
    missed = 0
    for name, path in logs(folder).items():
        size, taken, reads, part = path.stat().st_size, [], 0, 0
        with path.open("rb") as file:
            for share in range(RUNS):
                whole = cut(file, size, NOW - timedelta(days=400), NOW, CLOCK)
                first = datetime.fromtimestamp((whole.first or 0) / 1e6, UTC)
                since = first + (NOW - first) * share / RUNS
                before = time.process_time()
                found = cut(file, size, since, since + (NOW - first) / 1000, CLOCK)
                taken.append(1000 * (time.process_time() - before))
                reads, part = max(reads, found.reads), max(part, found.end - found.start)
        cost = sorted(taken)[RUNS // 2]
        late = reads > READS or cost > CPU
        missed += late
        print(f"{reads:4} reads {cost:6.2f} ms  {100 * part / size:7.3f} % to read  {name}{'  ABOVE' if late else ''}")
    print(f"  (limits: {READS} reads, {CPU:g} ms of CPU, the median of {RUNS} windows)\n")
    return missed


def dates() -> int:
    """Date lines of each form; how many ratios were above the limit."""
    iso = [f"{NOW - timedelta(milliseconds=37 * n)}" for n in range(20_000)]
    texts = {name: lines(form, 3 * MB).splitlines()[-20_000:] for name, form in (FORMS | SLOWER).items()}
    best = dict.fromkeys(["fromisoformat", *texts], float("inf"))
    for _ in range(RUNS):
        before = time.process_time()
        for text in iso:
            datetime.fromisoformat(text)
        best["fromisoformat"] = min(best["fromisoformat"], (time.process_time() - before) / len(iso))
        for name, each in texts.items():
            at = Dater(CLOCK).at
            before = time.process_time()
            for line in each:
                at(line)
            best[name] = min(best[name], (time.process_time() - before) / len(each))
    unit, missed = best.pop("fromisoformat"), 0
    print(f"{1e9 * unit:6.0f} ns  datetime.fromisoformat")
    for name, cost in best.items():
        late = name in FORMS and cost / unit > RATIO
        missed += late
        limit = f"  (limit {RATIO:g})" if name in FORMS else ""
        print(f"{1e9 * cost:6.0f} ns  {cost / unit:5.2f}x  {name}{'  ABOVE' if late else limit}")
    return missed


def main() -> int:
    """Measure both."""
    with tempfile.TemporaryDirectory() as folder:
        return int(cuts(Path(folder)) + dates() > 0)


if __name__ == "__main__":
    sys.exit(main())
