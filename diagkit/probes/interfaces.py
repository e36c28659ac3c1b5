"""Network interfaces: whether they are up, what they carry, and what they lose."""

from __future__ import annotations

import json
import re

from diagkit.frozen import frozen
from diagkit.model import Again, Glob, Native, Read, Reply, Silence
from diagkit.probes import Absent, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import by_file, elapsed

DEV = Read("/proc/net/dev")
ROW = re.compile(r"\s*(\S+):\s*((?:\d+\s+){15}\d+)\s*")
IFF_UP = 0x1


@frozen(kw_only=True)
class Interface:
    """One interface between two samples. Counts are of that time; rates in bytes per second; `speed` 0: not known.

    enabled: somebody switched it on (IFF_UP); state: what the kernel says of the link (`up`, `down`, `unknown`, …);
    routed: the routing table sends packets through it.
    """

    name: str
    state: str
    enabled: bool
    routed: bool
    speed: int  # bytes per second
    flaps: int  # carrier changes
    packets: int
    errors: int
    drops: int
    received_rate: float
    sent_rate: float


@frozen(kw_only=True)
class Interfaces:
    """Every network interface but the loopback."""

    all: tuple[Interface, ...]


CHANGES = Glob("/sys/class/net/*/carrier_changes")


def _by_psutil(before: Reply, after: Reply) -> Interfaces:
    """What psutil tells of interfaces: traffic and errors, not the link."""
    first, second = json.loads(before.text), json.loads(after.text)
    seconds, found = elapsed(before, after), []
    for name, now in second.items():
        moved = {key: now[key] - first.get(name, now)[key] for key in now}
        found.append(
            Interface(
                name=name,
                state="unknown",
                enabled=True,
                routed=False,
                speed=0,
                flaps=0,
                packets=moved["packets_recv"] + moved["packets_sent"],
                errors=moved["errin"] + moved["errout"],
                drops=moved["dropin"] + moved["dropout"],
                received_rate=moved["bytes_recv"] / seconds,
                sent_rate=moved["bytes_sent"] / seconds,
            )
        )
    return Interfaces(all=tuple(i for i in found if i.name not in {"lo", "lo0"}))


@probe(
    DEV,
    Again(DEV),
    perhaps(Glob("/sys/class/net/*/operstate")),
    perhaps(Glob("/sys/class/net/*/flags")),
    perhaps(Glob("/sys/class/net/*/speed")),
    perhaps(CHANGES),
    perhaps(Again(CHANGES)),
    perhaps(Read("/proc/net/route")),
    otherwise=(((Native("net_io_counters"), Again(Native("net_io_counters"))), _by_psutil),),
)
def interfaces(
    before: Reply,
    after: Reply,
    states: Reply,
    flags: Reply,
    speeds: Reply,
    changes: Reply,
    changes_again: Reply,
    routes: Reply,
) -> Interfaces:
    """Traffic, errors and drops of each interface between two samples, and the state of its link."""
    first, second, seconds = _counters(before), _counters(after), elapsed(before, after)
    state, flag, speed = _attribute(states), _attribute(flags), _attribute(speeds)
    flaps, flaps_again = _attribute(changes), _attribute(changes_again)
    routed = {line.split()[0] for line in routes.lines[1:] if line.split()}
    found = []
    for name, now in second.items():
        if name == "lo" or name not in first:
            continue
        moved = [b - a for a, b in zip(first[name], now, strict=True)]
        if min(moved) < 0:
            raise Garbled(f"the counters of {name} ran backwards")
        megabits = int(speed.get(name, "-1"))
        found.append(
            Interface(
                name=name,
                state=state.get(name, "unknown"),
                enabled=bool(int(flag.get(name, "0x1"), 16) & IFF_UP),
                routed=name in routed,
                speed=max(megabits, 0) * 125_000,
                flaps=int(flaps_again.get(name, "0")) - int(flaps.get(name, "0")),
                packets=moved[1] + moved[9],
                errors=moved[2] + moved[10],
                drops=moved[3] + moved[11],
                received_rate=moved[0] / seconds,
                sent_rate=moved[8] / seconds,
            )
        )
    return Interfaces(all=tuple(found))


@frozen(kw_only=True)
class Bond:
    """Several links used as one. down: those that do not work; a bond of one link has lost its spare."""

    name: str
    links: tuple[str, ...]
    down: tuple[str, ...]


@frozen(kw_only=True)
class Bonds:
    """Every bond of the kernel's own driver."""

    all: tuple[Bond, ...]


@probe(perhaps(Glob("/proc/net/bonding/*")))
def bonds(reply: Reply) -> Bonds:
    """The links of each bond with their MII status (/proc/net/bonding)."""
    if reply.silence is Silence.MISSING:
        raise Absent("no bond of several links")
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    found = []
    for path, lines in by_file(reply).items():
        pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in lines)]
        links = [value for key, value in pairs if key == "Slave Interface"]
        states = [value for key, value in pairs if key == "MII Status"][1:]  # the first is that of the bond
        if len(states) != len(links):
            raise Garbled(path)
        down = tuple(link for link, state in zip(links, states, strict=True) if state != "up")
        found.append(Bond(name=path.rpartition("/")[2], links=tuple(links), down=down))
    return Bonds(all=tuple(found))


def _counters(reply: Reply) -> dict[str, list[int]]:
    header, *lines = reply.lines or [""]
    rows = [match for line in lines[1:] if (match := ROW.fullmatch(line))]
    if not header.startswith("Inter-|") or len(rows) != len(lines) - 1:
        raise Garbled(reply.text[:60])
    return {match[1]: [int(n) for n in match[2].split()] for match in rows}


def _attribute(reply: Reply) -> dict[str, str]:
    """One attribute of /sys/class/net by interface; empty where it cannot be read (a speed of a link that is down)."""
    return {} if reply.silence else {path.split("/")[4]: lines[0] for path, lines in by_file(reply).items()}
