"""Children that can be given up: nothing they do holds us, nothing of theirs is left."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from diagkit.model import Silence
from diagkit.transports.child import Job, finish, run


def test_output_complaint_and_code_come_apart() -> None:
    reply = run(("sh", "-c", "printf 'a\\0'; echo b >&2; exit 3"), timeout=20)
    assert (reply.out, reply.err, reply.code, reply.silence) == (b"a\0", b"b\n", 3, None)


def test_a_signal_is_told_as_a_shell_tells_it() -> None:
    assert run(("sh", "-c", "kill -TERM $$"), timeout=20).code == 128 + signal.SIGTERM


def test_it_has_no_input_and_little_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIAGKIT_SECRET", "hunter2")
    reply = run(("sh", "-c", "cat; pwd; env"), timeout=20)
    assert reply.lines[0] == "/"
    assert "LC_ALL=C" in reply.lines
    assert "hunter2" not in reply.text


def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    (tmp_path / "plain").touch(mode=0o600)
    missing, denied = run(("no-such-command-anywhere",), timeout=20), run((str(tmp_path / "plain"),), timeout=20)
    assert (missing.silence, denied.silence) == (Silence.MISSING, Silence.DENIED)
    assert missing.err


def test_at_its_deadline_it_is_given_up_with_what_it_said() -> None:
    reply = run(("sh", "-c", "trap '' TERM HUP; echo early; sleep 600"), timeout=0.5)
    assert (reply.out, reply.silence) == (b"early\n", Silence.TIMEOUT)


def test_more_than_the_cap_is_not_kept() -> None:
    reply = run(("yes",), timeout=20, cap=10)
    assert (reply.out, reply.cut, reply.silence) == (b"y\ny\ny\ny\ny\n", True, None)


def test_much_output_on_both_sides_does_not_block() -> None:
    script = "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done"
    reply = run(("sh", "-c", f"{script}; {{ {script}; }} >&2"), timeout=30)
    assert (len(reply.out), len(reply.err)) == (123_000, 123_000)


def test_jobs_run_beside_each_other_and_answer_in_order() -> None:
    slow = ("sh", "-c", "sleep 0.3; echo slow")
    jobs = [Job(argv, timeout=t) for argv, t in ((slow, 20), (("sleep", "600"), 0.1), (("echo", "quick"), 20))]
    assert [(r.out, r.silence) for r in finish(jobs)] == [(b"slow\n", None), (b"", Silence.TIMEOUT), (b"quick\n", None)]


def test_its_children_go_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    run(("sh", "-c", f"sleep 600 & echo $! >{note}; wait"), timeout=0.5)
    pid = int(note.read_text())
    end = time.monotonic() + 10
    with suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return  # dead, and for init to bury
            time.sleep(0.01)
        pytest.fail("its child lives on")


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_no_descriptor_is_left_open() -> None:
    run(("true",), timeout=20)
    before = open_descriptors()
    for _ in range(5):
        run((sys.executable, "-c", ""), timeout=20)
        run(("sleep", "600"), timeout=0.01)
        run(("no-such-command-anywhere",), timeout=20)
    assert open_descriptors() == before
