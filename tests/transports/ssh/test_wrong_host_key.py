"""A host whose key was swapped: found, named, and exit code 77, whatever was asked for and however it is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from diagkit.transports.ssh.host_keys.public_key import fingerprint
from tests.transports.sshd import make_key, public, raw, running

ROOT = Path(__file__).parents[3]
CHECKS = ("--only", "connectivity.identity.*,resources.memory.available", "--timeout", "20")


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="module")
def former(tmp_path_factory):
    """The key that the host had before it was rebuilt."""
    return public(make_key(tmp_path_factory.mktemp("former") / "key"))


@pytest.fixture
def diagkit(tmp_path):
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        argv = [sys.executable, "-m", "diagkit", *words]
        null = subprocess.DEVNULL
        return subprocess.run(
            argv, check=False, env=environment, cwd=tmp_path, capture_output=True, text=True, stdin=null
        )

    return run


@pytest.fixture
def swapped(box, former, tmp_path):
    """A configuration in which `box` has its former key on file, beside `fine`, which has its own."""
    name = f"[127.0.0.1]:{box.port}"
    (tmp_path / "former").write_text(f"{name} {former}\n")
    wrong = Path(box.client_config(UserKnownHostsFile=str(tmp_path / "former"), StrictHostKeyChecking="no"))
    right = Path(box.client_config()).read_text().replace("Host box", "Host fine")
    wrong.write_text(wrong.read_text() + right)
    return str(wrong)


def test_both_fingerprints_are_told_and_the_code_is_77_live_and_replayed(box, former, swapped, diagkit, tmp_path):
    ran = diagkit("check", "box", "--ssh-config", swapped, *CHECKS)
    assert ran.returncode == 77, ran.stdout + ran.stderr
    flat = "".join(ran.stdout.split())
    assert fingerprint(raw(public(box.host_key))) in flat
    assert f"{fingerprint(raw(former))}({tmp_path}/former:1)" in flat
    assert "access/host_key_changed" in flat
    assert (tmp_path / "former").read_text().count("\n") == 1

    assert diagkit("capture", "box", "--ssh-config", swapped, *CHECKS, "-o", "box.tape").returncode == 77
    again = diagkit("check", "replay:box.tape", "--only", "resources.memory.available", "--fail-on", "never")
    assert again.returncode == 77
    assert fingerprint(raw(former)) in " ".join(again.stdout.split())
    report = json.loads(diagkit("check", "replay:box.tape", "--format", "json", *CHECKS).stdout)
    [found] = [f for f in report["findings"] if f["check"] == "connectivity.identity.host_key"]
    assert found["status"] == "fail"
    assert fingerprint(raw(former)) in found["summary"]
    junit = diagkit("check", "replay:box.tape", "--format", "junit", *CHECKS)
    assert junit.returncode == 77
    assert any(
        fingerprint(raw(former)) in (f.get("message") or "") for f in ET.fromstring(junit.stdout).iter("failure")
    )


def test_one_wrong_key_among_hosts_that_are_well_is_77_too(swapped, diagkit):
    ran = diagkit("check", "fine", "box", "--ssh-config", swapped, *CHECKS, "--format", "json")
    assert ran.returncode == 77, ran.stdout + ran.stderr
    found = {f["target"]: f["status"] for f in json.loads(ran.stdout)["findings"] if "identity" in f["check"]}
    assert found == {"fine": "ok", "box": "fail"}


def test_a_key_that_nobody_knows_is_unknown_with_what_would_open_it(box, diagkit):
    config = box.client_config(UserKnownHostsFile="/dev/null")
    ran = diagkit("check", "box", "--ssh-config", config, *CHECKS)
    assert ran.returncode == 3
    assert "not in known_hosts" in " ".join(ran.stdout.split())


def test_a_jump_host_with_a_wrong_key_stops_what_lies_behind_it(box, swapped, diagkit):
    box, fine = Path(swapped).read_text().split("Host fine")
    fine = fine.replace("HostName 127.0.0.1", "HostName 127.0.0.2") + "  ProxyJump box\n"
    Path(swapped).write_text(f"{box}Host fine{fine}")
    ran = diagkit("check", "fine", "--ssh-config", swapped, *CHECKS)
    assert ran.returncode == 77, ran.stdout + ran.stderr
    assert "host key of box CHANGED" in " ".join(ran.stdout.split())
