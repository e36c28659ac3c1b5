"""known_hosts, held against OpenSSH's own tools where they give an oracle."""

import base64
import hmac
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagkit.transports.ssh.host_keys.host_key import Shown, Trust, judge
from diagkit.transports.ssh.host_keys.known_hosts import KnownHosts, lookup_names
from diagkit.transports.ssh.host_keys.patterns import glob
from diagkit.transports.ssh.host_keys.public_key import fingerprint
from tests.transports.sshd import make_key, public, raw

HASHED_WEB1 = "|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|{}".format(
    base64.b64encode(hmac.digest(bytes(20), b"web1", "sha1")).decode()
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Three public keys in the form of known_hosts."""
    folder = tmp_path_factory.mktemp("keys")
    return [public(make_key(folder / f"key{n}")) for n in range(3)]


def write(folder: Path, *lines: str) -> KnownHosts:
    folder.mkdir(exist_ok=True)
    path = folder / "known_hosts"
    path.write_text("\n".join(lines) + "\n")
    return KnownHosts.load([str(path)])


def test_a_key_on_file_is_trusted_and_another_one_is_a_change(tmp_path, keys):
    known = write(tmp_path, f"web1,10.0.0.1 {keys[0]}")
    assert judge(known, ["web1"], Shown(key=raw(keys[0])))[0] is Trust.TRUSTED
    assert judge(known, ["10.0.0.1"], Shown(key=raw(keys[0])))[0] is Trust.TRUSTED
    trust, lines = judge(known, ["web1"], Shown(key=raw(keys[1])))
    assert trust is Trust.CHANGED
    assert [line.where for line in lines] == [f"{tmp_path}/known_hosts:1"]
    assert judge(known, ["web2"], Shown(key=raw(keys[0]))) == (Trust.UNKNOWN, [])


def test_names_are_compared_without_case(tmp_path, keys):
    assert (
        judge(write(tmp_path, f"Web1.Example.ORG {keys[0]}"), ["WEB1.example.org"], Shown(key=raw(keys[0])))[0]
        is Trust.TRUSTED
    )


def test_hashed_names_match(tmp_path, keys):
    write(tmp_path, f"web1 {keys[0]}", f"[web2]:2222 {keys[1]}")
    path = tmp_path / "known_hosts"
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
    assert "|1|" in path.read_text()
    assert "web" not in path.read_text()
    known = KnownHosts.load([str(path)])
    assert judge(known, ["web1"], Shown(key=raw(keys[0])))[0] is Trust.TRUSTED
    assert judge(known, ["[web2]:2222"], Shown(key=raw(keys[1])))[0] is Trust.TRUSTED
    assert judge(known, ["web2"], Shown(key=raw(keys[1])))[0] is Trust.UNKNOWN


def test_off_port_22_the_bare_name_may_vouch_but_never_accuse(tmp_path, keys):
    names = lookup_names("web1", 2222)
    assert names == ("[web1]:2222", "web1")
    known = write(tmp_path, f"web1 {keys[0]}")
    assert judge(known, names, Shown(key=raw(keys[0])))[0] is Trust.TRUSTED
    assert judge(known, names, Shown(key=raw(keys[1])))[0] is Trust.UNKNOWN
    both = write(tmp_path / "both", f"web1 {keys[0]}", f"[web1]:2222 {keys[1]}")
    assert judge(both, names, Shown(key=raw(keys[0])))[0] is Trust.CHANGED


def test_an_alias_stands_for_host_and_port():
    assert lookup_names("10.0.0.1", 2222, "Web1") == ("web1",)


def test_a_revoked_key_is_revoked_whatever_else_the_files_say(tmp_path, keys):
    known = write(tmp_path, f"web1 {keys[0]}", f"@revoked * {keys[0]}")
    assert judge(known, ["web1"], Shown(key=raw(keys[0])))[0] is Trust.REVOKED
    assert judge(known, ["web1"], Shown(key=raw(keys[1])))[0] is Trust.CHANGED


def test_an_authority_is_not_a_host_key(tmp_path, keys):
    known = write(tmp_path, f"@cert-authority *.example.org {keys[0]}")
    assert judge(known, ["web1.example.org"], Shown(key=raw(keys[0])))[0] is Trust.UNKNOWN


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "# comment",
        "web1",
        "web1 ssh-ed25519",
        "web1 ssh-ed25519 not*base64",
        "web1 ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "@unheard-of web1 ssh-ed25519 AAAA",
        "@revoked",
        "|1|no-digest ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "|1|?|? ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "\x00\xff\u2028",
        "|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA= ssh-ed25519",
    ],
)
def test_a_damaged_line_harms_no_other(tmp_path, keys, damage):
    known = write(tmp_path, damage, f"web1 {keys[0]} comment\r")
    assert judge(known, ["web1"], Shown(key=raw(keys[0])))[0] is Trust.TRUSTED


def test_a_missing_file_is_no_file_and_an_unreadable_one_is_named(tmp_path):
    (tmp_path / "folder").mkdir()
    known = KnownHosts.load([str(tmp_path / "absent"), str(tmp_path / "folder")])
    assert judge(known, ["web1"], Shown(key=b"key"))[0] is Trust.UNKNOWN
    assert known.unreadable == (f"{tmp_path}/folder: Is a directory",)


def test_a_file_that_changed_is_read_again(tmp_path, keys):
    assert judge(write(tmp_path, f"web1 {keys[0]}"), ["web1"], Shown(key=raw(keys[0])))[0] is Trust.TRUSTED
    assert judge(write(tmp_path, f"web1 {keys[1]}", "# longer"), ["web1"], Shown(key=raw(keys[0])))[0] is Trust.CHANGED


def test_fingerprints_are_those_of_ssh_keygen(tmp_path):
    key = make_key(tmp_path / "key")
    said = subprocess.run(["ssh-keygen", "-l", "-f", f"{key}.pub"], check=True, capture_output=True, text=True).stdout
    assert fingerprint(raw(public(key))) in said


def test_many_that_ask_at_once_get_one_index(tmp_path, keys):
    path = tmp_path / "known_hosts"
    path.write_text(f"web1 {keys[0]}\n" * 2000)
    together = threading.Barrier(8)

    def load(_: int) -> object:
        together.wait()
        return KnownHosts.load([str(path)]).indexes[0]

    with ThreadPoolExecutor(8) as pool:
        assert len({id(index) for index in pool.map(load, range(8))}) == 1


def test_lines_that_are_about_a_host_keep_their_order(tmp_path, keys):
    known = write(tmp_path, f"web* {keys[0]}", f"web1 {keys[1]}", f"{HASHED_WEB1} {keys[2]}", f"web1,web1 {keys[0]}")
    assert [entry.where.rpartition(":")[2] for entry in known.entries("web1")] == ["1", "2", "3", "4"]
    assert [entry.where.rpartition(":")[2] for entry in known.entries("web2")] == ["1"]


def test_a_pattern_of_stars_takes_no_longer_than_its_length():
    assert not glob(b"a" * 250, b"*a" * 100 + b"b")


hosts = st.text("ab.1", min_size=1, max_size=5)
patterns = st.lists(st.text("ab.1*?!A", min_size=1, max_size=5), min_size=1, max_size=3).map(",".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=hosts, lines=st.lists(patterns, min_size=1, max_size=6))
def test_the_lines_found_are_those_that_ssh_keygen_finds(tmp_path, keys, name, lines):
    path = tmp_path / "random"
    path.write_text("".join(f"{hosts} {keys[0]}\n" for hosts in lines))
    ran = subprocess.run(["ssh-keygen", "-F", name, "-f", str(path)], check=False, capture_output=True, text=True)
    theirs = [int(number) for number in re.findall(r"found: line (\d+)", ran.stdout)]
    ours = [int(entry.where.rpartition(":")[2]) for entry in KnownHosts.load([str(path)]).entries(name)]
    assert sorted(set(ours)) == theirs
