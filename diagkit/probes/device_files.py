"""The device files that every program counts on: /dev/null and its neighbours."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Reply, Run
from diagkit.probes import Garbled, probe

COUNTED_ON = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty")


@frozen(kw_only=True)
class DeviceFile:
    """What stands at a path: its kind and mode as ls writes them (`crw-rw-rw-`), and which device it is.

    device: major and minor number (`1:3`); empty where it is none. mode: empty where nothing stands there.
    """

    path: str
    mode: str = ""
    device: str = ""


@frozen(kw_only=True)
class DeviceFiles:
    """Those that programs count on."""

    all: tuple[DeviceFile, ...]


LINE = re.compile(r"([-a-z][-a-zA-Z]{9})[.+]? +\d+ +\d+ +\d+ +(?:(\d+), *(\d+)|\d+) .* (/dev/\w+)")


@probe(Run(("ls", "-dlLn", *COUNTED_ON)))
def device_files(listing: Reply) -> DeviceFiles:
    """What stands at these paths. Where one is missing, ls lists the rest and exits 1 or 2."""
    found = {path: DeviceFile(path=path) for path in COUNTED_ON if _is_missed(path, listing)}
    for line in listing.lines:
        if m := LINE.fullmatch(line):
            found[m[4]] = DeviceFile(path=m[4], mode=m[1], device=f"{m[2]}:{m[3]}" if m[2] else "")
    if unsaid := [path for path in COUNTED_ON if path not in found]:
        raise Garbled(f"nothing is said of {unsaid[0]}")
    return DeviceFiles(all=tuple(found[path] for path in COUNTED_ON))


def _is_missed(path: str, listing: Reply) -> bool:
    return bool(re.search(rf"{path}\b.*: No such file", listing.complaint))
