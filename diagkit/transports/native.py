"""What psutil knows about this machine: `python native.py NAME [DELAY]` prints the time, then the answer as JSON.

A program of its own because psutil may block (one dead mount is enough) and because only a child can be given up. It
imports nothing of diagkit. DELAY: seconds to wait first, for the second of two samples.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

Json = Any
PROCESS = ("pid", "ppid", "name", "username", "status", "cpu_times", "memory_info", "num_threads", "create_time")


def answers() -> dict[str, Callable[[], Json]]:
    """Every name that can be asked for. Units are psutil's own: bytes and seconds."""
    import psutil

    return {
        "boot_time": psutil.boot_time,
        "cpu_count": psutil.cpu_count,
        "cpu_times": lambda: psutil.cpu_times(percpu=True),
        "disk_io_counters": lambda: psutil.disk_io_counters(perdisk=True),
        "disk_usage": lambda: [
            {**part._asdict(), **psutil.disk_usage(part.mountpoint)._asdict()} for part in psutil.disk_partitions()
        ],
        "getloadavg": psutil.getloadavg,
        "net_if_stats": psutil.net_if_stats,
        "net_io_counters": lambda: psutil.net_io_counters(pernic=True),
        "process_iter": lambda: [process.info for process in psutil.process_iter(PROCESS)],
        "swap_memory": psutil.swap_memory,
        "virtual_memory": psutil.virtual_memory,
    }


def plain(value: Json) -> Json:
    """The same with named tuples as objects."""
    if hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def main(name: str, delay: str = "0") -> int:
    """Answer one question. 2: there is no such name."""
    time.sleep(float(delay))
    known = answers()
    if name not in known:
        print("known are", *known, file=sys.stderr)  # noqa: T201 - a child's complaint
        return 2
    answer = plain(known[name]())
    print(round(time.time(), 3), json.dumps(answer), sep="\n")  # noqa: T201 - a child's answer
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
