"""Files that were deleted while a process has them open: they take room until it closes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Reply, Run, Silence
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.mounts import MountPoint, MountTable

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
LINK = re.compile(r"(/proc/\d+/fd/\d+) (/.*) \(deleted\)")
MOST_LINKS = 400
SIZE = re.compile(r"(\d+) (\d+) (\d+) (\d+) (/proc/(\d+)/fd/\d+)")  # device, inode, blocks, bytes in a block, link
OPENS = "log in as root, or allow this user `sudo -n`: other users' open files cannot be seen"


@frozen(kw_only=True)
class Link:
    """One descriptor that leads to a deleted file: its path in /proc, and the path the file had."""

    path: str
    file: str


@frozen(kw_only=True)
class DeletedLinks:
    """Every descriptor that leads to a deleted file. Several may lead to the same one."""

    all: tuple[Link, ...]


@frozen(kw_only=True)
class Held:
    """Room in bytes that deleted files take on the filesystem at `path`, and the process that holds most of it."""

    path: str
    size: int
    files: int
    pid: int


@frozen(kw_only=True)
class DeletedFiles:
    """Room taken by deleted files that some process still has open, by filesystem."""

    all: tuple[Held, ...]


@probe(LINKS, opens=OPENS)
def deleted_links(reply: Reply) -> DeletedLinks:
    """Which descriptors lead to deleted files; how large these are is the second question."""
    if "-regextype" in reply.complaint or "-printf" in reply.complaint or "-lname" in reply.complaint:
        raise Withheld(Silence.UNSUPPORTED, "this find cannot show where links lead")
    if not reply.lines or reply.lines[0] != "/proc":
        raise Garbled(reply.text[:60])
    if "Permission denied" in reply.complaint or "/proc/1" not in reply.lines:
        raise Withheld(Silence.DENIED, "other users' open files")
    found = [match for line in reply.lines if (match := LINK.fullmatch(line))]
    return DeletedLinks(all=tuple(Link(path=match[1], file=match[2]) for match in found[:MOST_LINKS]))


def _sizes(links: DeletedLinks) -> Run:
    return Run(("stat", "-L", "-c", "%d %i %b %B %n", *(link.path for link in links.all)), timeout=3, root=True)


def measure(links: DeletedLinks) -> Iterable[Ask]:
    """One question for the sizes of all that were found; it may hang with a filesystem, and then only itself."""
    return [_sizes(links)] if links.all else []


@probe(also=measure, opens=OPENS)
def deleted_files(links: DeletedLinks, table: MountTable, answers: Answers) -> DeletedFiles:
    """Room that deleted but open files take on each filesystem."""
    reply = answers[_sizes(links)] if links.all else Reply()
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    names = {link.path: link.file for link in links.all}
    files: dict[tuple[int, int], str] = {}  # each file once, however many descriptors lead to it: where it is
    held: dict[str, Counter[int]] = {}
    for line in reply.lines:
        match = SIZE.fullmatch(line)
        if not match or match[5] not in names:
            raise Garbled(line[:60])
        device, inode, blocks, block = map(int, match.groups()[:4])
        mount = _mount_of(device, names[match[5]], table)
        if mount and (device, inode) not in files:
            files[device, inode] = mount.path
            held.setdefault(mount.path, Counter())[int(match[6])] += blocks * block
    if links.all and not reply.lines and "No such file" not in reply.complaint:
        raise Garbled(reply.complaint[:60])
    return DeletedFiles(
        all=tuple(
            Held(path=path, size=by.total(), files=list(files.values()).count(path), pid=by.most_common(1)[0][0])
            for path, by in sorted(held.items())
        )
    )


def _mount_of(device: int, file: str, table: MountTable) -> MountPoint | None:
    """Where a file is mounted: by its device, or by its path where files have devices of their own (overlay, btrfs)."""
    number = f"{(device >> 8) & 0xFFF | (device >> 32) & ~0xFFF}:{device & 0xFF | (device >> 12) & ~0xFF}"
    by_path = [m for m in table.mounted if file.startswith(m.path.rstrip("/") + "/")]
    nearest = max(by_path, key=lambda m: len(m.path), default=None)
    same = [m for m in table.mounted if m.device == number]
    if same:
        return nearest if nearest in same else min(same, key=lambda m: len(m.path))
    return nearest if nearest and nearest.type in {"overlay", "btrfs"} else None
