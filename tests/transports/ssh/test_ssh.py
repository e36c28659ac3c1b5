"""SSH against a real sshd: what it costs, what it says, and how it fails."""

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagkit.model import Again, Layer, Moment, Read, Run, Silence
from diagkit.transports.ssh.stages import BUDGET, Stopped
from diagkit.transports.ssh.transport import Ssh
from tests.transports.sshd import make_key, public, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW - timedelta(minutes=20), until=NOW)
UNAME = Run(("uname", "-s"))
VERSION = Read("/proc/version")


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@contextmanager
def ssh_to(server, seconds=60.0, **options):
    ssh = Ssh(server.target, deadline=time.monotonic() + seconds, ssh_config=server.client_config(**options))
    try:
        yield ssh
    finally:
        ssh.close()


def stopped(server, seconds=20.0, **options):
    """How far we came; every ask must carry the same silence."""
    with ssh_to(server, seconds, **options) as ssh:
        replies = ssh.ask([UNAME, VERSION], MOMENT)
        assert ssh.unreached
        assert {reply.silence for reply in replies.values()} == {ssh.unreached.silence}
        assert not any(reply.out for reply in replies.values())
        if ssh.unreached.layer is not Layer.SHELL:
            with pytest.raises(Stopped):
                ssh.dial("127.0.0.1", server.port, 1)
        return ssh.unreached


# ---------------------------------------------------------------- what it is for


def test_two_rounds_of_questions_take_one_connection_and_one_session(tmp_path):
    with running(tmp_path, MaxSessions="1") as server:
        with ssh_to(server) as ssh:
            first = ssh.ask([UNAME], MOMENT)
            second = ssh.ask([VERSION], MOMENT)
            assert ssh.unreached is None
        assert first[UNAME].text == "Linux\n"
        assert second[VERSION].text == Path("/proc/version").read_text()
        log = server.log()
        assert log.count("Accepted publickey") == 1
        assert log.count("Starting session") == 1
        assert server.connections() == 1


def test_a_login_shell_that_talks_first_is_listened_past(tmp_path):
    noise = (
        'echo Welcome to box; echo >&2 quota exceeded; printf "\\\\000\\\\377 no newline"; eval "$SSH_ORIGINAL_COMMAND"'
    )
    with running(tmp_path, ForceCommand=noise) as server, ssh_to(server) as ssh:
        assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n"


def test_dials_start_at_the_server_and_fail_as_sockets_do(box):
    with ssh_to(box) as ssh:
        with_banner = ssh.dial("127.0.0.1", box.port, 5)
        with_banner.settimeout(5)
        assert with_banner.recv(8).startswith(b"SSH-2.0-")
        with_banner.close()
        with pytest.raises(ConnectionRefusedError):
            ssh.dial("127.0.0.1", 1, 5)
        with pytest.raises(OSError, match=r"(?i)name|resolution"):
            ssh.dial("no-such-host.invalid", 80, 15)


def test_dials_side_by_side_do_not_mix_up_their_failures(box):
    outcomes = {}

    def dial(number):
        try:
            ssh.dial("127.0.0.1", box.port if number % 2 else 1, 10).close()
            outcomes[number] = "open"
        except ConnectionRefusedError:
            outcomes[number] = "refused"

    with ssh_to(box) as ssh:
        ssh.ask([UNAME], MOMENT)
        threads = [threading.Thread(target=dial, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == {number: "open" if number % 2 else "refused" for number in range(16)}


def test_dialling_over_a_connection_that_is_gone_is_no_news_of_the_way_beyond(box):
    with ssh_to(box) as ssh:
        ssh.ask([UNAME], MOMENT)
        ssh.close()
        with pytest.raises(Stopped, match="connection was lost"):
            ssh.dial("127.0.0.1", box.port, 5)


def test_a_server_that_forwards_nothing_is_told_from_a_network_that_does_not(tmp_path):
    with running(tmp_path, AllowTcpForwarding="no") as server, ssh_to(server) as ssh:
        with pytest.raises(PermissionError, match="does not forward"):
            ssh.dial("127.0.0.1", server.port, 5)
        assert ssh.ask([UNAME], MOMENT)[UNAME].out == b"Linux\n"


# ---------------------------------------------------------------- logging in


def test_a_key_the_server_does_not_know_is_named_in_the_refusal(box, tmp_path):
    why = stopped(box, IdentityFile=str(make_key(tmp_path / "stranger")))
    assert (why.layer, why.silence) == (Layer.AUTHENTICATION, Silence.DENIED)
    assert "Permission denied (publickey)" in why.detail
    assert str(tmp_path / "stranger") in why.detail
    assert "ED25519 SHA256:" in why.detail


def test_keys_of_every_kind_log_in(box, tmp_path):
    for kind in ("rsa", "ecdsa"):
        key = make_key(tmp_path / kind, kind)
        box.authorized.write_text(box.authorized.read_text() + public(key) + "\n")
        with ssh_to(box, IdentityFile=str(key)) as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].out == b"Linux\n"


def test_a_key_with_a_passphrase_is_passed_over_and_the_agent_suggested(box, tmp_path):
    why = stopped(box, IdentityFile=str(make_key(tmp_path / "locked", passphrase="secret")))
    assert why.layer is Layer.AUTHENTICATION
    assert "no key to offer" in why.detail
    assert "ssh-add" in why.detail
    assert "secret" not in why.detail


@pytest.mark.parametrize(
    "content", ["", "garbage", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_passed_over_with_its_name(box, tmp_path, content):
    (tmp_path / "broken").write_text(content)
    (tmp_path / "broken").chmod(0o600)
    why = stopped(box, IdentityFile=str(tmp_path / "broken"))
    assert (why.layer, why.silence) == (Layer.AUTHENTICATION, Silence.DENIED)
    assert f"{tmp_path}/broken cannot be used" in why.detail


def test_no_more_than_three_keys_are_offered(tmp_path):
    with running(tmp_path / "sshd", MaxAuthTries="6") as server:
        keys = [make_key(tmp_path / f"key{n}") for n in range(5)]
        files = "\n  IdentityFile ".join(map(str, keys))
        why = stopped(server, IdentityFile=files)
        assert "3 are enough" in why.detail
        assert server.log().count("Failed publickey") == 3


def test_a_server_that_takes_only_passwords_is_said_to(tmp_path):
    with running(tmp_path, PubkeyAuthentication="no", PasswordAuthentication="yes") as server:
        why = stopped(server)
    assert why.layer is Layer.AUTHENTICATION
    assert "password" in why.detail
    assert "not supported" in why.detail


def test_a_server_that_wants_a_second_factor_is_said_to(tmp_path):
    with running(tmp_path, AuthenticationMethods="publickey,password", PasswordAuthentication="yes") as server:
        why = stopped(server)
    assert why.layer is Layer.AUTHENTICATION
    assert "wants password too" in why.detail


def test_a_server_that_wants_two_keys_gets_them(tmp_path):
    with running(tmp_path, AuthenticationMethods="publickey,publickey") as server:
        other = make_key(tmp_path / "other")
        with server.authorized.open("a") as authorized:
            authorized.write(f"{public(other)}\n")
        why = stopped(server)
        assert (why.layer, why.silence) == (Layer.AUTHENTICATION, Silence.DENIED)
        assert "a key was accepted, but the server wants another one too: offered ED25519" in why.detail
        with ssh_to(server, IdentityFile=f"{server.identity}\n  IdentityFile {other}") as ssh:
            assert ssh.ask([UNAME], MOMENT)[UNAME].text == "Linux\n", ssh.unreached


def test_a_server_that_hangs_up_on_the_first_failure_is_quoted(tmp_path):
    with running(tmp_path / "sshd", MaxAuthTries="1") as server:
        why = stopped(server, IdentityFile=str(make_key(tmp_path / "stranger")))
    assert (why.layer, why.silence) == (Layer.AUTHENTICATION, Silence.DENIED)
    assert "Too many authentication failures" in why.detail


# ---------------------------------------------------------------- no shell


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/bin/false", "said nothing and ended with status 1"),
        ("echo This account is currently not available.; exit 1", "This account is currently not available."),
        ("echo >&2 use sftp; exit 3", '"use sftp" and ended with status 3'),
        ("internal-sftp", "no POSIX shell"),
        ("cat", "no POSIX shell"),
    ],
)
def test_what_came_instead_of_a_shell_is_shown(tmp_path, command, words):
    with running(tmp_path, ForceCommand=command) as server:
        why = stopped(server, seconds=3)
    assert why.layer is Layer.SHELL
    assert words in why.detail


def test_a_shell_that_never_speaks_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setitem(BUDGET, Layer.SHELL, 0.5)
    with running(tmp_path, ForceCommand="sleep 60") as server:
        why = stopped(server)
    assert (why.layer, why.silence) == (Layer.SHELL, Silence.TIMEOUT)


def test_a_server_that_opens_no_session_is_quoted(tmp_path):
    with running(tmp_path, MaxSessions="0") as server:
        why = stopped(server)
    assert (why.layer, why.silence) == (Layer.SHELL, Silence.REFUSED)
    assert "MaxSessions" in why.detail


# ---------------------------------------------------------------- leaving nothing behind


def test_no_thread_and_no_descriptor_is_left_however_it_ended(box, tmp_path):
    def rounds():
        with ssh_to(box) as ssh:
            ssh.ask([UNAME], MOMENT)
        stopped(box, UserKnownHostsFile="/dev/null")
        stopped(box, IdentityFile=str(tmp_path / "absent"))
        stopped(box, Port="1")

    rounds()
    threads, descriptors = set(threading.enumerate()), len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        rounds()
    assert set(threading.enumerate()) <= threads
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_closing_from_another_thread_ends_a_question_under_way(box):
    with ssh_to(box) as ssh:
        ssh.ask([UNAME], MOMENT)
        later = Again(UNAME, gap=15)
        timer = threading.Timer(0.3, ssh.close)
        timer.start()
        replies = ssh.ask([later, VERSION], MOMENT)
        timer.join()
    assert replies[later].silence in {Silence.TIMEOUT, Silence.NOT_RUN}  # we ended it: the connection was not lost
    assert ssh.unreached is None
