"""Host keys on a real sshd: accepted exactly when OpenSSH's own client accepts them, refused with words that help."""

import subprocess
import time
from contextlib import contextmanager

import pytest

from diagkit.model import Layer, Silence
from diagkit.transports import host_certificate
from diagkit.transports.known_hosts import fingerprint
from diagkit.transports.ssh import Ssh
from diagkit.transports.ssh_protocol import signature_holds
from diagkit.transports.stages import Stopped
from tests.transports.sshd import make_key, public, raw, running


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
    hashed = folder / "hashed"
    hashed.write_text(f"[127.0.0.1]:{box.port} {public(box.host_key)}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(hashed)], check=True, capture_output=True)
    return {
        "port": box.port,
        "key": public(box.host_key),
        "authority": public(box.host_key.with_name("authority")),
        "other": public(make_key(folder / "other")),
        "ecdsa": public(make_key(folder / "ecdsa", "ecdsa")),
        "hashed": hashed.read_text().strip(),
    }


@contextmanager
def connected(server, config):
    ssh = Ssh(server.target, deadline=time.monotonic() + 20, ssh_config=config)
    try:
        yield ssh
    finally:
        ssh.close()


def refusal(server, config):
    """Why we refuse the server's key; None when we accept it."""
    with connected(server, config) as ssh:
        try:
            ssh.dial("127.0.0.1", server.port, 5).close()
        except Stopped:
            assert (ssh.unreached.layer, ssh.unreached.silence) == (Layer.HOST_KEY, Silence.DENIED)
            return ssh.unreached.detail
    return None


def openssh_accepts(config, *, certificates):
    """What OpenSSH's client does. Where no authority counts it is kept to plain keys, as we are: given a certificate
    it would look past a changed key for a right one under the bare name."""
    plain = [] if certificates else ["-o", "HostKeyAlgorithms=ssh-ed25519"]
    argv = ["ssh", "-F", config, "-o", "LogLevel=ERROR", *plain, "box", "true"]
    return subprocess.run(argv, check=False, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


# what known_hosts says -> words of our refusal; empty where the key is to be accepted
CASES = {
    "plain": ("[127.0.0.1]:{port} {key}", ""),
    "in a list": ("web1,[127.0.0.1]:{port},web2 {key}", ""),
    "bare name": ("127.0.0.1 {key}", ""),
    "second of two": ("[127.0.0.1]:{port} {other}\n[127.0.0.1]:{port} {key}", ""),
    "hashed": ("{hashed}", ""),
    "wildcard": ("[127.0.0.*]:* {key}", ""),
    "negated": ("[127.0.0.*]:*,![127.0.0.1]:* {key}", "not in known_hosts"),
    "nothing": ("", "not in known_hosts"),
    "another host": ("web1 {key}", "not in known_hosts"),
    "another port": ("[127.0.0.1]:1 {key}", "not in known_hosts"),
    "changed": ("[127.0.0.1]:{port} {other}", "has changed"),
    "changed, bare name right": ("[127.0.0.1]:{port} {other}\n127.0.0.1 {key}", "has changed"),
    "bare name wrong": ("127.0.0.1 {other}", "not in known_hosts"),
    "of another type": ("[127.0.0.1]:{port} {ecdsa}", "has changed"),
    "revoked": ("[127.0.0.1]:{port} {key}\n@revoked * {key}", "revoked"),
    "revoked elsewhere": ("[127.0.0.1]:{port} {key}\n@revoked web1 {key}", ""),
    "another is revoked": ("[127.0.0.1]:{port} {key}\n@revoked * {other}", ""),
    "authority": ("@cert-authority [127.0.0.1]:{port} {authority}", ""),
    "authority by wildcard": ("@cert-authority * {authority}", ""),
    "authority for others": ("@cert-authority *.example.org {authority}", "not in known_hosts"),
    "authority is another": ("@cert-authority * {other}", "not in known_hosts"),
    "authority revoked": ("@cert-authority * {authority}\n@revoked * {authority}", "revoked"),
    "authority as host key": ("[127.0.0.1]:{port} {authority}", "has changed"),
    "host key as authority": ("@cert-authority * {key}", "not in known_hosts"),
    "damage before": ("[127.0.0.1]:{port} ssh-ed25519 ****\n@junk\n[127.0.0.1]:{port} {key}", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_key_is_accepted_exactly_when_openssh_accepts_it(box, keys, tmp_path, case):
    lines, words = CASES[case]
    known = tmp_path / "known_hosts"
    known.write_text(lines.format(**keys) + "\n")
    config = box.client_config(UserKnownHostsFile=str(known), UpdateHostKeys="no")
    said = refusal(box, config)
    assert (said is None) is openssh_accepts(config, certificates="@cert-authority" in lines)
    assert (said is None) is (words == "")
    assert words in (said or "")


def test_an_unknown_key_is_shown_with_what_to_do(box):
    said = refusal(box, box.client_config(UserKnownHostsFile="/dev/null"))
    assert f"ED25519 {fingerprint(raw(public(box.host_key)))}" in said
    assert f"ssh-keyscan -p {box.port} 127.0.0.1" in said


def test_a_changed_key_is_shown_beside_the_known_one_and_its_line(box, keys, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"# mine\n[127.0.0.1]:{box.port} {keys['other']}\n")
    said = refusal(box, box.client_config(UserKnownHostsFile=str(known)))
    assert fingerprint(raw(keys["key"])) in said
    assert fingerprint(raw(keys["other"])) in said
    assert f"{known}:2" in said


@pytest.mark.parametrize("word", ["no", "off", "ask", "yes"])
def test_no_other_word_of_the_configuration_lets_an_unknown_key_pass(box, word):
    assert refusal(box, box.client_config(UserKnownHostsFile="/dev/null", StrictHostKeyChecking=word))


def test_accept_new_takes_an_unknown_key_for_this_run_says_so_and_writes_nothing(box, tmp_path):
    known = tmp_path / "known_hosts"
    config = box.client_config(UserKnownHostsFile=str(known), StrictHostKeyChecking="accept-new")
    with connected(box, config) as ssh:
        ssh.dial("127.0.0.1", box.port, 5).close()
        assert "accept-new" in ssh.notes[0]
        assert fingerprint(raw(public(box.host_key))) in ssh.notes[0]
    assert not known.exists()


def test_accept_new_does_not_take_a_changed_key(box, keys, tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{box.port} {keys['other']}\n")
    config = box.client_config(UserKnownHostsFile=str(known), StrictHostKeyChecking="accept-new")
    assert "has changed" in refusal(box, config)


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
    assert words in certificate.problem("127.0.0.1", time.time(), signature_holds)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_certificates_of_every_kind_are_read_and_their_signature_checked(tmp_path, kind):
    authority, key = make_key(tmp_path / "authority", kind), make_key(tmp_path / "key", kind)
    sign(authority, key, "shop.example")
    blob = raw((tmp_path / "key-cert.pub").read_text())
    certificate = host_certificate.parse(blob)
    assert certificate.plain_key == raw(public(key))
    assert certificate.authority == raw(public(authority))
    assert certificate.problem("Shop.Example", time.time(), signature_holds) == ""
    forged = host_certificate.parse(blob.replace(b"shop.example", b"bank.example"))
    assert "signature is wrong" in forged.problem("bank.example", time.time(), signature_holds)


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
