"""Archives of logs, read as streams: nothing is unpacked to disk, and the names in them are labels, never paths."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime

from diagkit.frozen import frozen
from diagkit.logs.sources.streams import Lost, Pull, Slice, say

TAR_BLOCK = 512
HEADER = 1 << 16  # bytes of a long name or of pax records; longer ones are no archive that tar made
_WITHOUT_BODY = {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE}
_ABOUT_THE_NEXT = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE}


@frozen(kw_only=True)
class Member:
    """A regular file in an archive: `size` bytes from `offset` on, in the decoded archive."""

    name: str
    offset: int
    size: int
    modified: datetime


def is_tar(head: bytes) -> bool:
    """Whether a tar begins so."""
    return head[257:262] == b"ustar"


def members(pull: Pull, notes: list[str]) -> Iterator[Member]:
    """The regular files of a tar as they come. Whoever takes one may read its bytes from `pull` before the next."""
    name = ""
    size: int | None = None  # what a record before the file says of it
    while info := _header(pull, notes):
        body, length = pull.at, info.size
        if info.type in _ABOUT_THE_NEXT:
            if length <= HEADER and info.type == tarfile.GNUTYPE_LONGNAME:
                name = pull.read(length).rstrip(b"\0").decode("utf-8", "surrogateescape")
            elif length <= HEADER and info.type == tarfile.XHDTYPE:
                name, size = _pax(pull.read(length), name)
        else:
            length = length if size is None else size
            if info.type == tarfile.GNUTYPE_SPARSE:
                say(notes, Lost("Files stored as sparse were left out."))
            elif info.isreg():
                yield Member(name=name or info.name, offset=body, size=length, modified=moment(info.mtime))
            name, size = "", None
        if info.type not in _WITHOUT_BODY:
            pull.skip_to(body + -(-length // TAR_BLOCK) * TAR_BLOCK)


def _header(pull: Pull, notes: list[str]) -> tarfile.TarInfo | None:
    """The next header; None at the end of the archive, which may have come too early."""
    header = pull.read(TAR_BLOCK)
    if not header.strip(b"\0"):
        if not header:
            say(notes, Lost("The archive ends without its end mark: its last files may be missing."))
        return None
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        info = None
    if info is None or info.size < 0:
        say(notes, Lost("The archive is damaged or ends early: files after the damage were not read."))
        return None
    return info


def _pax(records: bytes, name: str) -> tuple[str, int | None]:
    """Name and size that such records (`LENGTH key=value`) give the file after them."""
    size = None
    for record in records.split(b"\n"):
        key, _, value = record.partition(b" ")[2].partition(b"=")
        if key == b"path":
            name = value.decode("utf-8", "surrogateescape")
        elif key == b"size" and value.isdigit() and len(value) < 20:
            size = int(value)
    return name, size


def moment(seconds: float) -> datetime:
    """That many seconds after the epoch; the epoch itself where that is no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def within(slice_: Slice, member: Member) -> Slice:
    """The bytes of a member of a tar that is not compressed."""
    return Slice(slice_.path, slice_.inode, slice_.offset + member.offset, member.size)
