#!/usr/bin/env python3
"""What a fleet costs the client, its targets and the clock, against `ssh`, `pdsh`, Ansible and pyinfra.

    python tests/bench/fleet.py [--hosts 100] [--rounds 5] [--parts true,checklist,facts]

The hosts (fleet_bed.py) burn the processors that the client has; processor time is told apart (metering.py). Before
anybody is measured it is counted how many hosts they reach and have an answer of: where that is not every host, the
comparison is INVALID. Rounds are interleaved; a ratio is the median of the ratios of the rounds. Ansible and pyinfra are
installed for the run, in a folder that is deleted after it. It takes root.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fleet_bed import Bed, bed
from metering import Cost, cost

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
AT_ONCE = 32
FACTS = (  # of pyinfra, about what `ansible -m setup` tells
    *("server.Hostname", "server.Kernel", "server.KernelVersion", "server.Os", "server.Arch", "server.Date"),
    *("server.LinuxDistribution", "server.Mounts", "server.Users", "server.Groups", "server.Sysctl"),
    *("hardware.Cpus", "hardware.Memory", "hardware.BlockDevices", "hardware.NetworkDevices", "deb.DebPackages"),
)


@dataclass
class Contender:
    """A command, what to run it with, and what it has cost so far: its own, and the targets' seconds.

    reached: from what it says, the hosts that it has an answer of. codes: those with which it may end.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    reached: Callable[[str], set[str]] = lambda said: set(said.split())
    codes: Collection[int] = (0,)
    costs: list[Cost] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    memory: int = 0

    def run(self, hosts: Bed) -> None:
        """Once."""
        before = hosts.keeper.cpu()
        self.costs.append(self._cost(hosts, memory=False))
        time.sleep(0.3)  # what was told to end is ending
        self.served.append(hosts.keeper.cpu() - before)

    def prove(self, hosts: Bed) -> bool:
        """Whether it does what it is measured for, on every host. Caches fill and bytecode is compiled on the way."""
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            self.command, env=environment, cwd=hosts.folder, capture_output=True, text=True, check=False
        )
        missed = set(hosts.hosts) - self.reached(done.stdout)
        if missed or done.returncode not in self.codes:
            print(
                f"INVALID: {self.name} has no answer of {len(missed)} of {len(hosts.hosts)} hosts ({done.returncode})"
            )
            print("  " + "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-3:]))
        return not missed and done.returncode in self.codes

    def weigh(self, hosts: Bed) -> None:
        """The memory it takes."""
        self.memory = self._cost(hosts, memory=True).memory

    def _cost(self, hosts: Bed, *, memory: bool) -> Cost:
        environment = {**os.environ, **self.environment}
        return cost(self.command, environment, folder=str(hosts.folder), codes=self.codes, memory=memory)


def compare(hosts: Bed, contenders: Sequence[Contender], rounds: int, *, memory: bool = False) -> bool:
    """Round by round, each in turn; the first is the floor. Returns whether the comparison holds."""
    if not all([contender.prove(hosts) for contender in contenders]):  # noqa: C419 - each is to say what it misses
        return False
    if memory:
        for contender in contenders:
            contender.weigh(hosts)
    for _ in range(rounds):
        for contender in contenders:
            contender.run(hosts)
    print(f"{'':26}{'wall s':>8}{'x':>7}{'client CPU s':>14}{'x':>7}{'ms/host':>9}{'target ms':>11}{'MB':>6}")
    floor, count = contenders[0], len(hosts.hosts)
    for of in contenders:
        wall, cpu = (statistics.median(getattr(c, what) for c in of.costs) for what in ("wall", "cpu"))
        served = statistics.median(of.served)
        print(
            f"{of.name:26}{wall:8.2f}{ratio(of, floor, 'wall'):7.2f}{cpu:14.2f}{ratio(of, floor, 'cpu'):7.2f}"
            f"{cpu / count * 1e3:9.1f}{served / count * 1e3:11.1f}" + (f"{of.memory / 1e6:6.0f}" if of.memory else "")
        )
    return True


def ratio(one: Contender, other: Contender, what: str, *, without: Contender | None = None) -> float:
    """The median of the rounds' ratios; `without` what something that is part of `one` costs."""
    less = [getattr(c, what) for c in without.costs] if without else [0.0] * len(one.costs)
    rounds = zip(one.costs, other.costs, less, strict=True)
    return float(statistics.median((getattr(a, what) - part) / getattr(b, what) for a, b, part in rounds))


def aim(what: str, measured: float, limit: float, *, least: bool = False) -> None:
    """One line of the verdict."""
    met = measured >= limit if least else measured <= limit
    print(f"  {what}: {measured:.2f} (aim {'>=' if least else '<='} {limit:g}) {'met' if met else 'NOT MET'}")


def floor(hosts: Bed) -> Contender:
    """`ssh HOST true` for each, 32 at a time; what it does there is to say its name, which costs the same."""
    words = " ".join(hosts.hosts)
    each = f"xargs -P{AT_ONCE} -I@ ssh -F {hosts.config} @ echo @"
    return Contender("xargs ssh true", ["sh", "-c", f"printf '%s\\n' {words} | {each}"])


def ours(hosts: Bed) -> Contender:
    """`diagkit check` of all of them."""
    command = [sys.executable, "-m", "diagkit", "check", *hosts.hosts, "-q", "--format", "json"]
    command += ["--ssh-config", str(hosts.config), "--timeout", "120"]
    return Contender("diagkit check", command, {"PYTHONPATH": str(ROOT)}, _judged, range(4))


def _judged(report: str) -> set[str]:
    """The hosts of which at least half of what was looked at could be judged."""
    findings: dict[str, list[bool]] = {}
    for finding in json.loads(report)["findings"] if report else []:
        findings.setdefault(finding["target"], []).append(finding["status"] != "unknown")
    return {host for host, known in findings.items() if sum(known) > len(known) / 2}


def part_true(hosts: Bed, rounds: int) -> None:
    """One trivial question to each, from one process. Its start-up is paid once, for any number of hosts."""
    client = [sys.executable, str(HERE / "one_question.py"), str(hosts.config)]
    path = {"PYTHONPATH": str(ROOT)}
    base, us = floor(hosts), Contender("diagkit, one question", [*client, *hosts.hosts], path)
    start = Contender("  of it: start-up", client, path, lambda _: set(hosts.hosts))
    others = []
    if shutil.which("pdsh"):
        words = ["pdsh", "-R", "ssh", "-f", str(AT_ONCE), "-w", ",".join(hosts.hosts), "echo", "reached"]
        answered = lambda said: {line.partition(":")[0] for line in said.splitlines() if line.endswith("reached")}  # noqa: E731
        others.append(Contender("pdsh true", words, {"PDSH_SSH_ARGS_APPEND": f"-F {hosts.config}"}, answered))
    if not compare(hosts, [base, us, start, *others], rounds):
        return
    aim("client CPU against xargs ssh", ratio(us, base, "cpu"), 0.5)
    aim("  without start-up", ratio(us, base, "cpu", without=start), 0.5)
    aim("wall against xargs ssh", ratio(us, base, "wall"), 0.65)
    aim("  without start-up", ratio(us, base, "wall", without=start), 0.65)
    for other in others:
        print(f"  against {other.name}: CPU {ratio(us, other, 'cpu'):.2f}, wall {ratio(us, other, 'wall'):.2f}")


def part_checklist(hosts: Bed, rounds: int) -> None:
    """All that there is to check."""
    base, us = floor(hosts), ours(hosts)
    if not compare(hosts, [base, us], rounds):
        return
    aim("wall against `ssh true`", ratio(us, base, "wall"), 5.0)
    aim("ms of client CPU for each host", statistics.median(c.cpu for c in us.costs) / len(hosts.hosts) * 1e3, 10.0)


def part_facts(hosts: Bed, rounds: int) -> None:
    """Against tools that gather facts."""
    with tempfile.TemporaryDirectory(prefix="fleet-tools-") as name:
        tools = Path(name)
        venv.create(tools, with_pip=True)
        subprocess.run([tools / "bin/pip", "install", "-qq", "ansible-core", "pyinfra"], check=True)
        us, others = ours(hosts), (_ansible(hosts, tools), _pyinfra(hosts, tools))
        if not compare(hosts, [us, *others], rounds, memory=True):
            return
    for other in others:
        aim(f"times faster than {other.name}", 1 / ratio(us, other, "wall"), 4.0, least=True)
        aim(f"times less memory than {other.name}", other.memory / us.memory, 10.0, least=True)


def _ansible(hosts: Bed, tools: Path) -> Contender:
    inventory = hosts.folder / "hosts.ini"
    inventory.write_text("".join(f"{host}\n" for host in hosts.hosts))
    environment = {
        "ANSIBLE_HOME": str(hosts.folder / "ansible"),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_COMMON_ARGS": f"-F {hosts.config}",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(hosts.folder / "cp"),
    }
    command = [str(tools / "bin/ansible"), "all", "-i", str(inventory), "-m", "setup", "-f", str(AT_ONCE)]
    return Contender(
        "ansible -m setup", command, environment, lambda said: set(re.findall(r"(?m)^(\S+) \| SUCCESS", said))
    )


def _pyinfra(hosts: Bed, tools: Path) -> Contender:
    inventory = hosts.folder / "inventory.py"
    data = {"ssh_port": hosts.port, "ssh_key": str(hosts.folder / "identity"), "ssh_user": "root"}
    data |= {"ssh_config_file": str(hosts.config), "ssh_known_hosts_file": str(hosts.folder / "known_hosts")}
    inventory.write_text(f"all_hosts = [(host, {data!r}) for host in {hosts.hosts!r}]\n")
    # what it says of each host goes to standard error, the facts to standard output, by host
    command = ["sh", "-c", 'exec "$@" 2>&1', "pyinfra", str(tools / "bin/pyinfra"), str(inventory), "fact", *FACTS]
    return Contender("pyinfra facts", command, reached=lambda said: set(re.findall(r"127\.1\.\d+\.\d+", said)))


PARTS = {"true": part_true, "checklist": part_checklist, "facts": part_facts}


def main() -> None:
    """Build the hosts, run the parts."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--hosts", type=int, default=100)
    options.add_argument("--fact-hosts", type=int, default=20, help="as many for the part `facts`")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--parts", default=",".join(PARTS))
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # folders are to be deleted then too
    if os.geteuid():
        sys.exit("only root may make hosts of its own")
    for name in chosen.parts.split(","):
        count = chosen.fact_hosts if name == "facts" else chosen.hosts
        print(f"\n{name}: {count} hosts, {chosen.rounds} rounds, load {os.getloadavg()[0]:.1f}")
        with bed(count) as hosts:
            PARTS[name](hosts, chosen.rounds)


if __name__ == "__main__":
    main()
