"""Host keys on a real sshd: refused with words that help, written down at first contact."""

import os
import pwd
import stat
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from diagkit.model import Layer, Silence
from diagkit.transports.ssh.by_paramiko.client import signature_holds
from diagkit.transports.ssh.config.route import Hop, resolve
from diagkit.transports.ssh.host_keys import certificate as host_certificate
from diagkit.transports.ssh.host_keys import host_key
from diagkit.transports.ssh.host_keys.algorithms import PLAIN
from diagkit.transports.ssh.host_keys.first_contact import remember
from diagkit.transports.ssh.host_keys.known_hosts import KnownHosts
from diagkit.transports.ssh.host_keys.public_key import fingerprint
from diagkit.transports.ssh.host_keys.remedies import forget, learn
from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.ssh.switchboard import Switchboard
from diagkit.transports.ssh.transport import Ssh
from tests.transports.sshd import make_key, public, raw, running

ROOT = Path(__file__).parents[3]


def sign(authority, key, *principals, valid="+1d", options=(), role=("-h",)):
    """A host certificate beside `key`, for these names."""
    names = ["-n", ",".join(principals)] if principals else []
    argv = ["ssh-keygen", "-q", "-s", str(authority), *role, "-I", "test", *names, "-V", valid, *options, f"{key}.pub"]
    subprocess.run(argv, check=True, capture_output=True)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """A server that has a host certificate beside its plain key."""
    folder = tmp_path_factory.mktemp("box")
    authority, host_key = make_key(folder / "authority"), make_key(folder / "host_key")
    sign(authority, host_key, "127.0.0.1")
    with running(folder / "sshd", host_key, HostCertificate=f"{host_key}-cert.pub") as server:
        yield server


@pytest.fixture(scope="module")
def keys(box, tmp_path_factory):
    """What the lines of the cases are filled with."""
    folder = tmp_path_factory.mktemp("keys")
    return {"key": public(box.host_key), "other": public(make_key(folder / "other"))}


@contextmanager
def connected(server, config, by="paramiko"):
    with closing(Switchboard(transport=by)) as board:
        ssh = Ssh(server.target, deadline=time.monotonic() + 60, ssh_config=config, switchboard=board)
        with closing(ssh):
            yield ssh


def refusal(server, config, by="paramiko"):
    """Why we refuse the server's key; None when we accept it."""
    with connected(server, config, by) as ssh:
        try:
            ssh.dial("127.0.0.1", server.port, 5).close()
        except Stopped:
            assert (ssh.unreached.layer, ssh.unreached.silence) == (Layer.HOST_KEY, Silence.DENIED)
            return ssh.unreached.detail
    return None


def test_an_unknown_key_is_shown_with_what_to_do(box):
    said = refusal(box, box.client_config(UserKnownHostsFile="/dev/null"))
    assert f"ED25519 {fingerprint(raw(public(box.host_key)))}" in said
    assert "name a file as its UserKnownHostsFile" in said


@pytest.mark.parametrize("by", ["paramiko", "openssh"])
@pytest.mark.parametrize("alias", ["", "shop/web&1", "[shop]:2"])
def test_doing_what_is_said_makes_an_unknown_key_known(box, tmp_path, alias, by):
    known = tmp_path / "known hosts"
    known.touch()
    config = box.client_config(UserKnownHostsFile=f'"{known}"', **({"HostKeyAlias": alias} if alias else {}))
    said = refusal(box, config, by)
    command = said.rpartition("whoever runs the machine, then ")[2]
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    assert refusal(box, config, by) is None
    assert alias in known.read_text()


@pytest.mark.parametrize("by", ["paramiko", "openssh"])
def test_doing_what_is_said_forgets_a_changed_key_wherever_it_is(box, keys, tmp_path, by):
    known = tmp_path / "known hosts"
    known.write_text(f"[127.0.0.1]:{box.port} {keys['other']}\nother.host {keys['other']}\n")
    config = box.client_config(UserKnownHostsFile=f'"{known}"', StrictHostKeyChecking="accept-new")
    said = refusal(box, config, by)
    subprocess.run(["sh", "-c", said.rpartition("ask who runs it, then ")[2]], check=True, capture_output=True)
    assert refusal(box, config, by) is None
    assert "other.host" in known.read_text()


def test_behind_another_host_ssh_itself_is_named(box):
    route = resolve(Hop(host="box"), box.client_config(ProxyJump="gate", UserKnownHostsFile="~/.ssh/more"))
    assert learn(route) == f"ssh -o StrictHostKeyChecking=ask -p {box.port} box"


def test_files_below_home_are_named_as_people_do(box, monkeypatch):
    monkeypatch.setenv("HOME", pwd.getpwuid(os.getuid()).pw_dir)  # which is what `ssh` takes `~` for
    route = resolve(Hop(host="box"), box.client_config(UserKnownHostsFile="~/.ssh/more"))
    assert learn(route) == f"ssh-keyscan -p {box.port} 127.0.0.1 >> ~/.ssh/more"
    assert forget("web-1", [f"{Path.home()}/.ssh/known_hosts:3"]) == "ssh-keygen -R 'web-1'"


def test_a_changed_key_is_shown_beside_the_known_one_and_its_line(box, keys, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"# mine\n[127.0.0.1]:{box.port} {keys['other']}\n")
    said = refusal(box, box.client_config(UserKnownHostsFile=str(known)))
    assert fingerprint(raw(keys["key"])) in said
    assert fingerprint(raw(keys["other"])) in said
    assert f"{known}:2" in said


@pytest.mark.parametrize("word", ["accept-new", "no", "off", "ask", "yes"])
@pytest.mark.parametrize("marker", ["", "@revoked "])
def test_no_word_of_the_configuration_lets_a_wrong_key_pass(box, keys, tmp_path, word, marker):
    known = tmp_path / "known_hosts"
    known.write_text(f"{marker}[127.0.0.1]:{box.port} {keys['key'] if marker else keys['other']}\n")
    before = known.read_bytes()
    assert refusal(box, box.client_config(UserKnownHostsFile=str(known), StrictHostKeyChecking=word))
    assert known.read_bytes() == before


def test_a_key_met_for_the_first_time_is_written_down_before_anybody_logs_in(box, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text("web1 ssh-ed25519 AAAA")  # without an end of line
    nobody = make_key(tmp_path / "nobody")
    options = {"UserKnownHostsFile": str(known), "StrictHostKeyChecking": "accept-new", "IdentityFile": str(nobody)}
    with connected(box, box.client_config(**options)) as ssh, pytest.raises(Stopped):
        ssh.dial("127.0.0.1", box.port, 5)
    assert ssh.unreached.layer is Layer.AUTHENTICATION
    assert known.read_text() == f"web1 ssh-ed25519 AAAA\n[127.0.0.1]:{box.port} {public(box.host_key)}\n"
    assert refusal(box, box.client_config(UserKnownHostsFile=str(known))) is None


def test_a_first_contact_is_told_and_the_new_file_is_its_owners_alone(box, tmp_path):
    known = tmp_path / "known_hosts"
    config = box.client_config(UserKnownHostsFile=f"{known} {tmp_path}/second", StrictHostKeyChecking="accept-new")
    with connected(box, config) as ssh:
        ssh.dial("127.0.0.1", box.port, 5).close()
        assert f"written to {known}" in ssh.notes[0]
        assert fingerprint(raw(public(box.host_key))) in ssh.notes[0]
    assert stat.S_IMODE(known.stat().st_mode) == 0o600
    assert not (tmp_path / "second").exists()
    with connected(box, config) as ssh:
        ssh.dial("127.0.0.1", box.port, 5).close()
        assert ssh.notes == ()
    assert len(known.read_text().splitlines()) == 1


def test_a_name_is_hashed_where_ssh_would_hash_it(box, tmp_path):
    known = tmp_path / "known_hosts"
    options = {"UserKnownHostsFile": str(known), "StrictHostKeyChecking": "accept-new", "HashKnownHosts": "yes"}
    assert refusal(box, box.client_config(**options)) is None
    assert "127.0.0.1" not in known.read_text()
    argv = ["ssh-keygen", "-F", f"[127.0.0.1]:{box.port}", "-f", str(known)]
    assert subprocess.run(argv, check=False, capture_output=True).returncode == 0
    assert refusal(box, box.client_config(UserKnownHostsFile=str(known))) is None


def test_a_key_that_cannot_be_written_is_accepted_for_this_run_and_that_is_said(box, tmp_path):
    missing = tmp_path / "nowhere" / "known_hosts"
    config = box.client_config(UserKnownHostsFile=str(missing), StrictHostKeyChecking="accept-new")
    with connected(box, config) as ssh:
        ssh.dial("127.0.0.1", box.port, 5).close()
        assert "could not be written" in ssh.notes[0]
        assert "No such file or directory" in ssh.notes[0]


WRITER = """
import sys
from diagkit.transports.ssh.host_keys.first_contact import remember
path, who, key = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
for n in range(100):
    remember(path, f"web{who}-{n}", key, hashed=n % 2 == 0, still_new=lambda: True)
"""


def test_two_that_write_at_once_lose_nothing(keys, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"web1 {keys['other']}")
    key = raw(keys["key"])
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(known), str(who), key.hex()], cwd=ROOT) for who in (1, 2)
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = KnownHosts.load([str(known)])
    assert len(known.read_text().splitlines()) == 201
    names = [f"web{who}-{n}" for who in (1, 2) for n in range(100)]
    assert all([entry.key for entry in found.entries(name)] == [key] for name in names)


def test_what_is_written_is_known_at_once_without_reading_the_file_again(keys, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"web1 {keys['other']}\n")
    before = KnownHosts.load([str(known)])
    assert before.entries("web2") == []
    remember(str(known), "web2", raw(keys["key"]), hashed=True, still_new=lambda: True)
    assert [entry.key for entry in before.entries("web2")] == [raw(keys["key"])]
    assert KnownHosts.load([str(known)]).indexes == before.indexes


def test_a_host_that_somebody_else_has_met_meanwhile_is_not_new(box, keys, tmp_path):
    known = tmp_path / "known_hosts"
    known.touch()
    route = resolve(Hop(host="box"), box.client_config(UserKnownHostsFile=str(known), StrictHostKeyChecking="no"))
    before = KnownHosts.load(route.known_hosts)
    known.write_text(f"[127.0.0.1]:{box.port} {keys['other']}\n")
    with pytest.raises(Stopped, match="has changed"):
        host_key.check(route, before, raw(keys["key"]), time.time(), signature_holds)
    known.write_text(f"[127.0.0.1]:{box.port} {keys['key']}\n")
    host_key.check(route, before, raw(keys["key"]), time.time(), signature_holds)
    assert known.read_text() == f"[127.0.0.1]:{box.port} {keys['key']}\n"


def test_a_key_in_the_revocation_file_is_refused_and_so_is_every_key_when_it_cannot_be_read(box, tmp_path):
    revoked = tmp_path / "revoked"
    revoked.write_text(public(box.host_key) + "\n")
    assert "is revoked" in refusal(box, box.client_config(RevokedHostKeys=str(revoked)))
    assert "cannot be read" in refusal(box, box.client_config(RevokedHostKeys=str(tmp_path / "absent")))


@pytest.mark.parametrize(
    ("principals", "how", "words"),
    [
        (["web1"], {}, "it is for web1"),
        ([], {}, "no host in particular"),
        (["127.0.0.1"], {"valid": "20200101:20210101"}, "has expired"),
        (["127.0.0.1"], {"valid": "+1d:+2d"}, "not valid yet"),
        (["127.0.0.1"], {"options": ["-O", "critical:new@example.org=1"]}, "critical options"),
        (["127.0.0.1"], {"role": []}, "a user certificate"),
    ],
)
def test_a_certificate_that_does_not_vouch_for_the_host_says_why(tmp_path, principals, how, words):
    authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "key")
    sign(authority, key, *principals, **how)
    certificate = host_certificate.parse(raw((tmp_path / "key-cert.pub").read_text()))
    assert words in certificate.problem("127.0.0.1", time.time(), PLAIN, patterns=True)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_certificates_of_every_kind_are_read_and_their_signature_checked(tmp_path, kind):
    authority, key = make_key(tmp_path / "authority", kind), make_key(tmp_path / "key", kind)
    sign(authority, key, "shop.example")
    blob = raw((tmp_path / "key-cert.pub").read_text())
    certificate = host_certificate.parse(blob)
    assert certificate.plain_key == raw(public(key))
    assert certificate.authority == raw(public(authority))
    assert certificate.problem("shop.example", time.time(), PLAIN, patterns=False) == ""
    assert signature_holds(certificate.authority, certificate.signed, certificate.signature)
    forged = host_certificate.parse(blob.replace(b"shop.example", b"bank.example"))
    assert not signature_holds(forged.authority, forged.signed, forged.signature)


@pytest.mark.parametrize(
    ("principals", "since_10_3", "before"),
    [
        ([], False, True),
        (["*.example.org"], True, False),
        (["web?.example.org"], True, False),
    ],
)
def test_principals_are_patterns_since_openssh_10_3(tmp_path, principals, since_10_3, before):
    authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "key")
    sign(authority, key, *principals)
    certificate = host_certificate.parse(raw((tmp_path / "key-cert.pub").read_text()))
    for patterns, good in ((True, since_10_3), (False, before)):
        assert (certificate.problem("web1.example.org", time.time(), PLAIN, patterns=patterns) == "") is good


def test_a_certificate_cut_anywhere_is_damaged_and_nothing_worse(tmp_path):
    authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "key")
    sign(authority, key, "web1")
    blob = raw((tmp_path / "key-cert.pub").read_text())
    kind = 4 + len("ssh-ed25519-cert-v01@openssh.com")
    for cut in range(kind, len(blob)):
        with pytest.raises(ValueError, match="too early"):
            host_certificate.parse(blob[:cut])


def test_a_plain_key_is_no_certificate(keys):
    assert host_certificate.parse(raw(keys["key"])) is None
