"""Login shells of every kind at the other end of a real connection, and what is left there when we are gone.

sshd gives a forced command to the account's own shell; so `tcsh -c "$SSH_ORIGINAL_COMMAND"` is what an account with
tcsh for a login shell would do.
"""

import os
import shutil
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.model import Layer, Moment, Read, Run, Silence
from diagkit.transports.ssh.switchboard import Switchboard
from diagkit.transports.ssh.transport import Ssh
from tests.transports.dropbear import Dropbear
from tests.transports.sshd import Sshd, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW, until=NOW)
UNAME = Run(("uname", "-s"))
VERSION = Read("/proc/version")
THEN = '; eval "$SSH_ORIGINAL_COMMAND"'  # what a login script leaves to do


def asked(server, seconds=20.0, transport="paramiko"):
    """What two questions are answered, and why there is no answer."""
    board = Switchboard(transport=transport)
    deadline = time.monotonic() + seconds
    with (
        closing(board),
        closing(Ssh(server.target, deadline=deadline, ssh_config=server.client_config(), switchboard=board)) as ssh,
    ):
        replies = ssh.ask([UNAME, VERSION], MOMENT)
        return [replies[UNAME].text, replies[VERSION].text], ssh.unreached


@pytest.mark.parametrize("shell", ["dash", "bash", "rbash", "csh", "tcsh", "fish", "zsh", "ksh", "mksh", "busybox sh"])
def test_login_shells_of_every_kind(tmp_path, shell):
    if not shutil.which(shell.split()[0]):
        pytest.skip(f"there is no {shell} here")
    with running(tmp_path, ForceCommand=f'exec {shell} -c "$SSH_ORIGINAL_COMMAND"') as server:
        answers, why = asked(server)
    assert answers == ["Linux\n", Path("/proc/version").read_text()], why


@pytest.mark.parametrize(
    "script",
    [
        "echo Welcome; printf '\\377\\000 no newline'",
        "yes | head -c 3000000 >&2",  # the window of standard error would fill
        "yes | head -c 3000000",
        "sleep 1",
        "read line",
        "read question; read answer",
        "head -c 1 >/dev/null",
        "cat >/dev/null &",
        "exec 3>&1; stty -a; mesg n; tset",
        'trap "" HUP INT TERM PIPE',
        "set -x; export PS4='+++ ' BASH_ENV=/dev/stdin ENV=/dev/stdin",
        "alias printf=false cat=false; export POSIXLY_CORRECT=1 TZ=Nowhere/Else",
        "sleep 60 &",
    ],
)
def test_login_scripts_may_do_what_they_do(tmp_path, script):
    with running(
        tmp_path, ForceCommand=script + THEN if not script.endswith("&") else f"{script} {THEN[2:]}"
    ) as server:
        answers, why = asked(server)
    assert answers == ["Linux\n", Path("/proc/version").read_text()], why


@pytest.mark.parametrize(
    ("script", "silence", "words"),
    [
        ("echo bye; exit 7", Silence.REFUSED, 'which said "bye" and ended with status 7'),
        ("/usr/sbin/nologin", Silence.REFUSED, '"This account is currently not available." and ended with status 1'),
        ("kill -9 $$", Silence.REFUSED, "no POSIX shell answered"),
        ("exec <&-" + THEN, Silence.REFUSED, "no POSIX shell answered"),
        ("echo /dev/null is missing; exit 1", Silence.REFUSED, 'the machine is broken, which said "/dev/null is'),
        ("yes", Silence.GARBLED, 'writes without end, which said "y y y'),
    ],
)
@pytest.mark.parametrize("transport", ["paramiko", "openssh"])
def test_what_is_no_shell_says_so_soon(tmp_path, transport, script, silence, words):
    with running(tmp_path, ForceCommand=script) as server:
        _, why = asked(server, 15, transport)
    assert (why.layer, why.silence) == (Layer.SHELL, silence)
    assert words in why.detail


# ---------------------------------------------------------------- afterwards


def running_here(words):
    """Whether a process with this command line lives."""
    wanted = "\0".join([*words, ""]).encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == wanted:
                return True
        except OSError:
            continue
    return False


def await_that(condition, what):
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.parametrize(("kind", "transport"), [(Sshd, "paramiko"), (Sshd, "openssh"), (Dropbear, "paramiko")])
def test_a_client_that_vanishes_leaves_nothing_running(tmp_path, kind, transport):
    slow = Run(("sleep", f"{600 + os.getpid()}.{time.monotonic_ns()}"), timeout=60)
    with running(tmp_path, kind=kind) as server, closing(Switchboard(transport=transport)) as board:
        ssh = Ssh(
            server.target,
            deadline=time.monotonic() + 60,
            ssh_config=server.client_config(),
            declared=[slow.argv],
            switchboard=board,
        )
        thread = threading.Thread(target=ssh.ask, args=([slow], MOMENT))
        thread.start()
        await_that(lambda: running_here(slow.argv), "it was never started")
        ssh.close()
        await_that(lambda: not running_here(slow.argv), "it goes on without us")
        thread.join(10)
        assert not thread.is_alive()
