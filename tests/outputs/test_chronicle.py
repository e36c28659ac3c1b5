"""What `diagkit timeline` says, word for word and under attack. `pytest --update` rewrites `timeline/`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from diagkit.outputs import View
from diagkit.outputs.chronicle import AT_MOST, FORMATS, schema
from tests.outputs import reports
from tests.outputs.hostile import CORPUS, poisoned

GOLDEN = Path(__file__).parent / "timeline"
VIEWS = {
    **{f"text-{width}": ("text", View(width=width)) for width in (40, 80, 120)},
    "text-ascii": ("text", View(ascii=True)),
    "text-colour": ("text", View(colour=True)),
    **{form: (form, View()) for form in FORMATS if form != "text"},
}


@pytest.mark.parametrize("case", VIEWS)
def test_word_for_word(case: str, request: pytest.FixtureRequest):
    form, view = VIEWS[case]
    said = FORMATS[form](reports.chronicle(), view)
    path = GOLDEN / f"{case}.txt"
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(said)
    assert said == path.read_text()


def test_no_file_is_left_over():
    assert {path.stem for path in GOLDEN.iterdir()} == set(VIEWS)


@pytest.mark.usefixtures("short_fields")
@pytest.mark.parametrize(("name", "text"), CORPUS, ids=[name for name, _ in CORPUS])
def test_text_from_outside_does_no_harm(name: str, text: str):
    told = poisoned(reports.chronicle(), text)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(FORMATS["json"](told, View())))
    for form, say in FORMATS.items():
        said = say(told, View(width=80))
        assert not {c for c in said if not c.isprintable() and c != "\n"}, form


def test_what_is_the_same_on_many_hosts_is_told_once():
    one = reports.chronicle()
    names = [reports.U(f"web-{n}") for n in range(1, 41)]
    silences = [replace(one.silences[0], target=name, detail=reports.U(f"{name.raw}: no such file")) for name in names]
    many = replace(one, targets=tuple(names), silences=tuple(silences))
    for form in ("text", "markdown"):
        said = FORMATS[form](many, View())
        assert said.count("to open: ") == 1
        assert "web-1" in said
        assert "..web-40" in said.replace("`", "")


def test_what_does_not_fit_on_a_page_is_counted():
    one = reports.chronicle()
    many = replace(one, timeline=replace(one.timeline, events=one.timeline.events * 50, of=200))
    said = FORMATS["text"](many, View())
    assert f"{AT_MOST} of 200 events (--all shows them)" in said
    assert "200 events" in FORMATS["text"](many, View(everything=True))
    assert len(json.loads(FORMATS["json"](many, View()))["timeline"]["events"]) == 200
