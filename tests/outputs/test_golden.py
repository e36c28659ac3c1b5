"""What every format says, word for word. `pytest --update` rewrites the files: then read the diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagkit.outputs import View, all_outputs
from tests.outputs import fleets, reports

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (40, 80, 120)
MAKERS = reports.ALL | fleets.ALL
VIEWS = {
    **{f"{name}-{width}": (name, "text", View(width=width)) for name in MAKERS for width in WIDTHS},
    "confirmed-verbose": ("confirmed", "text", View(width=100, verbose=True)),
    "confirmed-all": ("confirmed", "text", View(everything=True)),
    "from_files-ascii": ("from_files", "text", View(ascii=True)),
    "mixed-quiet": ("mixed", "text", View(quiet=True)),
    "mixed-ascii": ("mixed", "text", View(ascii=True)),
    "hundred-quiet": ("hundred", "text", View(quiet=True)),
    "hundred-ascii": ("hundred", "text", View(ascii=True)),
    "of_five_kinds-markdown": ("of_five_kinds", "markdown", View()),
    "unlike-markdown": ("unlike", "markdown", View()),
    "inconclusive-markdown": ("inconclusive", "markdown", View()),
    "to_be_opened-markdown": ("to_be_opened", "markdown", View()),
    "two_causes-colour": ("two_causes", "text", View(colour=True)),
    "two_causes-junit-critical": ("two_causes", "junit", View(fail_on=None)),
    **{
        f"{name}-{form}": (name, form, View())
        for name in ("mixed", "interrupted", "foretold", "from_files")
        for form in all_outputs()
        if form != "text"
    },
}


@pytest.mark.parametrize("case", VIEWS)
def test_word_for_word(case: str, request: pytest.FixtureRequest):
    name, form, view = VIEWS[case]
    said = all_outputs()[form].render(MAKERS[name](), view)
    path = GOLDEN / f"{case}.txt"
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(said)
    assert said == path.read_text()


def test_no_file_is_left_over():
    assert {path.stem for path in GOLDEN.iterdir()} == set(VIEWS)
