"""The lint of what a signature costs."""

from dataclasses import replace

import pytest

from diagkit.logs.lint import problems
from diagkit.logs.signatures import Signature, catalogue

SOUND: Signature = catalogue()["no_space_left"]


def complaints(signature: Signature) -> str:
    return " / ".join(sentence for sentence, _ in problems(signature))


def test_a_sound_signature_gives_no_cause_for_complaint() -> None:
    assert complaints(SOUND) == ""


def test_a_literal_of_ordinary_lines_is_refused() -> None:
    assert "ordinary lines" in complaints(replace(SOUND, literals=("error", *SOUND.literals)))


@pytest.mark.parametrize(
    "pattern", [r"(?:\S+\s?)*No space!", r"(\w+ *)+x: No space", r".*\w+.*\w+.*\w+: No space|No space"]
)
def test_a_pattern_that_may_take_for_ever_is_refused(pattern: str) -> None:
    refused = complaints(replace(SOUND, expression=pattern))
    assert "for ever" in refused or "twice as long" in refused
