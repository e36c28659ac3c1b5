"""A real dropbear on a loopback port: the other ssh server that is met, on routers, appliances and in small images."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.transports.sshd import Sshd, public

# It reads authorized_keys in the home of the password file only, so it gets a view of the file system of its own.
IN_OTHER_HOME = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


class Dropbear(Sshd):
    """The same as the other server. options: of its command line, with their values."""

    READY = "Not backgrounding"

    def _start(self, program: str, options: Mapping[str, str]) -> subprocess.Popen[bytes]:
        if os.geteuid() != 0 or not shutil.which("dropbear") or not shutil.which("dropbearconvert"):
            pytest.skip("needs dropbear, and root for a home of its own")
        key = self.folder / "dropbear_key"
        convert = ["dropbearconvert", "openssh", "dropbear", str(self.host_key), str(key)]
        subprocess.run(convert, check=True, capture_output=True)
        home = self.folder / "home"
        (home / ".ssh").mkdir(mode=0o700, parents=True)
        (home / ".ssh" / "authorized_keys").write_text(f"{public(self.identity)}\n")
        argv = ["dropbear", "-F", "-E", "-s", "-m", "-r", str(key), "-P", str(self.folder / "pid")]
        argv += ["-p", f"127.0.0.1:{self.port}", *(word for pair in options.items() for word in pair if word)]
        inside = ["unshare", "-m", "sh", "-c", IN_OTHER_HOME, "sh", str(home), pwd.getpwuid(os.getuid()).pw_dir]
        with Path(self.folder / "sshd.log").open("wb") as log:
            return subprocess.Popen([*inside, *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
