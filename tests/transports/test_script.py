"""How questions are put together: what shares a process, a lane, a wait."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.model import Again, Ask, Glob, Read, Run, Scan
from diagkit.transports.allowed import Forbidden
from diagkit.transports.script import Round, library, plan
from tests.transports.conftest import MOMENT


def lanes(*asks: Ask) -> list[set[Ask]]:
    return [{ask for q in lane.questions for ask in q.asks} for lane in plan(asks, MOMENT).lanes]


def text(round_: Round) -> str:
    return round_.script("diagkit=5f", "diagkit=77", 30).decode()


def test_many_files_and_patterns_take_one_process_each() -> None:
    asks = [*(Read(f"/proc/{n}", cap=n) for n in range(1, 50)), *(Glob(f"/sys/{n}/*") for n in range(50))]
    (lane,) = plan(asks, MOMENT).lanes
    assert [q.function for q in lane.questions] == ["files", "lines"]


def test_what_hangs_on_different_things_is_asked_side_by_side() -> None:
    kernel, daemon = Run(("ip", "addr")), Run(("systemctl", "show", "x"))
    mounts, inodes = Run(("df", "-P")), Run(("df", "-Pi"))
    proc, etc, log, journal = Read("/proc/stat"), Read("/etc/hosts"), Scan("/var/log/syslog"), Scan("journal")
    command_line = Read("/proc/1/cmdline")
    asks = (kernel, daemon, mounts, inodes, proc, etc, log, journal, command_line)
    together = [{kernel}, {daemon}, {mounts}, {inodes}, {proc}, {etc, log}, {journal}, {command_line}]
    assert sorted(lanes(*asks), key=repr) == sorted(together, key=repr)


def test_root_is_asked_once_with_what_may_hang_last() -> None:
    asks = [Run(("find", "/etc"), root=True), Run(("ss", "-ltnp"), root=True), Read("/etc/shadow", root=True)]
    (lane,) = plan(asks, MOMENT).lanes
    assert lane.root
    assert [q.words.split()[1] for q in lane.questions] == ["head", "ss", "find"]
    assert text(plan(asks, MOMENT)).count('as_root "$R"') == 1


def test_a_lane_waits_once_however_many_are_asked_again() -> None:
    firsts: list[Read | Glob] = [Read("/proc/stat"), Read("/proc/diskstats"), Glob("/proc/[0-9]*/stat")]
    asks = [*firsts, *(Again(first, gap) for first, gap in zip(firsts, (1.0, 2.0, 1.5), strict=True))]
    script = text(plan(asks, MOMENT))
    assert script.count("\nsleep 2\n") == 1
    assert script.count("\nsleep ") == 1


def test_every_question_is_in_the_script_with_a_number_of_its_own() -> None:
    round_ = plan([Read("/proc/stat"), Run(("id", "-u")), Again(Read("/proc/stat"))], MOMENT)
    assert [lane for lane, _ in round_.questions] == [1, 1, 2] or [lane for lane, _ in round_.questions] == [1, 2, 2]
    script = text(round_)
    for number, (_, question) in enumerate(round_.questions):
        assert f"\n{question.function} {number} {question.words}\n" in script


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_argument_or_path_is_a_way_out_of_its_quotes(argument: str, path: str) -> None:
    argv = ("printf", "%s", argument.replace("\0", ""))
    asks: list[Ask] = [Run(argv), Read("/" + path.replace("\0", "")), Run(argv, root=True)]
    script = plan(asks, MOMENT, [argv]).script("diagkit=5f", "diagkit=77", 30)
    parsed = subprocess.run(["sh", "-n"], input=script, capture_output=True, check=False)
    assert not parsed.stderr


def test_a_command_that_is_not_allowed_stops_everything() -> None:
    with pytest.raises(Forbidden):
        plan([Read("/proc/stat"), Run(("rm", "-rf", "/"))], MOMENT)
    with pytest.raises(Forbidden):
        plan([Run(("rm", "-rf", "/"), root=True)], MOMENT)


def test_the_words_are_sent_without_their_comments() -> None:
    assert "#" not in library().replace("##", "")
    assert subprocess.run(["sh", "-n"], input=library().encode(), capture_output=True, check=False).stderr == b""
    assert len(library()) < 5_200
