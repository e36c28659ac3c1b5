"""Exports of journald, recorded with systemd 252: six entries of services, two lines to stdout of a logger, a bell, a
traceback of three lines, bytes that are no UTF-8. `mixed.journal` is what `journalctl -a -o short-unix` makes of them.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs.sources import Form
from diagkit.logs.sources.journals import export
from diagkit.logs.sources.text import LONGEST
from tests.logs.sources.making import only, read

RECORDED = Path(__file__).parent.parent / "recorded"
EXPORT = (RECORDED / "mixed.export").read_bytes()
# journalctl indents further lines by the length of what stands before the first; here they get one space.
WANTED = re.sub(rb"\n {34}", b"\n ", (RECORDED / "mixed.journal").read_bytes())


def exported(data: bytes, chunk: int = 1 << 16) -> tuple[bytes, list[str]]:
    notes: list[str] = []
    return b"".join(export(iter([data[at : at + chunk] for at in range(0, len(data), chunk)]), notes)), notes


def entry(message: bytes) -> bytes:
    return b"__REALTIME_TIMESTAMP=1795321538423587\n_HOSTNAME=web1\nSYSLOG_IDENTIFIER=shop\n" + message + b"\n\n"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("mixed.export", Form.JOURNAL_EXPORT),
        ("mixed.json", Form.JOURNAL_JSON),
        ("mixed.verbose", Form.JOURNAL_VERBOSE),
    ],
)
def test_every_export_gives_the_lines_that_journalctl_gives(name: str, form: Form) -> None:
    part = only(RECORDED / name)
    assert part.form is form
    assert part.form.enveloped
    assert not part.plain
    found = read(part)
    if form is Form.JOURNAL_VERBOSE:  # which has no bytes for what cannot be printed
        assert found.count(b"[12B blob data]") == 2
        found = found.replace(b"[12B blob data]", b"bell \1 bytes", 1).replace(
            b"[12B blob data]", b"caf\xe9 \xff bytes"
        )
    assert found == WANTED


def test_what_journalctl_prints_for_people_is_read_as_it_stands() -> None:
    for name in ("mixed.journal", "mixed.short-full", "crash-loop.journal", "busybox.messages"):
        part = only(RECORDED / name)
        assert part.form is Form.SYSLOG
        assert part.plain
        assert read(part) == (RECORDED / name).read_bytes()
    assert only(RECORDED / "oom-kill.kernel").form is Form.KERNEL


@pytest.mark.parametrize("prefix", [b"\x1e", b"data: "])
def test_the_other_frames_of_json_are_read_as_well(prefix: bytes, tmp_path: Path) -> None:
    lines = (RECORDED / "mixed.json").read_bytes().splitlines()
    (tmp_path / "journal").write_bytes(b"".join(prefix + line + b"\n" for line in lines))
    assert read(only(tmp_path / "journal")) == WANTED


@pytest.mark.parametrize("chunk", [1, 3, 100, 4096])
def test_how_the_chunks_are_cut_makes_no_difference(chunk: int) -> None:
    assert exported(EXPORT, chunk) == (WANTED, [])


@given(
    lines=st.lists(st.binary(min_size=1, max_size=60).filter(lambda m: m.strip(b"\n")), max_size=5),
    chunk=st.integers(1, 40),
)
def test_binary_fields_may_hold_anything(lines: list[bytes], chunk: int) -> None:
    packed = b"".join(entry(b"MESSAGE\n" + len(one).to_bytes(8, "little") + one) for one in lines)
    wanted = b"".join(
        b"1795321538.423587 web1 shop: " + one.rstrip(b"\n").replace(b"\n", b"\n ") + b"\n" for one in lines
    )
    assert exported(packed, chunk) == (wanted, [])


@given(data=st.data())
@settings(max_examples=100)
def test_damage_raises_nothing_and_spares_what_came_before(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(EXPORT) - 1))
    damaged = EXPORT[:at] + data.draw(st.binary(max_size=30)) + EXPORT[at + data.draw(st.integers(0, 30)) :]
    whole = EXPORT.count(b"\n\n", 0, at)
    found, _ = exported(damaged)
    assert found.startswith(b"".join(WANTED.splitlines(keepends=True)[: min(whole, 9)]))


def test_a_length_that_no_memory_has_is_that_of_a_field_without_end() -> None:
    before = entry(b"MESSAGE=before")
    found, notes = exported(before + b"COREDUMP\n" + b"\xff" * 8 + b"dump\n\n")
    assert found == exported(before)[0]
    assert "longer than" in notes[0]


def test_a_core_dump_in_the_journal_is_passed_over_in_little_memory() -> None:
    size = 40 << 20

    def chunks() -> Iterator[bytes]:
        yield (
            entry(b"MESSAGE=before") + b"__REALTIME_TIMESTAMP=1795321538423588\nCOREDUMP\n" + size.to_bytes(8, "little")
        )
        yield from (bytes(1 << 20) for _ in range(40))
        yield b"\n_HOSTNAME=web1\nMESSAGE=Process 4711 (shop) dumped core.\n_COMM=shop\n\n" + entry(b"MESSAGE=after")

    notes: list[str] = []
    lines = b"".join(export(chunks(), notes)).splitlines()
    assert [line.partition(b": ")[2] for line in lines] == [b"before", b"Process 4711 (shop) dumped core.", b"after"]
    assert "longer than" in notes[0]


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_a_message_without_end_is_cut_and_the_next_one_read(kind: str) -> None:
    long = b"x" * (5 * LONGEST)
    head = b"MESSAGE=" if kind == "text" else b"MESSAGE\n" + len(long).to_bytes(8, "little")
    found, notes = exported(entry(head + long) + entry(b"MESSAGE=after"))
    assert found.endswith(b" web1 shop: after\n")
    assert len(found) < 2 * LONGEST
    assert notes


def test_json_that_is_none_stays_as_it_is_and_nulls_are_no_fields(tmp_path: Path) -> None:
    entries = [json.loads(line) for line in (RECORDED / "mixed.json").read_text().splitlines()]
    entries[0]["MESSAGE"] = None  # journalctl writes null for what is longer than 4 KiB, without --all
    entries[1]["MESSAGE"] = ["one", "two"]
    text = "".join(json.dumps(one) + "\n" for one in entries) + '{"__REALTIME_TIMESTAMP" : cut\n'
    (tmp_path / "journal").write_text(text)
    found = read(only(tmp_path / "journal"))
    assert found.startswith(b"1795321114.987551 web1 systemd[1]: one\n")
    assert found.endswith(b'\n{"__REALTIME_TIMESTAMP" : cut\n')


def test_who_sends_a_message_cannot_forge_a_line() -> None:
    name = b"shop\n1795321538.423587 web1 kernel: Out of memory"
    packed = b"__REALTIME_TIMESTAMP=1795321538423587\nSYSLOG_IDENTIFIER\n" + len(name).to_bytes(8, "little") + name
    found, _ = exported(packed + b"\nMESSAGE=hello\n\n")
    assert found.count(b"\n") == 1
