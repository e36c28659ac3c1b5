"""Commands of this machine as children that can be given up.

No thread, alarm or asyncio timeout ends a system call that is stuck in the kernel. So what may block runs in a child
with a session and pipes of its own; at its deadline the whole process group is killed and the pipes are closed, and
nobody waits for it to be gone.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from diagkit.model import Reply, Silence

CHUNK = 65_536
_KEPT = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TZ",
    "XDG_RUNTIME_DIR",
)  # of our environment; the rest is none of its business
_dying: set[int] = set()  # process numbers: killed, but perhaps not yet gone


class Child:
    """A command running in its own session. `talk`: keep its standard input open for `send`.

    env: its environment, where the bare one will not do. Raises OSError when it cannot be started.
    """

    def __init__(self, argv: Sequence[str], *, talk: bool = False, env: Mapping[str, str] | None = None) -> None:
        _reap()
        self.started = time.time()
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"LC_ALL": "C"}
            if env is None
            else env,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdout is not None  # noqa: S101 - for the type checker: we asked for pipes
        assert self._process.stderr is not None  # noqa: S101
        self.out = self._process.stdout.fileno()
        self.err = self._process.stderr.fileno()
        if self._process.stdin:
            os.set_blocking(self._process.stdin.fileno(), False)

    def send(self, data: bytes, timeout: float) -> None:
        """Write all of it to its standard input. Raises OSError when it does not take it."""
        assert self._process.stdin is not None  # noqa: S101 - only for children that talk
        until = time.monotonic() + timeout
        ready = selectors.DefaultSelector()
        ready.register(self._process.stdin, selectors.EVENT_WRITE)
        with ready:
            while data:
                if not ready.select(until - time.monotonic()):
                    raise TimeoutError("it does not read its input")
                data = data[self._process.stdin.write(data) or 0 :]

    def offer(self, data: bytes) -> int:
        """Write what its standard input takes at once; how much that is. Raises OSError when it is gone."""
        assert self._process.stdin is not None  # noqa: S101 - only for children that talk
        return self._process.stdin.write(data) or 0

    def code(self, until: float) -> int | None:
        """Its exit code as a shell tells it (128 + signal); None when it still runs at `until` (monotonic clock)."""
        while (code := self._process.poll()) is None and time.monotonic() < until:
            time.sleep(0.002)  # its output is closed already, so this is a matter of milliseconds
        return code if code is None or code >= 0 else 128 - code

    def kill(self) -> None:
        """Kill it with all it started; whoever reads from it sees the end. From any thread."""
        if self._process.returncode is None:  # not reaped, so the group's number cannot be somebody else's yet
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill it with all it started, and close our ends. Returns at once."""
        self.kill()
        if self._process.returncode is None:
            _dying.add(self._process.pid)
            self._process.returncode = -signal.SIGKILL  # given up: Popen is to leave it to us
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        _reap()


def _reap() -> None:
    """Take note of the dead, without waiting for the dying."""
    for pid in list(_dying):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
        _dying.discard(pid)


class Job:
    """A command whose output is wanted, at most `cap` bytes of it, within `timeout` seconds from now."""

    def __init__(
        self, argv: Sequence[str], *, timeout: float, cap: int = 262_144, env: Mapping[str, str] | None = None
    ) -> None:
        self.deadline = time.monotonic() + timeout
        self._cap = cap
        self._out = bytearray()
        self._err = bytearray()
        self.open: dict[int, bytearray] = {}  # what is still being read, and where to
        self._child: Child | None = None
        self._failure: OSError | None = None
        try:
            self._child = Child(argv, env=env)
            self.open = {self._child.out: self._out, self._child.err: self._err}
        except OSError as error:
            self._failure = error

    def read(self, fd: int) -> None:
        """Take what has arrived."""
        stream = self.open[fd]
        data = os.read(fd, CHUNK)
        stream += data
        if not data:
            del self.open[fd]

    @property
    def given_up(self) -> bool:
        """Whether it has had its time, or said more than is wanted."""
        return time.monotonic() >= self.deadline or max(len(self._out), len(self._err)) > self._cap

    def reply(self) -> Reply:
        """What came of it; ends it if it has not ended by itself."""
        if not self._child:
            kinds = {FileNotFoundError: Silence.MISSING, PermissionError: Silence.DENIED}
            why = kinds.get(type(self._failure), Silence.NOT_RUN)  # type: ignore[arg-type] # there is a failure
            return Reply(silence=why, err=str(self._failure).encode(), code=127, at=time.time())
        code = None if self.open else self._child.code(self.deadline)
        cut = len(self._out) > self._cap
        self._child.end()
        return Reply(
            bytes(self._out[: self._cap]),
            bytes(self._err[: self._cap]),
            code or 0,
            at=round(self._child.started, 3),
            took=round(time.time() - self._child.started, 2),
            silence=Silence.TIMEOUT if code is None and not cut else None,
            cut=cut,
        )


def finish(jobs: Sequence[Job]) -> list[Reply]:
    """The replies of these jobs, in order, when the last has ended or its deadline has passed."""
    with selectors.DefaultSelector() as ready:
        for job in jobs:
            for fd in job.open:
                ready.register(fd, selectors.EVENT_READ, job)
        while waiting := list(ready.get_map().values()):
            soonest = min(key.data.deadline for key in waiting)
            for key, _ in ready.select(max(0.0, soonest - time.monotonic())):
                key.data.read(key.fd)
            for key in waiting:
                if key.data.given_up or key.fd not in key.data.open:
                    ready.unregister(key.fd)
    return [job.reply() for job in jobs]


def run(argv: Sequence[str], *, timeout: float, cap: int = 262_144, env: Mapping[str, str] | None = None) -> Reply:
    """Run one command: MISSING where there is none of that name, TIMEOUT with what it said so far."""
    return finish([Job(argv, timeout=timeout, cap=cap, env=env)])[0]
