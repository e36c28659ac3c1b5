"""Open files: of the system, and of the processes near their limit."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Read, Reply, Run, Silence
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.processes import Process, Processes

NEAR = 0.8  # of the limit: from there on we count
MOST_SUSPECTS = 12
SANDBOXED = 4  # a program with a lower limit has set it itself, so as to open nothing more (sshd before login)


@frozen(kw_only=True)
class FileHandles:
    """The system's table of open files: how many there are and how many fit (fs.file-max)."""

    allocated: int
    maximum: int


@frozen(kw_only=True)
class OpenFiles:
    """One process near its limit of open files. `count` -1: we were not allowed to count."""

    process: str  # name[pid]
    count: int
    limit: int


@frozen(kw_only=True)
class Descriptors:
    """Processes that may be near their limit of open files (RLIMIT_NOFILE); all `others` cannot be."""

    near: tuple[OpenFiles, ...]
    others: int


@probe(Read("/proc/sys/fs/file-nr"))
def file_handles(reply: Reply) -> FileHandles:
    """Open files of the whole system against fs.file-max."""
    match = re.fullmatch(r"(\d+)\t(\d+)\t(\d+)\n", reply.text)
    if not match:
        raise Garbled(reply.text[:60])
    return FileHandles(allocated=int(match[1]) - int(match[2]), maximum=int(match[3]))


def _suspects(processes: Processes) -> list[Process]:
    """Those whose descriptor table is so large that they could be near the limit: the table never shrinks."""
    able = [p for p in processes.all if p.fd_limit > SANDBOXED and p.fd_slots >= NEAR * p.fd_limit]
    return sorted(able, key=lambda p: p.fd_limit / p.fd_slots)[:MOST_SUSPECTS]


def _listing(process: Process) -> Run:
    return Run(("ls", f"/proc/{process.pid}/fd"), root=True)


def count_suspects(processes: Processes) -> Iterable[Ask]:
    """Counting the descriptors of every process is dear and needs root; the suspects are few."""
    return [_listing(p) for p in _suspects(processes)]


@probe(
    also=count_suspects,
    opens="log in as root, or allow this user `sudo -n`: other users' descriptors cannot be counted",
)
def descriptors(processes: Processes, answers: Answers) -> Descriptors:
    """Open descriptors against the limit, for the processes whose descriptor table is large enough to matter."""
    if all(p.fd_limit == 0 for p in processes.all):
        raise Withheld(Silence.UNSUPPORTED, "no limits of processes")
    near = []
    for process in _suspects(processes):
        reply = answers[_listing(process)]
        numbers = [line for line in reply.lines if line.isdigit()]
        if not reply.silence and reply.code and "No such file" in reply.complaint:
            continue  # it ended in the meantime
        count = len(numbers) if numbers and not reply.silence else -1
        near.append(OpenFiles(process=str(process), count=count, limit=process.fd_limit))
    return Descriptors(near=tuple(near), others=len(processes.all) - len(near))
