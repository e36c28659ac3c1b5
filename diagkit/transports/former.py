"""Questions that tapes of earlier versions have in other words, and what their answers say to those of today.

What is a file is read as one today; commands that told of it were asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from diagkit.model import Again, Ask, Read, Reply, Run, Silence

Answered = Iterator[tuple[Ask, Reply]]


def in_words_of_today(replies: Mapping[Ask, Reply]) -> dict[Ask, Reply]:
    """These replies, and those to the questions of today that follow from them."""
    told = {new: reply for ask, answer in FORMER.items() if ask in replies for new, reply in answer(ask, replies[ask])}
    same = {new: replies[old] for old, new in RENAMED.items() if old in replies}
    return {**told, **same, **replies}


def _listed(ask: Ask, reply: Reply) -> Answered:
    """Files that `ls -d` was asked for by name: those it names are there."""
    for path in ask.argv[2:] if isinstance(ask, Run) else ():
        said = next((line for line in reply.complaint.split("\n") if f"{path}:" in line or f"{path}'" in line), "")
        why = Silence.DENIED if "Permission denied" in said else Silence.MISSING
        silence = reply.silence or (None if path in reply.lines else why)
        err = reply.err if reply.silence else said.encode("utf-8", "surrogateescape")
        yield Read(path, cap=1), replace(reply, out=b"", err=err, code=0, silence=silence)


def _debian(ask: Ask, reply: Reply) -> Answered:
    """Debian by its package manager's folder, and the sign that it leaves where a reboot is required."""
    for new, answer in _listed(ask, reply):
        yield Read("/etc/debian_version") if new == Read("/var/lib/dpkg", cap=1) else new, answer


def _user(_: Ask, reply: Reply) -> Answered:
    yield Read("/proc/self/status"), replace(reply, out=b"Uid:\t" + reply.out)


# The kernel's tables of sockets were read everywhere, and not only where there is no `ss`.
_SIZES = (("tcp", 65_536), ("tcp6", 65_536), ("tcp", 131_072), ("tcp", 524_288), ("tcp6", 524_288))
_TABLES = [
    (Read(f"/proc/net/{name}", cap=cap), Read(f"/proc/net/{name}", cap=cap, unless="ss")) for name, cap in _SIZES
]
RENAMED: Mapping[Ask, Ask] = {**dict(_TABLES), **{Again(old): Again(new) for old, new in _TABLES}}

FORMER: Mapping[Ask, Callable[[Ask, Reply], Answered]] = {
    Run(("id", "-u")): _user,
    Run(("ls", "-d", "/run/reboot-required", "/var/lib/dpkg")): _debian,
    Run(
        (
            *("ls", "-d", "/etc/crontab", "/var/spool/cron/crontabs/root", "/var/spool/cron/root"),
            "/etc/crontabs/root",
        )
    ): _listed,
}
