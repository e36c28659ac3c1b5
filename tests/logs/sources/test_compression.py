"""Compressed logs: whole, one after another, broken off, damaged, and made to burst."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs.sources import compression
from diagkit.logs.sources.compression import decoded
from diagkit.logs.sources.streams import CHUNK, Lost
from tests.logs.sources.making import TEXT, only, read, run

TOOLS = {
    "gzip": ("gzip", "-c"),
    "xz": ("xz", "-c"),
    "bzip2": ("bzip2", "-c"),
    "zstd": ("zstd", "-c", "-q"),
    "lz4": ("lz4", "-c", "-q"),
}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "lz4": lambda data: lz4.frame.compress(data, content_checksum=True, block_checksum=True),
}

WHOLE = {name: pack(TEXT[:200_000]) for name, pack in PACK.items()}


def unpacked(data: bytes, name: str, chunk: int = 4096) -> tuple[bytes, list[str]]:
    notes: list[str] = []
    pieces = list(decoded(iter([data[at : at + chunk] for at in range(0, len(data), chunk)]), name, notes))
    assert all(len(piece) <= CHUNK + (11 << 20) for piece in pieces)
    return b"".join(pieces), notes


@pytest.mark.parametrize("name", TOOLS)
def test_what_the_tool_packed_is_read_whatever_the_file_is_called(name: str, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_bytes(run(*TOOLS[name], given=TEXT))
    part = only(file)
    assert part.compression == name
    assert not part.plain
    assert part.first is not None
    assert read(part) == TEXT
    assert not part.notes


@pytest.mark.parametrize("name", TOOLS)
def test_members_one_after_another_are_one_log(name: str, tmp_path: Path) -> None:
    file = tmp_path / "app.log.1.packed"
    file.write_bytes(run(*TOOLS[name], given=TEXT) + run(*TOOLS[name], given=b"") + run(*TOOLS[name], given=TEXT))
    part = only(file)
    assert read(part) == TEXT * 2
    assert not part.notes


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
@pytest.mark.parametrize("name", PACK)
def test_how_the_chunks_are_cut_makes_no_difference(name: str, chunk: int) -> None:
    packed = PACK[name](TEXT[:5000]) + PACK[name](TEXT[5000:9000])
    assert unpacked(packed, name, chunk) == (TEXT[:9000], [])


@pytest.mark.parametrize("name", PACK)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_stream_that_breaks_off_gives_what_came_before_and_says_so(name: str, data: st.DataObject) -> None:
    packed = WHOLE[name]
    cut = data.draw(st.integers(1, len(packed) - 1))
    found, notes = unpacked(packed[:cut], name)
    assert TEXT.startswith(found)
    assert all(isinstance(note, Lost) for note in notes)
    assert notes


@pytest.mark.parametrize("name", PACK)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_stream_raises_nothing_and_is_never_taken_for_whole(name: str, data: st.DataObject) -> None:
    packed = bytearray(WHOLE[name])
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    found, notes = unpacked(bytes(packed), name)
    assert notes or found == TEXT[:200_000]  # a flag or a time in the header changes nothing


@pytest.mark.parametrize("name", PACK)
@given(junk=st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_junk_raises_nothing(name: str, junk: bytes) -> None:
    unpacked(junk, name)
    magic = next(magic for magic, kind in compression.MAGIC.items() if kind == name)
    unpacked(magic + junk, name)


@pytest.mark.parametrize("name", PACK)
def test_zeros_after_the_end_are_nothing_and_other_bytes_are_said(name: str) -> None:
    packed = PACK[name](TEXT[:5000])
    assert unpacked(packed + bytes(2000), name) == (TEXT[:5000], [])
    found, notes = unpacked(packed + b"#!/bin/sh\n", name)
    assert found == TEXT[:5000]
    assert "left out" in notes[0]
    assert not isinstance(notes[0], Lost)  # nobody misses them


def test_a_frame_of_zstd_without_data_is_passed_over() -> None:
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    packed = PACK["zstd"](TEXT[:5000])
    assert unpacked(packed + skippable + packed, "zstd") == (TEXT[:5000] * 2, [])


@pytest.mark.parametrize("name", ["gzip", "xz", "bzip2", "zstd"])
def test_a_bomb_is_stopped_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "FREE", 1 << 22)
    bomb = PACK[name](bytes(1 << 25))
    found, notes = unpacked(bomb, name)
    assert len(found) < 1 << 24
    assert "a bomb, or nearly" in notes[0]


def test_a_storm_that_says_one_thing_is_no_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "FREE", 1 << 20)
    storm = b"".join(
        b"Nov 20 12:%02d:%02d web1 shop[402]: refused\n" % (n // 3000, n // 50 % 60) for n in range(100_000)
    )
    packed = PACK["gzip"](storm)
    assert len(storm) > 200 * len(packed)
    assert unpacked(packed, "gzip") == (storm, [])


def test_what_wants_too_much_memory_is_refused_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = lzma.compress(TEXT[:5000], preset=9)
    monkeypatch.setattr(compression, "XZ_MEMORY", 1 << 20)
    found, notes = unpacked(packed, "xz")
    assert not found
    assert "memory" in notes[0]
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters.from_level(3, window_log=27, enable_ldm=True)
    )
    stream = wide.compressobj()
    packed = stream.compress(TEXT[:5000]) + stream.flush()
    found, notes = unpacked(packed, "zstd")
    assert not found
    assert "window" in notes[0]


def test_without_isal_zlib_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compression._DECODERS, "gzip", compression._Inflate)
    packed = gzip.compress(TEXT) + gzip.compress(TEXT)
    assert unpacked(packed, "gzip") == (TEXT * 2, [])
    assert unpacked(packed, "gzip", 1) == (TEXT * 2, [])
    assert unpacked(packed[:-9], "gzip")[1]
    assert zlib.crc32(unpacked(gzip.compress(bytes(1 << 24)), "gzip")[0]) == zlib.crc32(bytes(1 << 24))


@pytest.mark.parametrize("name", PACK)
def test_very_many_members_have_an_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MEMBERS", 100)
    found, notes = unpacked(PACK[name](b"one\n") * 300, name, 1 << 20)
    assert found == b"one\n" * 102
    assert "a bomb, or nearly" in notes[0]
