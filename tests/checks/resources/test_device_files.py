"""Device files that are not what every program takes them for, on machines where that was really done."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from diagkit import catalog
from diagkit.cases import replay
from diagkit.conclusions import Settings
from diagkit.model import Reply, Status, Verdict
from diagkit.probes.device_files import device_files
from diagkit.transports.replay import read_tape

WELL = read_tape(Path(__file__).parents[2] / "hosts/healthy/web.tape.gz")
CHECKLIST = Settings(checks=tuple(check for check in catalog.all_checks().values() if not check.deep))
(LISTING,) = device_files.asks()
BROKEN = {
    "is a plain file, not a device (-rw-r--r--)": ("/dev/null", "rm /dev/null; umask 22; echo lost >/dev/null"),
    "not everybody may read it: crw-------": ("/dev/null", "chmod 600 /dev/null"),
    "not everybody may write to it: crw-r--r--": ("/dev/tty", "chmod 644 /dev/tty"),
    "does not exist": ("/dev/null", "rm /dev/null"),
    "is not the device it should be: c 1:7 instead of c 1:9": (
        "/dev/urandom",
        "rm /dev/urandom; mknod -m 666 /dev/urandom c 1 7",
    ),
    "is not the device it should be: d no device instead of c 1:8": (
        "/dev/random",
        "rm /dev/random; mkdir /dev/random",
    ),
}
OWN_DEV = """
mkdir -p $1 && mount -t tmpfs none $1 && cp -a /dev/null /dev/zero /dev/random /dev/urandom /dev/tty $1/
mount --bind $1 /dev; eval "$2"; shift 2; exec "$@"
"""


def listed(where: Path, deed: str, *words: str) -> Reply:
    """What a machine says to which this was done."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("a /dev of its own needs root")
    argv = ["unshare", "--mount", "sh", "-c", OWN_DEV, "sh", where, deed, *words, *LISTING.argv]
    done = subprocess.run(argv, capture_output=True, env=os.environ | {"LC_ALL": "C"}, check=False)
    return Reply(out=done.stdout, err=done.stderr, code=done.returncode)


@pytest.mark.parametrize("words", [(), ("busybox",)], ids=["coreutils", "busybox"])
@pytest.mark.parametrize("says", BROKEN)
def test_what_is_broken_is_named_and_is_the_cause(tmp_path, says, words):
    path, deed = BROKEN[says]
    report = replay(
        [replace(WELL, replies=WELL.replies | {LISTING: listed(tmp_path / "dev", deed, *words)})], CHECKLIST
    )
    told = [f for f in report.findings if f.check == "resources.device_files.sound" and f.status is Status.FAIL]
    assert [(f.subject.raw, f.summary.raw) for f in told] == [(path, says)]
    cause = report.diagnosis.causes[0]
    assert (cause.id, cause.entity.raw, cause.verdict) == ("device_file_broken", path, Verdict.CONFIRMED)


def test_sound_ones_are_ok(tmp_path):
    report = replay([replace(WELL, replies=WELL.replies | {LISTING: listed(tmp_path / "dev", ":")})], CHECKLIST)
    told = [f for f in report.findings if f.check == "resources.device_files.sound"]
    assert [f.status for f in told] == [Status.OK] * 5


@pytest.mark.parametrize("said", ["", "crw-rw-rw- 1 0 0 1, 3 Nov 19 19:44 /dev/null\n", "ls: nonsense\n"])
def test_what_says_nothing_of_some_is_not_judged(said):
    report = replay([replace(WELL, replies=WELL.replies | {LISTING: Reply(out=said.encode())})], CHECKLIST)
    told = [f for f in report.findings if f.check == "resources.device_files.sound"]
    assert [f.status for f in told] == [Status.UNKNOWN]
