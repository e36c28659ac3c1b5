"""Open files: of the system, of the processes near their limit, and those that were deleted but still take room."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from diagkit.model import Ask, Read, Reply, Run, Silence
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.mounts import MountTable
from diagkit.probes.processes import Process, Processes

NEAR = 0.8  # of the limit: from there on we count
MOST_SUSPECTS = 12
SANDBOXED = 32  # a program with a lower limit has set it itself, so as to open nothing more (sshd before login)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHandles:
    """The system's table of open files: how many there are and how many fit (fs.file-max)."""

    allocated: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFiles:
    """One process near its limit of open files. `count` -1: we were not allowed to count."""

    process: str  # name[pid]
    count: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptors:
    """Processes that may be near their limit of open files (RLIMIT_NOFILE); all `others` cannot be."""

    near: tuple[OpenFiles, ...]
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Bytes that deleted but still open files take on one device, and the process that holds most of them."""

    device: str  # major:minor
    size: int
    pid: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedFiles:
    """Room taken by deleted files that some process still has open."""

    all: tuple[Held, ...]


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


# Reading the links touches no filesystem. Image memory (memfd, SysV) has names there too but takes no disk.
LINKS = Run(
    (
        *("find", "/proc", "-maxdepth", "3", "-regextype", "posix-extended"),
        *(
            "-path",
            "/proc",
            "-print",
            "-o",
            "-path",
            "/proc/1",
            "-print",
            "-o",
            "-regex",
            "/proc/([^0-9].*|[0-9]+/([^f]|fdinfo)[^/]*)",
            "-prune",
        ),
        *("-o", "-path", "/proc/*/fd/*", "-lname", "/* (deleted)", "!", "-lname", "/memfd:*", "!", "-lname", "/SYSV*"),
        *("-printf", r"%p %l\n"),
    ),
    root=True,
)
LINK = re.compile(r"(/proc/(\d+)/fd/\d+) (/.*) \(deleted\)")
MOST_LINKS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedLinks:
    """The descriptors that lead to deleted files: their paths in /proc."""

    all: tuple[str, ...]


@probe(LINKS, opens="log in as root, or allow this user `sudo -n`: other users' open files cannot be seen")
def deleted_links(reply: Reply) -> DeletedLinks:
    """Which descriptors lead to deleted files; how large these are is the second question."""
    if "-regextype" in reply.complaint or "-printf" in reply.complaint or "-lname" in reply.complaint:
        raise Withheld(Silence.UNSUPPORTED, "this find cannot show where links lead")
    if not reply.lines or reply.lines[0] != "/proc":
        raise Garbled(reply.text[:60])
    if "Permission denied" in reply.complaint or "/proc/1" not in reply.lines:
        raise Withheld(Silence.DENIED, "other users' open files")
    return DeletedLinks(all=tuple(match[1] for line in reply.lines if (match := LINK.fullmatch(line))))


def _sizes(links: DeletedLinks) -> Run:
    return Run(("stat", "-L", "-c", "%d %b %B %n", *links.all[:MOST_LINKS]), timeout=3, root=True)


def measure(links: DeletedLinks) -> Iterable[Ask]:
    """One question for the sizes of all that were found; it may hang with a filesystem, and then only itself."""
    return [_sizes(links)] if links.all else []


@probe(also=measure)
def deleted_files(links: DeletedLinks, table: MountTable, answers: Answers) -> DeletedFiles:
    """Room that deleted but open files take, for each mounted filesystem."""
    reply = answers[_sizes(links)] if links.all else Reply()
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    held: dict[str, Counter[int]] = {}
    files: Counter[str] = Counter()
    for line in reply.lines:
        match = re.fullmatch(r"(\d+) (\d+) (\d+) /proc/(\d+)/fd/\d+", line)
        if not match:
            raise Garbled(line[:60])
        number, blocks, block, pid = map(int, match.groups())
        device = f"{_major(number)}:{_minor(number)}"
        files[device] += 1
        held.setdefault(device, Counter())[pid] += blocks * block
    if links.all and not files and "No such file" not in reply.complaint:
        raise Garbled(reply.complaint[:60])
    mounted = {m.device for m in table.mounted}
    return DeletedFiles(
        all=tuple(
            Held(device=device, size=by.total(), pid=by.most_common(1)[0][0], files=files[device])
            for device, by in sorted(held.items())
            if device in mounted
        )
    )


def _major(device: int) -> int:
    return (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF


def _minor(device: int) -> int:
    return device & 0xFF | (device >> 12) & ~0xFF
