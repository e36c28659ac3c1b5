#!/usr/bin/env python3
"""How late a host is reported that falls silent, trickles or dies at any stage, while others are being asked.

For every kind of death, at bytes of each stage: seconds from the deadline of the stage, or of all, to the report; what
ends earlier because the connection does is on time. A healthy host is asked all the while. Aim: 0.3 s late at most,
and the healthy one slowed by no more than that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from diagkit.model import Moment, Read, Run, Target, epoch  # noqa: E402
from diagkit.transports.ssh.stages import BUDGET  # noqa: E402
from diagkit.transports.ssh.transport import Ssh  # noqa: E402
from tests.transports.chaos import Harm, Proxy  # noqa: E402
from tests.transports.sshd import Sshd, public, running  # noqa: E402

AIM = 0.3
STAGE, ALL = 2.0, 4.0  # seconds for each stage, and for the host
TARGET = Target("ssh", host="box")
MOMENT = Moment(epoch(0), epoch(0), epoch(0))
ASKS = [Run(("uname", "-a")), Read("/proc/meminfo"), Read("/proc/stat"), Read("/proc/cpuinfo")]
SHARES = {
    "before the version": 0.0,
    "in the version": 0.002,
    "in the key exchange": 0.05,
    "at log-in": 0.16,
    "in the answers": 0.7,
}
DEATHS = ("stall", "trickle", "end", "reset")


def visit(server: Sshd, harm: Harm) -> tuple[float, str, int]:
    """Seconds until the report, the layer that it blames, and how many bytes came."""
    proxy = Proxy(server.port, harm)
    config = server.client_config(Port=str(proxy.port))
    began = time.monotonic()
    with closing(Ssh(TARGET, deadline=began + ALL, ssh_config=config)) as ssh:
        replies = ssh.ask(ASKS, MOMENT)
        took = time.monotonic() - began
        missing = sum(1 for reply in replies.values() if reply.silence)
        blamed = ssh.unreached.layer.value if ssh.unreached else f"{missing} of {len(ASKS)} answers missing"
    carried = proxy.carried["client"]
    proxy.close()
    return took, blamed, carried


def freeze(server: Sshd) -> tuple[float, str]:
    """The same of a host that answers once and is then stopped."""
    began = time.monotonic()
    with closing(Ssh(TARGET, deadline=began + ALL, ssh_config=server.client_config())) as ssh:
        ssh.ask(ASKS, MOMENT)
        listed = subprocess.run(["pgrep", "-P", str(server.pid)], check=True, capture_output=True, text=True)
        frozen = [int(line) for line in listed.stdout.split()]
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        replies = ssh.ask(ASKS, MOMENT)
        took = time.monotonic() - began
        for process in frozen:
            os.kill(process, signal.SIGCONT)
    return took, f"{sum(1 for reply in replies.values() if reply.silence)} of {len(ASKS)} answers missing"


def keep_asking(server: Sshd, over: threading.Event, into: list[float]) -> None:
    """Ask a healthy host again and again: how long it took, each time."""
    while not over.wait(0.5):
        began = time.monotonic()
        with closing(Ssh(TARGET, deadline=began + 20, ssh_config=server.client_config())) as ssh:
            ssh.ask(ASKS, MOMENT)
            into.append(time.monotonic() - began)


def main() -> int:
    """Let all of them die at once, and print how late each was noticed."""
    for layer in BUDGET:
        BUDGET[layer] = STAGE
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder, "a")) as server,
        running(Path(folder, "b")) as other,
    ):
        server.known_hosts.write_text(f"[127.0.0.1]:* {public(server.host_key)}\n")
        _, _, length = visit(server, Harm())
        alone: list[float] = []
        over = threading.Event()
        threading.Timer(3.0, over.set).start()
        keep_asking(other, over, alone)
        over.clear()
        beside: list[float] = []
        healthy = threading.Thread(target=keep_asking, args=(other, over, beside))
        healthy.start()
        cases = [(how, stage) for how in DEATHS for stage in SHARES]
        with ThreadPoolExecutor(len(cases)) as pool:
            visits = [pool.submit(visit, server, Harm(how, int(length * SHARES[stage]))) for how, stage in cases]
            results = [visit.result() for visit in visits]
        results.append((*freeze(server), 0))
        cases.append(("frozen", "in the answers"))
        over.set()
        healthy.join()
    worst = 0.0
    for (how, stage), (took, blamed, _) in zip(cases, results, strict=True):
        due = ALL if how in ("end", "reset") or stage == "in the answers" else STAGE
        worst = max(worst, took - due)
        print(f"{how:8} {stage:20} {took:5.2f} s, {took - due:+.2f} of what it had: {blamed}")
    print(
        f"latest {worst:+.2f} s (aim {AIM:+.2f}); a healthy host beside them: {max(beside):.2f} s at most, {max(alone):.2f} alone"
    )
    return int(worst > AIM or max(beside) > max(alone) + AIM)


if __name__ == "__main__":
    sys.exit(main())
