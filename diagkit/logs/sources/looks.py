"""What a file is, told by its first bytes: a log of which form and encoding, or none at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from diagkit.logs.sources.archives import Member
from diagkit.logs.sources.compression import FOREIGN, compression, decoded
from diagkit.logs.sources.forms import form
from diagkit.logs.sources.part import Part, lines
from diagkit.logs.sources.streams import Origin
from diagkit.logs.sources.text import encoding, is_text, transcoded
from diagkit.logs.timestamps import Clock, read_stamp

HEAD = 1 << 16  # bytes, decoded
LARGEST_BLOCK = 5 << 20  # bytes: what a block of lz4 (4 MiB) may take before any of it can be decoded
STAMPS_WITHIN = 100  # lines: a stack trace or a banner may come before the first line with a stamp
JOURNAL = "a journal in binary form"
_BEFORE_LOGS = datetime(1990, 1, 1, tzinfo=UTC)  # seconds since boot read as a date fall before it

_MAGIC = {
    b"LPKSHHRH": JOURNAL,
    b"\x7fELF": "a program",
    b"SQLite format 3\0": "a database",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"%PDF-": "a document",
    b"PK\x03\x04": "an archive within an archive",
}


def opened(peek: Callable[[int], bytes]) -> tuple[bytes, str]:
    """The first bytes of a file as they are once decoded, and what it is compressed with.

    peek: the given number of its first bytes as stored.
    """
    raw = peek(HEAD)
    packed = compression(raw)
    if not packed:
        return raw, ""
    found = _decoded(raw, packed)
    if len(found) < HEAD and len(raw) == HEAD:
        found = _decoded(peek(LARGEST_BLOCK), packed)
    return found, packed


def _decoded(raw: bytes, packed: str) -> bytes:
    found = b""
    for piece in decoded(iter((raw,)), packed, []):
        found += piece
        if len(found) >= HEAD:
            break
    return found[:HEAD]


def look(head: bytes, packed: str, origin: Origin, member: Member, path: str) -> Part | str:
    """The part that begins with these bytes, once decoded; or, in a few words, what it is instead."""
    other = _other(head)
    if other:
        return other
    encoded = encoding(head)
    text = b"".join(transcoded(iter((head,)), encoded)) if encoded else head
    if not is_text(text):
        return "binary data"
    kind = form(text)
    written = member.modified if member.modified > _BEFORE_LOGS else datetime.now(UTC)  # archives may have no times
    clock = Clock(ahead=0, latest=written, booted=datetime.fromtimestamp(0, UTC))
    unwrapped = b"".join(lines(iter((head,)), encoded, kind, []))
    return Part(
        name=member.name,
        path=path,
        size=member.size,
        modified=member.modified,
        compression=packed,
        encoding=encoded,
        form=kind,
        first=first_stamp(unwrapped, clock),
        origin=origin,
    )


def first_stamp(text: bytes, clock: Clock) -> datetime | None:
    """What the first dated line says. Seconds since boot say nothing that other files could be held against."""
    for line in text.split(b"\n", STAMPS_WITHIN)[:STAMPS_WITHIN]:
        stamp = read_stamp(line[:1024].decode("utf-8", "replace"), clock)
        if stamp and stamp.at > _BEFORE_LOGS:
            return stamp.at
    return None


def _other(head: bytes) -> str:
    if head[257:262] == b"ustar":
        return "an archive within an archive"
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    for magic, kind in FOREIGN.items():
        if head.startswith(magic):
            return f"{kind}, which is not read"
    return ""
