"""Questions that want root, asked by users whom a real sudo lets do so, or does not."""

import os
import shutil
import time
from pathlib import Path

import pytest

from diagkit.model import Read, Run, Silence
from diagkit.transports.local import ShellPipe
from diagkit.transports.shell import converse
from tests.transports.conftest import MOMENT, PATIENCE
from tests.transports.test_shell import Argv, say

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="other accounts need root")

UPTIME = Read("/proc/uptime")
USER = 4242
# a machine that has one more account, and sudo with these settings; what sudo writes down is lost with it
AS_USER = """
mount -t tmpfs none /run; mount -t tmpfs none /var/lib/sudo
for file in passwd group shadow sudoers; do mount --bind "$1/$file" /etc/$file; done
user=$2; shift 2
exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
"""
REFUSALS = {
    "a password": "diagkit ALL=(ALL) ALL",
    "not in sudoers": "root ALL=(ALL) ALL",
    "a terminal": "Defaults requiretty\ndiagkit ALL=(ALL) NOPASSWD: ALL",
    "other commands": "diagkit ALL=(ALL) NOPASSWD: /bin/true",
    "another user": "diagkit ALL=(nobody) NOPASSWD: ALL",
    "broken settings": "diagkit ALL=(ALL) NOPASSWD ALL ALL",
}
LEAVES = {
    "anything": "diagkit ALL=(ALL) NOPASSWD: ALL",
    "by a terminal of its own": "Defaults use_pty, lecture=always\ndiagkit ALL=(ALL) NOPASSWD: ALL",
    "sh alone": "Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\ndiagkit ALL=(root) NOPASSWD: /bin/sh -s, /usr/bin/sh -s",
}


@pytest.fixture
def user(tmp_path):
    """The command line of a shell of a user whom sudo treats by these settings."""

    def shell_of(sudoers: str, *shell: str) -> Argv:
        for name, line in {
            "passwd": f"diagkit:x:{USER}:{USER}::/nonexistent:/bin/sh",
            "group": f"diagkit:x:{USER}:",
            "shadow": "diagkit:!:19000:0:99999:7:::",
        }.items():
            (tmp_path / name).write_text(f"{Path('/etc', name).read_text().rstrip()}\n{line}\n")
        (tmp_path / "sudoers").write_text(f"{sudoers}\n")
        (tmp_path / "sudoers").chmod(0o440)
        return ("unshare", "--mount", "sh", "-c", AS_USER, "sh", str(tmp_path), str(USER), *shell)

    return shell_of


@pytest.fixture
def secret(tmp_path):
    """A file that only root may read."""
    path = tmp_path / "secret"
    path.write_text("of root\n")
    path.chmod(0o600)
    return Read(str(path), root=True)


@pytest.mark.parametrize("sudoers", LEAVES.values(), ids=LEAVES)
def test_root_is_asked_where_sudo_wants_no_password_and_soon(user, secret, shell, sudoers):
    who = Run(("id", "-u"), root=True, timeout=PATIENCE)
    began = time.monotonic()
    kept, root, plain, ours = say(user(sudoers, *shell), secret, who, UPTIME, Run(("id", "-u")))
    assert (kept.out, kept.silence) == (b"of root\n", None)
    assert (root.text, ours.text) == ("0\n", f"{USER}\n")
    assert plain.silence is None
    assert time.monotonic() - began < PATIENCE / 2, "root's shell waits for more"


@pytest.mark.parametrize("sudoers", REFUSALS.values(), ids=REFUSALS)
def test_where_sudo_refuses_only_what_is_root_s_is_denied(user, secret, sudoers):
    kept, plain, ours = say(user(sudoers, "dash", "-s"), secret, UPTIME, Run(("id", "-u"), root=True))
    assert (kept.out, kept.silence) == (b"", Silence.DENIED)
    assert plain.silence is None
    assert ours.text == f"{USER}\n"


@pytest.mark.parametrize("sudoers", LEAVES.values(), ids=LEAVES)
def test_nothing_of_root_s_is_left_when_we_are_gone(user, shell, sudoers):
    slow = Run(("sleep", f"{600 + os.getpid()}.{time.monotonic_ns()}"), timeout=60, root=True)
    words = "\0".join([*slow.argv, ""]).encode()

    def running():
        return [path for path in Path("/proc").glob("[0-9]*/cmdline") if _said(path) == words]

    pipe = ShellPipe(user(sudoers, *shell))
    try:
        converse(pipe, [slow], MOMENT, time.monotonic() + 1.5, declared=[slow.argv])
        assert running(), "or this has shown nothing"
    finally:
        pipe.close()
    end = time.monotonic() + PATIENCE
    while running() and time.monotonic() < end:
        time.sleep(0.05)
    assert not running()


def _said(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
