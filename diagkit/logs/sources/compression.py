"""Compressed logs, recognised by their first bytes and decoded as a stream of bounded size and memory.

A stream that breaks off or is damaged delivers everything before the damage, and says so.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from diagkit.logs.sources.streams import CHUNK, Lost, say

MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
}
SKIPPABLE = b"\x2a\x4d\x18"  # of a frame that carries no data, after a first byte of 0x50 to 0x5f
FOREIGN = {b"\x1f\x9d": "compress (.Z)", b"\x02\x21\x4c\x18": "the old form of lz4", b"7z\xbc\xaf\x27\x1c": "7-Zip"}

# A storm compresses well: 400,000 times one line under a time stamp came out 274:1 by gzip -6, 1645:1 by xz, 1403:1 by
# zstd -3. So no ratio alone tells a bomb from the very log that matters; what is bounded is the time we give it.
FREE = 1 << 30  # bytes any log may decode to, about 2 s of gzip
RATIO = 1000  # beyond these, decoded : compressed; a gzip bomb reaches 1030, one of zstd 20,000
MEMBERS = 1_000_000  # one after another; 64 GB in the blocks of bgzip
MOST = 1 << 36  # bytes no log may exceed, 64 GiB

BITE = 1 << 16  # bytes given to a decoder at a time; more of them leave the processor's cache, and 30 % of the speed

XZ_MEMORY = 68 << 20  # bytes; `xz -9` takes 65 MiB to decode, the usual -6 takes 9
ZSTD_WINDOW = 32 << 20  # bytes, taken twice; -19 has 8 MiB, `--ultra -20` 32; RFC 8878 asks of a decoder for 8
ZSTD_FEED = 256  # bytes fed at a time: 4 of them can stand for 128 KiB, so at most 11 MiB come back; 1.0 GB/s


class Decoder(Protocol):
    """One member of a compressed stream, as bz2 and lzma of the standard library have it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def compression(head: bytes) -> str:
    """What these first bytes of a file are compressed with; empty if with nothing we know."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def decoded(chunks: Iterator[bytes], name: str, notes: list[str]) -> Iterator[bytes]:
    """What these chunks decode to, in pieces of about `CHUNK` bytes. One member after another is one log."""
    taken = given = members = 0
    make = _DECODERS[name]
    decoder = make()
    for data in _bites(chunks):
        taken += len(data)
        while data or not (decoder.eof or decoder.needs_input):
            if decoder.eof:
                if not _goes_on(data, name, notes):
                    return
                decoder = make()
                members += 1
            try:
                piece = decoder.decompress(data, CHUNK)
            except Exception as error:  # noqa: BLE001  # five libraries, each with errors of its own
                say(notes, Lost(_complaint(name, error)))
                return
            data = decoder.unused_data if decoder.eof else b""  # noqa: PLW2901  # what is left of it
            if piece:
                yield piece
            given += len(piece)
            if (given > FREE and given > RATIO * taken) or given > MOST or members > MEMBERS:
                why = f"Reading stopped after {given >> 20} MiB, from {taken} bytes of {name}: a bomb, or nearly."
                say(notes, Lost(why))
                return
    if taken and not decoder.eof:
        say(notes, Lost(f"Its end is missing: the {name} data break off. What came before was read."))


def _bites(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks in small pieces: each new member copies what is left of the piece it begins in."""
    for chunk in chunks:
        for at in range(0, len(chunk), BITE):
            yield chunk[at : at + BITE]


def _goes_on(data: bytes, name: str, notes: list[str]) -> bool:
    """Whether another member begins here. Zeros fill up blocks on a tape; anything else was not written by the tool."""
    if any(kind == name and data[: len(magic)] == magic[: len(data)] for magic, kind in MAGIC.items()):
        return True
    if name in {"zstd", "lz4"} and data[1:4] == SKIPPABLE[: len(data) - 1]:
        return True
    if data.strip(b"\0"):
        say(notes, f"After its {name} data come bytes that are none; they were left out.")
    return False


def _complaint(name: str, error: Exception) -> str:
    if isinstance(error, lzma.LZMAError | MemoryError) and "emory" in f"{error}{type(error).__name__}":
        return f"It cannot be decoded in {XZ_MEMORY >> 20} MiB of memory."
    if "requires too much memory" in str(error):
        return f"It cannot be decoded with a window of {ZSTD_WINDOW >> 20} MiB."
    return f"Its {name} data are damaged; what came before the damage was read."


def _gzip() -> Decoder:
    try:
        from isal import igzip_lib
    except ImportError:
        return _Inflate()
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _deflate() -> Decoder:
    """The data of a member of a zip: what gzip has, without its frame."""
    try:
        from isal import igzip_lib
    except ImportError:
        return _Inflate(wbits=-15)
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)


def _lz4() -> Decoder:
    from lz4.frame import LZ4FrameDecompressor

    return LZ4FrameDecompressor()  # type: ignore[no-any-return]


class _Inflate:
    """zlib with the manners of bz2 and lzma, where there is no isal."""

    __slots__ = ("_inner",)

    def __init__(self, wbits: int = 31) -> None:
        self._inner = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class _Zstd:
    """zstandard with the manners of bz2 and lzma: it has no limit of output, so it is fed in small bites."""

    __slots__ = ("_inner", "_queue")

    def __init__(self) -> None:
        import zstandard

        self._inner: Any = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()
        self._queue = memoryview(b"")

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return not self._queue

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data) + bytes(self._queue)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        queue = memoryview(bytes(self._queue) + data) if self._queue else memoryview(data)
        pieces, size = [], 0
        while queue and not self._inner.eof and size < max_length:
            piece = self._inner.decompress(queue[:ZSTD_FEED])
            queue = queue[ZSTD_FEED:]
            pieces.append(piece)
            size += len(piece)
        self._queue = queue
        return b"".join(pieces)


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "xz": lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY),
    "bzip2": bz2.BZ2Decompressor,
    "zstd": _Zstd,
    "lz4": _lz4,
}
