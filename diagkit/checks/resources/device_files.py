"""Are the device files that every program counts on what they should be?"""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.checks import Findings, check, fail, ok
from diagkit.probes.device_files import DeviceFile, DeviceFiles

# Source: the kernel's Documentation/admin-guide/devices.txt. What everybody must be allowed to do with it.
DEVICES = {
    "/dev/null": ("1:3", "rw"),
    "/dev/zero": ("1:5", "r"),
    "/dev/random": ("1:8", "r"),
    "/dev/urandom": ("1:9", "r"),
    "/dev/tty": ("5:0", "rw"),
}
DEEDS = {"r": "read", "w": "write to"}


@check(noise=(0.0001, 0.0001), vital=False)
def sound(files: DeviceFiles) -> Findings:
    """/dev/null, /dev/zero, /dev/random, /dev/urandom and /dev/tty are the devices they should be, open to everybody.

    Why: scripts and daemons throw what they do not want into /dev/null; where it is a plain file it grows and is read
    back, where only root may write to it everybody else's scripts fail, and without it shells start no job.
    Look-alikes: /dev of a chroot that was never filled is wrong for the programs in it alone.
    """
    for file in files.all:
        wrong = next(_wrong(file), "")
        yield fail(wrong, file.path) if wrong else ok(f"{file.mode}, device {file.device}", file.path)


def _wrong(file: DeviceFile) -> Iterator[str]:
    device, deeds = DEVICES[file.path]
    if not file.mode:
        yield "does not exist"
    elif file.mode.startswith("-"):
        yield f"is a plain file, not a device ({file.mode})"
    elif file.device != device:
        yield f"is not the device it should be: {file.mode[0]} {file.device or 'no device'} instead of c {device}"
    for deed in deeds:
        if deed not in file.mode[7:]:
            yield f"not everybody may {DEEDS[deed]} it: {file.mode}"
