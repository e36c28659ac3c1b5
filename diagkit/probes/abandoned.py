"""Abandoned connections: the other end has closed them, and the process here never does (CLOSE-WAIT)."""

from __future__ import annotations

import re
from collections import Counter

from diagkit.frozen import frozen
from diagkit.model import Again, Reply, Run
from diagkit.probes import Garbled, probe
from diagkit.probes.reading import elapsed

WAITING = Run(("ss", "-tnp", "state", "close-wait"), root=True)
ROW = re.compile(r"\d+\s+\d+\s+(\S+)\s+(\S+)\s*(.*)")
OWNER = re.compile(r'\(\("([^"]*)",pid=(\d+)')


@frozen(kw_only=True)
class Holder:
    """A process and the connections that it holds though the other end has closed them; `more` since the first sample.

    process: empty where we may not see whose they are. place: where most of them are, `local port` or `peer:port`.
    """

    process: str
    place: str
    held: int
    more: int


@frozen(kw_only=True)
class Abandoned:
    """The processes that hold connections in CLOSE-WAIT in both samples, `seconds` apart, those with most first."""

    seconds: float
    all: tuple[Holder, ...]


@probe(WAITING, Again(WAITING))
def abandoned(before: Reply, after: Reply) -> Abandoned:
    """Connections in CLOSE-WAIT by process. A program that works closes its end within milliseconds."""
    first, second = _rows(before), _rows(after)
    kept = first.keys() & second.keys()
    held = Counter(second[one] for one in kept)
    now = Counter(second.values())
    places = {who: Counter(_place(*one) for one in kept if second[one] == who).most_common(1)[0][0] for who in held}
    return Abandoned(
        seconds=elapsed(before, after),
        all=tuple(
            Holder(process=who, place=places[who], held=count, more=now[who] - count)
            for who, count in held.most_common(10)
        ),
    )


def _place(local: str, peer: str) -> str:
    """What the connections have in common: our port where we serve, the peer where we are its client."""
    own, far = int(local.rpartition(":")[2]), int(peer.rpartition(":")[2])
    return peer if far < own else f"port {own}"


def _rows(reply: Reply) -> dict[tuple[str, str], str]:
    header, *lines = reply.lines or [""]
    if not header.startswith("Recv-Q"):
        raise Garbled(reply.complaint[:60] or reply.text[:60])
    rows = [ROW.fullmatch(line.strip()) for line in (lines[:-1] if reply.cut else lines)]
    if not all(rows):
        raise Garbled("a row of the socket table")
    found = {}
    for row in filter(None, rows):
        owner = OWNER.search(row[3])
        found[row[1], row[2]] = f"{owner[1]}[{owner[2]}]" if owner else ""
    return found
