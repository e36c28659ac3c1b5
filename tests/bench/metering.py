"""What a command costs with all that it starts: wall time, processor time, memory. Linux.

A keeper process starts it. Orphans fall to the keeper (PR_SET_CHILD_SUBREAPER), so that nothing escapes the bill: neither
what runs on after its parent nor what nobody waited for.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
TICK = 1 / os.sysconf("SC_CLK_TCK")
GLANCE = 0.05  # seconds between two looks at the memory


@dataclass(frozen=True)
class Cost:
    """wall and cpu: seconds. memory: bytes (PSS) of all processes together at their peak; 0 where nobody looked."""

    wall: float
    cpu: float
    memory: int = 0


class Keeper:
    """Starts commands and knows what they have used."""

    def __init__(self) -> None:
        self._here, there = Pipe()
        self._process = Process(target=_keep, args=(there,), daemon=True)
        self._process.start()

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None, folder: str = "/") -> None:
        """Run it in the background, in this folder."""
        self._here.send((list(command), environment, folder))
        self._here.recv()

    def wait(self) -> int:
        """The exit code of the first command; all else that still runs is ended."""
        self._here.send("wait")
        return int(self._here.recv())

    def cpu(self) -> float:
        """Seconds of processor time that were used so far, by all."""
        self._here.send("cpu")
        return float(self._here.recv())

    def memory(self) -> int:
        """Bytes that all of them have now; what they share is counted once."""
        return sum(_proportional(pid) for pid in _below(self._process.pid or 0))

    def close(self) -> None:
        """End everything."""
        with suppress(OSError):
            self._here.send("wait-not")
        self._process.join()


def cost(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    folder: str = "/",
    codes: Collection[int] = (0,),
    memory: bool = False,
) -> Cost:
    """Run it once. Looking at the memory takes time: measure that apart.

    codes: those with which it may end; CalledProcessError is raised for any other.
    """
    keeper = Keeper()
    began = time.monotonic()
    keeper.start(command, environment, folder)
    peak, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(GLANCE):
            peak.append(keeper.memory())

    looking = threading.Thread(target=look)
    if memory:
        looking.start()
    code = keeper.wait()
    wall = time.monotonic() - began
    over.set()
    if memory:
        looking.join()
    cpu = keeper.cpu()
    keeper.close()
    if code not in codes:
        raise subprocess.CalledProcessError(code, list(command))
    return Cost(wall, cpu, max(peak))


def _keep(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)  # nothing is left behind when the benchmark is killed
    first: subprocess.Popen[bytes] | None = None
    try:
        while True:
            while not pipe.poll(GLANCE):
                _reap(first)
            match pipe.recv():
                case "wait":
                    assert first
                    pipe.send(first.wait())
                    _end_all()
                case "cpu":
                    _reap(first)
                    pipe.send(_used())
                case (command, environment, folder):
                    nothing = subprocess.DEVNULL
                    child = subprocess.Popen(
                        command, env=environment, cwd=folder, stdin=nothing, stdout=nothing, stderr=nothing
                    )
                    first = first or child
                    pipe.send(child.pid)
                case _:
                    return
    except EOFError:
        pass
    finally:
        _end_all()


def _reap(spared: subprocess.Popen[bytes] | None) -> None:
    """Wait for those that have ended, but for the one that somebody else waits for."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or (spared and spared.returncode is None and ended.si_pid == spared.pid):
            return
        os.waitpid(ended.si_pid, 0)


def _end_all() -> None:
    while below := list(_below(os.getpid())):
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.wait()


def _used() -> float:
    """By those that were waited for, here or below, and by those that live."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = 0
    for pid in _below(os.getpid()):
        with suppress(OSError):
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            living += sum(map(int, after_name[11:15]))  # utime stime cutime cstime
    return ended.ru_utime + ended.ru_stime + living * TICK


def _below(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from _below(child)


def _proportional(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
