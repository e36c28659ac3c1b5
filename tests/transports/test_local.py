"""This machine, and psutil on it."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import closing

import pytest

from diagkit.model import Again, Layer, Native, Read, Run, Silence
from diagkit.transports.local import Local
from diagkit.transports.native import answers
from tests.transports.conftest import MOMENT, PATIENCE

UPTIME = Read("/proc/uptime")


def local(**options: object) -> closing[Local]:
    return closing(Local(deadline=time.monotonic() + PATIENCE, **options))  # type: ignore[arg-type]


def test_every_native_answer_is_json() -> None:
    import psutil

    asks = [Native(name) for name in answers()]
    with local() as machine:
        replies = machine.ask(asks, MOMENT)
    assert {ask.name: replies[ask].silence for ask in asks} == dict.fromkeys(answers())
    assert json.loads(replies[Native("virtual_memory")].out)["total"] == psutil.virtual_memory().total
    mine = [p for p in json.loads(replies[Native("process_iter")].out) if p["pid"] == os.getpid()]
    assert mine[0]["create_time"] == psutil.Process().create_time()


def test_natives_are_sampled_twice_like_anything_else() -> None:
    times = Native("cpu_times")
    with local() as machine:
        replies = machine.ask([times, Again(times, 0.5)], MOMENT)
    first, second = replies[times], replies[Again(times, 0.5)]
    assert second.at - first.at > 0.3
    assert first.out != second.out


def test_what_psutil_does_not_know_is_unsupported() -> None:
    with local() as machine:
        assert machine.ask([Native("nonsense")], MOMENT)[Native("nonsense")].silence is Silence.UNSUPPORTED


@pytest.mark.parametrize("shell", [("/no/such/shell",), ("false",)])
def test_without_a_shell_the_machine_is_unreached(shell: tuple[str, ...]) -> None:
    with local(shell=shell) as machine:
        assert machine.ask([UPTIME], MOMENT)[UPTIME].silence is Silence.UNREACHABLE
        assert machine.unreached
        assert machine.unreached.layer is Layer.SHELL


def test_closed_from_another_thread_a_round_hands_in_what_it_has() -> None:
    hang = Run(("sleep", "600"), timeout=500)
    with local(declared=[hang.argv]) as machine:
        threading.Timer(0.7, machine.close).start()
        replies = machine.ask([hang, UPTIME], MOMENT)
    assert replies[UPTIME].out
    assert replies[hang].silence is Silence.TIMEOUT


def test_a_deadline_that_has_passed_is_a_silence() -> None:
    with closing(Local(deadline=time.monotonic() - 1)) as machine:
        assert machine.ask([UPTIME], MOMENT)[UPTIME].silence
