"""Which keys are offered, in which order, and what is said of the others: by a real sshd and a real ssh-agent."""

import base64
import getpass
import shutil
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.model import Layer, Moment, Run, Silence
from diagkit.transports.ssh.login import agent as ssh_agent
from diagkit.transports.ssh.login import authenticate as ssh_auth
from diagkit.transports.ssh.login import key_files
from diagkit.transports.ssh.stages import BUDGET
from diagkit.transports.ssh.transport import Ssh
from tests.transports.ssh.test_agent import agent
from tests.transports.sshd import make_key, public, raw, running

NOW = datetime.now(UTC)
MOMENT = Moment(now=NOW, since=NOW, until=NOW)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture(scope="module")
def box(tmp_path_factory, authority):
    with running(tmp_path_factory.mktemp("sshd"), TrustedUserCAKeys=f"{authority}.pub") as server:
        yield server


def certified(authority, key, user, validity="-1h:+1h"):
    subprocess.run(
        ["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", user, "-V", validity, f"{key}.pub"], check=True
    )
    return Path(f"{key}-cert.pub")


def why_not(server, **options):
    """None when we got in, else why not."""
    ssh = Ssh(server.target, deadline=time.monotonic() + 60, ssh_config=server.client_config(**options))
    with closing(ssh):
        ssh.ask([Run(("uname", "-s"))], MOMENT)
        return ssh.unreached


KINDS = ("ed25519", "ecdsa", "rsa")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A key of each kind; an RSA key takes seconds to make."""
    folder = tmp_path_factory.mktemp("keys")
    return {kind: make_key(folder / kind, kind) for kind in KINDS}


@pytest.fixture
def copied(made, tmp_path):
    """A copy of a key that the test may change."""

    def copy(kind):
        shutil.copy(f"{made[kind]}.pub", tmp_path / "key.pub")
        return shutil.copy(made[kind], tmp_path / "key")

    return copy


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_any_kind_logs_in(box, copied, kind):
    key = copied(kind)
    with box.authorized.open("a") as file:
        file.write(public(key) + "\n")
    assert why_not(box, IdentityFile=str(key)) is None


@pytest.mark.parametrize("form", ["PEM", "PKCS8"])
def test_a_key_in_an_older_form_logs_in(box, copied, form):
    key = copied("rsa")
    with box.authorized.open("a") as file:
        file.write(public(key) + "\n")
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "", "-m", form, "-f", key], check=True, stdout=subprocess.DEVNULL)
    Path(f"{key}.pub").unlink()
    assert why_not(box, IdentityFile=str(key)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_beside_its_key_logs_in(box, authority, copied, kind):
    key = copied(kind)
    certified(authority, key, box.user)
    assert why_not(box, IdentityFile=str(key)) is None


def test_a_certificate_named_in_the_configuration_logs_in(box, authority, tmp_path):
    key = make_key(tmp_path / "key")
    named = certified(authority, key, box.user).rename(tmp_path / "elsewhere")
    assert why_not(box, IdentityFile=str(key), CertificateFile=str(named)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_of_the_agent_logs_in(box, authority, tmp_path, copied, kind):
    key = copied(kind)
    certified(authority, key, box.user)
    with agent(tmp_path / "agent", key) as path:
        assert why_not(box, IdentityAgent=path, IdentityFile="none", IdentitiesOnly="no") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_file_goes_with_a_key_of_the_agent(box, authority, tmp_path, copied, kind):
    """The agent holds the plain key, as tokens and desktop agents do; the file beside has no private half."""
    key = copied(kind)
    with agent(tmp_path / "agent", key) as path:
        certified(authority, key, box.user)
        key.unlink()
        assert why_not(box, IdentityAgent=path, IdentityFile=str(key)) is None


def test_a_certificate_that_has_expired_is_passed_over_with_a_word(box, authority, tmp_path):
    key = make_key(tmp_path / "key")
    certified(authority, key, box.user, "-2h:-1h")
    why = why_not(box, IdentityFile=str(key))
    assert "it has expired" in why.detail
    assert why.detail.count("ED25519 SHA256") == 1  # the plain key is still offered


def test_a_public_key_file_names_a_key_of_the_agent(box, tmp_path):
    with agent(tmp_path / "agent", make_key(tmp_path / "other"), box.identity) as path:
        assert why_not(box, IdentityAgent=path, IdentityFile=f"{box.identity}.pub") is None


def test_the_public_half_of_a_locked_key_is_known_without_its_file(tmp_path):
    key = make_key(tmp_path / "key", passphrase="secret")
    line = public(key)
    Path(f"{key}.pub").unlink()
    found = key_files.key_file(str(key))
    assert (found.public, found.private, found.locked) == (raw(line), True, True)


def test_no_more_than_three_keys_are_offered_and_each_once(box, tmp_path):
    keys = [make_key(tmp_path / f"key{number}") for number in range(5)]
    before = box.log().count("Failed publickey")
    with agent(tmp_path / "agent", *keys) as path:
        why = why_not(box, IdentityAgent=path, IdentityFile=str(keys[4]), IdentitiesOnly="no")
    assert why.layer is Layer.AUTHENTICATION
    assert "more keys" in why.detail
    assert why.detail.index(public_print(keys[4])) < why.detail.index(public_print(keys[0]))
    assert box.log().count("Failed publickey") - before == 3


def public_print(key):
    done = subprocess.run(["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True)
    return done.stdout.split()[1]


def test_the_agent_is_asked_for_its_keys_once_per_run(box, tmp_path, monkeypatch):
    asked = []
    answer = ssh_agent._answer
    monkeypatch.setattr(
        ssh_agent, "_answer", lambda path, ask, wanted: (asked.append(ask[0]), answer(path, ask, wanted))[1]
    )
    with agent(tmp_path / "agent", box.identity) as path:
        for _ in range(3):
            assert why_not(box, IdentityAgent=path, IdentityFile="none", IdentitiesOnly="no") is None
    assert asked == [ssh_agent._REQUEST_IDENTITIES] + [ssh_agent._SIGN_REQUEST] * 3


FIDO = raw(
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHlVJ8PXtJ4hs4IYtVy0s2HnTqrr1aKdyIhXlFXn1bSKAAAABHNzaDo="
)


def test_a_fido_key_among_others_is_passed_over_with_a_word(box, tmp_path, monkeypatch):
    real = ssh_agent.agent_at
    monkeypatch.setattr(ssh_auth, "agent_at", lambda path: ssh_agent.Agent(path, (FIDO, *real(path).held)))
    with agent(tmp_path / "agent", make_key(tmp_path / "other")) as path:
        why = why_not(box, IdentityAgent=path, IdentityFile="none", IdentitiesOnly="no")
    assert "a FIDO key of the agent (sk-ssh-ed25519): only ssh itself can use it" in why.detail
    assert why.detail.count("SHA256:") == 1


def test_a_fido_key_file_is_named_even_behind_more_keys_than_are_offered(box, tmp_path):
    config = Path(box.client_config(IdentityFile=str(make_key(tmp_path / "k0"))))
    (tmp_path / "sk").write_text("a handle")
    (tmp_path / "sk.pub").write_text(f"sk-ssh-ed25519@openssh.com {base64.b64encode(FIDO).decode()} me\n")
    more = (*(make_key(tmp_path / f"k{number}") for number in (1, 2, 3)), tmp_path / "sk")
    config.write_text(config.read_text() + "".join(f"  IdentityFile {path}\n" for path in more))
    ssh = Ssh(box.target, deadline=time.monotonic() + 60, ssh_config=str(config))
    with closing(ssh):
        ssh.ask([Run(("uname", "-s"))], MOMENT)
        assert "only ssh itself can use it, with --transport openssh" in ssh.unreached.detail
        assert "k0" in ssh.unreached.detail


def test_the_time_for_a_log_in_is_that_of_all_offers_together(tmp_path, monkeypatch):
    monkeypatch.setitem(BUDGET, Layer.AUTHENTICATION, 1.0)
    slow = {"AuthorizedKeysCommand": "/usr/bin/sleep 0.4", "AuthorizedKeysCommandUser": getpass.getuser()}
    with running(tmp_path / "sshd", **slow) as server:
        config = Path(server.client_config(IdentityFile=str(make_key(tmp_path / "k0"))))
        more = (make_key(tmp_path / f"k{number}") for number in (1, 2))
        config.write_text(config.read_text() + "".join(f"  IdentityFile {path}\n" for path in more))
        with closing(Ssh(server.target, deadline=time.monotonic() + 60, ssh_config=str(config))) as ssh:
            ssh.ask([Run(("uname", "-s"))], MOMENT)
            assert (ssh.unreached.layer, ssh.unreached.silence) == (Layer.AUTHENTICATION, Silence.TIMEOUT)
            assert "within 1 s: offered" in ssh.unreached.detail


def test_keys_that_the_user_does_not_accept_are_not_offered(box, copied):
    why = why_not(box, PubkeyAcceptedAlgorithms="ecdsa-sha2-nistp256")
    assert "PubkeyAcceptedAlgorithms leaves it out" in why.detail
    assert "no key to offer" in why.detail
    key = copied("rsa")
    with box.authorized.open("a") as file:
        file.write(public(key) + "\n")
    assert why_not(box, IdentityFile=str(key), PubkeyAcceptedAlgorithms="rsa-sha2-256,rsa-sha2-512") is None


def test_a_key_that_others_may_read_is_not_used(box, tmp_path):
    copy = tmp_path / "open"
    copy.write_bytes(box.identity.read_bytes())
    copy.chmod(0o640)
    assert subprocess.run(
        ["ssh", "-F", box.client_config(IdentityFile=str(copy)), "box", "true"], check=False
    ).returncode
    assert f"no key to offer; passed over: {copy}: others may read it" in why_not(box, IdentityFile=str(copy)).detail


def test_a_locked_key_is_named_where_nobody_can_be_asked(box, tmp_path):
    key = make_key(tmp_path / "key", passphrase="secret")
    why = why_not(box, IdentityFile=str(key))
    assert f"{key} has a passphrase" in why.detail
    assert "ssh-add" in why.detail


@pytest.mark.parametrize(
    "content", ["", "rubbish", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_named(box, tmp_path, content):
    (tmp_path / "key").write_text(content)
    (tmp_path / "key").chmod(0o600)
    assert f"{tmp_path}/key cannot be used" in why_not(box, IdentityFile=f"{tmp_path}/key").detail
