"""Bytes as lines: encodings, line ends, colours, and lines without end."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from diagkit.logs.sources.streams import CHUNK, say

BLOCK = 1 << 20  # bytes: no block is longer
LONGEST = 1 << 19  # bytes of a line that are sure to come in one piece
OVERLAP = 4096  # bytes of a longer line that both pieces have, so that no message is lost at the cut

# Colours and cursor movements (ECMA-48 CSI), window titles (OSC), choice of character set.
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[()][0-9A-B])")
_NO_TEXT = bytes(set(range(32)) - set(b"\0\t\n\r\f\v\b\a\x1b\x1e")) + b"\x7f"
_HOLE = re.compile(rb"\0{512,}")  # what a crash leaves in a file that was being written
_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}


def encoding(head: bytes) -> str:
    """How the text is encoded that begins so; empty where its bytes can stay as they are."""
    for mark, name in _BOMS.items():
        if head.startswith(mark):
            return name
    sample = head[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    most = len(sample) * 0.3  # of the bytes; Latin text in UTF-16 has a NUL in half of them
    if odd > most and even < odd / 10:
        return "utf-16-le"
    return "utf-16-be" if even > most and odd < even / 10 else ""


def is_text(head: bytes) -> bool:
    """Whether this may be text in some encoding that extends ASCII, with or without holes in it."""
    solid = _HOLE.sub(b"", head) if b"\0" in head else head
    control = len(solid) - len(solid.translate(None, _NO_TEXT))
    # Random bytes have 10 % of control characters; records of wtmp and the like are NUL for the most part.
    return control <= len(solid) * 0.05 and solid.count(0) <= len(solid) * 0.1


def transcoded(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The text in UTF-8, without its byte order mark. What cannot be decoded becomes U+FFFD."""
    first = next(chunks, b"")
    mark = next((mark for mark in _BOMS if first.startswith(mark)), b"")
    decoder = codecs.getincrementaldecoder(name)("replace") if name != "utf-8" else None
    for chunk in _chain(first[len(mark) :], chunks):
        for at in range(0, len(chunk), CHUNK // 2):  # UTF-8 may take half as much again
            piece = chunk[at : at + CHUNK // 2]
            yield decoder.decode(piece).encode("utf-8", "replace") if decoder else piece
    if decoder and (rest := decoder.decode(b"", final=True)):
        yield rest.encode("utf-8", "replace")


def whole_lines(chunks: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """Blocks that end where a line ends. The last line gets its newline if it has none.

    A line beyond `LONGEST` may come in several pieces, each after the first beginning with a space.
    """
    rest = b""
    for chunk in chunks:
        data = rest + chunk if rest else chunk
        end = data.rfind(b"\n") + 1
        if end:
            yield data[:end]
        rest = data[end:]
        while len(rest) > LONGEST:
            say(
                notes,
                f"A line is longer than {LONGEST >> 10} KiB: it was read in pieces that overlap by {OVERLAP} bytes.",
            )
            yield rest[:LONGEST] + b"\n"
            rest = b" " + rest[LONGEST - OVERLAP :]
    if rest:
        yield rest + b"\n"


def cleaned(blocks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Blocks with plain line ends and without colours. A CR within a line (a progress bar) continues it below.

    It begins that line with a space: whoever can write a CR into a log could else forge a line of it.
    """
    for block in blocks:
        if b"\r" in block or b"\x1b" in block:
            yield from _split(_ESCAPE.sub(b"", _without_cr(block)) if b"\x1b" in block else _without_cr(block))
        elif len(block) > BLOCK:
            yield from _split(block)
        elif block:
            yield block


def _without_cr(block: bytes) -> bytes:
    block = block.replace(b"\r\n", b"\n")
    if b"\r" not in block:
        return block
    block = block.replace(b"\r\n", b"\n").replace(b"\n\r", b"\n")  # consoles write \r\r\n, or \n\r
    return block.removeprefix(b"\r").replace(b"\r", b"\n ")


def _split(block: bytes) -> Iterator[bytes]:
    """The block in pieces of whole lines, none longer than `BLOCK`."""
    at = 0
    while len(block) - at > BLOCK:
        end = block.rfind(b"\n", at, at + BLOCK) + 1
        yield block[at:end]
        at = end
    if at < len(block):
        yield block[at:]


def _chain(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from chunks
