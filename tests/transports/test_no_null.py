"""Machines in trouble that have lost /dev/null."""

import os
import shutil
import time
from contextlib import closing

import pytest

from diagkit.model import Glob, Read, Run
from diagkit.transports.local import Local
from tests.transports.conftest import MOMENT, PATIENCE

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="a mount of its own needs root"
)
DEV = """
cd /tmp && mkdir -p $1 && mount -t tmpfs none $1 && cp -a /dev/zero /dev/full /dev/tty $1/ && mkdir $1/pts $1/shm
mount --bind $1 /dev
case $2 in plain) : >/dev/null; chmod 0 /dev/null ;; esac
shift 2
exec "$@" -s
"""


@pytest.mark.parametrize(("null", "shell"), [("plain", "dash"), ("plain", "bash"), ("missing", "bash")])
def test_everything_is_answered_and_soon(null, shell, tmp_path):
    argv = ("unshare", "--mount", "sh", "-c", DEV, "sh", str(tmp_path / "dev"), null, shell)
    asks = [Run(("uname", "-s")), Read("/proc/meminfo"), Glob("/proc/sys/kernel/pid_max"), Run(("df", "-P"))]
    began = time.monotonic()
    with closing(Local(deadline=began + PATIENCE, shell=argv)) as machine:
        replies = machine.ask(asks, MOMENT)
        assert machine.unreached is None
    assert replies[asks[0]].text == "Linux\n"
    assert b"MemTotal" in replies[asks[1]].out
    assert [reply.silence for reply in replies.values()] == [None] * 4
    assert time.monotonic() - began < PATIENCE / 2


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")])
def test_shells_that_can_do_nothing_without_any_say_so_at_once(shell, tmp_path):
    argv = ("unshare", "--mount", "sh", "-c", DEV, "sh", str(tmp_path / "dev"), "missing", *shell)
    began = time.monotonic()
    with closing(Local(deadline=began + PATIENCE, shell=argv)) as machine:
        machine.ask([Run(("uname", "-s"))], MOMENT)
        assert "/dev/null is missing" in machine.unreached.detail
    assert time.monotonic() - began < PATIENCE / 2
