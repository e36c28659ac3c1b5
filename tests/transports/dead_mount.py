"""A filesystem that never answers: `python dead_mount.py DIRECTORY COMMAND...` mounts it and becomes the command.

The smallest FUSE server there can be. It tells what its root directory is and then stays silent, so that `df` and
`stat -f` wait in the kernel where no signal reaches them, as on a dead NFS server. Needs root and /dev/fuse; run it in a
mount namespace of its own. When the server dies, the kernel lets go of everyone who waits.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

INIT, GETATTR, STATFS, ACCESS = 26, 3, 17, 34
ENOSYS = 38
MS_NOSUID, MS_NODEV = 2, 4
DIRECTORY = 0o040755


def mount(where: str) -> int:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"dead", where.encode(), b"fuse.dead", MS_NOSUID | MS_NODEV, options.encode()):
        raise OSError(ctypes.get_errno(), "mount")
    return device


def serve(device: int) -> None:
    while request := os.read(device, 1 << 17):
        _, opcode, unique, node = struct.unpack_from("=IIQQ", request)
        if opcode == STATFS:
            continue  # and whoever asked waits for ever
        if opcode == INIT:
            answer = struct.pack("=IIIIHHIIHHI28x", 7, 31, 0, 0, 8, 6, 4096, 1, 1, 0, 0)
        elif opcode == GETATTR:
            times = (0, 0, 0, 0, 0, 0)
            attributes = struct.pack("=QQQQQQIII", node, 0, 0, *times) + struct.pack(
                "=IIIIIII", DIRECTORY, 2, 0, 0, 0, 4096, 0
            )
            answer = struct.pack("=QII", 3600, 0, 0) + attributes
        else:
            os.write(device, struct.pack("=IiQ", 16, -ENOSYS, unique))
            continue
        os.write(device, struct.pack("=IiQ", 16 + len(answer), 0, unique) + answer)


def main(where: str, *command: str) -> None:
    device = mount(where)
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        serve(device)
        os._exit(0)
    os.close(device)
    Path(where).stat()  # the server is up
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
