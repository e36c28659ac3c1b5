"""Sockets: who listens, who is connected, in which states."""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagkit.model import Reply, Run
from diagkit.probes import Garbled, probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One listening TCP socket. `process` and `pid` are empty and 0 where we may not see them.

    waiting: connections in the accept queue; backlog: how many fit (0 where not known).
    """

    address: str  # 0.0.0.0, ::, 127.0.0.1, ...
    port: int
    waiting: int
    backlog: int
    process: str = ""
    pid: int = 0

    @property
    def local_only(self) -> bool:
        """Whether only this host itself can reach it."""
        return self.address.startswith("127.") or self.address == "::1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Every listening TCP socket."""

    all: tuple[Listener, ...]


_ROW = re.compile(r"LISTEN\s+(\d+)\s+(\d+)\s+(\S+):(\d+)\s+\S+\s*(.*)$")
_OWNER = re.compile(r'\(\("([^"]*)",pid=(\d+)')


@probe(Run(("ss", "-Hltnp"), root=True))
def listeners(reply: Reply) -> Listeners:
    """Listening TCP sockets with their accept queues, as `ss` tells it (`-p` names processes where we may see them)."""
    if reply.code:
        raise Garbled(reply.complaint[:80])
    found = []
    for line in reply.lines:
        if row := _ROW.match(line):
            waiting, backlog, address, port, rest = row.groups()
            owner = _OWNER.search(rest)
            found.append(
                Listener(
                    address=address.strip("[]").partition("%")[0].replace("*", "::"),
                    port=int(port),
                    waiting=int(waiting),
                    backlog=int(backlog),
                    process=owner[1] if owner else "",
                    pid=int(owner[2]) if owner else 0,
                )
            )
    return Listeners(all=tuple(found))
