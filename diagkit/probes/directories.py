"""Directories with so many entries that their own table of names has grown large."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Run, Silence
from diagkit.probes import Answers, Withheld, probe
from diagkit.probes.devices import Devices
from diagkit.probes.disk import REMOTE
from diagkit.probes.mounts import MountTable

# Where programs keep a file for each mail, job, session or upload; and three levels of it, so that no tree is walked.
PLACES = ("/tmp", "/var/tmp", "/var/spool", "/var/mail", "/var/lib", "/var/cache", "/var/log", "/srv")  # noqa: S108
MOST_VOLUMES = 8
LARGE_KIB = 64  # of names: some 2,000 entries
LINE = re.compile(r"(\d+) (/.*)")
SPARED = 0.5  # share of the time a disk is busy from which on nothing is looked for
ENTRY = 32  # bytes that one name takes in ext4: 8, and a name of usual length rounded up


@frozen(kw_only=True)
class Directory:
    """One directory and the bytes its table of names takes. ext4 never makes that smaller: the entries may be gone."""

    path: str
    size: int

    @property
    def entries(self) -> int:
        """About how many names that is."""
        return self.size // ENTRY


@frozen(kw_only=True)
class Directories:
    """The directories with large tables of names, largest first."""

    all: tuple[Directory, ...]


def _listing(table: MountTable) -> Run:
    """Look below the usual places and on data volumes, and never where a file server might not answer."""
    remote = [m.path for m in table.mounted if m.type in REMOTE or m.type.startswith("fuse.")]
    volumes = sorted({m.path for m in table.mounted if m.source.startswith("/dev/") and m.path.count("/") <= 4} - {"/"})
    data = [path for path in volumes if path.startswith(("/var/", "/srv", "/data", "/home", "/opt", "/mnt"))]
    roots = dict.fromkeys((*PLACES, *data[:MOST_VOLUMES]))
    safe = [root for root in roots if not any(f"{path}/".startswith(f"{root}/") for path in remote)]
    return Run(
        ("find", *safe, "-xdev", "-maxdepth", "3", "-type", "d", "-size", f"+{LARGE_KIB}k", "-exec",
         "stat", "-c", "%s %n", "{}", "+"),
        timeout=3, root=True,
    )  # fmt: skip


def ask_below(table: MountTable, devices: Devices) -> Iterable[Ask]:
    """One question, which knows the mounts. Disks that are busy, or dead, are spared: `find` might never come back."""
    return [] if any(disk.stuck or disk.busy >= SPARED for disk in devices.all) else [_listing(table)]


@probe(also=ask_below, opens="log in as root, or allow this user `sudo -n`: some directories are closed to others")
def directories(table: MountTable, answers: Answers) -> Directories:
    """Directories with thousands of entries, by the size of the directory itself; what is in them is not read."""
    reply = answers.get(_listing(table))
    if reply is None:
        raise Withheld(Silence.NOT_RUN, "the disks are too busy to look for them")
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    found = [Directory(path=m[2], size=int(m[1])) for line in reply.lines if (m := LINE.fullmatch(line))]
    if not found and "Permission denied" in reply.complaint:
        raise Withheld(Silence.DENIED, "directories of other users")
    return Directories(all=tuple(sorted(found, key=lambda d: (-d.size, d.path))))
