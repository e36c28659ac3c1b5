"""Every kind of hostile text, in every field, in every format: held against those who would be harmed."""

from __future__ import annotations

import json
import re
import unicodedata
from xml.etree import ElementTree as ET

import pyte
import pytest
from markdown_it import MarkdownIt

from diagkit.model import Report
from diagkit.outputs import View, all_outputs
from tests.outputs import reports
from tests.outputs.hostile import CORPUS, poisoned

SGR = re.compile(r"\x1b\[[0-9;]*m")
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffc\ud800-\udfff\U000e0000-\U000e0fff]"
)
OUTPUTS = all_outputs()
HOSTILE = pytest.mark.parametrize("text", [t for _, t in CORPUS], ids=[n for n, _ in CORPUS])
VIEW = View(verbose=True, everything=True)

pytestmark = pytest.mark.usefixtures("short_fields")


def say(name: str, text: str, view: View = VIEW, make=reports.of_everything) -> str:
    report = poisoned(make(), text)
    assert isinstance(report, Report)
    return OUTPUTS[name].render(report, view)


@HOSTILE
@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_forbidden_comes_out_and_no_runner_obeys(name: str, text: str):
    said = say(name, text)
    assert not FORBIDDEN.search(said)
    said.encode()
    for line in said.split("\n"):
        assert not obeyed(line), line


@HOSTILE
def test_a_narrow_colourful_report_is_as_safe(text: str):
    said = say("text", text, View(width=40, colour=True))
    assert not FORBIDDEN.search(SGR.sub("", said))
    assert not any(obeyed(line) for line in SGR.sub("", said).split("\n"))


@HOSTILE
def test_json_is_json_of_printable_ascii(text: str):
    for said in (say("json", text), *say("jsonl", text).splitlines()):
        json.loads(said)
        assert said.replace("\n", "").isascii()


@HOSTILE
def test_junit_is_xml_with_no_more_than_its_schema_has(text: str):
    allowed = {
        "testsuites": {"name", "tests", "failures", "errors"},
        "testsuite": {"name", "hostname", "timestamp", "tests", "failures", "errors", "skipped"},
        "properties": set(),
        "property": {"name", "value"},
        "testcase": {"classname", "name"},
        "failure": {"type", "message"},
        "error": {"type", "message"},
        "skipped": {"type", "message"},
        "system-out": set(),
    }
    for element in ET.fromstring(say("junit", text)).iter():
        assert set(element.attrib) <= allowed[element.tag]


@HOSTILE
def test_markdown_links_nothing_and_embeds_nothing(text: str):
    ours = {
        "paragraph",
        "heading",
        "bullet_list",
        "ordered_list",
        "list_item",
        "text",
        "code_inline",
        "strong",
        "softbreak",
    }
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(say("markdown", text))
    kinds = {t.type for token in tokens for t in [token, *(token.children or [])]}
    assert {kind.removesuffix("_open").removesuffix("_close") for kind in kinds} <= ours | {"inline", "code_block"}


@HOSTILE
def test_a_terminal_shows_our_rows_and_nothing_else_happens(text: str):
    said = say("text", text, View(width=80, colour=True), reports.confirmed)
    said_plainly = SGR.sub("", said).rstrip("\n")
    rows = said_plainly.split("\n")
    screen = pyte.Screen(80, len(rows) + 1)
    answers: list[str] = []
    screen.write_process_input = answers.append  # type: ignore[method-assign]
    modes = set(screen.mode)
    pyte.Stream(screen).feed(said.replace("\n", "\r\n"))
    assert (screen.title, screen.icon_name, set(screen.mode), answers) == ("", "", modes, [])
    assert screen.cursor.y == len(rows)
    composed = unicodedata.normalize("NFC", said_plainly)  # as pyte composes a letter and its marks
    assert [row.rstrip() for row in screen.display[: len(rows)]] == composed.split("\n")


# ---------------------------------------------------------------- what GitHub's runner and others take for an order

REGISTERED = {
    *("add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "internal-set-repo-path"),
    *("notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"),
}


def obeyed(line: str) -> bool:
    """Whether some CI system takes this line of a log for an order."""
    return _workflow_command(line) or "##[" in line or bool(re.search(r"##(vso|teamcity)\[|section_(start|end):", line))


def _workflow_command(line: str) -> bool:
    """The rules of the runner: leading white space, `::`, a registered name, and a second `::` on the line."""
    line = line.lstrip()
    end = line.find("::", 2)
    return line.startswith("::") and end >= 0 and line[2:end].split(" ")[0].lower() in REGISTERED
