"""`--executor`: what can be named there, and the places that need nothing but this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count
from multiprocessing.connection import Connection

from diagkit.fleet.places import NotUnderstood, Place, Places
from diagkit.fleet.shards import carry_out
from diagkit.frozen import frozen

MOST_PROCESSES = 256
STOP = b"stop"


def opener_of(name: str) -> Callable[[], Places] | None:
    """What opens the places of this name; None for `threads`, which are those of this process.

    Raises `NotUnderstood` here, and what it returns `NotSetUp` or `Unavailable`.
    """
    kind, _, rest = name.partition(":")
    if name == "threads":
        return None
    if kind == "processes":
        if not (rest.isascii() and rest.isdigit() and 0 < int(rest) <= MOST_PROCESSES):
            raise NotUnderstood(f"--executor {name}: how many? 1 to {MOST_PROCESSES}, as in processes:4")
        return partial(Processes, int(rest))
    if kind == "dask":
        from diagkit.fleet.dask import Cluster, scheduler

        return partial(Cluster, *scheduler(name))
    raise NotUnderstood(f"--executor {name}: there is threads, processes:N and dask://HOST:PORT")


# ---------------------------------------------------------------- processes of this machine


@frozen
class _Process:
    """A pool of one process, and the two ends of the tether that it hangs on: ours, and its own, which it inherits."""

    pool: ProcessPoolExecutor
    tether: Connection
    inherited: Connection

    @property
    def place(self) -> Place:
        """It, as one of the places there are."""
        return Place(lambda parcel: self.pool.submit(carry_out_until_told, parcel))

    def tell(self) -> None:
        """Have it hand in what it has."""
        with suppress(OSError):  # it has ended
            self.tether.send_bytes(STOP)

    def end(self) -> None:
        """Kill it; one that hangs listens to nothing else. One that is only just starting lets go of life by itself."""
        with suppress(OSError, EOFError):
            if self.tether.poll():
                pid = int(self.tether.recv_bytes())
                for child in multiprocessing.active_children():
                    if child.pid == pid:
                        child.kill()
        self.tether.close()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.inherited.close()


class Processes:
    """So many processes of this machine, each a place; one that ends is replaced.

    They are started afresh, not forked: a fork copies locks that other threads hold.
    """

    ended = ""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._numbers = count(1)
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[str, _Process] = {}

    def here(self) -> Mapping[str, Place]:
        while len(self._running) < self._wanted:
            self._running[f"the process {next(self._numbers)}"] = self._start()
        return {name: process.place for name, process in self._running.items()}

    def lose(self, name: str) -> None:
        if process := self._running.pop(name, None):
            process.end()

    def stop(self) -> None:
        for process in self._running.values():
            process.tell()

    def close(self) -> None:
        self._wanted = 0
        for name in list(self._running):
            self.lose(name)

    def _start(self) -> _Process:
        ours, theirs = self._context.Pipe()
        pool = ProcessPoolExecutor(1, self._context, _hang_on, (theirs,))  # starts it when it is given something
        return _Process(pool, ours, theirs)


class Told:
    """Whether this process was told to stop: what a signal is to the crew of the first one."""

    def __init__(self) -> None:
        self.number = 0
        self.wake: Callable[[], None] = lambda: None


_TOLD = Told()


def carry_out_until_told(parcel: bytes) -> bytes:
    """Carry out a packed task, as far as it comes until this process is told to stop."""
    return carry_out(parcel, _TOLD)


def _hang_on(tether: Connection) -> None:
    """Begin the life of a process, which is to end with our parent's.

    In a session of its own: a Ctrl-C is our parent's to tell us of, and there is no terminal to ask for anything on.
    """
    os.setsid()
    threading.Thread(target=_listen, args=(tether,), daemon=True, name="tether").start()


def _listen(tether: Connection) -> None:
    try:
        tether.send_bytes(str(os.getpid()).encode())
        while tether.recv_bytes() == STOP:
            _TOLD.number = signal.SIGINT
            _TOLD.wake()
    except (EOFError, OSError):
        os._exit(1)
