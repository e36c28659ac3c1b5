"""This machine, asked by the same script as any other; and psutil for what its kernel does not tell in files."""

from __future__ import annotations

import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from diagkit.model import Again, Ask, Connection, Layer, Moment, Native, Reply, Silence, Target, Unreached
from diagkit.transports.child import CHUNK, Child, Job, finish
from diagkit.transports.questions import bare
from diagkit.transports.shell import NoShell, converse, hung_up

SHELL = ("/bin/sh", "-s")
NATIVE_TIMEOUT = 6.0  # seconds; psutil answers in milliseconds, loading it takes a tenth of a second


class ShellPipe:
    """A local shell as one end of a conversation."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._child = Child(argv, talk=True)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._child.out, selectors.EVENT_READ)
        self._ready.register(self._child.err, selectors.EVENT_READ)

    def send(self, data: bytes) -> None:
        """Write all of it; five seconds are a long time for a pipe."""
        self._child.send(data, timeout=5)

    def recv(self, timeout: float) -> bytes | None:
        """What has arrived. What it says on standard error is read and dropped, so that it cannot fill its pipe."""
        for key, _ in self._ready.select(timeout):
            data = os.read(key.fd, CHUNK)
            if key.fd == self._child.out:
                return data
            if not data:
                self._ready.unregister(key.fd)
        return None

    def hang_up(self) -> None:
        """End the shell and all it started. Whoever is reading sees the end."""
        self._child.kill()

    def close(self) -> None:
        """The same, and give up our ends; nobody may be reading."""
        self._ready.close()
        self._child.end()


class Local:
    """This machine. deadline: of everything, on the monotonic clock. declared: commands the configuration names."""

    def __init__(
        self,
        *,
        deadline: float,
        declared: Collection[tuple[str, ...]] = (),
        shell: Sequence[str] = SHELL,
    ) -> None:
        self.deadline = deadline
        self.unreached: Unreached | None = None
        self._declared = declared
        self._shell = shell
        self._pipe: ShellPipe | None = None
        self._talked = False
        self._closed = False
        self._asking = threading.Lock()

    def ask(self, asks: Collection[Ask], moment: Moment) -> Mapping[Ask, Reply]:
        """Every ask with its answer or the silence that stands for it."""
        with self._asking:
            jobs = {ask: self._native(ask) for ask in asks if isinstance(bare(ask), Native)}
            try:
                replies = self._converse([ask for ask in asks if ask not in jobs], moment)
            finally:
                native = finish(list(jobs.values()))
            return replies | {ask: _judged(reply) for ask, reply in zip(jobs, native, strict=True)}

    def _native(self, ask: Ask) -> Job:
        asked = bare(ask)
        name = asked.name if isinstance(asked, Native) else ""
        delay = ask.gap if isinstance(ask, Again) else 0.0
        program = str(Path(__file__).with_name("native.py"))
        argv = (sys.executable, "-I", program, name, str(delay))
        left = max(0.0, self.deadline - time.monotonic())
        return Job(argv, timeout=min(left, delay + NATIVE_TIMEOUT), cap=4 << 20)

    def _converse(self, asks: Collection[Ask], moment: Moment) -> dict[Ask, Reply]:
        if not asks:
            return {}
        try:
            self._pipe = self._pipe or ShellPipe(self._shell)
            replies = converse(self._pipe, asks, moment, self.deadline, declared=self._declared)
        except (NoShell, OSError) as error:
            if not self._talked:
                said = error.heard.decode("utf-8", "replace").strip() if isinstance(error, NoShell) else ""
                detail = f"{self._shell[0]}: {error}" + (f': it said "{said}"' if said else "")
                self.unreached = Unreached(Layer.SHELL, Silence.UNREACHABLE, detail)
            return dict.fromkeys(asks, Reply(silence=Silence.UNREACHABLE, err=str(error).encode(), at=time.time()))
        self._talked = True
        return hung_up(replies) if self._closed else replies

    def dial(self, host: str, port: int, timeout: float) -> Connection:
        """A TCP connection from here. Raises OSError."""
        return socket.create_connection((host, port), timeout)

    def located(self, target: Target) -> Target:
        """It is here."""
        return target

    def close(self) -> None:
        """End whatever was started. From any thread: a round that is under way hands in what it has."""
        self._closed = True
        if pipe := self._pipe:
            pipe.hang_up()
        with self._asking:
            if self._pipe:
                self._pipe.close()
                self._pipe = None


def _judged(reply: Reply) -> Reply:
    """The program tells the time on its first line, when it has looked, and the answer on the next."""
    if reply.silence or reply.code:
        return replace(reply, out=b"", silence=reply.silence or Silence.UNSUPPORTED)
    moment, _, answer = reply.out.partition(b"\n")
    return replace(reply, out=answer, at=float(moment))
