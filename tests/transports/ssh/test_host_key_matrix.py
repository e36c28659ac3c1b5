"""Host keys held against OpenSSH's own client: the same file, the same server, the same answer.

A case is a known_hosts file, what the ssh configuration says besides, and the answer: `accepted`, or refused because
the key is `unknown`, `changed` or `revoked`, or because a list of revoked keys is `unreadable`. The answer of the test
is that of the real `ssh`; the one written down is there to be read.
"""

from __future__ import annotations

import base64
import hmac
import re
import subprocess
import time
from contextlib import ExitStack

import pytest

from diagkit.transports.ssh.stages import Stopped
from diagkit.transports.ssh.transport import Ssh
from tests.transports.sshd import make_key, public, running

WORDS = (  # of ssh, and what they mean; the first found counts
    (r"REVOKED HOST KEY|revoked by file", "revoked"),
    (r"Error checking host key", "unreadable"),
    (r"IDENTIFICATION HAS CHANGED", "changed"),
    (r"host key is known for .* you have requested strict|not permitted by HostkeyAlgorithms", "unknown"),
    (r"Host key verification failed", "unknown"),
)


def sign(authority, key, out, *options):
    """A certificate about `key` in the file `out`; `options` are those of ssh-keygen."""
    copy = out.with_suffix(".pub")
    copy.write_text(public(key) + "\n")
    argv = ["ssh-keygen", "-q", "-s", str(authority), "-I", "a-name", *options, str(copy)]
    subprocess.run(argv, check=True, capture_output=True)
    return out.with_name(f"{out.stem}-cert.pub")


HERE = ("-h", "-n", "127.0.0.1")
CERTIFICATES = {  # of the server's ed25519 key: who signs, and how
    "certified": ("ca", HERE),
    "numbered": ("ca", (*HERE, "-z", "7")),
    "by rsa": ("ca_rsa", (*HERE, "-t", "rsa-sha2-512")),
    "by ecdsa": ("ca_ecdsa", HERE),
    "by sha1": ("ca_rsa", (*HERE, "-t", "ssh-rsa")),
    "for another": ("ca", ("-h", "-n", "web1")),
    "for several": ("ca", ("-h", "-n", "web1,127.0.0.1,web2")),
    "for a pattern": ("ca", ("-h", "-n", "127.0.0.*")),
    "for capitals": ("ca", ("-h", "-n", "Web.Example")),
    "for nobody": ("ca", ("-h",)),
    "expired": ("ca", (*HERE, "-V", "20200101:20210101")),
    "not yet valid": ("ca", (*HERE, "-V", "+1d:+2d")),
    "of a user": ("ca", ("-n", "127.0.0.1")),
    "with options": ("ca", (*HERE, "-O", "critical:new@example.org=1")),
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Pairs of keys by what they are for."""
    folder = tmp_path_factory.mktemp("keys")
    kinds = {"key": "ed25519", "rsa": "rsa", "ecdsa": "ecdsa", "other": "ed25519", "other_rsa": "rsa", "ca": "ed25519"}
    kinds |= {"ca_rsa": "rsa", "ca_ecdsa": "ecdsa"}
    return {name: make_key(folder / name, kind) for name, kind in kinds.items()}


@pytest.fixture(scope="module")
def servers(keys, tmp_path_factory):
    """Servers by what they show, each started when the first case wants it."""
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        started = {}

        def server(name):
            if name in started:
                return started[name]
            where = folder / name.replace(" ", "-")
            where.mkdir()
            options = {"Subsystem": "true internal-sftp"}  # ends at once, and without the user's shell and its .bashrc
            if name in CERTIFICATES:
                signer, how = CERTIFICATES[name]
                options["HostCertificate"] = str(sign(keys[signer], keys["key"], where / "host", *how))
            if name == "several kinds":
                options["HostKey"] = "\nHostKey ".join(str(keys[kind]) for kind in ("key", "rsa", "ecdsa"))
            if name == "rsa":
                options["HostKey"] = str(keys["rsa"])
            if name == "rsa certified beside plain":
                certificate = sign(keys["ca"], keys["rsa"], where / "host", *HERE)
                options["HostKey"] = f"{keys['key']}\nHostKey {keys['rsa']}"
                options["HostCertificate"] = str(certificate)
            started[name] = stack.enter_context(running(where / "sshd", keys["key"], **options))
            return started[name]

        yield server


def hashed(name: str, salt: bytes = b"s" * 20) -> str:
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def ask_ssh(config: str) -> subprocess.Popen[str]:
    argv = ["ssh", "-F", config, "-o", "LogLevel=ERROR", "-o", "KexAlgorithms=curve25519-sha256", "-s", "box", "true"]
    null = subprocess.DEVNULL
    return subprocess.Popen(argv, stdin=null, stdout=null, stderr=subprocess.PIPE, text=True, errors="replace")


def their_answer(ssh: subprocess.Popen[str]) -> str:
    said = ssh.communicate()[1]
    if ssh.returncode == 0:
        return "accepted"
    found = [answer for words, answer in WORDS if re.search(words, said)]
    assert found, said
    return found[0]


def our_answer(server, config: str) -> tuple[str, str]:
    ssh = Ssh(server.target, deadline=time.monotonic() + 60, ssh_config=config)
    try:
        ssh.dial("127.0.0.1", server.port, 5).close()
    except Stopped:
        why = ssh.unreached
        if why.wrong_key:
            return "revoked" if why.wrong_key.revoked else "changed", why.detail
        return "unreadable" if "RevokedHostKeys of box cannot be read" in why.detail else "unknown", why.detail
    finally:
        ssh.close()
    return "accepted", " ".join(ssh.notes)


H = "[127.0.0.1]:{port}"
ACCEPT_NEW = {"StrictHostKeyChecking": "accept-new"}
ALIAS = {"HostKeyAlias": "Web.Example"}

# what known_hosts says, the answer, the server, more of the ssh configuration
CASES: dict[str, tuple] = {
    # -- names
    "plain": (f"{H} {{key}}\n", "accepted"),
    "bare name": ("127.0.0.1 {key}\n", "accepted"),
    "in a list": (f"web1,{H},web2 {{key}}\n", "accepted"),
    "in a list with gaps": (f",,{H},, {{key}}\n", "accepted"),
    "another host": ("web1 {key}\n", "unknown"),
    "another port": ("[127.0.0.1]:1 {key}\n", "unknown"),
    "port without brackets": ("127.0.0.1:{port} {key}\n", "unknown"),
    "brackets without port": ("[127.0.0.1] {key}\n", "unknown"),
    "empty": ("", "unknown"),
    "no newline at the end": (f"{H} {{key}}", "accepted"),
    "name is a prefix": ("[127.0.0.1]:{port}0 {key}\n", "unknown"),
    "name of an address": ("127.1 {key}\n", "unknown"),
    "upper case": ("WEB.EXAMPLE {key}\n", "accepted", "plain", ALIAS),
    "alias": ("web.example {key}\n", "accepted", "plain", ALIAS),
    "alias has no port": ("[web.example]:{port} {key}\n", "unknown", "plain", ALIAS),
    "alias instead of the name": (f"{H} {{key}}\n", "unknown", "plain", ALIAS),
    "alias hashed": ("{hash_alias} {key}\n", "accepted", "plain", ALIAS),
    "alias hashed with capitals": ("{hash_Alias} {key}\n", "unknown", "plain", ALIAS),
    "alias is an IPv6 address": ("::1 {key}\n", "accepted", "plain", {"HostKeyAlias": "::1"}),
    # -- patterns
    "star": ("* {key}\n", "accepted"),
    "stars": ("[127.*.1]:* {key}\n", "accepted"),
    "question marks": ("[127.0.0.?]:{port} {key}\n", "accepted"),
    "question mark for nothing": ("[127.0.0.1?]:{port} {key}\n", "unknown"),
    "class is no class": ("[127.0.0.[1]]:{port} {key}\n", "unknown"),
    "bare star does not stop at the port": ("127.* {key}\n", "accepted"),
    "negated": (f"[127.0.0.*]:*,!{H} {{key}}\n", "unknown"),
    "negated first": (f"!{H},* {{key}}\n", "accepted"),
    "negated bare name": ("*,!127.0.0.1 {key}\n", "accepted"),
    "negated alone": ("!web1 {key}\n", "unknown"),
    "negated twice": (f"!!{H},* {{key}}\n", "accepted"),
    "pattern upper case": ("WEB.* {key}\n", "accepted", "plain", ALIAS),
    "pattern too long": (f"{'a' * 1023},* {{key}}\n", "unknown"),
    "pattern as long as may be": (f"{'a' * 1022},* {{key}}\n", "accepted"),
    # -- hashed
    "hashed": ("{hash_port} {key}\n", "accepted"),
    "hashed bare name": ("{hash_bare} {key}\n", "accepted"),
    "hashed, another key": ("{hash_port} {other}\n", "changed"),
    "hashed, salt too short": ("{hash_short} {key}\n", "unknown"),
    "hashed, salt empty": ("|1||AAAA {key}\n", "unknown"),
    "hashed in a list": ("{hash_port},web1 {key}\n", "unknown"),
    "hashed, another magic": ("|2{hash_tail} {key}\n", "unknown"),
    "hashed, damaged base64": ("|1|????????????????????????????|AAAAAAAAAAAAAAAAAAAAAAAAAAA= {key}\n", "unknown"),
    "hashed, not as ssh writes it": ("{hash_slop} {key}\n", "unknown"),
    "hashed and plain": (f"{{hash_port}} {{other}}\n{H} {{key}}\n", "accepted"),
    # -- lines
    "comment at the end": (f"{H} {{key}} somebody@somewhere # since May\n", "accepted"),
    "commented out": (f"#{H} {{key}}\n", "unknown"),
    "commented out after blanks": (f" \t #{H} {{key}}\n", "unknown"),
    "comment for a key": (f"{H} # {{key}}\n", "unknown"),
    "blank lines and damage before": (f"\n \n\t\nweb1\n{H}\n{H} ssh-ed25519\n{H} ssh-ed25519 ****\n{H} {{key}}\n", "accepted"),
    "CRLF": (f"# mine\r\n{H} {{key}}\r\n", "accepted"),
    "CRLF after a comment": (f"{H} {{key}} mine\r\n", "accepted"),
    "tabs": (f"\t{H}\t\t{{tabbed}}\tcomment\n", "accepted"),
    "spaces": (f"  {H}   {{spaced}}   comment\n", "accepted"),
    "form feed is no blank": (f"{H}\f{{key}}\n", "unknown"),
    "vertical tab before": (f"\v{H} {{key}}\n", "unknown"),
    "NUL after the key": (f"{H} {{key}}\0 comment\n", "accepted"),
    "NUL before the key": (f"{H}\0 {{key}}\n", "accepted"),
    "NUL begins the line": (f"\0{H} {{key}}\n", "unknown"),
    "byte order mark": (f"\xef\xbb\xbf{H} {{key}}\n", "unknown"),
    "byte order mark on a comment": (f"\xef\xbb\xbf# mine\n{H} {{key}}\n", "accepted"),
    "not UTF-8": (f"\xff\xfe\x80\n{H} {{key}} \xe9t\xe9\n", "accepted"),
    "very long comment": (f"{H} {{key}} {'x' * 200_000}\n", "accepted"),
    "very many names": (f"{','.join(f'web{n}' for n in range(20_000))},{H} {{key}}\n", "accepted"),
    "UTF-16": ("{utf16}", "unknown"),
    # -- keys
    "changed": (f"{H} {{other}}\n", "changed"),
    "one of several": (f"{H} {{other}}\n{H} {{key}}\n", "accepted"),
    "none of several": (f"{H} {{other}}\n{H} {{ecdsa}}\n", "changed"),
    "another kind": (f"{H} {{ecdsa}}\n", "changed"),
    "bare name wrong": ("127.0.0.1 {other}\n", "unknown"),
    "changed, bare name right": (f"{H} {{other}}\n127.0.0.1 {{key}}\n", "changed"),
    "kind and key differ": (f"{H} ssh-rsa {{key_only}}\n", "unknown"),
    "kind in capitals": (f"{H} SSH-ED25519 {{key_only}}\n", "unknown"),
    "kind by its short name": (f"{H} ED25519 {{key_only}}\n", "unknown"),
    "key cut": (f"{H} ssh-ed25519 {{key_cut}}\n", "unknown"),
    "key with something behind it": (f"{H} ssh-ed25519 {{key_more}}\n", "unknown"),
    "key without padding": (f"{H} {{ecdsa_bare}}\n{H} {{key}}\n", "accepted"),
    "an RSA key by a name of its signatures": (f"{H} rsa-sha2-512 {{rsa_only}}\n", "accepted", "rsa"),
    "protocol 1": (f"{H} 1024 35 1234567890\n", "unknown"),
    "RSA": (f"{H} {{rsa}}\n", "accepted", "rsa"),
    "RSA changed": (f"{H} {{other_rsa}}\n", "changed", "rsa"),
    "only the RSA key of several": (f"{H} {{rsa}}\n", "accepted", "several kinds"),
    "only the ECDSA key of several": (f"{H} {{ecdsa}}\n", "accepted", "several kinds"),
    "another RSA key of several": (f"{H} {{other_rsa}}\n", "changed", "several kinds"),
    "only RSA under the bare name": ("127.0.0.1 {rsa}\n", "unknown", "several kinds"),
    "RSA known, ED25519 asked for": (
        f"{H} {{rsa}}\n", "changed", "several kinds", {"HostKeyAlgorithms": "ssh-ed25519"},
    ),
    "RSA asked for, ED25519 known": (
        f"{H} {{key}}\n", "changed", "several kinds", {"HostKeyAlgorithms": "rsa-sha2-512,rsa-sha2-256"},
    ),
    # -- authorities
    "authority": (f"@cert-authority {H} {{ca}}\n", "accepted", "certified"),
    "authority by the bare name": ("@cert-authority 127.0.0.1 {ca}\n", "accepted", "certified"),
    "authority for all": ("@cert-authority * {ca}\n", "accepted", "certified"),
    "authority hashed": ("@cert-authority {hash_port} {ca}\n", "accepted", "certified"),
    "authority for others": ("@cert-authority *.example.org {ca}\n", "unknown", "certified"),
    "authority is another": ("@cert-authority * {other}\n", "unknown", "certified"),
    "authority as a host key": (f"{H} {{ca}}\n", "changed", "certified"),
    "host key as an authority": ("@cert-authority * {key}\n", "unknown", "certified"),
    "host key as an authority, plain": ("@cert-authority * {key}\n", "unknown"),
    "authority revoked": ("@cert-authority * {ca}\n@revoked * {ca}\n", "revoked", "certified"),
    "authority revoked, key known": (f"{H} {{key}}\n@revoked * {{ca}}\n", "revoked", "certified"),
    "certified key revoked": ("@cert-authority * {ca}\n@revoked * {key}\n", "revoked", "certified"),
    "certified and changed": (f"@cert-authority * {{ca}}\n{H} {{other}}\n", "accepted", "certified"),
    "certified by a stranger, key known": (f"{H} {{key}}\n", "accepted", "certified"),
    "certified by a stranger, key changed": (f"{H} {{other}}\n", "changed", "certified"),
    "certified by a stranger, changed, bare name right": (f"{H} {{other}}\n127.0.0.1 {{key}}\n", "accepted", "certified"),
    "certificate by RSA": ("@cert-authority * {ca_rsa}\n", "accepted", "by rsa"),
    "certificate by ECDSA": ("@cert-authority * {ca_ecdsa}\n", "accepted", "by ecdsa"),
    "certificate by SHA-1": ("@cert-authority * {ca_rsa}\n", "unknown", "by sha1"),
    "certificate by what is not allowed": (
        "@cert-authority * {ca_ecdsa}\n", "unknown", "by ecdsa", {"CASignatureAlgorithms": "ssh-ed25519"},
    ),
    "certificate for another": ("@cert-authority * {ca}\n", "unknown", "for another"),
    "certificate for another, key known": (f"@cert-authority * {{ca}}\n{H} {{key}}\n", "accepted", "for another"),
    "certificate for several": ("@cert-authority * {ca}\n", "accepted", "for several"),
    "certificate for a pattern": ("@cert-authority * {ca}\n", None, "for a pattern"),
    "certificate for nobody": ("@cert-authority * {ca}\n", None, "for nobody"),
    "certificate for the alias": (
        "@cert-authority web1 {ca}\n", "accepted", "for another", {"HostKeyAlias": "web1"},
    ),
    "certificate in capitals": ("@cert-authority * {ca}\n", "unknown", "for capitals", ALIAS),
    "certificate expired": ("@cert-authority * {ca}\n", "unknown", "expired"),
    "certificate expired, key known": (f"@cert-authority * {{ca}}\n{H} {{key}}\n", "accepted", "expired"),
    "certificate expired, key changed": (f"@cert-authority * {{ca}}\n{H} {{other}}\n", "changed", "expired"),
    "certificate not yet valid": ("@cert-authority * {ca}\n", "unknown", "not yet valid"),
    "certificate of a user": ("@cert-authority * {ca}\n", "unknown", "of a user"),
    "certificate with critical options": ("@cert-authority * {ca}\n", "unknown", "with options"),
    "certificates only": (
        f"{H} {{key}}\n", "accepted", "certified", {"HostKeyAlgorithms": "ssh-ed25519-cert-v01@openssh.com"},
    ),
    "certificate of a kind that is not on file": (f"{H} {{key}}\n", "changed", "rsa certified beside plain"),
    "certificate of another kind, authority known": (
        "@cert-authority * {ca}\n", "accepted", "rsa certified beside plain",
    ),
    # -- markers
    "revoked": (f"{H} {{key}}\n@revoked {H} {{key}}\n", "revoked"),
    "revoked before": (f"@revoked {H} {{key}}\n{H} {{key}}\n", "revoked"),
    "revoked by pattern": (f"{H} {{key}}\n@revoked * {{key}}\n", "revoked"),
    "revoked hashed": (f"{H} {{key}}\n@revoked {{hash_port}} {{key}}\n", "revoked"),
    "revoked and nothing else": ("@revoked * {key}\n", "revoked"),
    "revoked elsewhere": (f"{H} {{key}}\n@revoked web1 {{key}}\n", "accepted"),
    "revoked under the bare name": (f"{H} {{key}}\n@revoked 127.0.0.1 {{key}}\n", "accepted"),
    "revoked under the bare name, unknown": ("@revoked 127.0.0.1 {key}\n", "revoked"),
    "another is revoked": (f"{H} {{key}}\n@revoked * {{other}}\n", "accepted"),
    "another is revoked, none known": ("@revoked * {other}\n", "unknown"),
    "revoked with a tab": (f"{H} {{key}}\n@revoked\t* {{key}}\n", "accepted"),
    "revoked with tabs only": (f"{H} {{key}}\n@revoked\t*\t{{tabbed}}\n", "revoked"),
    "revoked in capitals": (f"{H} {{key}}\n@REVOKED * {{key}}\n", "accepted"),
    "revoked twice": (f"{H} {{key}}\n@revoked @revoked * {{key}}\n", "accepted"),
    "marker unknown": (f"@trusted {H} {{key}}\n", "unknown"),
    "marker alone": (f"@revoked\n@\n@cert-authority {H}\n{H} {{key}}\n", "accepted"),
    "marker not at the start": (f"{H} @revoked {{key}}\n{H} {{key}}\n", "accepted"),
    # -- first contact
    "accept-new, unknown": ("", "accepted", "plain", ACCEPT_NEW),
    "accept-new, only others": ("# mine\nweb1 {key}\n", "accepted", "plain", ACCEPT_NEW),
    "accept-new, known": (f"{H} {{key}}\n", "accepted", "plain", ACCEPT_NEW),
    "accept-new, bare name known": ("127.0.0.1 {key}\n", "accepted", "plain", ACCEPT_NEW),
    "accept-new, bare name wrong": ("127.0.0.1 {other}\n", "accepted", "plain", ACCEPT_NEW),
    "accept-new, changed": (f"{H} {{other}}\n", "changed", "plain", ACCEPT_NEW),
    "accept-new, another kind known": (f"{H} {{ecdsa}}\n", "changed", "plain", ACCEPT_NEW),
    "accept-new, revoked": (f"@revoked {H} {{key}}\n", "revoked", "plain", ACCEPT_NEW),
    "accept-new, alias": ("", "accepted", "plain", ACCEPT_NEW | ALIAS),
    "accept-new, certified by a stranger": ("", "accepted", "certified", ACCEPT_NEW),
    "accept-new, certificate expired": ("@cert-authority * {ca}\n", "accepted", "expired", ACCEPT_NEW),
    "accept-new, certified": ("@cert-authority * {ca}\n", "accepted", "certified", ACCEPT_NEW),
    "accept-new, the first of several kinds": ("", "accepted", "several kinds", ACCEPT_NEW),
    "no, unknown": ("", "accepted", "plain", {"StrictHostKeyChecking": "no"}),
    "off, unknown": ("", "accepted", "plain", {"StrictHostKeyChecking": "off"}),
    "ask, unknown": ("", "unknown", "plain", {"StrictHostKeyChecking": "ask"}),
    "ask, changed": (f"{H} {{other}}\n", "changed", "plain", {"StrictHostKeyChecking": "ask"}),
    # -- other files
    "global": ("", "accepted", "plain", {"GlobalKnownHostsFile": "{folder}/key"}),
    "changed, global right": (f"{H} {{other}}\n", "accepted", "plain", {"GlobalKnownHostsFile": "{folder}/key"}),
    "right, global says otherwise": (f"{H} {{key}}\n", "accepted", "plain", {"GlobalKnownHostsFile": "{folder}/other"}),
    "global says otherwise": ("", "changed", "plain", {"GlobalKnownHostsFile": "{folder}/other"} | ACCEPT_NEW),
    "global revokes": (f"{H} {{key}}\n", "revoked", "plain", {"GlobalKnownHostsFile": "{folder}/revoking"}),
    "second file of the user": ("", "accepted", "plain", {"UserKnownHostsFile": "{file} {folder}/key"}),
    "second file, accept-new": ("", "accepted", "plain", {"UserKnownHostsFile": "{file} {folder}/none"} | ACCEPT_NEW),
    "a folder for a file": ("", "unknown", "plain", {"UserKnownHostsFile": "{folder}"}),
    "a file that is not there": ("", "unknown", "plain", {"UserKnownHostsFile": "{folder}/none"}),
    "the null device": ("", "unknown", "plain", {"UserKnownHostsFile": "/dev/null"}),
    "the null device, accept-new": ("", "accepted", "plain", {"UserKnownHostsFile": "/dev/null"} | ACCEPT_NEW),
    "a folder that is not there, accept-new": (
        "", "accepted", "plain", {"UserKnownHostsFile": "{folder}/a/b"} | ACCEPT_NEW,
    ),
    # -- revoked keys
    "file revokes the key": (f"{H} {{key}}\n", "revoked", "plain", {"RevokedHostKeys": "{folder}/list"}),
    "file revokes others": (f"{H} {{rsa}}\n", "accepted", "rsa", {"RevokedHostKeys": "{folder}/list"}),
    "file revokes the authority": ("@cert-authority * {ca}\n", "revoked", "certified", {"RevokedHostKeys": "{folder}/ca"}),
    "file is not there": (f"{H} {{key}}\n", "unreadable", "plain", {"RevokedHostKeys": "{folder}/none"}),
    "file is empty": (f"{H} {{key}}\n", "accepted", "plain", {"RevokedHostKeys": "{folder}/empty"}),
    "file is damaged": (f"{H} {{key}}\n", "unreadable", "plain", {"RevokedHostKeys": "{folder}/damaged"}),
    "list revokes the key": (f"{H} {{key}}\n", "revoked", "plain", {"RevokedHostKeys": "{folder}/key.krl"}),
    "list revokes the key by SHA-256": (f"{H} {{key}}\n", "revoked", "plain", {"RevokedHostKeys": "{folder}/sha256.krl"}),
    "list revokes the key by SHA-1": (f"{H} {{key}}\n", "revoked", "plain", {"RevokedHostKeys": "{folder}/sha1.krl"}),
    "list revokes others": (f"{H} {{rsa}}\n", "accepted", "rsa", {"RevokedHostKeys": "{folder}/key.krl"}),
    "list revokes a serial number": ("@cert-authority * {ca}\n", "revoked", "numbered", {"RevokedHostKeys": "{folder}/serial.krl"}),
    "list revokes other serial numbers": ("@cert-authority * {ca}\n", "accepted", "certified", {"RevokedHostKeys": "{folder}/serial.krl"}),
    "list revokes a range": ("@cert-authority * {ca}\n", "revoked", "numbered", {"RevokedHostKeys": "{folder}/range.krl"}),
    "list revokes scattered numbers": ("@cert-authority * {ca}\n", "revoked", "numbered", {"RevokedHostKeys": "{folder}/bits.krl"}),
    "list revokes a name": ("@cert-authority * {ca}\n", "revoked", "certified", {"RevokedHostKeys": "{folder}/id.krl"}),
    "list revokes by no authority": ("@cert-authority * {ca}\n", "revoked", "certified", {"RevokedHostKeys": "{folder}/any.krl"}),
    "list revokes the authority": ("@cert-authority * {ca}\n", "revoked", "certified", {"RevokedHostKeys": "{folder}/ca.krl"}),
    "list is cut": (f"{H} {{key}}\n", "unreadable", "plain", {"RevokedHostKeys": "{folder}/cut.krl"}),
    "list of another version": (f"{H} {{key}}\n", "unreadable", "plain", {"RevokedHostKeys": "{folder}/version.krl"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(keys, tmp_path_factory):
    """Files of revoked keys."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "list").write_text(f"# lost in March\n\n{public(keys['other'])} root@web1\n  {public(keys['key'])}\n")
    (folder / "ca").write_text(public(keys["ca"]) + "\n")
    (folder / "empty").write_text("")
    (folder / "damaged").write_text(f"{public(keys['other'])}\nnot a key\n")
    lists = {
        "key": f"key: {public(keys['key'])}\n",
        "sha256": f"sha256: {public(keys['key'])}\n",
        "sha1": f"sha1: {public(keys['key'])}\n",
        "serial": "serial: 7\nserial: 4000000000\n",
        "range": "serial: 5-900\n",
        "bits": "".join(f"serial: {n}\n" for n in (1, 3, 4, 7, 9, 12, 13, 17)),
        "id": "id: another\nid: a-name\n",
        "any": "id: a-name\n",
        "ca": f"key: {public(keys['ca'])}\n",
    }
    for name, what in lists.items():
        spec = folder / f"{name}.spec"
        spec.write_text(what)
        signer = ["-s", f"{keys['ca']}.pub"] if name in ("serial", "range", "bits", "id") else []
        argv = ["ssh-keygen", "-q", "-k", *signer, *(["-s", "NONE"] if name == "any" else [])]
        subprocess.run([*argv, "-f", str(folder / f"{name}.krl"), str(spec)], check=True, capture_output=True)
    whole = (folder / "key.krl").read_bytes()
    (folder / "cut.krl").write_bytes(whole[:-3])
    (folder / "version.krl").write_bytes(whole[:8] + b"\0\0\0\2" + whole[12:])
    return folder


@pytest.fixture
def filled(keys, folder):
    """Fills in what a case leaves open, for a server."""

    def fill(server, text, **more):
        name = f"[127.0.0.1]:{server.port}"
        words = {kind: public(path) for kind, path in keys.items()}
        alone = words["key"].split()[1]
        blob = base64.b64decode(alone)
        slop = hashed(name)
        words |= {
            "port": str(server.port),
            "folder": str(folder / str(server.port)),
            "key_only": alone,
            "rsa_only": words["rsa"].split()[1],
            "key_cut": base64.b64encode(blob[:-3]).decode(),
            "key_more": base64.b64encode(blob + b"more").decode(),
            "ecdsa_bare": words["ecdsa"].rstrip("="),
            "tabbed": words["key"].replace(" ", "\t"),
            "spaced": words["key"].replace(" ", "   "),
            "hash_port": hashed(name),
            "hash_bare": hashed("127.0.0.1"),
            "hash_alias": hashed("web.example"),
            "hash_Alias": hashed("Web.Example"),
            "hash_short": hashed(name, b"s" * 19),
            "hash_tail": hashed(name)[2:],
            "hash_slop": slop[:29] + chr(ord(slop[29]) + 1) + slop[30:],
            "utf16": f"{name} {words['key']}\n".encode("utf-16").decode("latin-1"),
        }
        words["folder"] = str(folder)
        return text.format(**words, **more)

    (folder / "none").unlink(missing_ok=True)
    return fill


@pytest.mark.parametrize("case", CASES)
def test_our_answer_is_that_of_openssh(servers, keys, folder, filled, tmp_path, case):
    lines, expected, kind, options = (
        (*CASES[case], "plain", {})[:4] if len(CASES[case]) == 2 else (*CASES[case], {})[:4]
    )
    server = servers(kind)
    for name, what in {"key": f"{H} {{key}}", "other": f"{H} {{other}}", "revoking": f"@revoked {H} {{key}}"}.items():
        (folder / name).write_text(filled(server, what) + "\n")
    configs, files = [], []
    for who in ("ours", "theirs"):
        file = tmp_path / who
        file.write_bytes(filled(server, lines).encode("latin-1"))
        settings = {"UserKnownHostsFile": str(file), "UpdateHostKeys": "no", "HashKnownHosts": "no"} | {
            key: filled(server, value, file=str(file), who=who) for key, value in options.items()
        }
        configs.append(server.client_config(**settings))
        files.append(file)
    ssh = ask_ssh(configs[1])
    ours, detail = our_answer(server, configs[0])
    theirs = their_answer(ssh)
    assert ours == theirs, detail
    assert expected in (None, theirs), detail
    assert files[0].read_bytes() == files[1].read_bytes()
