"""The sieve lets everything through that may matter."""

import json
import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs import errors
from diagkit.logs.matching.sieve import expression, pieces
from diagkit.logs.signatures import catalogue

LITERALS = sorted({literal for signature in catalogue().values() for literal in signature.literals})
GREPS = {
    "GNU": ("grep", "-aFi", "-e", "\n".join(pieces())),
    "busybox": ("busybox", "grep", "-Ei", expression(pieces())),
}


@pytest.fixture(params=GREPS)
def grep(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return GREPS[request.param]


def passed(lines: list[bytes], grep: tuple[str, ...]) -> list[bytes]:
    text = b"".join(line + b"\n" for line in lines)
    return subprocess.run(grep, input=text, capture_output=True, env={"LC_ALL": "C"}, check=False).stdout.splitlines()


def test_the_line_of_every_signature_passes_in_any_case_of_letters(grep: tuple[str, ...]) -> None:
    lines = [s.match.encode() for s in catalogue().values()]
    lines += [line.upper() for line in lines] + [line.lower() for line in lines] + [line.title() for line in lines]
    assert passed(lines, grep) == lines


def test_and_so_it_does_as_docker_writes_it(grep: tuple[str, ...]) -> None:
    lines = [
        json.dumps({"log": f"{s.match}\n", "stream": "stdout", "time": "2026-11-22T04:02:51Z"})
        for s in catalogue().values()
    ]
    for letter in "<>&":
        lines = [line.replace(letter, f"\\u{ord(letter):04x}") for line in lines]
    assert passed([line.encode() for line in lines], grep) == [line.encode() for line in lines]


def test_lines_that_call_themselves_an_error_pass_and_ordinary_ones_do_not(grep: tuple[str, ...]) -> None:
    said = [f"2026-11-22T04:02:51Z it was {word}".encode() for word in errors.WORDS]
    quiet = [
        b'10.0.0.1 - - [22/Nov/2026:04:02:51 +0000] "GET /shop HTTP/1.1" 200 512',
        b"INFO served page 7 in 3 ms",
        b"systemd[1]: Started logrotate.service - Rotate log files.",
        b"sshd[812]: Accepted publickey for ops from 10.0.0.9 port 51234 ssh2: ED25519 SHA256:x",
        b"CRON[4711]: (root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily)",
        b"INFO [main] org.example.InternalResourceController - initialized the mappings of schema orders",
        b"kubelet: I1122 04:02:51.1 7 reconciler.go:1] operationExecutor.MountVolume started for volume config",
        b'{"level":"info","logger":"scheduler","msg":"received request","status":200,"duration_ms":12}',
    ]
    assert passed([*said, *quiet], grep) == said


def test_lines_of_full_minutes_pass_whatever_the_zone(grep: tuple[str, ...]) -> None:
    full = [b"2026-11-22T04:02:00.123+00:00 x", b"Nov 22 04:02:00 x", b"[22/Nov/2026:04:02:00 +0000]"]
    others = [b"2026-11-22T04:00:13+01:00 x", b"2026-11-22T04:00:13.5+00:00 x", b"Nov 22 00:00:01 x"]
    assert passed([*full, *others], grep) == full


@settings(deadline=None)
@given(st.sampled_from(LITERALS), st.data())
def test_no_casing_hides_a_literal(literal: str, data: st.DataObject) -> None:
    cased = "".join(data.draw(st.sampled_from((letter, letter.upper()))) for letter in literal)
    assert any(piece in cased.lower() for piece in pieces())


@given(
    st.sets(st.text("ab.*[\\", min_size=1, max_size=5), min_size=1, max_size=6),
    st.text("ab.*[\\", max_size=12),
)
def test_one_expression_says_the_same_as_all_its_words(words: set[str], text: str) -> None:
    assert bool(re.search(expression(words), text)) == any(word in text for word in words)
