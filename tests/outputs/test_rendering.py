"""The one way out: nothing acts, nothing vanishes, nothing is mistaken for something else."""

from __future__ import annotations

import shlex
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.model import Untrusted
from diagkit.outputs.rendering import FIELD_CAP, STACKED, Form, render, render_lines
from tests.outputs.hostile import CORPUS

HOSTILE = pytest.mark.parametrize("text", [t for _, t in CORPUS], ids=[n for n, _ in CORPUS])
ANYTHING = st.text(st.characters(codec=None), max_size=60)  # lone surrogates too


def say(text: str, form: Form = Form.TERMINAL) -> str:
    return render(Untrusted(text), form)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No space left on device: /var/lib", "No space left on device: /var/lib"),
        ("grün 日本語", "grün 日本語"),
        ("\x1b[31m", "\\x1b[31m"),
        ("C:\\x1b", "C:\\\\x1b"),
        ("a\tb\r\n", "a\\tb\\r\\n"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("\x9b and a byte \udc9b", "\\u009b and a byte \\x9b"),
        ("no\u00a0break", "no\\u00a0break"),
        ("[::1]:80 and :::443", "[::1]:80 and :::443"),
        ("tokio::runtime::task", "tokio::runtime::task"),
        ("::error::x", "\\x3a:error::x"),
        ("##[error]", "#\\x23[error]"),
    ],
)
def test_what_is_shown(text: str, shown: str):
    assert say(text) == shown


def test_a_long_field_is_cut_and_says_how_much_was_left_out():
    assert say("é" * (FIELD_CAP + 3)) == "é" * FIELD_CAP + " \\[6 bytes left out]"
    assert say("x" * FIELD_CAP + "\udcff") == "x" * FIELD_CAP + " \\[1 bytes left out]"
    assert say("x" * FIELD_CAP) == "x" * FIELD_CAP


def test_marks_are_stacked_only_as_high_as_languages_do():
    assert say("e" + "\u0301" * (STACKED + 2)) == "e" + "\u0301" * STACKED + "\\u0301" * 2


@HOSTILE
def test_what_is_shown_is_one_line_of_printable_characters(text: str):
    for form in Form:
        shown = say(text, form)
        assert shown.isprintable()
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in shown)
        shown.encode()


@given(ANYTHING, ANYTHING)
def test_no_two_texts_look_the_same(one: str, other: str):
    assert (say(one) == say(other)) == (one == other)


@given(ANYTHING)
def test_everything_shown_is_printable(text: str):
    assert say(text).isprintable()


@pytest.mark.parametrize("text", ["web1", "it's", "$(reboot)", "a b", "`x`", "*"])
def test_a_word_for_the_shell_is_one_word(text: str):
    assert shlex.split(say(text, Form.SHELL)) == [text]


@pytest.mark.parametrize("text", ["a\nb", "\x1b", "\u202e", "back\\slash"])
def test_what_had_to_be_altered_is_no_word_for_the_shell(text: str):
    assert say(text, Form.SHELL) == ""


def test_lines_are_rendered_each_by_itself():
    assert render_lines(Untrusted("one\n\x1btwo\n"), Form.TERMINAL) == ["one", "\\x1btwo"]
