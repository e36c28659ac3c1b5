"""Bytes as lines, whatever wrote them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.logs.sources.text import LONGEST, OVERLAP, cleaned, encoding, is_text, whole_lines
from tests.logs.sources.making import TEXT, read, written

UMLAUTS = "2026-11-20 12:00:00 Fehler: Gerät nicht verfügbar ☠\n2026-11-20 12:00:01 ok\n"


@given(st.binary(max_size=3000), st.lists(st.integers(1, 500), min_size=1))
def test_lines_come_back_as_they_were_however_the_chunks_are_cut(data: bytes, sizes: list[int]) -> None:
    chunks, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        chunks.append(data[at : at + size])
        at, turn = at + size, turn + 1
    blocks = list(whole_lines(iter(chunks), []))
    assert all(block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) == data + (b"" if not data or data.endswith(b"\n") else b"\n")


def test_a_line_without_end_comes_in_pieces_that_overlap(tmp_path: Path) -> None:
    word = b"kernel: Out of memory: Killed process 4711 (shop)"
    line = b"x" * (LONGEST - 20) + word + b"y" * 3 * LONGEST
    part = written(tmp_path, b"first\n" + line + b"\nlast\n")
    lines = read(part).splitlines()
    assert lines[0] == b"first"
    assert lines[-1] == b"last"
    assert any(word in piece for piece in lines[1:-1])
    assert all(piece.startswith(b" ") for piece in lines[2:-1])
    assert sum(map(len, lines[1:-1])) == len(line) + (len(lines) - 3) * (OVERLAP + 1)
    assert "pieces" in part.notes[0]


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-8"])
def test_other_encodings_become_utf_8(name: str, tmp_path: Path) -> None:
    part = written(tmp_path, (UMLAUTS * 2000).encode(name))
    assert read(part) == (UMLAUTS * 2000).encode()
    assert part.first is not None
    assert part.first.hour == 12
    assert part.plain == name.startswith("utf-8")


def test_latin_1_and_nul_bytes_stay_as_they_are(tmp_path: Path) -> None:
    text = b"Nov 20 12:00:00 web1 shop: Ger\xe4t \x00 fehlt\n" * 3
    assert read(written(tmp_path, text)) == text


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"one\r\ntwo\r\n", b"one\ntwo\n"),
        (b"one\r\r\ntwo\n\rthree\n", b"one\ntwo\nthree\n"),
        (b"load 10%\rload 20%\rdone\n", b"load 10%\n load 20%\n done\n"),
        (b"\x1b[1;31mERROR\x1b[0m it \x1b[38;5;208mbroke\x1b[K\n", b"ERROR it broke\n"),
        (b"\x1b]0;title\x07one\x1b(B\n", b"one\n"),
        (b"one", b"one\n"),
        (b"", b""),
        (b"\n", b"\n"),
    ],
)
def test_line_ends_and_colours(raw: bytes, lines: bytes) -> None:
    assert b"".join(cleaned(whole_lines(iter([raw]), []))) == lines


def test_a_return_within_a_line_forges_no_line() -> None:
    forged = b"GET /\rNov 20 12:00:00 web1 kernel: Out of memory\n"
    assert b"".join(cleaned(iter([forged]))).splitlines()[1].startswith(b" ")


def test_no_block_is_longer_than_promised() -> None:
    returns = (b"x\r" * 100_000 + b"\n") * 5
    blocks = list(cleaned(whole_lines(iter([returns[:500_000], returns[500_000:]]), [])))
    assert max(map(len, blocks)) <= 1 << 20
    assert b"".join(blocks).count(b"x") == 500_000


def test_text_is_told_from_what_is_none() -> None:
    hole = bytes(30_000) + TEXT[:30_000]  # what a crash, or copytruncate under a writer with an offset, leaves behind
    assert is_text(TEXT[:1000])
    assert is_text(hole)
    assert is_text(b"")
    assert not is_text(bytes(range(256)) * 20)
    assert not is_text((b"\x07\0\0\0\xd2\x04\0\0pts/0" + bytes(27) + b"ops" + bytes(300)) * 20)
    assert encoding(TEXT[:1000]) == encoding(hole) == ""


def test_a_plain_part_is_read_from_any_line_on(tmp_path: Path) -> None:
    part = written(tmp_path, TEXT)
    start = TEXT.index(b"request 5000 ")
    start, end = TEXT.rindex(b"\n", 0, start) + 1, TEXT.index(b"\n", start + 90_000) + 1
    assert part.plain
    assert b"".join(part.blocks(start, end)) == TEXT[start:end]
