"""Passphrases asked for on a real terminal: once, by one thread, and never where nobody is there."""

import os
import pty
import sys
import termios
import textwrap
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from diagkit.transports.ssh.login import passphrases
from diagkit.transports.ssh.login.passphrases import Passphrases
from diagkit.transports.ssh.stages import Stopped
from tests.transports.sshd import make_key, public, running


class Terminal:
    """A program that runs on a terminal of its own, and somebody who types."""

    def __init__(self, program, *arguments):
        self._said = b""
        self.pid, self._fd = pty.fork()
        if not self.pid:
            os.execv(sys.executable, [sys.executable, "-c", textwrap.dedent(program), *arguments])

    def read_until(self, text):
        while text.encode() not in self._said:
            try:
                more = os.read(self._fd, 4096)
            except OSError:
                more = b""
            assert more, f"never said {text!r}, but {self._said!r}"
            self._said += more
        return self._said.decode()

    def type(self, text):
        os.write(self._fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self._fd)[3] & termios.ECHO)

    def end(self):
        os.close(self._fd)
        os.waitpid(self.pid, 0)


@contextmanager
def terminal(program, *arguments):
    opened = Terminal(program, *arguments)
    try:
        yield opened
    finally:
        opened.end()


UNLOCK = """
    import threading, time
    from diagkit.transports.ssh.login.passphrases import Passphrases
    asked = Passphrases()
    found = []
    def one():
        found.append(asked.unlock("/keys/a", lambda word: {b"right": "KEY"}.get(word), time.monotonic() + 60))
    threads = [threading.Thread(target=one) for _ in range(20)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    print("FOUND", sorted(set(map(str, found))), len(found))
"""


def test_many_who_need_it_ask_once_and_the_word_is_not_shown():
    with terminal(UNLOCK) as person:
        person.read_until("Enter passphrase for key '/keys/a': ")
        assert not person.echoes()
        person.type("right\n")
        said = person.read_until("FOUND ['KEY'] 20")
        assert said.count("passphrase") == 1
        assert "right" not in said
        assert person.echoes()


def test_a_wrong_one_is_asked_for_three_times():
    with terminal(UNLOCK) as person:
        person.read_until("Enter passphrase for key '/keys/a': ")
        for _ in range(2):
            person.type("wrong\n")
            person.read_until("Bad passphrase, try again for /keys/a: ")
            person._said = b""
        person.type("wrong\n")
        said = person.read_until("FOUND ['None'] 20")
        assert "Bad" not in said


@pytest.mark.parametrize("answer", ["\n", "\x04"])
def test_no_answer_is_an_answer(answer):
    with terminal(UNLOCK) as person:
        person.read_until("Enter passphrase")
        person.type(answer)
        person.read_until("FOUND ['None'] 20")


def test_two_keys_are_asked_for_one_after_the_other():
    program = """
        import threading, time
        from contextlib import contextmanager
        from diagkit.transports.ssh.login.passphrases import Passphrases
        @contextmanager
        def aside():
            print("QUIET"); yield; print("GO ON")
        asked = Passphrases(aside)
        found = {}
        def one(path):
            found[path] = asked.unlock(path, lambda word: word.decode(), time.monotonic() + 60)
        threads = [threading.Thread(target=one, args=["/keys/" + name]) for name in "ab"]
        [t.start() for t in threads]
        [t.join() for t in threads]
        print("FOUND", len(found), set(found.values()))
    """
    with terminal(program) as person:
        said = person.read_until("Enter passphrase for key '/keys/a': ")
        assert said.count("Enter") == 1
        person.type("one\n")
        said = person.read_until("Enter passphrase for key '/keys/b': ")
        assert "GO ON\r\nQUIET" in said
        person.type("two\n")
        person.read_until("FOUND 2")


def test_the_terminal_is_left_as_it_was_when_the_run_ends_first():
    program = """
        import threading, time
        from diagkit.transports.ssh.login.passphrases import Passphrases
        from diagkit.transports.ssh.stages import Stopped
        asked = Passphrases()
        try:
            asked.unlock("/keys/a", bytes.decode, time.monotonic() + 0.5)
        except Stopped as stopped:
            asked.close()
            print("LATE", stopped)
        time.sleep(60)
    """
    with terminal(program) as person:
        said = person.read_until("LATE the passphrase of /keys/a had not been entered")
        assert "Enter passphrase" in said
        assert person.echoes()


def test_a_program_that_ends_in_the_middle_of_a_question_leaves_the_terminal_as_it_was():
    program = """
        import threading, time
        from diagkit.transports.ssh.login.passphrases import Passphrases
        from diagkit.transports.ssh.stages import Stopped
        try:
            Passphrases().unlock("/keys/a", bytes.decode, time.monotonic() + 0.5)
        except Stopped:
            pass
    """
    with terminal(program) as person:
        slave = os.open(f"/proc/{person.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
        person.read_until("Enter passphrase")
        os.waitid(os.P_PID, person.pid, os.WEXITED | os.WNOWAIT)
        assert person.echoes()
        os.close(slave)


def test_nobody_is_asked_without_a_terminal(tmp_path, monkeypatch):
    monkeypatch.setattr(passphrases, "TERMINAL", str(tmp_path / "none"))
    assert Passphrases().unlock("/keys/a", bytes.decode, time.monotonic() + 30) is None


def test_nobody_is_asked_in_the_background():
    program = """
        import os, signal
        from diagkit.transports.ssh.login.passphrases import somebody_is_there
        print("FRONT", somebody_is_there())
        if not (child := os.fork()):
            os.setpgid(0, 0)
            print("BACK", somebody_is_there(), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print("DONE")
    """
    with terminal(program) as person:
        said = person.read_until("DONE")
        assert "FRONT True" in said
        assert "BACK False" in said


def test_a_bug_of_ours_reaches_all_who_wait(monkeypatch):
    def broken(_prompt, _over):
        raise ZeroDivisionError

    monkeypatch.setattr(passphrases, "ask_on_terminal", broken)
    with pytest.raises(ZeroDivisionError):
        Passphrases().unlock("/keys/a", bytes.decode, time.monotonic() + 30)


def test_who_has_no_time_left_is_told_and_the_others_still_wait(monkeypatch):
    entered = threading.Event()
    monkeypatch.setattr(passphrases, "ask_on_terminal", lambda _prompt, _over: entered.wait(30) and b"word")
    asked = Passphrases()
    with pytest.raises(Stopped, match="not been entered"):
        asked.unlock("/keys/a", bytes.decode, time.monotonic() + 0.05)
    entered.set()
    assert asked.unlock("/keys/a", bytes.decode, time.monotonic() + 30) == "word"


def test_what_will_surely_be_needed_is_asked_for_ahead(tmp_path):
    program = """
        import sys
        from diagkit.transports.ssh.by_paramiko import lazy_paramiko
        lazy_paramiko.load()
        from diagkit.transports.ssh.login.passphrases import Passphrases
        from diagkit.transports.ssh.login.authenticate import unlock_ahead
        from diagkit.transports.ssh.config.route import Hop, resolve
        unlock_ahead([resolve(Hop(host=host), sys.argv[1]) for host in ("one", "two", "three")], Passphrases())
        print("DONE")
    """
    for name in ("locked", "second"):
        make_key(tmp_path / name, passphrase="secret")
    make_key(tmp_path / "open")
    config = tmp_path / "config"
    config.write_text(
        f"IdentityAgent none\nHost three\n IdentityFile {tmp_path}/open\nHost *\n IdentityFile {tmp_path}/locked\n"
        f"Host three\n IdentityFile {tmp_path}/second\n"
    )
    with terminal(program, str(config)) as person:
        person.read_until(f"'{tmp_path}/locked': ")
        person.type("secret\n")
        assert person.read_until("DONE").count("Enter") == 1


def test_a_locked_key_logs_in_everywhere_for_one_question(tmp_path):
    program = """
        import sys, time, threading
        from datetime import UTC, datetime
        from diagkit.model import Moment, Run, Target
        from diagkit.transports.ssh.transport import Ssh
        from diagkit.transports.ssh.switchboard import Switchboard
        now = datetime.now(UTC)
        board = Switchboard()
        found = []
        def one():
            ssh = Ssh(Target(scheme="ssh", host="box", label="box"), deadline=time.monotonic() + 60, ssh_config=sys.argv[1], switchboard=board)
            ssh.ask([Run(("uname", "-s"))], Moment(now=now, since=now, until=now))
            found.append(ssh.unreached)
            ssh.close()
        threads = [threading.Thread(target=one) for _ in range(5)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        board.close()
        print("FOUND", found)
    """
    with running(tmp_path / "sshd") as box:
        key = make_key(tmp_path / "key", passphrase="secret")
        box.authorized.write_text(public(key) + "\n")
        config = box.client_config(IdentityFile=str(key), BatchMode="no")
        with terminal(program, config) as person:
            person.read_until(f"Enter passphrase for key '{key}': ")
            person.type("secret\n")
            said = person.read_until("FOUND [None, None, None, None, None]")
            assert said.count("Enter passphrase") == 1
        assert Path(f"{key}.pub").exists()
