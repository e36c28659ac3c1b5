"""Handshakes: TCP connections that were begun and do not come about."""

from __future__ import annotations

import re
from collections import Counter

from diagkit.frozen import frozen
from diagkit.model import Again, Read, Reply, Run
from diagkit.probes import Garbled, probe
from diagkit.probes.sockets import readable, table_rows

OPENING = Run(("ss", "-tan", "state", "syn-sent", "state", "syn-recv"))
TABLE = Read("/proc/net/tcp", cap=131_072, unless="ss")
ROW = re.compile(r"(SYN-SENT|SYN-RECV)\s+\d+\s+\d+\s+(\S+):(\d+)\s+(\S+):(\d+)\s*")
STATES = {"02": "SYN-SENT", "03": "SYN-RECV"}


@frozen(kw_only=True)
class Waiting:
    """How many handshakes towards one place were under way in both samples."""

    place: str  # the peer's address:port of ours; the local port of theirs
    count: int


@frozen(kw_only=True)
class Handshakes:
    """Handshakes that did not come to an end between two samples: ours (SYN-SENT) and those of others (SYN-RECV)."""

    ours: tuple[Waiting, ...]
    theirs: tuple[Waiting, ...]


Seen = set[tuple[str, str, str, str]]  # state, local port, peer address, peer port


def _fact(before: Seen, after: Seen) -> Handshakes:
    kept = before & after
    ours = Counter(f"{host}:{port}" for state, _, host, port in kept if state == "SYN-SENT")
    theirs = Counter(local for state, local, _, _ in kept if state == "SYN-RECV")
    return Handshakes(
        ours=tuple(Waiting(place=place, count=count) for place, count in ours.most_common(10)),
        theirs=tuple(Waiting(place=place, count=count) for place, count in theirs.most_common(10)),
    )


def _by_proc(before: Reply, after: Reply) -> Handshakes:
    def seen(reply: Reply) -> Seen:
        rows = [(STATES[row[2]], row[0], row[1]) for row in table_rows(reply) if row[2] in STATES]
        return {(state, _port(local), readable(peer), _port(peer)) for state, local, peer in rows}

    return _fact(seen(before), seen(after))


def _port(text: str) -> str:
    return str(int(text.rpartition(":")[2], 16))


@probe(OPENING, Again(OPENING), otherwise=(((TABLE, Again(TABLE)), _by_proc),), at_once=True)
def handshakes(before: Reply, after: Reply) -> Handshakes:
    """TCP connections that stay half open: a handshake on a healthy network is over in milliseconds."""

    def seen(reply: Reply) -> Seen:
        if not reply.text.startswith("State"):
            raise Garbled(reply.text[:60] or reply.complaint[:60])
        rows = [ROW.fullmatch(line) for line in reply.lines[1:]]
        if not all(rows):
            raise Garbled(reply.lines[1][:60])
        return {(row[1], row[3], row[4].strip("[]"), row[5]) for row in rows if row}

    return _fact(seen(before), seen(after))
