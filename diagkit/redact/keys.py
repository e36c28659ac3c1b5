"""Private keys in PEM and PGP armour, over several lines or in one, and those of which one end is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from diagkit.redact.shadow import MASK

_EDGE = re.compile(rb"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# on the line of the edge itself, as in JSON or in one shell word: base64 with escaped or plain line ends between
_INLINE = re.compile(rb"(?:\\+[nr]|[A-Za-z0-9+/= \t\x01])*+")
_HEADER = re.compile(rb"(?:Proc-Type|DEK-Info|Version|Comment|Hash):")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]++")
_SURELY = 40  # characters of base64 that are no word of a log line
_LINES = 400  # of one key; RSA with 16,384 bits has 205


def private_keys(text: bytes) -> Iterator[tuple[int, int]]:
    """Where the secret parts are, a span for each line; some are found from both ends."""
    for edge in _EDGE.finditer(text):
        if edge[1] == b"END":
            yield from _body(text, _lines_before(text, edge.start()))
            continue
        inline = _INLINE.match(text, edge.end())
        if inline and inline[0].strip(b" \t" + MASK):
            yield inline.span()
        else:
            yield from _body(text, _lines_after(text, edge.end()))


def _body(text: bytes, lines: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The last word of each line, as long as it is base64: alone, or long enough behind a log line's beginning."""
    inside = False
    for n, (start, end) in enumerate(lines):
        words = text[start:end].split()
        if n == _LINES or (inside and not words):
            return
        if not words or _HEADER.match(words[0]):
            continue
        inside = True
        last = words[-1]
        if not last.strip(MASK):
            continue
        if not _BASE64.fullmatch(last) or (len(words) > 1 and len(last) < _SURELY):
            return
        at = text.rfind(last, start, end)
        yield at, at + len(last)


def _lines_after(text: bytes, at: int) -> Iterator[tuple[int, int]]:
    end = text.find(b"\n", at)
    while end >= 0:
        start, end = end + 1, text.find(b"\n", end + 1)
        yield start, end if end >= 0 else len(text)


def _lines_before(text: bytes, at: int) -> Iterator[tuple[int, int]]:
    start = text.rfind(b"\n", 0, at) + 1
    while start > 0:
        end = start - 1
        start = text.rfind(b"\n", 0, end) + 1
        yield start, end
