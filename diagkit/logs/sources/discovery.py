"""What lies under the paths that were named: files, directories, archives, standard input."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath

from diagkit.logs.sources import archives, rotation, walking, zips
from diagkit.logs.sources.archives import Member
from diagkit.logs.sources.compression import decoded
from diagkit.logs.sources.held import Behind, Cursor, Held, Room
from diagkit.logs.sources.looks import JOURNAL, look, opened
from diagkit.logs.sources.part import About, Note, Part, Series
from diagkit.logs.sources.streams import Origin, Pipe, Pull, Slice, reason, say
from diagkit.model import Untrusted

MEMBERS = 200_000  # of an archive that are looked at, in about 4 s
PARTS = 20_000  # found in all, at about 2 KB of memory each
_TOO_MANY = "It holds more files than are read at once; the others were not read."
LONGEST_NAME = 1024  # characters of a member's name that are kept

# Of a sosreport, whose other files quote logs, repeat them, or are no logs at all.
_SOS = re.compile(r"(?:var/log|sos_strings|sos_commands)/")
_NO_LOG = re.compile(
    r"\.(?:conf|cfg|ini|ya?ml|toml|xml|html?|css|js|py|pl|sh|md|rst|[ch]|service|socket|timer|pem|crt|key|svg|sql|lock"
    r"|pid|rpm|deb|pcap)$|(?:^|/)(?:sa|sysstat)/sar?\d+$"
    r"|(?:^|/)sos_commands/(?!logs/journalctl_--no-pager|kernel/dmesg|(?:podman|docker|crio)/.*logs)"
)
_FD = re.compile(r"/dev/(?:fd/\d+|stdin)|/proc/self/fd/\d+", re.ASCII)
_KINDS = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def find(paths: Sequence[str]) -> tuple[list[Series], list[Note]]:
    """The logs under these paths, and what has to be said of the rest. `-` is standard input.

    Opens each file for its first 64 KiB and reads compressed archives through, as their members have no other order.
    """
    search = _Search()
    for path in paths:
        search.path(path)
    return rotation.series(search.parts), search.notes


class _Search:
    """One search: what was found so far."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.notes: list[Note] = []
        self._seen: set[tuple[int, int]] = set()
        self._room = Room()

    def path(self, path: str) -> None:
        """What somebody named: it is read whatever it is called."""
        try:
            if path == "-":
                self._pipe("-", Pipe(sys.__stdin__.fileno() if sys.__stdin__ else 0))
                return
            found = os.stat(path)  # noqa: PTH116
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            self._say(About.UNREAD, path, f"It could not be read: {why}.")
            return
        if stat.S_ISDIR(found.st_mode):
            self._directory(path)
        elif stat.S_ISFIFO(found.st_mode) and _FD.fullmatch(path):
            self._pipe(path, Pipe(int(path.rpartition("/")[2].replace("stdin", "0"))))
        else:
            skipped: Counter[str] = Counter()
            self._file(path, found, skipped)
            for kind in skipped:
                self._say(About.SKIPPED, path, f"It was not read: it is {kind}.")

    def _directory(self, root: str) -> None:
        """Every log under a directory. What is skipped is counted."""
        skipped: Counter[str] = Counter()
        for path, found in walking.files(root, partial(self._say, About.UNREAD)):
            if len(self.parts) >= PARTS:
                self._say(About.UNREAD, root, _TOO_MANY)
                break
            if _NO_LOG.search(os.path.relpath(path, root)):
                skipped["no log by its name"] += 1
            else:
                self._file(path, found, skipped)
        self._count(root, skipped)

    def _count(self, path: str, skipped: Counter[str]) -> None:
        if skipped:
            kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(skipped.items()))
            self._say(About.SKIPPED, path, f"Skipped in it: {kinds}.")

    def _file(self, path: str, found: os.stat_result, skipped: Counter[str]) -> None:
        """One file on disk. Under two names, or named twice, it is read once."""
        inode = (found.st_dev, found.st_ino)
        if inode in self._seen:
            return
        self._seen.add(inode)
        for is_kind, kind in _KINDS:
            if is_kind(found.st_mode):
                self._say(About.UNREAD, path, f"It was not read: it is {kind}.")
                return
        origin = Slice(path, inode)
        member = Member(name=path, offset=0, size=found.st_size, modified=archives.moment(found.st_mtime))
        notes: list[str] = []
        head, packed = opened(lambda size: b"".join(origin.between(notes, 0, min(size, found.st_size))))
        if not head and notes:
            self._say(About.UNREAD, path, " ".join(notes))
        elif archives.is_tar(head):
            self._tar(path, origin, packed)
        elif zips.is_zip(head):
            self._zip(path, origin)
        else:
            self._part(look(head, packed, origin, member, path), member, skipped)

    def _pipe(self, path: str, pipe: Pipe) -> None:
        """Standard input. An archive in it is read as far as it can be held."""
        head, packed = opened(pipe.peek)
        if archives.is_tar(head):
            self._tar(path, pipe, packed)
            return
        skipped: Counter[str] = Counter()
        member = Member(name=path, offset=0, size=0, modified=datetime.now(UTC))
        self._part(look(head, packed, pipe, member, path), member, skipped)
        for kind in skipped:
            self._say(About.SKIPPED, path, f"It was not read: it is {kind}.")

    def _part(self, part: Part | str, member: Member, skipped: Counter[str]) -> None:
        if isinstance(part, Part):
            self.parts.append(part)
        elif part == JOURNAL:
            says = "A journal in its own binary form: `journalctl --file` reads it."
            self._say(About.JOURNAL, member.name, says)
        else:
            skipped[part] += 1

    def _tar(self, path: str, origin: Origin, packed: str) -> None:
        """The logs in a tar. Of a compressed one, members are held as long as there is room."""

        def stream(notes: list[str]) -> Iterator[bytes]:
            chunks = origin.chunks(notes)
            return decoded(chunks, packed, notes) if packed else chunks

        notes: list[str] = []
        skipped: Counter[str] = Counter()
        pull = Pull(stream(notes))
        cursor = Cursor(stream)
        for number, member in enumerate(archives.members(pull, notes)):
            if number == MEMBERS or len(self.parts) >= PARTS:
                say(notes, _TOO_MANY)
                break
            if not _worth_opening(member.name):
                skipped["no log by its name"] += 1
                continue
            named = _within(path, member)
            head, inner = opened(partial(_peek, pull, member.size))
            if isinstance(origin, Slice) and not packed:
                part = look(head, inner, archives.within(origin, member), named, path)
            else:
                part = look(head, inner, Behind(cursor, member.offset, member.size), named, path)
                if isinstance(part, Part) and (held := Held.take(pull.upto(member.size), self._room)):
                    part = replace(part, origin=held)
                elif isinstance(part, Part) and isinstance(origin, Pipe):
                    part = "too large to be held (give the archive as a file)"
            self._part(part, named, skipped)
        self._count(path, skipped)
        for note in notes:
            self._say(About.UNREAD, path, note)

    def _zip(self, path: str, file: Slice) -> None:
        notes: list[str] = []
        skipped: Counter[str] = Counter()
        for member, origin in zips.members(file, notes):
            if len(self.parts) >= PARTS:
                say(notes, _TOO_MANY)
                break
            if _worth_opening(member.name):
                named = _within(path, member)
                head, packed = opened(Pull(origin.chunks([])).peek)
                self._part(look(head, packed, origin, named, path), named, skipped)
            else:
                skipped["no log by its name"] += 1
        self._count(path, skipped)
        for note in notes:
            self._say(About.UNREAD, path, note)

    def _say(self, about: About, path: str, says: str) -> None:
        self.notes.append(Note(about=about, path=Untrusted(path), says=says))


def _within(path: str, member: Member) -> Member:
    return replace(member, name=f"{path}:{PurePosixPath(member.name[-LONGEST_NAME:].lstrip('./'))}")


def _worth_opening(name: str) -> bool:
    """Whether a member of an archive may be a log, by its name."""
    top, _, rest = name.removeprefix("./").partition("/")
    return not _NO_LOG.search(name) and (not top.startswith("sosreport-") or bool(_SOS.match(rest)))


def _peek(pull: Pull, whole: int, size: int) -> bytes:
    return pull.peek(min(whole, size))
