"""Private parts of paramiko: found wanting, they are done without; and every paramiko we allow is asked a few things."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from diagkit.transports.ssh.by_paramiko import hooks
from diagkit.transports.ssh.by_paramiko.hooks import fitted, private

ROOT = Path(__file__).parents[3]
OLDER = ROOT / ".venv" / "paramikos"  # made by tests/run.py


class Theirs:
    def work(self):
        return [self._ask("a"), self._answer()]

    def _ask(self, what):
        return what

    def _answer(self):
        return "plain"


class Plain(Theirs):
    def words(self):
        return "few"


@pytest.fixture(autouse=True)
def _nothing_lost(monkeypatch):
    monkeypatch.setattr(hooks, "lost", {})
    monkeypatch.setattr(hooks, "TRUSTED", True)


def ours():
    @fitted
    class Ours(Plain):
        @private(Theirs, "_ask", "what", by=Theirs.work, gains="speed")
        def _ask(self, what):
            return what * 2

        @private(Theirs, "_answer", by=Theirs.work, gains="words")
        def _answer(self):
            return "ours"

        @private(Theirs, "_answer", by=Theirs.work, gains="words")
        def words(self):
            return "many"

    return Ours()


def test_what_fits_is_used():
    assert (ours().work(), ours().words()) == (["aa", "ours"], "many")
    assert hooks.lost == {}
    assert hooks.notes("6.0") == ()


def test_what_is_gone_is_done_without(monkeypatch):
    monkeypatch.delattr(Theirs, "_answer")
    one = ours()
    assert (one._ask("a"), one.words()) == ("aa", "few")
    assert hooks.lost == {"words": "Theirs._answer"}
    assert hooks.notes("6.0") == ("paramiko 6.0 is not as diagkit knows it (Theirs._answer): it is used without words",)


def test_what_takes_something_else_is_left_alone(monkeypatch):
    monkeypatch.setattr(Theirs, "_ask", lambda _, what, _more=0: what)
    assert ours().work() == ["a", "ours"]
    assert hooks.lost == {"speed": "Theirs._ask"}


def test_what_nobody_calls_any_more_is_not_relied_on(monkeypatch):
    monkeypatch.setattr(Theirs, "work", lambda self: [self._ask("b")])
    assert ours().work() == ["bb"]
    assert ours().words() == "few"


def test_what_is_no_longer_a_method(monkeypatch):
    monkeypatch.setattr(Theirs, "_answer", property(lambda _: "other"))
    assert ours().words() == "few"


REHEARSE = """
from diagkit.transports.ssh.by_paramiko import hooks
from diagkit.transports.ssh.by_paramiko import lazy_paramiko
paramiko = lazy_paramiko.load()
from diagkit.transports.ssh.by_paramiko import rehearsal
from diagkit.transports.ssh.by_paramiko import client as ssh_protocol
assert rehearsal.passes()
rehearsal.SECONDS = 0.5
ssh_protocol.Client.BREAK
rehearsal.hold()
assert not hooks.lost, "this version is known"
paramiko.__version__ = "99.0"
rehearsal.hold()
print(len(hooks.lost))
"""


@pytest.mark.parametrize(
    "broken", ["_check_banner = lambda self: None", "execute = lambda self, channel: None", "presented = b''"]
)
def test_a_paramiko_that_behaves_otherwise_is_used_without_its_private_parts(broken):
    script = REHEARSE.replace("BREAK", broken)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) >= 7


HOLD_TO_IT = """
import sys
import pytest
from diagkit.transports.ssh.by_paramiko import hooks
from diagkit.transports.ssh.by_paramiko import lazy_paramiko

hooks.TRUSTED = sys.argv[1] == "trusted"
code = pytest.main(sys.argv[2:])
print("paramiko", lazy_paramiko.load().__version__, "lost", len(hooks.lost))
sys.exit(code)
"""
SLOW = "again or slow or ended"  # parts of the contract that wait, and do not depend on paramiko
WORDLESS = "refuses"  # public parts of paramiko do not tell why a server made no connection
CASES = [("installed", "untrusted"), ("3.5.1", "trusted"), ("4.0.0", "trusted"), ("4.0.0", "untrusted")]


@pytest.fixture(scope="module")
def held_to_it(tmp_path_factory):
    """The contract of transports, held against a real sshd with each paramiko; all at once, as most of it waits."""
    tests = [f"{ROOT}/tests/transports/{name}.py" for name in ("test_contract", "ssh/test_host_key")]
    runs = {}
    for version, trust in CASES:
        left_out = SLOW if trust == "trusted" else f"{SLOW} or {WORDLESS}"
        chosen = f"([ssh] or wrong_key_pass) and not ({left_out})"
        options = ["-q", "-k", chosen, "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        path = f"{OLDER / version}:{ROOT}" if version != "installed" else str(ROOT)
        own = f"--basetemp={tmp_path_factory.mktemp('held')}"
        argv = [sys.executable, "-c", HOLD_TO_IT, trust, *tests, *options, own]
        environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        runs[version, trust] = subprocess.Popen(
            argv, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    return {case: (run.communicate()[0], run.returncode) for case, run in runs.items()}


@pytest.mark.parametrize(("version", "trust"), CASES)
def test_every_major_of_paramiko_keeps_the_contract(held_to_it, version, trust):
    said, code = held_to_it[version, trust]
    assert code == 0, said
    _, asked, _, lost = said.splitlines()[-1].split()
    assert version in (asked, "installed"), "run tests/run.py once: it installs the older ones"
    assert (int(lost) > 0) == (trust == "untrusted")
