#!/usr/bin/env python3
"""How long known_hosts takes to read and to search, against paramiko's reader and against 60 ms for 20,000 lines.

Files of plain, of hashed and of mixed names are made anew. Ours is timed on 20,000 lines: to read the file and find the
first host in it, which happens once a run, and to find each further host. Both are timed on 2,000 lines, in turn, for
paramiko's reader is quadratic. Every time is the best of some rounds. Aims: 60 ms; 100 times faster than paramiko.
"""

from __future__ import annotations

import base64
import hmac
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from diagkit.transports.ssh.by_paramiko.lazy_paramiko import load
from diagkit.transports.ssh.host_keys import known_hosts
from diagkit.transports.ssh.host_keys.known_hosts import KnownHosts
from diagkit.transports.ssh.host_keys.public_key import packed

LINES, FEW = 20_000, 2_000
AIM_MS, AIM_TIMES = 60.0, 100.0
ROUNDS = 5


def write(path: Path, lines: int, *, hashed: Callable[[int], bool]) -> None:
    """A file in which host N has the name `hostN.example.org`."""
    with path.open("wb") as file:
        for number in range(lines):
            name = f"host{number}.example.org".encode()
            if hashed(number):
                salt = os.urandom(20)
                digest = hmac.digest(salt, name, "sha1")
                name = b"|1|%b|%b" % (base64.b64encode(salt), base64.b64encode(digest))
            key = packed(b"ssh-ed25519") + packed(os.urandom(32))
            file.write(b"%b ssh-ed25519 %b\n" % (name, base64.b64encode(key)))


def ours(path: Path, host: str) -> None:
    """Read the file as a new run does, and find a host in it."""
    known_hosts._files.clear()
    assert len(KnownHosts.load([str(path)]).entries(host)) == 1


def theirs(path: Path, host: str) -> None:
    """The same by paramiko."""
    found = load().HostKeys(str(path)).lookup(host)
    assert found
    assert len(found) == 1


def best(*functions: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The shortest time of each in milliseconds, taken in turn."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, taken in zip(functions, times, strict=True):
            began = time.perf_counter()
            function()
            taken.append((time.perf_counter() - began) * 1000)
    return [min(taken) for taken in times]


def compare(kind: str, many: Path, few: Path) -> str:
    """One line about these two files."""
    first, further = "host777.example.org", iter(f"host{number}.example.org" for number in range(ROUNDS))
    (whole,) = best(lambda: ours(many, first))
    known = KnownHosts.load([str(many)])
    known.entries(first)
    (each,) = best(lambda: known.entries(next(further)))
    mine, paramikos = best(lambda: ours(few, first), lambda: theirs(few, first), rounds=3)
    return (
        f"{kind:6}  {LINES} lines: {whole:5.1f} ms once a run (aim {AIM_MS:.0f}), {each:6.3f} ms each further host;  "
        f"{FEW} lines: {mine:5.1f} ms, paramiko {paramikos:6.0f} ms: {paramikos / mine:.0f} times (aim {AIM_TIMES:.0f})"
    )


def main() -> None:
    """Make the files and print the times."""
    load()
    kinds: dict[str, Callable[[int], bool]] = {
        "plain": lambda _: False,
        "hashed": lambda _: True,
        "mixed": lambda number: number % 2 == 0,
    }
    with tempfile.TemporaryDirectory() as folder:
        for kind, hashed in kinds.items():
            many, few = Path(folder) / f"{kind}.many", Path(folder) / f"{kind}.few"
            write(many, LINES, hashed=hashed)
            write(few, FEW, hashed=hashed)
            print(compare(kind, many, few))


if __name__ == "__main__":
    main()
