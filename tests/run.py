#!/usr/bin/env python3
"""All the tests, with all their set-up: `python3 tests/run.py [pytest arguments]`.

Needs Python 3.11 or newer and a way to the package index. Makes `.venv` beside the project, installs the locked
versions into it, installs the servers that the tests start (Debian's packages, when run as root there), then runs the
linters and pytest, with its tests side by side: `-n 0` runs them one after another, as a debugger needs it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PARAMIKOS = ("3.5.1", "4.0.0")  # besides the locked one: the last of each older major that we say we work with
WORKERS = 2 * min(os.cpu_count() or 1, 8)  # more than processors: half of the time a test waits
# program that a test starts -> Debian's package that has it
SERVERS = {
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ip": "iproute2",
    "nft": "nftables",
    "ping": "iputils-ping",
    "busybox": "busybox-static",
    "dash": "dash",
    "openssl": "openssl",
    "dropbear": "dropbear-bin",
    "fish": "fish",
    "tcsh": "tcsh",
    "zsh": "zsh",
    "ksh": "ksh",
    "mksh": "mksh",
    "sudo": "sudo",
}


def main() -> int:
    """Set up, lint, test; the exit code is that of the first step that fails."""
    os.chdir(ROOT)
    os.environ["PATH"] = f"{VENV / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin"
    prepare_servers()
    prepare_python()
    steps = [
        ["ruff", "format", "--check", "--quiet", "."],
        ["ruff", "check", "--quiet", "."],
        ["mypy", "--no-error-summary"],
        ["lint-imports"],
        ["pytest", "--numprocesses", str(WORKERS), "--dist", "worksteal", *sys.argv[1:]],
    ]
    for step in steps:
        print(f"== {' '.join(step)}", flush=True)
        if code := subprocess.call(step):
            return code
    return 0


def prepare_servers() -> None:
    """Install what the tests start; say what is missing where we may not."""
    missing = sorted({package for program, package in SERVERS.items() if not shutil.which(program)})
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"== installing {' '.join(missing)}", flush=True)
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        # no service of the machine itself is started: the tests start their own
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *step], check=True, env=env, stdout=subprocess.DEVNULL)
    else:
        print(f"== missing here, and their tests will fail: {' '.join(missing)}", flush=True)


def prepare_python() -> None:
    """The virtual environment, brought to what the lock says; and the older paramikos, each in a folder of its own."""
    stamp = VENV / ".locked"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not (VENV / "bin" / "python").exists():
        venv.create(VENV, with_pip=True, clear=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if not stamp.exists() or stamp.read_text() != wanted:
        print("== installing the locked packages into .venv", flush=True)
        subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
        subprocess.run([*pip, "--no-deps", "--editable", str(ROOT)], check=True)
        stamp.write_text(wanted)
    for version in PARAMIKOS:
        folder = VENV / "paramikos" / version
        if not (folder / f"paramiko-{version}.dist-info").exists():
            print(f"== installing paramiko {version} into {folder.relative_to(ROOT)}", flush=True)
            subprocess.run([*pip, "--target", str(folder), "--upgrade", f"paramiko=={version}"], check=True)


if __name__ == "__main__":
    sys.exit(main())
