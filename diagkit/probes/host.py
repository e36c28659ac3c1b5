"""The host itself: what it runs, since when, and as whom we look."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Read, Reply
from diagkit.probes import Garbled, perhaps, probe

USER = Read("/proc/self/status")  # of whoever reads it: the reader runs as the login user


@frozen(kw_only=True)
class Identity:
    """What kind of machine answers. `uptime` in seconds, of the machine (the kernel), `uid` of the login user."""

    hostname: str
    kernel: str
    system: str  # PRETTY_NAME of os-release; empty where there is none
    init: str  # comm of PID 1: systemd, init, ...
    uptime: float
    cpus: int
    uid: int


@probe(
    Read("/proc/uptime"),
    Read("/proc/sys/kernel/hostname"),
    Read("/proc/sys/kernel/osrelease"),
    Read("/proc/stat"),
    Read("/proc/self/status"),
    perhaps(Read("/etc/os-release")),
    perhaps(Read("/proc/1/comm")),
)
def identity(
    uptime: Reply, hostname: Reply, kernel: Reply, stat: Reply, user: Reply, release: Reply, init: Reply
) -> Identity:
    """Name, kernel, distribution, init system, uptime and number of processors."""
    uid = re.search(r"^Uid:\s+(\d+)", user.text, re.MULTILINE)
    if not uid:
        raise Garbled(user.text[:40])
    pretty = [line.partition("=")[2].strip('"') for line in release.lines if line.startswith("PRETTY_NAME=")]
    return Identity(
        hostname=hostname.text.strip(),
        kernel=kernel.text.strip(),
        system=pretty[0] if pretty else "",
        init=init.text.strip(),
        uptime=float(uptime.text.split()[0]),
        cpus=sum(1 for line in stat.lines if line.startswith("cpu") and line[3:4].isdigit()),
        uid=int(uid[1]),
    )
