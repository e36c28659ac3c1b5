"""Logs of containers, in the formats of dockerd's json-file driver and of the container runtime interface (CRI)."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from diagkit.logs.sources import Form
from diagkit.logs.sources.containers import docker
from diagkit.logs.sources.text import LONGEST
from tests.logs.sources.making import read, written

AT = "2026-11-20T12:00:00.123456789Z"


def logged(text: str, stream: str = "stdout", **more: object) -> bytes:
    """As dockerd writes it: Go's encoder escapes <, > and & as well."""
    line = json.dumps({"log": text, "stream": stream, **more, "time": AT}, separators=(",", ":"), ensure_ascii=False)
    return line.replace("<", "\\u003c").encode() + b"\n"


def test_docker_lines_are_unwrapped(tmp_path: Path) -> None:
    raw = (
        logged('GET /a "b" \\ <c> ☠\n')
        + logged("\x1b[31mError\x1b[0m: boom\r\n", "stderr")
        + logged("two\nlines\n", attrs={"tag": "x"})
        + logged("\n")
    )
    part = written(tmp_path, raw, "3f2a-json.log")
    assert part.form is Form.DOCKER
    assert part.plain
    at = AT.encode()
    assert read(part) == (
        at + ' GET /a "b" \\ <c> ☠\n'.encode() + at + b" Error: boom\n" + at + b" two\n lines\n" + at + b" \n"
    )


def test_docker_lines_in_parts_are_joined_for_each_stream(tmp_path: Path) -> None:
    raw = logged("one ") + logged("err ", "stderr") + logged("line\n") + logged("or\n", "stderr") + logged("rest")
    at = AT.encode() + b" "
    assert read(written(tmp_path, raw)) == at + b"one line\n" + at + b"err or\n" + at + b"rest\n"


def test_parts_that_never_end_are_given_out_at_the_cap() -> None:
    blocks = (logged("x" * 16384) for _ in range(200))
    found = list(docker(blocks))
    assert max(map(len, found)) <= LONGEST + 20_000
    assert b"".join(found).count(b"x") == 200 * 16384


def test_what_a_crash_cut_stays_as_it_is(tmp_path: Path) -> None:
    raw = logged("one\n") + b'{"log":"tw' + b"\n" + logged("three\n") + b"\0\0\0\0\n"
    found = read(written(tmp_path, raw)).splitlines()
    assert found[1] == b'{"log":"tw'
    assert found[2].endswith(b" three")
    assert found[3] == bytes(4)


def test_docker_bytes_that_are_no_utf_8_pass(tmp_path: Path) -> None:
    raw = b'{"log":"Ger\xe4t \\"x\\" fehlt\\n","stream":"stdout","time":"%s"}\n' % AT.encode()
    assert (
        read(written(tmp_path, raw * 3))
        == AT.encode() + b' Ger\xe4t "x" fehlt\n' + (AT.encode() + b' Ger\xe4t "x" fehlt\n') * 2
    )


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\x1b", exclude_categories=["Cs"])), max_size=8))
def test_every_message_comes_back(messages: list[str]) -> None:
    raw = b"".join(logged(message + "\n") for message in messages)
    found = b"".join(docker(iter([raw]))).split(b"\n")[:-1]
    assert found == [AT.encode() + b" " + message.encode() for message in messages]


def test_cri_lines_are_unwrapped_and_joined(tmp_path: Path) -> None:
    raw = (
        f"{AT} stdout F started\n{AT} stdout P one \n{AT} stderr F panic: boom\n{AT} stdout P long \n{AT} stdout F line\n"
        f"{AT} stdout F \n2026-11-20T13:00:00.5+01:00 stderr F late\ncut\n{AT} stdout P rest\n"
    ).encode()
    part = written(tmp_path, raw, "0.log")
    assert part.form is Form.CRI
    assert part.plain
    assert read(part).decode() == (
        f"{AT} started\n{AT} panic: boom\n{AT} one long line\n{AT} \n2026-11-20T13:00:00.5+01:00 late\ncut\n{AT} rest\n"
    )


def test_json_lines_of_an_application_stay_as_they_are(tmp_path: Path) -> None:
    raw = b'{"ts":"2026-11-20T12:00:00Z","level":"error","msg":"boom"}\n' * 3
    part = written(tmp_path, raw)
    assert part.form is Form.JSON
    assert read(part) == raw


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5), st.integers(1, 60))
def test_whatever_a_container_writes_no_line_is_forged(texts: list[str], cut: int) -> None:
    """A line begins with a stamp of the runtime or with a space, however the blocks are cut."""
    raw = b"".join(logged(text) for text in texts)
    lines = raw.splitlines(keepends=True)
    blocks = [b"".join(lines[at : at + cut]) for at in range(0, len(lines), cut)]
    found = b"".join(docker(iter(blocks)))
    assert all(line.startswith((AT.encode() + b" ", b" ")) for line in found.split(b"\n")[:-1])
    assert found == b"".join(docker(iter(lines)))


def test_what_go_and_terminals_escape_is_read(tmp_path: Path) -> None:
    raw = (
        b'{"log":"\\u001b[31ma \\u003c b \\u0026 c\\u001b[0m \\\\u001b \\u00e4\\n","stream":"stdout","time":"%s"}\n'
        % AT.encode()
    )
    assert read(written(tmp_path, raw * 2)).decode() == f"{AT} a < b & c \\u001b ä\n" * 2
