"""The text as the rules see it: without what a reader does not see either, and with the way back to the original."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

MASK = b"\x01"  # stands for each byte of a stand-in that is there already; no other byte of a shadow is 0x01

# Texts mostly have none of these bytes, with which what is unseen begins: to know that is quicker than to look for it.
_UNSEEN_BEGINS = bytes((*range(1, 9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xC2, 0xCD, 0xE1, 0xE2, 0xEF))
# CSI sequences whole; of others only their beginning, for their body could hold a secret that we would then not see
_UNSEEN = re.compile(
    rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|[\\\]PX^_c])?"
    rb"|[\x01-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]"
    rb"|\xc2[\x80-\x9f\xad]|\xcd\x8f|\xe1\xa0\x8e"  # C1, soft hyphen, grapheme joiner, Mongolian separator
    rb"|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf"  # zero width, bidi, BOM
)
_STAND_IN = re.compile(rb"<secret:[0-9a-f]{8}>")


class Shadow:
    """`text` is what to search. Its line ends are the original's; NUL, which separates arguments, is a space."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = [0]  # of each run that was kept, in the shadow …
        self._origins = [0]  # … and in the original
        kept: list[bytes] = []
        size = at = 0
        visible = len(data.translate(None, _UNSEEN_BEGINS)) == len(data)
        for unseen in () if visible else _UNSEEN.finditer(data):
            kept.append(data[at : unseen.start()])
            size += unseen.start() - at
            at = unseen.end()
            self._starts.append(size)
            self._origins.append(at)
        kept.append(data[at:])
        text = b"".join(kept).replace(b"\x00", b" ")
        self.text = _STAND_IN.sub(lambda found: MASK * len(found[0]), text)

    def replaced(self, spans: Iterable[tuple[int, int, bytes]]) -> bytes:
        """The original with each span of the shadow replaced; of spans that overlap, all from first to last."""
        out: list[bytes] = []
        done = 0
        for start, end, stand_in in _merged(spans):
            first, after = self._origin(start), self._origin(end - 1) + 1
            out += [self._data[done:first], stand_in]
            done = after
        out.append(self._data[done:])
        return b"".join(out)

    def _origin(self, at: int) -> int:
        run = bisect_right(self._starts, at) - 1
        return self._origins[run] + at - self._starts[run]


def _merged(spans: Iterable[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    merged: list[tuple[int, int, bytes]] = []
    for start, end, stand_in in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            first, last, kept = merged[-1]
            merged[-1] = (first, max(last, end), kept)
        else:
            merged.append((start, end, stand_in))
    return merged
