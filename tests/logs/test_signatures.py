"""The catalogue: every signature meets the line it was made for, and lets the other one go."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.causes import WORDS
from diagkit.logs.families import families
from diagkit.logs.lines import Line
from diagkit.logs.occurrences import Matcher, is_harmless
from diagkit.logs.signatures import Harmless, Signature, catalogue, harmless, refuse_unusable

ALL = list(catalogue().values())
NAMED = {"argnames": "signature", "argvalues": ALL, "ids": [s.id for s in ALL]}


def line(text: str, by: object) -> Line:
    program, message = text.split(": ", 1) if by else ("", text)
    return Line(source="journal", at=datetime(2026, 11, 21, tzinfo=UTC), program=program, message=message)


def met(signature: Signature, text: str) -> bool:
    said = line(text, signature.by)
    return any(literal in text.lower() for literal in signature.literals) and signature.fields(said) is not None


@pytest.mark.parametrize(**NAMED)
def test_it_meets_its_line_and_not_the_other(signature: Signature) -> None:
    assert met(signature, signature.match)
    assert not met(signature, signature.miss)
    assert not is_harmless(line(signature.match, signature.by))


@pytest.mark.parametrize(**NAMED)
def test_it_can_be_searched_for(signature: Signature) -> None:
    """A literal that is short or in capitals would be met too often, or never."""
    for literal in signature.literals:
        assert literal == literal.lower()
        assert len(literal) >= 5
        assert literal.isascii()
    if signature.pattern:
        assert not signature.pattern.match("") or signature.pattern.pattern.startswith("^(?!")
        assert not re.search(r"[*+][^?)]*\)[*+]", signature.pattern.pattern), "a repeat within a repeat is not linear"


@pytest.mark.parametrize(**NAMED)
def test_it_says_what_it_knows_and_from_where(signature: Signature) -> None:
    assert len(signature.title) <= 80
    assert not signature.title.endswith(".")
    assert signature.source
    assert signature.least >= 1
    assert set(signature.causes.values()) <= set(WORDS)


def test_no_pattern_is_slow_on_a_long_line() -> None:
    """A line of 8 KB that almost matches: no pattern may need more than its share of a second for all."""
    for signature in ALL:
        if signature.pattern:
            for text in ("a" * 8192, signature.match * 40, "port 5432 failed: " * 400, "(" * 4000 + '"' * 4000):
                signature.pattern.search(text[:8192])


def test_there_are_enough_of_every_family() -> None:
    families = {signature.family for signature in ALL}
    assert len(ALL) >= 300
    assert families >= {"kernel", "storage", "memory", "network", "dns", "tls", "auth", "systemd", "web", "database"}
    assert families >= {"cache", "limits", "runtime", "package", "cron", "time"}


@pytest.mark.parametrize("kind", harmless(), ids=lambda kind: kind.literal)
def test_what_is_harmless_says_why_and_covers_its_line(kind: Harmless) -> None:
    assert kind.covers(line(kind.match, kind.by))
    assert len(kind.reason) > 20


def test_every_signature_is_searched_for() -> None:
    assert sum(len(group) for group in Matcher(ALL)._signatures) >= len(ALL)


def test_every_table_of_ours_can_be_used() -> None:
    """Those of users are asked as they are read; ours have been asked here."""
    for tables in families("signatures").values():
        for table in tables.values():
            refuse_unusable(table)


def test_what_was_parsed_is_kept_and_a_change_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("diagkit.logs.families.files", lambda _: tmp_path)
    (tmp_path / "known").mkdir()
    file = tmp_path / "known" / "web.toml"
    file.write_text("[one]\nleast = 1")
    assert families("known") == {file: {"one": {"least": 1}}}
    with monkeypatch.context() as without:
        without.setattr("diagkit.logs.families.parsed", None)
        assert families("known") == {file: {"one": {"least": 1}}}
    file.write_text("[one]\nleast = 2")
    assert families("known") == {file: {"one": {"least": 2}}}
