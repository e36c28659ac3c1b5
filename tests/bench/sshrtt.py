#!/usr/bin/env python3
"""One host 100 ms away, from connecting to the last answer, against `ssh HOST true` and then the slowest probe.

diagkit's transport asks thirty things in one script, one of which takes a second; ssh logs in, runs `true`, and is
given that second for nothing. Both go over a wire that really takes 50 ms each way. Needs root. Aim: 0.95.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.delayed_network import inside, wire  # noqa: E402
from tests.transports.sshd import Sshd, public  # noqa: E402

AIM = 0.95
PORT = 2222
ROUND_TRIP = 0.1  # seconds
SLOWEST = 1.0  # seconds
ROUNDS = 7

ASK = """
import sys, time
from diagkit.model import Glob, Moment, Read, Run, Target, epoch
from diagkit.transports.ssh.by_paramiko import lazy_paramiko
from diagkit.transports.ssh.transport import Ssh
lazy_paramiko.load()
import diagkit.transports.ssh.by_paramiko.session
slow = Run(("sh", "-c", "sleep " + sys.argv[2]), timeout=10)
files = "loadavg meminfo stat vmstat uptime mounts version cpuinfo diskstats swaps net/dev net/snmp net/netstat".split()
asks = [slow, *(Read("/proc/" + name) for name in files)]
asks += [Run(words) for words in (("uname", "-a"), ("id",), ("df", "-P"), ("ss", "-Htan"), ("ip", "addr"))]
asks += [Glob("/proc/sys/kernel/*"), Glob("/proc/sys/vm/*"), Read("/etc/os-release"), Read("/etc/resolv.conf")]
moment = Moment(epoch(0), epoch(0), epoch(0))
for line in sys.stdin:
    began = time.monotonic()
    ssh = Ssh(Target("ssh", host="box"), deadline=began + 30, ssh_config=sys.argv[1], declared=[a.argv for a in asks if isinstance(a, Run)])
    replies = ssh.ask(asks, moment)
    took = time.monotonic() - began
    answered = sum(reply.silence is None for reply in replies.values())
    print(took, answered, len(asks), ssh.unreached, flush=True)
    ssh.close()
"""


def main() -> int:
    """Build the wire, start the server at its far end, and compare at its near one."""
    if os.geteuid():
        print("needs root: for the namespaces")
        return 77
    with tempfile.TemporaryDirectory() as folder, wire(ROUND_TRIP) as ends:
        with inside(ends.far):
            server = Sshd(Path(folder), None, {"ListenAddress": f"{ends.address}:{PORT}"})
        try:
            server.known_hosts.write_text(f"[{ends.address}]:{PORT} {public(server.host_key)}\n")
            config = server.client_config(HostName=ends.address, Port=str(PORT))
            with inside(ends.near):
                return compare(config)
        finally:
            server.close()


def compare(config: str) -> int:
    """Interleave the two and print the median ratio."""
    argv = [sys.executable, "-c", ASK, config, str(SLOWEST)]
    ratios = []
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asker:
        assert asker.stdin
        assert asker.stdout
        for number in range(ROUNDS + 1):
            began = time.monotonic()
            subprocess.run(["ssh", "-F", config, "-o", "KexAlgorithms=curve25519-sha256", "box", "true"], check=True)
            theirs = time.monotonic() - began + SLOWEST
            asker.stdin.write("again\n")
            asker.stdin.flush()
            took, *rest = asker.stdout.readline().split(maxsplit=1)
            answered = rest[0].strip()
            if number:  # the first warms the caches up
                ratios.append(float(took) / theirs)
                print(
                    f"ssh and {SLOWEST:g} s: {theirs:.2f} s; diagkit: {float(took):.2f} s ({answered}): {ratios[-1]:.2f}"
                )
        asker.stdin.close()
    print(f"median {statistics.median(ratios):.2f} (aim {AIM}), load {os.getloadavg()[0]:.1f}")
    return int(statistics.median(ratios) > AIM)


if __name__ == "__main__":
    sys.exit(main())
