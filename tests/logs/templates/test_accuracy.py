"""The miner beside labelled lines of programs that it was not tuned to, one configuration for all."""

import pytest

from diagkit.logs.templates import Miner
from tests.logs.templates.programs import MESSAGES, accuracy, labelled

# Descriptions of units are text of any length that stands in a line without quotes: those cannot be told from it.
HARD = {"systemd 252": 0.6}


@pytest.mark.parametrize("program", MESSAGES)
def test_lines_are_grouped_as_the_program_wrote_them(program: str) -> None:
    labels, lines = labelled(program, 1500, seed=7)
    by_lines, by_groups = accuracy(labels, Miner().group(lines))
    assert by_lines >= HARD.get(program, 0.9)
    assert by_groups >= HARD.get(program, 0.83)


def test_all_programs_in_one_log() -> None:
    together = [pair for program in MESSAGES for pair in zip(*labelled(program, 300, seed=3), strict=True)]
    labels, lines = zip(*together, strict=True)
    by_lines, by_groups = accuracy(list(labels), Miner().group(lines))
    assert by_lines >= 0.83
    assert by_groups >= 0.83


@pytest.mark.parametrize("program", ["OpenSSH 9.2", "nginx 1.22", "OpenStack Nova 27"])
def test_templates_have_the_same_ids_whatever_the_order(program: str) -> None:
    _, lines = labelled(program, 1000)
    assert set(Miner().group(lines)) == set(Miner().group(lines[::-1]))
