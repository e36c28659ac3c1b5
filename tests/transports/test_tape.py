"""Tapes: what is recorded is what is read back, and what is no tape is named as such."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.model import (
    TAPE_VERSION,
    Again,
    Deploy,
    Glob,
    Layer,
    Moment,
    Native,
    Reach,
    Read,
    Reply,
    Run,
    Scan,
    Service,
    Silence,
    Site,
    Tape,
    Target,
    Unreached,
    Vantage,
)
from diagkit.transports import replay
from diagkit.transports.record import dumps
from diagkit.transports.replay import BadTape, NoTape, loads, read_tape
from tests.transports.conftest import MOMENT

WORDS = st.text(max_size=8) | st.just("\udcff\n\"'")
SECONDS = st.floats(0, 2**40, allow_nan=False)
FIRSTS = st.one_of(
    st.builds(Run, st.lists(WORDS, max_size=3).map(tuple), timeout=SECONDS, root=st.booleans()),
    st.builds(Read, WORDS, tail=st.integers(0, 99), cap=st.integers(1, 99)),
    st.builds(Glob, WORDS),
    st.builds(Native, WORDS),
)
ASKS = st.one_of(
    FIRSTS,
    st.builds(Again, FIRSTS, SECONDS),
    st.builds(Scan, WORDS),
    st.builds(Reach, WORDS, WORDS, st.integers(0, 65535), WORDS, st.sampled_from(Vantage)),
)
REPLIES = st.builds(
    Reply, st.binary(max_size=20), st.binary(max_size=20), st.integers(-9, 255), SECONDS, SECONDS,
    st.none() | st.sampled_from(Silence), st.booleans(),
)  # fmt: skip
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001
SITES = st.builds(
    Site,
    services=st.lists(st.builds(Service, name=WORDS, expect=WORDS | st.integers()), max_size=2).map(tuple),
    deploys=st.lists(st.builds(Deploy, at=TIMES, what=WORDS), max_size=2).map(tuple),
)
UNREACHED = st.none() | st.builds(Unreached, st.sampled_from(Layer), st.sampled_from(Silence), WORDS)
TAPES = st.builds(
    Tape,
    target=st.builds(Target, WORDS, WORDS, label=WORDS, tags=st.lists(WORDS, max_size=2).map(tuple)),
    moment=st.builds(Moment, TIMES, TIMES, TIMES),
    replies=st.dictionaries(ASKS, REPLIES, max_size=5),
    site=SITES,
    unreached=UNREACHED,
)

TAPE = Tape(
    target=Target("ssh", "box", label="box"),
    moment=MOMENT,
    replies={Read("/proc/uptime"): Reply(b"1.0 2.0\n", at=5.0), Run(("nproc",)): Reply(b"\xff\0")},
)
TEXT = dumps(TAPE)


@given(TAPES)
def test_what_is_recorded_is_read_back_exactly(tape: Tape) -> None:
    text = dumps(tape)
    assert text.isascii()
    assert loads(text) == tape
    assert dumps(loads(text)) == text


HEADER, FIRST, *_ = TEXT.splitlines()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1 is not JSON"),
        ("hello\n", "line 1 is not JSON"),
        ("[]\n", "line 1 is not a JSON object"),
        ("{}\n", "line 1 does not begin with its version"),
        ('{"diagkit_tape": true}\n', "line 1 does not begin with its version"),
        (TEXT.replace('"diagkit_tape": 1', f'"diagkit_tape": {TAPE_VERSION + 1}'), "update diagkit"),
        (TEXT.replace('"ssh"', "5", 1), "line 1: $.scheme"),
        (TEXT[:-4], "cut short in line 3"),
        (f"{HEADER}\n{FIRST}\n{{\n", "line 3 is not JSON"),
        (f"{HEADER}\n[1]\n", "line 2 is not a JSON object"),
        (f"{HEADER}\n{{}}\n", "line 2"),
        (TEXT.replace('"Read"', '"Write"'), "line 2: $: expected one of Run, Read"),
        (TEXT.replace('"path": "/proc', '"file": "/proc'), "line 2: $: unknown key 'file'"),
        (TEXT.replace("/wA=", "?"), "line 3: $.out: not base64"),
        (f"{HEADER}\n" + "[" * 100_000 + "\n", "line 2"),
    ],
)
def test_what_is_no_tape_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadTape) as caught:
        loads(text)
    assert says in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda j: st.lists(j) | st.dictionaries(st.text(), j)
)


@given(st.sampled_from(["target", "moment", "site", "unreached", "diagkit_tape"]), JSON)
def test_any_header_is_a_tape_or_a_bad_one(key: str, value: object) -> None:
    header = json.loads(HEADER) | {key: value}
    with suppress(BadTape):
        loads(json.dumps(header) + "\n")


@given(st.sampled_from(["ask", "reply"]), JSON)
def test_any_row_is_a_row_or_a_bad_one(key: str, value: object) -> None:
    row = json.loads(FIRST) | {key: value}
    with suppress(BadTape):
        loads(f"{HEADER}\n{json.dumps(row)}\n")


def test_files_that_cannot_be_read_say_so_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoTape, match="No such file"):
        read_tape(tmp_path / "missing.tape")
    with pytest.raises(NoTape, match="directory"):
        read_tape(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(BadTape, match="not text"):
        read_tape(tmp_path / "binary")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(BadTape, match="larger than 64 MiB"):
        read_tape(tmp_path / "huge")


def test_a_machine_that_was_not_reached_stays_so() -> None:
    gone = Unreached(Layer.TCP, Silence.REFUSED, "Connection refused")
    assert loads(dumps(replace(TAPE, unreached=gone))).unreached == gone


def test_a_gzipped_tape_is_read_and_a_bomb_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "incident.tape.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    assert read_tape(packed) == TAPE
    monkeypatch.setattr(replay, "TAPE_BYTES", 100_000)
    packed.write_bytes(gzip.compress(b"0" * 10_000_000))
    with pytest.raises(BadTape, match="larger than"):
        read_tape(packed)
    packed.write_bytes(gzip.compress(TEXT.encode())[:20] + b"\0" * 40)
    with pytest.raises(BadTape):
        read_tape(packed)
