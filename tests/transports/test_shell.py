"""The conversation with a shell: noise before it, tools that are not there, clients that vanish."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from diagkit.model import Ask, Glob, Read, Reply, Run, Scan, Silence
from diagkit.transports.local import ShellPipe
from diagkit.transports.script import plan, written
from diagkit.transports.shell import NoShell, converse
from tests.transports.conftest import MOMENT, PATIENCE

UPTIME = Read("/proc/uptime")
Argv = tuple[str, ...]


NOTHING: Mapping[str, str] = {}
NO_PROC = {"-p /proc/self/fd/0": "-p /none"}
NOT_ROOT = {'"$effective" = 0': "1000 = 0"}


class OtherPipe(ShellPipe):
    """A shell that is told a slightly different script, where PATH cannot stand for a machine that lacks something."""

    def __init__(self, argv: Argv, changes: Mapping[str, str]) -> None:
        super().__init__(argv)
        self.changes = changes

    @property
    def session(self) -> int:
        return self._child._process.pid

    def send(self, data: bytes) -> None:
        super().send(changed(data, self.changes))


def changed(script: bytes, changes: Mapping[str, str]) -> bytes:
    program = script[script.index(b"diagkit() {") :]
    for old, new in changes.items():
        inside = old.encode()
        assert inside in program
        program = program.replace(inside, new.encode())
    return written(program)


def members(session: int) -> dict[int, tuple[str, str]]:
    """State and name of each living process of a session."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = stat.read_text(errors="replace").partition(" (")
            name, _, rest = rest.rpartition(") ")
            state, _, _, sid = rest.split()[:4]
            if int(sid) == session and state != "Z":
                found[int(pid)] = (state, name)
    return found


@contextmanager
def talking(argv: Argv, changes: Mapping[str, str]) -> Iterator[OtherPipe]:
    pipe = OtherPipe(argv, changes)
    try:
        yield pipe
    finally:
        pipe.close()


def say(argv: Argv, *asks: Ask, patience: float = PATIENCE, changes: Mapping[str, str] = NOTHING) -> list[Reply]:
    with talking(argv, changes) as pipe:
        declared = [a.argv for a in asks if isinstance(a, Run)]
        answered = converse(pipe, asks, MOMENT, time.monotonic() + patience, declared=declared)
    return [answered[a] for a in asks]


def after(preamble: str, shell: Argv) -> Argv:
    """The shell, as a login script would leave it to us."""
    return ("sh", "-c", f'{preamble}\nexec "$@"', "login", *shell)


@pytest.fixture
def shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which commands are found before the real ones."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def shim(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


# ---------------------------------------------------------------- what comes before


def test_noise_of_login_scripts_is_skipped(shell: Argv) -> None:
    noise = "printf 'Welcome!\\nLast login: never\\ndiagkit=1 S 1.00\\ndiagkit=1 L 1\\n'; echo oops >&2; printf '$ '"
    (reply,) = say(after(noise, shell), UPTIME)
    assert float(reply.out.split()[0]) > 0


@pytest.mark.parametrize(
    ("argv", "heard"),
    [
        (("sh", "-c", "echo This account is currently not available.; exit 1"), b"This account is currently"),
        (("cat",), b"[ "),  # a forced command that echoes what it gets
        (("true",), b""),
    ],
)
def test_what_is_no_shell_is_named(argv: Argv, heard: bytes) -> None:
    with pytest.raises(NoShell) as caught:
        say(argv, UPTIME, patience=1.5)
    assert caught.value.heard.startswith(heard)


def test_a_shell_that_never_answers_is_given_up() -> None:
    with pytest.raises(NoShell, match="in time"):
        say(("sleep", "600"), UPTIME, patience=0.5)


def test_the_environment_cannot_change_what_commands_say(shell: Argv) -> None:
    hostile = (
        "export LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 IFS=/ CDPATH=/tmp GREP_OPTIONS=-v PATH=/bin within=false turns=x"
    )
    read, lines, run = say(
        after(hostile, shell), UPTIME, Glob("/proc/upti[m]e"), Run(("sh", "-c", "echo $LC_ALL $PWD"))
    )
    assert read.silence is None
    assert lines.out.startswith(b"/proc/uptime:")
    assert run.out == b"C /\n"


# ---------------------------------------------------------------- what is not there


def test_without_proc_slow_commands_still_end(shell: Argv) -> None:
    slow = Run(("sh", "-c", "echo early; exec sleep 600"), timeout=1)
    asks = (slow, Run(("echo", "quick")), Run(("sh", "-c", "exit 7")))
    late, quick, failed = say(shell, *asks, changes=NO_PROC)
    assert (late.out, late.silence) == (b"early\n", Silence.TIMEOUT)
    assert (quick.out, quick.code, quick.silence) == (b"quick\n", 0, None)
    assert (failed.code, failed.silence) == (7, None)


KEPT = {"journal_kept ||": "true ||"}


def test_what_asks_the_kernel_alone_is_ended_too_and_what_comes_after_it_is_asked(shell: Argv, shims: Path) -> None:
    for name in ("iptables-save", "nft"):
        shim(shims, name, "echo early; exec sleep 600")
    slow: list[Ask] = [Run(("iptables-save",), timeout=1), Run(("nft", "list", "ruleset"), timeout=1)]
    *late, quick = say(shell, *slow, Run(("uname", "-s")))
    assert [(reply.out, reply.silence) for reply in late] == [(b"early\n", Silence.TIMEOUT)] * 2
    assert (quick.out, quick.silence) == (b"Linux\n", None)


def test_without_a_journal_it_is_missing_not_silent(shell: Argv, shims: Path) -> None:
    shim(shims, "journalctl", "echo '-- No entries --'; echo 'No journal files were found.' >&2")
    (reply,) = say(shell, Scan("journal"), changes=KEPT)
    assert reply.silence is Silence.MISSING


def test_a_journal_of_our_own_session_alone_is_not_the_journal(shell: Argv, shims: Path) -> None:
    hint = "Hint: You are currently not seeing messages from other users and the system."
    shim(shims, "journalctl", f"echo '1763762833.1 host systemd[9]: ours'; echo '{hint}' >&2")
    (reply,) = say(shell, Scan("journal"), changes=KEPT)
    assert reply.silence is Silence.DENIED
    assert b"ours" in reply.out


def test_programs_of_systemd_are_not_started_where_it_is_not(shell: Argv, shims: Path) -> None:
    for name in ("systemctl", "timedatectl", "journalctl"):
        shim(shims, name, "echo started")
    asks = Run(("env", "TZ=UTC", "systemctl", "show")), Run(("timedatectl", "show")), Scan("journal")
    for nothing, started in (({"/run/systemd/system": "/none", "/log/journal": "/none"}, False), (KEPT, True)):
        changes = nothing | ({"[ -d /run/systemd/system ]": "true"} if started else {})
        units, zone, journal = say(shell, *asks, changes=changes)
        assert [b"started" in reply.out for reply in (units, zone, journal)] == [started] * 3
        assert started or (b"not been booted" in units.err and journal.silence is Silence.MISSING)


def test_a_file_is_not_read_where_a_command_tells_the_same(shell: Argv) -> None:
    table = Read("/proc/net/tcp", unless="ss")
    for changes, silence in (({"has_ss=yes": ":"}, None), ({"command -v ss >$null &&": ""}, Silence.UNSUPPORTED)):
        read, plain = say(shell, table, UPTIME, changes=changes)
        assert read.silence is silence
        assert plain.silence is None


def test_files_by_name_are_read_with_those_of_patterns(shell: Argv) -> None:
    lines = Run(("grep", "-sH", "", "/proc/sys/kernel/pid_max", "/proc/none", "/proc/sys/vm/swappiness"))
    named, pattern = say(shell, lines, Glob("/proc/sys/kernel/thread*-max"))
    assert [line.partition(":")[0] for line in named.lines] == [lines.argv[3], lines.argv[5]]
    assert (named.err, named.silence) == (b"", None)
    assert pattern.text.startswith("/proc/sys/kernel/threads-max:")


def test_the_newest_part_of_the_kernel_log_is_kept(shell: Argv) -> None:
    (reply,) = say(shell, Scan("kernel", cap=11), changes={" dmesg\n": " seq 1 10000\n"})
    assert (reply.out, reply.cut) == (b"9999\n10000\n", True)


# ---------------------------------------------------------------- as root


def test_root_is_asked_through_sudo_when_it_wants_no_password(shell: Argv, shims: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"secret\0")
    shim(shims, "sudo", '[ "$*" = "-n sh -s" ] || exit 1; shift; BY_SUDO=yes exec "$@"')
    kept = Read(str(tmp_path / "kept"), root=True)
    run = Run(("sh", "-c", "echo it\\'s $BY_SUDO; exit 3"), root=True)
    read, ran, plain = say(shell, kept, run, UPTIME, changes=NOT_ROOT)
    assert (read.out, ran.out, ran.code) == (b"secret\0", b"it's yes\n", 3)
    assert plain.silence is None


def test_where_sudo_refuses_we_ask_as_we_are(shell: Argv, shims: Path) -> None:
    shim(shims, "sudo", "echo 'sudo: a password is required' >&2; exit 1")
    (reply,) = say(shell, Read("/proc/uptime", root=True), changes=NOT_ROOT)
    assert reply.silence is None
    assert reply.out


@pytest.mark.parametrize(
    "sudo",
    [
        "echo 'sudo: a password is required' >&2; exit 1",
        "echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1",
        "echo 'We trust you have received the usual lecture from the local System Administrator.' >&2; exit 1",
        "echo 'user is not in the sudoers file.  This incident will be reported.'; exit 1",
        "exit 127",
    ],
)
def test_what_only_root_may_see_is_denied_where_sudo_does_not_let_us(shims: Path, sudo: str) -> None:
    """Denied is what a check turns into UNKNOWN, with what would open it."""
    shim(shims, "sudo", sudo)
    shim(shims, "lsof", "echo 'lsof: Permission denied' >&2; exit 1")
    secret, plain = say(("dash", "-s"), Run(("lsof",), root=True), UPTIME, changes=NOT_ROOT)
    assert (secret.out, secret.silence) == (b"", Silence.DENIED)
    assert plain.silence is None


def test_sudo_that_hangs_stops_nobody_else(shell: Argv, shims: Path) -> None:
    shim(shims, "sudo", "exec sleep 600")
    hung, plain = say(shell, Read("/proc/uptime", root=True), UPTIME, patience=3, changes=NOT_ROOT)
    assert hung.silence is Silence.TIMEOUT
    assert plain.silence is None


@pytest.mark.parametrize("changes", [NOTHING, NO_PROC], ids=["proc", "no proc"])
def test_a_lane_that_says_little_says_all_of_it(shell: Argv, changes: Mapping[str, str]) -> None:
    """What goes through a variable of the shell: bytes that are no text, empty lines at the end, and no more than so."""
    odd = "\udcff\udc81\\ %%n \\n\n\n"
    told = Run(("stat", "-c", odd, "/"))
    missing = Run(("stat", "-c", "%n", "/etc/hosts", "/etc/none"))
    much = Run(("stat", "-f", "-c", "x" * 90_000, "/"), cap=1_000)
    asks = [told, missing, much, UPTIME]
    with talking(shell, changes) as pipe:
        answered = converse(pipe, asks, MOMENT, time.monotonic() + PATIENCE)
    assert answered[told].out.startswith(b"\xff\x81\\ %n ")
    assert answered[told].out.endswith(b"\n\n\n")
    assert (answered[missing].lines, answered[missing].code) == (["/etc/hosts"], 1)
    assert "/etc/none" in answered[missing].complaint
    assert (len(answered[much].out), answered[much].cut) == (1_000, True)
    assert answered[UPTIME].out


def test_of_many_files_that_are_missing_each_is(shell: Argv) -> None:
    """What is complained of the first must not leave no room for the last."""
    missing = [Glob(f"/proc/{number}{'x' * 80}/*") for number in range(150)]
    with talking(shell, NOTHING) as pipe:
        answered = converse(pipe, [*missing, UPTIME], MOMENT, time.monotonic() + PATIENCE)
    assert {reply.silence for reply in map(answered.__getitem__, missing)} == {Silence.MISSING}


# ---------------------------------------------------------------- stuck in the kernel


@pytest.mark.skipif(os.geteuid() != 0 or not os.access("/dev/fuse", os.W_OK), reason="needs root and /dev/fuse")
def test_a_dead_mount_takes_nothing_with_it_but_its_own_answer(shell: Argv, tmp_path: Path) -> None:
    program = str(Path(__file__).with_name("dead_mount.py"))
    beside = ("unshare", "-m", sys.executable, program, str(tmp_path), *shell)
    dead, all_mounts = Run(("stat", "-f", str(tmp_path)), timeout=1), Run(("df", "-PkT"), timeout=1)
    asks = [dead, all_mounts, UPTIME, Run(("id", "-u")), Glob("/proc/upti[m]e"), Read("/etc/hosts")]
    with talking(beside, {}) as pipe:
        answered = converse(pipe, asks, MOMENT, time.monotonic() + PATIENCE)
        assert answered[dead].silence is Silence.TIMEOUT
        assert answered[all_mounts].silence is Silence.TIMEOUT
        assert all(answered[a].out and answered[a].silence is None for a in asks[2:])
        assert converse(pipe, [UPTIME], MOMENT, time.monotonic() + PATIENCE)[UPTIME].out
        assert "D" in {state for state, _ in members(pipe.session).values()}, "or this has shown nothing"


# ---------------------------------------------------------------- and afterwards


@pytest.mark.parametrize("changes", [NOT_ROOT, NOT_ROOT | NO_PROC], ids=["proc", "no proc"])
def test_nothing_is_left_when_the_client_vanishes(shell: Argv, shims: Path, changes: Mapping[str, str]) -> None:
    """Only our end of its input is closed, as a broken connection would: the shell must see to the rest by itself."""
    shim(shims, "sudo", 'shift; exec "$@"')
    stubborn = ("sh", "-c", "trap '' HUP TERM INT; sleep 60 & sleep 60")
    asks = [Run(stubborn, timeout=50), Run(stubborn, timeout=49, root=True)]
    to_shell, from_client = os.pipe()
    to_client, from_shell = os.pipe()
    leader = os.posix_spawnp(
        shell[0], shell, os.environ, setsid=True,
        file_actions=[(os.POSIX_SPAWN_DUP2, to_shell, 0), (os.POSIX_SPAWN_DUP2, from_shell, 1)],
    )  # fmt: skip
    os.close(to_shell)
    os.close(from_shell)
    try:
        os.write(from_client, changed(plan(asks, MOMENT, [stubborn]).script("diagkit=00", "diagkit=77", 60), changes))
        while sum(name == "sleep" for _, name in members(leader).values()) < 4:
            time.sleep(0.02)
        os.close(from_client)
        end = time.monotonic() + 10
        while (left := members(leader)) and time.monotonic() < end:
            time.sleep(0.02)
        assert not left
    finally:
        os.close(to_client)
        with suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
        os.waitpid(leader, 0)


def test_what_was_heard_before_the_connection_broke_is_kept(shell: Argv) -> None:
    asks = [UPTIME, Run(("sh", "-c", "sleep 1; kill -9 0"), timeout=20)]
    heard, lost = say(shell, *asks)
    assert heard.out
    assert lost.silence is Silence.UNREACHABLE
    assert b"ended before the answer came" in lost.err


def test_nothing_is_written(shell: Argv, tmp_path: Path) -> None:
    (reply,) = say(shell, Run(("sh", "-c", f"echo more >{tmp_path}/file")))
    assert reply.code
    assert not (tmp_path / "file").exists() or not (tmp_path / "file").stat().st_size


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a namespace in which nobody else starts processes")
def test_a_round_costs_few_processes(shell: Argv) -> None:
    alone = ("unshare", "--pid", "--fork", "--mount-proc", *shell)
    counter = Read("/proc/sys/kernel/ns_last_pid")
    many: list[Ask] = [*(Glob(f"/proc/[{n}]/stat") for n in range(9)), *(Read(f"/proc/{n}/stat") for n in range(50))]
    commands = [Run(("id", "-u"), cap=n) for n in range(1, 11)]

    def ask(pipe: ShellPipe, *asks: Ask) -> Mapping[Ask, Reply]:
        return converse(pipe, asks, MOMENT, time.monotonic() + PATIENCE)

    def cost(pipe: ShellPipe, *asks: Ask) -> int:
        """About: when in its own round the counter is read depends on which process comes first."""
        before, between = int(ask(pipe, counter)[counter].out), int(ask(pipe, counter)[counter].out)
        ask(pipe, *asks)
        return int(ask(pipe, counter)[counter].out) - between - (between - before)

    with talking(alone, {}) as pipe:
        assert cost(pipe, commands[0]) <= 15
        assert cost(pipe, *many) <= 15
        assert cost(pipe, *many, *commands) <= 40


def test_a_file_that_several_want_is_read_once(tmp_path: Path) -> None:
    long, gone = tmp_path / "long", tmp_path / "gone"
    long.write_text("0123456789" * 1000)
    caps = {Read(str(long), cap=cap): cap for cap in (10, 5000, 20_000)}
    (lane,) = plan(caps, MOMENT).lanes
    assert [q.words.split()[3:] for q in lane.questions] == [[str(long), "$E"]]
    pipe = ShellPipe(("sh", "-s"))
    try:
        asks = [*caps, Read(str(gone), cap=1), Read(str(gone), cap=2), Read(str(long), tail=3), Read(str(long), tail=7)]
        replies = converse(pipe, asks, MOMENT, time.monotonic() + PATIENCE)
    finally:
        pipe.close()
    assert {ask: (len(replies[ask].out), replies[ask].cut) for ask in caps} == {
        ask: (min(cap, 10_000), cap < 10_000) for ask, cap in caps.items()
    }
    assert [replies[ask].silence for ask in asks[3:5]] == [Silence.MISSING, Silence.MISSING]
    assert [replies[ask].out for ask in asks[5:]] == [b"789", b"3456789"]
