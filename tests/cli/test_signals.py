"""Being stopped: on a real terminal, while a machine is asked that accepts connections and says nothing."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

IMPATIENT = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""


@pytest.fixture
def mute():
    """The address of a machine that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ops@127.0.0.1:{server.getsockname()[1]}"


class Terminal:
    """Run diagkit with a terminal as stderr (and stdin), its report into a pipe."""

    def __init__(self, environment, home, *words):
        self.ours, theirs = pty.openpty()
        self.before = termios.tcgetattr(self.ours)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "diagkit", *words],
            env=environment | {"TERM": "xterm"},
            cwd=home,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = b""

    def wait_for(self, text: bytes) -> None:
        end = time.monotonic() + 30
        while text not in self.seen and time.monotonic() < end:
            if select.select([self.ours], [], [], 0.1)[0]:
                self.seen += os.read(self.ours, 4096)
        assert text in self.seen

    def finish(self) -> tuple[int, str]:
        out, _ = self.process.communicate(timeout=30)
        assert termios.tcgetattr(self.ours) == self.before
        os.close(self.ours)
        return self.process.returncode, out.decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_first_signal_gives_the_partial_report(environment, home, mute, number, code):
    terminal = Terminal(environment, home, "check", mute, "--format", "json", "--timeout", "60")
    terminal.wait_for(b"asking 1 of 1")
    terminal.process.send_signal(number)
    terminal.wait_for(b"stopping: 1 of 1 targets are not finished")
    returned, out = terminal.finish()
    assert returned == code
    report = json.loads(out)
    assert report["run"]["interrupted"] is True
    assert report["targets"][0]["name"] == mute
    assert report["faults"] == []


def test_the_text_says_so_first(environment, home, mute):
    terminal = Terminal(environment, home, "check", mute, "--timeout", "60")
    terminal.wait_for(b"asking 1 of 1")
    terminal.process.send_signal(signal.SIGINT)
    code, out = terminal.finish()
    assert code == 130
    assert out.startswith("INTERRUPTED")


def test_the_second_signal_ends_at_once(environment, home, mute):
    terminal = Terminal(environment, home, "check", mute, "--timeout", "60")
    terminal.wait_for(b"asking 1 of 1")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for(b"stopping")
    terminal.process.send_signal(signal.SIGINT)
    code, out = terminal.finish()
    assert code == 130
    assert out == "" or out.startswith("INTERRUPTED")  # or the report was out already


def test_a_local_run_that_is_stopped_leaves_nothing_behind(environment, home):
    marker = {"HOME": str(home / "marked")}
    terminal = Terminal(environment | marker, home, "resources", "local")
    terminal.wait_for(b"asking 1 of 1")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.finish()[0] == 130
    end = time.monotonic() + 10
    while (left := _children_of(str(home / "marked"))) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []


def _children_of(home: str) -> list[str]:
    """The processes that have this HOME, which our children inherit."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


def test_a_signal_in_the_middle_of_the_imports_is_quiet(environment, home):
    (home / "site").mkdir()
    (home / "site/sitecustomize.py").write_text(IMPATIENT)
    path = f"{home / 'site'}:{environment['PYTHONPATH']}"
    answer = subprocess.run(
        [sys.executable, "-m", "diagkit", "schema"],
        check=False, env=environment | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (answer.returncode, answer.stdout, answer.stderr) == (130, "", "")


def test_an_unreachable_machine_does_not_delay_the_others_and_is_no_exception(diagkit, mute):
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused = f"ops@127.0.0.1:{server.getsockname()[1]}"
    answer = diagkit("resources", mute, refused, "local", "--timeout", "4", "--format", "json")
    targets = {target["name"]: target for target in json.loads(answer.stdout)["targets"]}
    assert list(targets) == [mute, refused, "local"]
    assert (targets[refused]["reached"], targets[refused]["layer"]) == (False, "tcp")
    assert (targets[mute]["reached"], targets[mute]["layer"]) == (False, "banner")
    assert targets["local"]["reached"] is True
    assert "Traceback" not in answer.stderr
    order = [line.partition(": ")[0] for line in answer.stderr.splitlines()]
    assert order.index(refused) < order.index(mute)
