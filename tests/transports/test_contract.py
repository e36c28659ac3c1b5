"""What every transport promises, whatever carries its questions. The files it reads lie on this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from diagkit.model import Again, Ask, Glob, Native, Read, Reply, Run, Scan, Silence
from diagkit.transports.allowed import Forbidden
from tests.transports.conftest import MOMENT, SHELLS, Opener
from tests.transports.sshd import free_port

ODD_NAME = 'it\'s $HOME "quoted" `id` *'
EVERY_BYTE = bytes(range(256)) * 3


def ask(machine: Opener, *asks: Ask) -> list[Reply]:
    answered = machine([a.argv for a in asks if isinstance(a, Run)]).ask(asks, MOMENT)
    assert answered.keys() == set(asks)
    return [answered[a] for a in asks]


def test_a_file_comes_back_byte_for_byte(open_machine: Opener, tmp_path: Path) -> None:
    contents = {
        "bytes": EVERY_BYTE,
        "no newline": b"end",
        "empty": b"",
        ODD_NAME: b"odd\n",
        "marks": b"\ndiagkit=0 E 1 0\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    replies = ask(open_machine, *(Read(str(tmp_path / name)) for name in contents))
    assert [r.out for r in replies] == list(contents.values())
    assert all(r.silence is None and not r.cut and not r.err and r.at > 1e9 for r in replies)


def test_what_is_no_file_is_told_from_an_empty_one(open_machine: Opener, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").touch()
    asks = [Read(f"{tmp_path}/{name}") for name in ("missing", "fifo", "", "missing/below", "empty")]
    silences = [r.silence for r in [*ask(open_machine, *asks), *ask(open_machine, Read("/dev/zero"))]]
    assert silences == [
        Silence.MISSING, Silence.UNSUPPORTED, Silence.UNSUPPORTED, Silence.MISSING, None, Silence.UNSUPPORTED
    ]  # fmt: skip


def test_caps_keep_the_head_and_tails_the_tail(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"".join(b"%07d\n" % n for n in range(10_000)))
    short = tmp_path / "short"
    short.write_bytes(b"short")
    head, tail, log, small, whole = ask(
        open_machine,
        Read(str(path), cap=16),
        Read(str(path), tail=16),
        Scan(str(path), cap=16),
        Read(str(short), tail=16),
        Read(str(short), cap=5),
    )
    assert (head.out, head.cut) == (b"0000000\n0000001\n", True)
    assert (tail.out, tail.cut) == (b"0009998\n0009999\n", False)
    assert (log.out, log.cut) == (b"0009998\n0009999\n", True)
    assert (small.out, small.cut) == (b"short", False)
    assert (whole.out, whole.cut) == (b"short", False)


def test_a_command_gets_its_arguments_untouched_and_answers_in_three_parts(open_machine: Opener) -> None:
    script = 'printf %s "$1"; echo "$0" >&2; exit 3'
    (reply,) = ask(open_machine, Run(("sh", "-c", script, "name", ODD_NAME + "\n\\")))
    assert (reply.out, reply.err, reply.code, reply.silence) == (f"{ODD_NAME}\n\\".encode(), b"name", 3, None)


def test_a_command_has_no_input_to_wait_for(open_machine: Opener) -> None:
    (reply,) = ask(open_machine, Run(("cat",), timeout=20))
    assert (reply.out, reply.code, reply.silence) == (b"", 0, None)


def test_there_is_no_such_command(open_machine: Opener) -> None:
    (reply,) = ask(open_machine, Run(("no-such-command-anywhere",)))
    assert reply.silence is Silence.MISSING


def test_a_command_that_talks_too_much_is_cut_short(open_machine: Opener) -> None:
    (reply,) = ask(open_machine, Run(("yes",), timeout=20, cap=1000))
    assert reply.out == b"y\n" * 500
    assert reply.cut
    assert reply.silence is None


def test_refused_by_the_machine_is_not_an_empty_answer(open_machine: Opener) -> None:
    (reply,) = ask(open_machine, Run(("sh", "-c", "echo 'open: Permission denied' >&2; exit 1")))
    assert reply.silence is Silence.DENIED


def test_what_is_too_slow_is_ended_and_what_it_said_is_kept(open_machine: Opener) -> None:
    slow = Run(("sh", "-c", "echo early; exec sleep 600"), timeout=1)
    late, other = ask(open_machine, slow, Run(("echo", "other")))
    assert (late.out, late.silence) == (b"early\n", Silence.TIMEOUT)
    assert (other.out, other.silence) == (b"other\n", None)


def test_what_cannot_be_ended_does_not_stop_the_others(open_machine: Opener) -> None:
    """A child that leaves its parent's group and keeps the pipe open: to us as hung as one stuck in the kernel."""
    stuck = Run(("sh", "-c", "echo early; setsid sleep 6 & wait"), timeout=0.5)
    asks = [stuck, Run(("echo", "beside")), Read("/proc/uptime"), Run(("id", "-u"))]
    late, *others = ask(open_machine, *asks)
    assert (late.out, late.silence) == (b"early\n", Silence.TIMEOUT)
    assert all(reply.out and reply.silence is None for reply in others)


def test_many_files_by_pattern(open_machine: Opener, tmp_path: Path) -> None:
    for name, content in {"a.one": b"1\n2\n", "b.one": b"3", "c.two": b"", "d.three": b"4\n"}.items():
        (tmp_path / name).write_bytes(content)
    ones, twos, threes, overlap, nothing = ask(
        open_machine, *(Glob(f"{tmp_path}/{p}") for p in ("*.one", "*.two", "[a-z].three", "?.*e", "*.four"))
    )
    assert ones.lines == [f"{tmp_path}/a.one:1", f"{tmp_path}/a.one:2", f"{tmp_path}/b.one:3"]
    assert (twos.lines, twos.silence) == ([], None)
    assert threes.lines == [f"{tmp_path}/d.three:4"]
    assert overlap.lines == ones.lines + threes.lines
    assert nothing.silence is Silence.MISSING


def test_a_pattern_is_no_way_into_the_shell(open_machine: Opener, tmp_path: Path) -> None:
    (reply,) = ask(open_machine, Glob(f"{tmp_path}/$(touch {tmp_path}/made)"))
    assert reply.silence is Silence.UNSUPPORTED
    assert not list(tmp_path.iterdir())


def test_again_is_at_least_the_gap_later(open_machine: Opener) -> None:
    uptime, idle = Read("/proc/uptime"), Glob("/proc/upti[m]e")
    first, second, line, line_again = ask(open_machine, uptime, Again(uptime, 1.0), idle, Again(idle, 0.5))
    assert float(second.out.split()[0]) - float(first.out.split()[0]) >= 1.0
    assert line.out != line_again.out
    assert second.at - first.at == pytest.approx(float(second.out.split()[0]) - float(first.out.split()[0]), abs=0.2)


def test_a_second_round_goes_through_the_same_connection(open_machine: Opener) -> None:
    machine = open_machine([("sh", "-c", "echo $PPID")])
    parent = Run(("sh", "-c", "echo $PPID"))
    for _ in range(3):
        assert machine.ask([parent], MOMENT)[parent].silence is None
    assert machine.unreached is None


def test_a_command_nobody_allowed_is_never_run(open_machine: Opener, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        open_machine([]).ask([Run(("touch", str(tmp_path / "made"))), Read("/proc/uptime")], MOMENT)
    assert not list(tmp_path.iterdir())


def test_a_tcp_connection_starts_at_the_machine(open_machine: Opener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connection = open_machine([]).dial("127.0.0.1", port, 10)
        theirs, _ = server.accept()
        connection.settimeout(10)
        theirs.sendall(b"hello")
        assert connection.recv(5) == b"hello"
        connection.sendall(b"there" * 20_000)
        assert theirs.recv(100_000, socket.MSG_WAITALL) == b"there" * 20_000
        theirs.close()
        assert connection.recv(5) == b""
        connection.close()


def test_a_port_that_is_closed_refuses(open_machine: Opener) -> None:
    with pytest.raises(ConnectionRefusedError):
        open_machine([]).dial("127.0.0.1", free_port(), 10)


def test_only_this_machine_has_psutil(open_machine: Opener, request: pytest.FixtureRequest) -> None:
    (reply,) = ask(open_machine, Native("virtual_memory"))
    assert reply.silence is (None if request.node.callspec.id in SHELLS else Silence.UNSUPPORTED)
