"""Jobs shared out among processes, with progress while they run, and an early end that loses nothing.

Python can use one processor per process. The workers are forked, so that they have all that was found and compiled;
each takes the next job as it gets free, and hands over at its end all that it counted, in one piece. Nothing is left
behind: a worker ends when it is done, when it is told to stop, and when we do.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Generic, TypeVar

T = TypeVar("T")
BEAT = 0.2  # seconds between two looks at how far it is


class Gauge:
    """How far the work is: bytes read, and lines met that say something. Shared by all workers; `stopped` ends them."""

    def __init__(self, context: Any = multiprocessing) -> None:
        self._read: Synchronized[int] = context.Value("Q", 0)
        self._hits: Synchronized[int] = context.Value("Q", 0)
        self._stopped: Synchronized[int] = context.Value("B", 0)

    def add(self, read: int) -> None:
        """So many more bytes were read."""
        with self._read.get_lock():
            self._read.value += read

    def met(self, lines: int) -> None:
        """So many more lines say something."""
        with self._hits.get_lock():
            self._hits.value += lines

    @property
    def read(self) -> int:
        """Bytes read so far."""
        return self._read.value

    @property
    def hits(self) -> int:
        """Lines met so far."""
        return self._hits.value

    @property
    def stopped(self) -> bool:
        """Whether everybody is to end."""
        return bool(self._stopped.value)

    def stop(self) -> None:
        """Let everybody end with what they have."""
        self._stopped.value = 1


def processors() -> int:
    """How many we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew(Generic[T]):
    """Workers at the same jobs. Each makes of the jobs it takes one result, with `work(next_job)`."""

    def __init__(self, jobs: Sequence[Any], workers: int, work: Callable[[Callable[[], Any | None]], T]) -> None:
        self._context = multiprocessing.get_context("fork")
        self._next: Synchronized[int] = self._context.Value("L", 0)
        self._jobs, self._work = jobs, work
        self._open: list[Connection] = []
        for _ in range(workers):
            ours, theirs = self._context.Pipe(duplex=False)
            self._context.Process(target=self._run, args=(theirs,), daemon=True).start()
            theirs.close()
            self._open.append(ours)

    def results(self, beat: Callable[[], None]) -> tuple[list[T], int]:
        """What each worker made, and how many of them died over it. `beat` is called while they are at work."""
        made: list[T] = []
        died = 0
        while self._open:
            for ready in wait(self._open, BEAT):
                connection = next(c for c in self._open if c is ready)
                try:
                    made.append(connection.recv())
                except EOFError:
                    died += 1
                connection.close()
                self._open.remove(connection)
            beat()
        for process in multiprocessing.active_children():
            process.join(BEAT)
        return made, died

    def _run(self, answer: Connection) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells all of us; the parent decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        answer.send(self._work(self._take))
        answer.close()

    def _take(self) -> Any | None:
        """The next job that nobody has taken; None where there is none left."""
        with self._next.get_lock():
            number = self._next.value
            self._next.value += 1
        return self._jobs[number] if number < len(self._jobs) else None
