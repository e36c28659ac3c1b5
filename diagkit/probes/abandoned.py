"""Abandoned connections: the other end has closed them, and the process here never does (CLOSE-WAIT)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from diagkit.frozen import frozen
from diagkit.model import Again, Ask, Reply, Run
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.reading import elapsed

WAITING = Run(("ss", "-tnp", "state", "close-wait"), root=True)
ROW = re.compile(r"\d+\s+\d+\s+(\S+)\s+(\S+)\s*(.*)")
MANY = 10  # connections; pools keep a few, and of these it does not matter whether they stay
OWNER = re.compile(r'\(\("([^"]*)",pid=(\d+)')
Ends = Mapping[tuple[str, str], str]  # of connections, here and there; and the process that has each


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
    """The processes that hold connections in CLOSE-WAIT in both samples, `seconds` apart, those with most first.

    seconds: 0 where they are so few that one look was enough.
    """

    seconds: float
    all: tuple[Holder, ...]


@frozen(kw_only=True)
class Waiting:
    """Connections in CLOSE-WAIT in the first sample."""

    all: Ends


@probe(WAITING)
def waiting(reply: Reply) -> Waiting:
    """Which connections the other end has closed, at one moment."""
    return Waiting(all=_rows(reply))


def look_again(waiting: Waiting) -> Iterable[Ask]:
    """Whether they stay is asked only where they are many: to know whose they are takes a look at every descriptor."""
    return [WAITING, Again(WAITING)] if len(waiting.all) >= MANY else []


@probe(also=look_again)
def abandoned(waiting: Waiting, answers: Answers) -> Abandoned:
    """Connections in CLOSE-WAIT by process. A program that works closes its end within milliseconds."""
    if not answers:
        return _abandoned(waiting.all, waiting.all, 0.0)
    before, after = answers[WAITING], answers[Again(WAITING)]
    if after.silence:
        raise Withheld(after.silence, after.complaint)
    return _abandoned(waiting.all, _rows(after), elapsed(before, after))


def _abandoned(first: Ends, second: Ends, seconds: float) -> Abandoned:
    kept = first.keys() & second.keys()
    held = Counter(second[one] for one in kept)
    now = Counter(second.values())
    places = {who: Counter(_place(*one) for one in kept if second[one] == who).most_common(1)[0][0] for who in held}
    return Abandoned(
        seconds=seconds,
        all=tuple(
            Holder(process=who, place=places[who], held=count, more=now[who] - count)
            for who, count in held.most_common(10)
        ),
    )


def _place(local: str, peer: str) -> str:
    """What the connections have in common: our port where we serve, the peer where we are its client."""
    own, far = int(local.rpartition(":")[2]), int(peer.rpartition(":")[2])
    return peer if far < own else f"port {own}"


def _rows(reply: Reply) -> Ends:
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
