"""Ports: whether those for outgoing connections, or the table that tracks connections, run out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Glob, Read, Reply, Silence
from diagkit.probes import Absent, Answers, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import by_file, whole
from diagkit.probes.sockets import LISTENING, TABLES, TIME_WAIT, readable, table_rows

CROWDED = 0.3  # of the ephemeral ports in use, to whatever destination: from there on we count by destination


@frozen(kw_only=True)
class Ports:
    """Local ports for outgoing connections, and TCP sockets that could use them, to whatever destination."""

    first: int
    last: int
    open: int
    time_wait: int

    @property
    def size(self) -> int:
        """How many ports there are to one destination address and port."""
        return self.last - self.first + 1


@frozen(kw_only=True)
class Destination:
    """Ports in use towards one address and port; `time_wait` of them belong to closed connections."""

    peer: str
    used: int
    time_wait: int


@frozen(kw_only=True)
class Destinations:
    """The destinations with the most ports in use, of `size` that there are; none where ports are plenty anyhow."""

    size: int
    all: tuple[Destination, ...]


@frozen(kw_only=True)
class Conntrack:
    """Entries of the kernel's connection tracking table, and how many fit."""

    count: int
    maximum: int


@probe(Read("/proc/sys/net/ipv4/ip_local_port_range"), Read("/proc/net/sockstat"), perhaps(Read("/proc/net/sockstat6")))
def ports(limits: Reply, sockstat: Reply, sockstat6: Reply) -> Ports:
    """The range of ephemeral ports, and how many TCP sockets are open or in TIME_WAIT."""
    bounds = re.fullmatch(r"(\d+)\s+(\d+)\s*", limits.text)
    use = re.search(r"^TCP: inuse (\d+) orphan \d+ tw (\d+) ", sockstat.text, re.MULTILINE)
    use6 = re.search(r"^TCP6: inuse (\d+)", sockstat6.text, re.MULTILINE)
    if not bounds or not use:
        raise Garbled(limits.text[:30] + sockstat.text[:30])
    in_use = int(use[1]) + (int(use6[1]) if use6 else 0)
    return Ports(first=int(bounds[1]), last=int(bounds[2]), open=in_use, time_wait=int(use[2]))


def look_closer(ports: Ports) -> Iterable[Ask]:
    """The table of all sockets is large: it is read only where ports could run short."""
    return TABLES if ports.open + ports.time_wait >= CROWDED * ports.size else ()


@probe(also=look_closer)
def destinations(ports: Ports, answers: Answers) -> Destinations:
    """Ephemeral ports in use by destination: each has the whole range of ports for itself."""
    if not answers:
        return Destinations(size=ports.size, all=())
    if silent := answers[TABLES[0]].silence:
        raise Withheld(silent, answers[TABLES[0]].complaint)
    rows = [row for reply in answers.values() if not reply.silence for row in table_rows(reply)]
    used: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    for local, remote, state, _ in rows:
        if ports.first <= int(local.split(":")[1], 16) <= ports.last and state != LISTENING:
            used[remote] += 1
            waiting[remote] += state == TIME_WAIT
    # Where the table was cut, what we saw of it stands for the whole: its order is that of a hash.
    scale = max(1.0, (ports.open + ports.time_wait) / len(rows)) if any(r.cut for r in answers.values()) else 1.0
    return Destinations(
        size=ports.size,
        all=tuple(
            Destination(
                peer=f"{readable(peer)}:{int(peer.split(':')[1], 16)}",
                used=round(count * scale),
                time_wait=round(waiting[peer] * scale),
            )
            for peer, count in used.most_common(5)
        ),
    )


@probe(perhaps(Glob("/proc/sys/net/netfilter/nf_conntrack_[cm]*")))
def conntrack(reply: Reply) -> Conntrack:
    """The connection tracking table of the packet filter; without a packet filter there is none."""
    if reply.silence is Silence.MISSING:
        raise Absent("no connection tracking: no packet filter needs it")
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    files = by_file(reply)

    def value(name: str) -> int:
        path = f"/proc/sys/net/netfilter/nf_conntrack_{name}"
        return whole(files.get(path, [""])[0], path)

    return Conntrack(count=value("count"), maximum=value("max"))
