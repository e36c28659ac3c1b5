"""Logs in a zip, whose directory says where each member lies."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from diagkit.frozen import frozen
from diagkit.logs.sources.archives import Member
from diagkit.logs.sources.compression import decoded
from diagkit.logs.sources.streams import NEVER_WAIT, Lost, Slice, say

DIRECTORY = 4 << 20  # bytes of the directory, which is read whole: 50,000 members or more
END = b"PK\x05\x06"  # of the directory; it stands in the last 64 KiB
LOCAL = 30  # bytes before the name that stands before each member
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def is_zip(head: bytes) -> bool:
    """Whether a zip begins so."""
    return head.startswith((b"PK\x03\x04", END))


@frozen
class Zipped:
    """A member of a zip: where it lies, and the checksum of what it decodes to."""

    stored: Slice
    deflated: bool
    checksum: int

    def chunks(self, notes: list[str]) -> Iterator[bytes]:
        """All of it."""
        said = len(notes)
        checksum = 0
        chunks = self.stored.chunks(notes)
        for chunk in decoded(chunks, "deflate", notes) if self.deflated else chunks:
            checksum = zlib.crc32(chunk, checksum)
            yield chunk
        if checksum != self.checksum and len(notes) == said:
            say(notes, Lost("It is damaged: its checksum is wrong."))


def members(file: Slice, notes: list[str]) -> Iterator[tuple[Member, Zipped]]:
    """The files in a zip that can be read: stored or deflated, and not encrypted."""
    try:
        fd = os.open(file.path, NEVER_WAIT)
    except OSError:
        say(notes, "The archive could not be opened again.")
        return
    with os.fdopen(fd, "rb") as opened:
        entries = _directory(fd, opened.seek(0, os.SEEK_END), notes)
        readable = [info for info in entries if info.compress_type in _READABLE and not info.flag_bits & 1]
        if left := len(entries) - len(readable):
            say(notes, f"{left} files in it are encrypted or packed in a rare way: they were not read.")
        for info in readable:
            local = os.pread(fd, LOCAL, info.header_offset)
            start = info.header_offset + LOCAL + sum(int.from_bytes(local[at : at + 2], "little") for at in (26, 28))
            stored = replace(file, offset=start, size=info.compress_size)
            member = Member(name=info.filename, offset=start, size=info.compress_size, modified=_time(info.date_time))
            yield member, Zipped(stored, info.compress_type == zipfile.ZIP_DEFLATED, info.CRC)


def _directory(fd: int, size: int, notes: list[str]) -> list[zipfile.ZipInfo]:
    tail = os.pread(fd, 1 << 16, max(0, size - (1 << 16)))
    mark = tail.rfind(END)
    if mark < 0 or int.from_bytes(tail[mark + 12 : mark + 16], "little") > DIRECTORY:
        say(notes, "The archive has no directory at its end, or a very long one: it was not read.")
        return []
    try:
        with os.fdopen(os.dup(fd), "rb") as file, zipfile.ZipFile(file) as archive:
            return [info for info in archive.infolist() if not info.is_dir()]
    except Exception:  # noqa: BLE001  # zipfile lets through what its parsing raises
        say(notes, "The archive is damaged: it was not read.")
        return []


def _time(parts: tuple[int, int, int, int, int, int]) -> datetime:
    try:
        return datetime(*parts, tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
