"""The sieve lets everything through that may matter."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs import errors
from diagkit.logs.matching.hitting import LENGTH, Frequency, hitting_set, sieve
from diagkit.logs.signatures import catalogue

LITERALS = sorted({literal for signature in catalogue().values() for literal in signature.literals})
NO_LINES = Frequency([])


def passed(lines: bytes, command: tuple[str, ...]) -> bytes:
    words = [*command, "-e", "\n".join(sieve())]
    return subprocess.run(words, input=lines, capture_output=True, env={"LC_ALL": "C"}, check=False).stdout


@pytest.fixture(params=[("grep", "-aFi"), ("busybox", "grep", "-Fi")], ids=lambda command: command[0])
def grep(request: pytest.FixtureRequest) -> tuple[str, ...]:
    command: tuple[str, ...] = request.param
    return command


def test_the_line_of_every_signature_passes_in_any_case_of_letters(grep: tuple[str, ...]) -> None:
    lines = [s.match.encode() for s in catalogue().values()]
    lines += [line.upper() for line in lines] + [line.lower() for line in lines] + [line.title() for line in lines]
    assert passed(b"\n".join(lines) + b"\n", grep).splitlines() == lines


def test_lines_that_call_themselves_an_error_pass_and_ordinary_ones_do_not(grep: tuple[str, ...]) -> None:
    said = [f"2026-11-22T04:02:51Z it was {word}".encode() for word in errors.WORDS]
    quiet = [b'10.0.0.1 - - [22/Nov/2026:04:02:51 +0000] "GET /shop HTTP/1.1" 200 512', b"INFO served page 7 in 3 ms"]
    assert passed(b"\n".join([*said, *quiet]) + b"\n", grep).splitlines() == said


def test_lines_of_full_minutes_pass_whatever_the_zone(grep: tuple[str, ...]) -> None:
    full = [b"2026-11-22T04:02:00.123+00:00 x", b"Nov 22 04:02:00 x", b"[22/Nov/2026:04:02:00 +0000]"]
    others = [b"2026-11-22T04:00:13+01:00 x", b"2026-11-22T04:00:13.5+00:00 x", b"Nov 22 00:00:01 x"]
    assert passed(b"\n".join([*full, *others]) + b"\n", grep).splitlines() == full


@settings(deadline=None)
@given(st.sampled_from(LITERALS), st.data())
def test_no_casing_hides_a_literal(literal: str, data: st.DataObject) -> None:
    cased = "".join(data.draw(st.sampled_from((letter, letter.upper()))) for letter in literal)
    assert any(piece in cased.lower() for piece in sieve())


@given(st.sets(st.text(st.characters(codec="ascii", exclude_characters="\n"), min_size=1, max_size=20), max_size=8))
def test_every_literal_holds_a_piece_and_every_piece_is_needed(literals: set[str]) -> None:
    pieces = hitting_set(literals, NO_LINES)
    assert all(any(piece in literal for piece in pieces) for literal in literals)
    assert all(0 < len(piece) <= LENGTH and any(piece in literal for literal in literals) for piece in pieces)
    assert pieces == hitting_set(sorted(literals, reverse=True), NO_LINES)


def test_rare_pieces_are_preferred() -> None:
    seen = Frequency(["connection from 10.0.0.1", "connection closed", "a quiet day"] * 50)
    (piece,) = hitting_set(["connection jammed"], seen)
    assert "jam" in piece
