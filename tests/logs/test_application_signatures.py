"""The signatures of applications on other true lines than their own: other versions, programs, envelopes and traces."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.logs.lines import Line, Log
from diagkit.logs.lint import meets
from diagkit.logs.occurrences import occurrences
from diagkit.logs.signatures import catalogue
from diagkit.logs.timestamps import Clock
from diagkit.logs.window import Window

LINES = tomllib.loads((Path(__file__).parent / "application_lines.toml").read_text("utf-8"))
SAID = {name: table["said"] for name, table in LINES.items() if "said" in table}
NOT_SAID = {name: table["not"] for name, table in LINES.items() if "not" in table}
CLOCK = Clock(ahead=0, latest=datetime(2026, 11, 22, tzinfo=UTC), booted=datetime(2026, 11, 21, tzinfo=UTC))
DAY = Window(since=datetime(2026, 11, 21, tzinfo=UTC), until=datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SAID.items() for text in texts])
def test_it_meets_the_words_of_other_versions_and_programs(name: str, text: str) -> None:
    assert meets(catalogue()[name], text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in NOT_SAID.items() for text in texts])
def test_it_lets_go_what_only_sounds_like_it(name: str, text: str) -> None:
    assert not meets(catalogue()[name], text)


def test_the_most_important_are_held_to_several_lines_each() -> None:
    assert len(SAID) >= 40
    assert min(len(texts) for texts in SAID.values()) >= 3


@pytest.mark.parametrize("name", SAID)
def test_it_is_met_in_the_envelopes_of_syslog_and_journal(name: str) -> None:
    """Where a daemon puts host and program before the message, the message is still met."""
    texts = SAID[name]
    raw = "".join(f"Nov 21 22:13:16 web1 shop[812]: {text}\n" for text in texts).encode()
    found = {o.signature: o.count for o in occurrences([Log("/var/log/syslog", raw)], CLOCK, DAY)}
    assert found.get(name) == len(texts)


def test_fields_tell_whom_a_line_is_about() -> None:
    def fields(name: str, text: str) -> dict[str, str] | None:
        return catalogue()[name].fields(Line(source="journal", at=CLOCK.latest, program="shop", message=text))

    assert fields("database_corrupt", SAID["database_corrupt"][3]) == {"table": "./shop/items"}
    assert fields("job_broker_lost", SAID["job_broker_lost"][1]) == {"peer": "redis://cache1:6379/0"}
    assert fields("haproxy_connection_failed", SAID["haproxy_connection_failed"][0]) == {"peer": "be_shop/web1"}
    assert fields("environment_variable_missing", "KeyError: 'STRIPE_API_KEY'") == {"key": "STRIPE_API_KEY"}
    assert fields("worker_timed_out", SAID["worker_timed_out"][0]) == {"pid": "12"}
