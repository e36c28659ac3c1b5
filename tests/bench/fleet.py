#!/usr/bin/env python3
"""What a fleet costs the client, its targets and the clock, against `ssh`, `pdsh`, Ansible and pyinfra.

    python tests/bench/fleet.py [--hosts 100] [--rounds 5] [--parts true,checklist,facts]

One sshd answers at as many addresses of 127/8 as there are hosts, so every target burns the same processors as the
client; processor time is told apart (see metering.py). Rounds are interleaved; a ratio is the median of the ratios of
the rounds. Ansible and pyinfra are installed for the run, in a folder that is deleted after it.
"""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from metering import Cost, Keeper, cost

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
AT_ONCE = 32
FACTS = (  # of pyinfra, about what `ansible -m setup` tells
    *("server.Hostname", "server.Kernel", "server.KernelVersion", "server.Os", "server.Arch", "server.Date"),
    *("server.LinuxDistribution", "server.Mounts", "server.Users", "server.Groups", "server.Sysctl", "server.Which"),
    *("hardware.Cpus", "hardware.Memory", "hardware.BlockDevices", "hardware.NetworkDevices", "deb.DebPackages"),
)


@dataclass
class Bed:
    """The hosts. `config`: an ssh configuration that reaches them. `keeper`: of their sshd."""

    folder: Path
    hosts: list[str]
    port: int
    config: Path
    keeper: Keeper


@contextmanager
def bed(count: int) -> Iterator[Bed]:
    """One sshd that is as many hosts as wanted."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        folder = Path(name)
        hosts = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(count)]
        for key in ("host_key", "identity"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
        (folder / "authorized_keys").write_text((folder / "identity.pub").read_text())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        public = (folder / "host_key.pub").read_text().split()
        (folder / "known_hosts").write_text("".join(f"[{host}]:{port} {public[0]} {public[1]}\n" for host in hosts))
        server = {
            "Port": port,
            "ListenAddress": "0.0.0.0",
            "AllowUsers": f"{getpass.getuser()}@127.0.0.0/8",
            "HostKey": folder / "host_key",
            "AuthorizedKeysFile": folder / "authorized_keys",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PermitRootLogin": "yes",
            "PasswordAuthentication": "no",
            "PrintMotd": "no",
            "MaxStartups": 1000,
            "UseDNS": "no",
        }
        client = {
            "Port": port,
            "IdentityFile": folder / "identity",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": folder / "known_hosts",
            "GlobalKnownHostsFile": "none",
            "BatchMode": "yes",
            "KexAlgorithms": "curve25519-sha256",
            "HostKeyAlgorithms": "ssh-ed25519",
        }
        config = folder / "ssh_config"
        config.write_text("".join(f"{key} {value}\n" for key, value in client.items()))
        (folder / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in server.items()))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        keeper = Keeper()
        keeper.start([sshd or "sshd", "-D", "-r", "-f", str(folder / "sshd_config"), "-E", str(folder / "log")])
        try:
            _await(port)
            yield Bed(folder, hosts, port, config, keeper)
        finally:
            keeper.close()


def _await(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as sock:
            if not sock.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    sys.exit("sshd did not start")


@dataclass
class Contender:
    """A command, what to run it with, and what it has cost so far: its own, and the targets' seconds."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    memory: int = 0

    def run(self, hosts: Bed) -> None:
        """Once."""
        before = hosts.keeper.cpu()
        self.costs.append(cost(self.command, {**os.environ, **self.environment}))
        time.sleep(0.3)  # what was told to end is ending
        self.served.append(hosts.keeper.cpu() - before)


def compare(hosts: Bed, contenders: Sequence[Contender], rounds: int, *, memory: bool = False) -> None:
    """Round by round, each in turn; the first is the floor."""
    for contender in contenders:
        contender.run(hosts)  # caches fill, bytecode is compiled
        contender.costs.clear()
        contender.served.clear()
        if memory:
            contender.memory = cost(contender.command, {**os.environ, **contender.environment}, memory=True).memory
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


def ratio(one: Contender, other: Contender, what: str) -> float:
    """The median of the rounds' ratios."""
    pairs = zip(one.costs, other.costs, strict=True)
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in pairs)


def aim(what: str, measured: float, limit: float, *, least: bool = False) -> None:
    """One line of the verdict."""
    met = measured >= limit if least else measured <= limit
    print(f"  {what}: {measured:.2f} (aim {'>=' if least else '<='} {limit:g}) {'met' if met else 'NOT MET'}")


def floor(hosts: Bed) -> Contender:
    """`ssh HOST true` for each, 32 at a time."""
    words = " ".join(hosts.hosts)
    return Contender(
        "xargs ssh true", ["sh", "-c", f"printf '%s\\n' {words} | xargs -P{AT_ONCE} -I@ ssh -F {hosts.config} @ true"]
    )


def ours(hosts: Bed, *words: str) -> Contender:
    """`diagkit check` of all of them."""
    command = [sys.executable, "-m", "diagkit", "check", *hosts.hosts, "-q", "--format", "json"]
    return Contender("diagkit check", [*command, "--ssh-config", str(hosts.config), "--timeout", "120", *words])


def part_true(hosts: Bed, rounds: int) -> None:
    """One trivial question to each."""
    client = [sys.executable, str(HERE / "one_question.py"), str(hosts.config), *hosts.hosts]
    base, us, others = floor(hosts), Contender("diagkit, one question", client, {"PYTHONPATH": str(ROOT)}), []
    if shutil.which("pdsh"):
        words = ["pdsh", "-R", "ssh", "-f", str(AT_ONCE), "-w", ",".join(hosts.hosts), "true"]
        others.append(Contender("pdsh true", words, {"PDSH_SSH_ARGS_APPEND": f"-F {hosts.config}"}))
    compare(hosts, [base, us, *others], rounds)
    aim("client CPU against xargs ssh", ratio(us, base, "cpu"), 0.5)
    aim("wall against xargs ssh", ratio(us, base, "wall"), 0.65)


def part_checklist(hosts: Bed, rounds: int) -> None:
    """All that there is to check."""
    base, us = floor(hosts), ours(hosts)
    compare(hosts, [base, us], rounds)
    aim("wall against `ssh true`", ratio(us, base, "wall"), 5.0)
    aim("ms of client CPU for each host", statistics.median(c.cpu for c in us.costs) / len(hosts.hosts) * 1e3, 10.0)


def part_facts(hosts: Bed, rounds: int) -> None:
    """Against tools that gather facts."""
    tools = hosts.folder / "tools"
    venv.create(tools, with_pip=True)
    subprocess.run([tools / "bin/pip", "install", "-qq", "ansible-core", "pyinfra"], check=True)
    us = ours(hosts)
    lists = hosts.folder / "hosts.ini", hosts.folder / "inventory.py"
    lists[0].write_text("".join(f"{host}\n" for host in hosts.hosts))
    data = {"ssh_port": hosts.port, "ssh_key": str(hosts.folder / "identity"), "ssh_user": getpass.getuser()}
    data |= {"ssh_config_file": str(hosts.config), "ssh_known_hosts_file": str(hosts.folder / "known_hosts")}
    lists[1].write_text(f"all_hosts = [(host, {data!r}) for host in {hosts.hosts!r}]\n")
    ansible = Contender(
        "ansible -m setup",
        [str(tools / "bin/ansible"), "all", "-i", str(lists[0]), "-m", "setup", "-f", str(AT_ONCE)],
        {
            "ANSIBLE_HOME": str(hosts.folder / "ansible"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_SSH_COMMON_ARGS": f"-F {hosts.config}",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(hosts.folder / "cp"),
        },
    )
    pyinfra = Contender("pyinfra facts", [str(tools / "bin/pyinfra"), str(lists[1]), "fact", *FACTS])
    compare(hosts, [us, ansible, pyinfra], rounds, memory=True)
    for other in (ansible, pyinfra):
        aim(f"times faster than {other.name}", 1 / ratio(us, other, "wall"), 4.0, least=True)
        aim(f"times less memory than {other.name}", other.memory / us.memory, 10.0, least=True)


PARTS = {"true": part_true, "checklist": part_checklist, "facts": part_facts}


def main() -> None:
    """Build the hosts, run the parts."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--hosts", type=int, default=100)
    options.add_argument("--fact-hosts", type=int, default=20, help="as many for the part `facts`")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--parts", default=",".join(PARTS))
    chosen = options.parse_args()
    for name in chosen.parts.split(","):
        count = chosen.fact_hosts if name == "facts" else chosen.hosts
        print(f"\n{name}: {count} hosts, {chosen.rounds} rounds, load {os.getloadavg()[0]:.1f}")
        with bed(count) as hosts:
            PARTS[name](hosts, chosen.rounds)


if __name__ == "__main__":
    main()
