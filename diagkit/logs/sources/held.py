"""Members of a compressed tar, which cannot be reached but by decoding all before them.

So what is worth reading is held in memory, recompressed, as long as there is room. Beyond that one cursor goes through
the archive, and back to its beginning where it must.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from diagkit.frozen import frozen
from diagkit.logs.sources.compression import decoded
from diagkit.logs.sources.streams import CHUNK, Lost, Pull, say

HOLD = 32 << 20  # bytes of recompressed logs held of all archives together: about 300 MB of text


@dataclass(slots=True)
class Room:
    """How many bytes may still be held."""

    left: int = HOLD


@frozen
class Held:
    """A member in memory, in one frame of zstd and one buffer: many small ones would leave holes in the heap."""

    packed: bytearray

    @classmethod
    def take(cls, chunks: Iterator[bytes], room: Room) -> Held | None:
        """Hold these; None, and nothing taken of the room, if it is too small."""
        import zstandard

        stream = zstandard.ZstdCompressor(level=1).compressobj()
        packed = bytearray()
        for chunk in chunks:
            packed += stream.compress(chunk)
            if len(packed) > room.left:
                return None
        packed += stream.flush()
        room.left -= len(packed)
        return cls(packed)

    def chunks(self, notes: list[str]) -> Iterator[bytes]:
        """All of it."""
        pieces = (bytes(self.packed[at : at + CHUNK]) for at in range(0, len(self.packed), CHUNK))
        return decoded(pieces, "zstd", notes)


class Cursor:
    """A place in a compressed archive that moves forward, or starts anew for what lies behind it."""

    __slots__ = ("_open", "_pull")

    def __init__(self, opener: Callable[[list[str]], Iterator[bytes]]) -> None:
        self._open = opener
        self._pull = Pull(iter(()))

    def read(self, at: int, size: int, notes: list[str]) -> bytes:
        """Up to `size` bytes from there; none where the archive ends before."""
        if self._pull.at > at or not self._pull.at:
            self._pull = Pull(self._open(notes))
        return self._pull.read(size) if self._pull.skip_to(at) else b""


@frozen
class Behind:
    """A member that is read from its compressed archive when it is wanted."""

    cursor: Cursor
    offset: int
    size: int

    def chunks(self, notes: list[str]) -> Iterator[bytes]:
        """All of it."""
        at, stop = self.offset, self.offset + self.size
        while at < stop and (chunk := self.cursor.read(at, min(CHUNK, stop - at), notes)):
            yield chunk
            at += len(chunk)
        if at < stop:
            say(notes, Lost("The archive ends within this file; what was there was read."))
