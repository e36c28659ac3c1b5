"""Two network namespaces with a wire between them that holds every packet for a while, for latency that is real.

Needs root and Linux. The wire is a pair of tun devices and a process that carries packets from one to the other.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import struct
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
NEAR, FAR = "10.213.0.1", "10.213.0.2"
PACKET_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Ends:
    """The two namespaces, and the address of the far one."""

    near: str
    far: str
    address: str = FAR


@contextmanager
def wire(round_trip: float) -> Iterator[Ends]:
    """The two ends, names of namespaces for `inside`, for as long as the block lasts. round_trip: in seconds."""
    ends = Ends(f"near{os.getpid()}", f"far{os.getpid()}")
    made = []
    carrier = 0
    try:
        for name in (ends.near, ends.far):
            subprocess.run(["ip", "netns", "add", name], check=True)
            made.append(name)
        devices = [_tun(ends.near), _tun(ends.far)]
        for name, here, there in ((ends.near, NEAR, FAR), (ends.far, FAR, NEAR)):
            for words in (f"addr add {here} peer {there} dev wire", "link set wire up", "link set lo up"):
                subprocess.run(["ip", "-n", name, *words.split()], check=True)
        carrier = os.fork()
        if not carrier:
            _carry(devices, round_trip / 2)
        for device in devices:
            os.close(device)
        yield ends
    finally:
        if carrier:
            os.kill(carrier, signal.SIGKILL)
            os.waitpid(carrier, 0)
        for name in made:
            subprocess.run(["ip", "netns", "del", name], check=True)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """What this thread opens and starts belongs to the namespace, for as long as the block lasts."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(Path("/var/run/netns", namespace), os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


def _tun(namespace: str) -> int:
    """A device called `wire` in the namespace; whoever holds the descriptor is its other side."""
    with inside(namespace):
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"wire", IFF_TUN | IFF_NO_PI))
    return device


def _carry(devices: list[int], seconds: float) -> None:
    """Take packets from each device to the other, each so many seconds later. Never returns."""
    other = dict(zip(devices, reversed(devices), strict=True))
    held: deque[tuple[float, int, bytes]] = deque()  # in order of their time, as all wait equally long
    poll = select.poll()
    for device in devices:
        poll.register(device, select.POLLIN)
    while True:
        now = time.monotonic()
        while held and held[0][0] <= now:
            _, device, packet = held.popleft()
            os.write(device, packet)
        # rounded down, to look once too often: a millisecond late with every packet would be measured
        for device, _ in poll.poll(int(max(0.0, held[0][0] - now) * 1000) if held else None):
            held.append((time.monotonic() + seconds, other[device], os.read(device, PACKET_BYTES)))
