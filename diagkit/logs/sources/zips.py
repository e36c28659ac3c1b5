"""Logs in a zip, whose directory says where each member lies."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from diagkit.logs.sources.archives import Member
from diagkit.logs.sources.streams import CHUNK, reason, say

DIRECTORY = 4 << 20  # bytes of the directory, which is read whole: 50,000 members or more


def is_zip(head: bytes) -> bool:
    """Whether a zip begins so."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


@dataclass(frozen=True, slots=True)
class Zipped:
    """A member of a zip, which says where each of them lies."""

    path: str
    name: str

    def chunks(self, notes: list[str]) -> Iterator[bytes]:
        """All of it."""
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.name) as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except OSError as error:
            say(notes, f"It could not be read to its end: {reason(error)}.")
        except Exception:  # noqa: BLE001  # zipfile lets through what zlib and its own parsing raise
            say(notes, "The archive is damaged here; what came before the damage was read.")


def members(path: str, size: int, notes: list[str]) -> list[Member]:
    """The files in a zip that can be read: stored or deflated, and not encrypted."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # the path is text, as everywhere here
            file.seek(max(0, size - (1 << 16)))
            tail = file.read(1 << 16)
            mark = tail.rfind(b"PK\x05\x06")
            if mark < 0 or int.from_bytes(tail[mark + 12 : mark + 16], "little") > DIRECTORY:
                say(notes, "The archive has no directory at its end, or a very long one: it was not read.")
                return []
            with zipfile.ZipFile(file) as archive:
                entries = [info for info in archive.infolist() if not info.is_dir()]
    except Exception:  # noqa: BLE001  # zipfile lets through what its parsing raises
        say(notes, "The archive is damaged: it was not read.")
        return []
    plain = [
        i for i in entries if i.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} and not i.flag_bits & 1
    ]
    if len(plain) < len(entries):
        say(
            notes, f"{len(entries) - len(plain)} files in it are encrypted or packed in a rare way: they were not read."
        )
    return [
        Member(name=i.filename, offset=i.header_offset, size=i.file_size, modified=_zip_time(i.date_time))
        for i in plain
    ]


def _zip_time(parts: tuple[int, int, int, int, int, int]) -> datetime:
    try:
        return datetime(*parts, tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
