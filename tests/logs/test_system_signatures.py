"""The signatures of the system on other true lines than their own: older and newer words, other programs and envelopes."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.logs.lines import Log
from diagkit.logs.lint import meets
from diagkit.logs.occurrences import occurrences
from diagkit.logs.signatures import catalogue
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window

LINES = tomllib.loads((Path(__file__).parent / "system_lines.toml").read_text("utf-8"))
SAID = [(name, text) for name, table in LINES.items() for text in table["said"]]
NOT_SAID = [(name, text) for name, table in LINES.items() for text in table.get("not", ())]
CLOCK = Clock(ahead=0, latest=datetime(2026, 11, 22, tzinfo=UTC), booted=datetime(2026, 11, 21, tzinfo=UTC))
DAY = Window(since=datetime(2026, 11, 21, tzinfo=UTC), until=datetime(2026, 11, 22, tzinfo=UTC))
# The journal; rsyslog of Debian, Red Hat, SUSE; busybox.
ENVELOPES = [
    ("journal", "1795297684.763328 web1 {program}[812]: {message}"),
    ("/var/log/syslog", "2026-11-21T22:13:16.763328+00:00 web1 {program}[812]: {message}"),
    ("/var/log/messages", "Nov 21 22:13:16 web1 {program}[812]: {message}"),
    ("/var/log/messages", "Nov 21 22:13:16 web1 kern.err {program}: {message}"),
]


@pytest.mark.parametrize(("name", "text"), SAID)
def test_it_meets_the_words_of_other_versions(name: str, text: str) -> None:
    assert meets(catalogue()[name], text)


@pytest.mark.parametrize(("name", "text"), NOT_SAID)
def test_it_lets_go_what_only_sounds_like_it(name: str, text: str) -> None:
    assert not meets(catalogue()[name], text)


def test_the_most_important_are_held_to_several_lines_each() -> None:
    assert len(LINES) >= 40
    assert min(len(table["said"]) for table in LINES.values()) >= 3


@pytest.mark.parametrize(("source", "form"), ENVELOPES)
@pytest.mark.parametrize("name", LINES)
def test_it_is_met_in_every_envelope(name: str, source: str, form: str) -> None:
    """Each true line is met, and none is taken for harmless."""
    named = bool(catalogue()[name].by)
    said = [text.split(": ", 1) if named else ("shop", text) for text in LINES[name]["said"]]
    raw = "".join(form.format(program=program, message=message) + "\n" for program, message in said).encode()
    found = {o.signature: o.count for o in occurrences([Log(source, raw)], CLOCK, DAY)}
    assert found.get(name) == len(said)
