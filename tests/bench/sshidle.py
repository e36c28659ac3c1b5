#!/usr/bin/env python3
"""What a thousand connections cost a process while their hosts think: memory, descriptors, threads, computing time.

Each asks one question that takes long. Prints what the process has before, during and after; exit code 1 when
an aim is missed: 150 MB, 0.5 % of a core while nothing comes, and nothing left over.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from diagkit.model import Moment, Run, Target, epoch  # noqa: E402
from diagkit.transports.ssh import pacing  # noqa: E402
from diagkit.transports.ssh.by_paramiko import lazy_paramiko  # noqa: E402
from diagkit.transports.ssh.switchboard import Switchboard  # noqa: E402
from diagkit.transports.ssh.transport import Ssh  # noqa: E402
from tests.transports.sshd import Sshd, running  # noqa: E402

CONNECTIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
IDLE_SECONDS = 10.0
MOST_MB, MOST_CPU = 150.0, 0.005
MOMENT = Moment(epoch(0), epoch(0), epoch(0))
THINK = Run(("sh", "-c", "sleep 600"), timeout=600)


def state() -> dict[str, float]:
    """What the process holds now."""
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "MB": int(status["VmRSS"].split()[0]) / 1024,
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "threads": int(status["Threads"]),
        "processes": len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
    }


def show(when: str, now: dict[str, float]) -> None:
    """Print it in a line."""
    print(f"{when:28}" + ", ".join(f"{value:.0f} {name}" for name, value in now.items()), flush=True)


def main() -> int:
    """Connect, look, idle, close, look again."""
    pacing.SERVER_AT_ONCE = 64  # one server here stands for a thousand, and takes them
    lazy_paramiko.load()
    options = {"MaxStartups": "1000", "SetEnv": "SHLVL=2"}  # bash then reads no .bashrc, a thousand times here
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), **options) as server:
        return measure(server)


def measure(server: Sshd) -> int:
    """The measurement proper."""
    config = server.client_config()
    end = time.monotonic() + 3600
    with closing(Switchboard()) as board, closing(connection(config, end, board)) as first:
        first.dial("127.0.0.1", server.port, 10).close()
    before = state()
    show("before", before)
    with closing(Switchboard()) as board:
        every = [connection(config, end, board) for _ in range(CONNECTIONS)]
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda one: one.dial("127.0.0.1", server.port, 60).close(), every))
        threads = [threading.Thread(target=one.ask, args=([THINK], MOMENT), daemon=True) for one in every]
        for thread in threads:
            thread.start()
        time.sleep(10)  # for a thousand shells to start
        during = state()
        show(f"{CONNECTIONS} connections asking", during)
        spent, began = time.process_time(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        idle = (time.process_time() - spent) / (time.monotonic() - began)
        print(
            f"idle: {idle:.2%} of a core (aim {MOST_CPU:.1%}); {sum(one.unreached is not None for one in every)} unreached"
        )
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(Ssh.close, every))
        for thread in threads:
            thread.join(10)
    del every, threads, thread
    after = state()
    show("after", after)
    left = {name: after[name] - before[name] for name in ("descriptors", "threads", "processes")}
    print(
        f"left over: {left}; {during['MB']:.0f} MB (aim {MOST_MB:.0f}), {(during['MB'] - before['MB']) * 1024 / CONNECTIONS:.0f} KB each"
    )
    return int(any(left.values()) or during["MB"] > MOST_MB or idle > MOST_CPU)


def connection(config: str, end: float, board: Switchboard) -> Ssh:
    """One of them, not yet made."""
    return Ssh(Target("ssh", host="box"), deadline=end, ssh_config=config, declared=[THINK.argv], switchboard=board)


if __name__ == "__main__":
    sys.exit(main())
