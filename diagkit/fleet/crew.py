"""Many targets from one process: a thread and a deadline of its own for each, and nobody waits for the slowest."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from diagkit.fleet.errand import Errand
from diagkit.fleet.parallel import USUAL
from diagkit.frozen import frozen
from diagkit.gathering import gather
from diagkit.model import Ask, Fault, Reach, Reply, Silence, Tape, Target, Transport, Unreached, Untrusted

GRACE = 0.2  # seconds past its deadline in which a target may still hand in what it has
LAST_WORDS = 1.5  # seconds in which those cut off by a signal may
GLANCE = 0.1  # seconds between two looks at the clock
STOPPED = "the run was stopped first"
THINKING = threading.Lock()  # who thinks needs the interpreter: all at once would but take it from each other

T = TypeVar("T")
Opener = Callable[[Target, float], Transport]


class Halt(Protocol):
    """How a run is stopped early: `number` is not 0 then, and `wake` has been called."""

    number: int
    wake: Callable[[], None]


@frozen(kw_only=True)
class Visit(Generic[T]):
    """What became of one target. result: what was made of its tape. took: seconds. notes: for the user to read."""

    target: Target
    result: T
    took: float
    missed: Unreached | None = None
    notes: tuple[str, ...] = ()
    fault: Fault | None = None


@frozen
class Standing:
    """How far the errand is: who is being asked, with the seconds since that began, and how many are still to come.

    stopped: a signal has ended it.
    """

    running: Mapping[str, float]
    waiting: int
    of: int
    stopped: bool = False


@dataclass(slots=True)
class _Job(Generic[T]):
    """One target being asked, in a thread of its own. What it leaves behind is the crew's to pick up, or to abandon."""

    target: Target
    known: Tape | None
    started: float = 0.0
    tape: Tape | None = None
    result: T | None = None
    fault: Fault | None = None
    transport: Transport | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    halted: bool = False  # by a signal, not by its deadline

    def run(
        self, errand: Errand, open_: Opener, then: Callable[[Tape], T], finished: queue.SimpleQueue[_Job[T] | None]
    ) -> None:
        """Ask, and make of the tape what is wanted. A bug of ours is kept as a fault, so that the others are heard."""
        try:
            self._ask(errand, open_)
            self.close()
            if self.tape:
                with THINKING:
                    self.result = then(self.tape)
        except Exception as error:  # noqa: BLE001 - see above; it is reported as a fault
            if self.tape or not self.stopped.is_set():  # a transport closed under its feet may fail in any way
                self.fault = Fault(
                    where=f"asking {self.target.scheme}", error=Untrusted(f"{type(error).__name__}: {error}")
                )
        finally:
            self.close()
            finished.put(self)

    def _ask(self, errand: Errand, open_: Opener) -> None:
        deadline = self.started + errand.timeout
        self.transport = open_(self.target, deadline)
        self.tape = gather(
            self.target,
            errand.site(self.target),
            errand.moment,
            errand.settings,
            self.transport,
            _wire,
            deadline,
            self.stopped,
            self.known,
        )
        if self.halted:
            self.tape = _cut_short(self.tape)
        elif self.stopped.is_set():
            self.tape = _too_late(self.tape, errand.timeout)

    def ends_at(self, errand: Errand) -> float:
        """When it is left behind, on the monotonic clock."""
        return self.started + errand.timeout + GRACE

    def hang_up(self, *, halted: bool) -> None:
        """End it from another thread, which does not wait for that: what it has been told by now is handed in."""
        if not self.stopped.is_set():
            self.halted = halted
            self.stopped.set()
            threading.Thread(target=self.close, daemon=True, name=f"hang up {self.target.label}").start()

    def close(self) -> None:
        """End whatever is still asked."""
        self.stopped.set()
        if self.transport:
            self.transport.close()

    def visit(self, errand: Errand, then: Callable[[Tape], T], *, halted: bool) -> Visit[T]:
        """What became of it; of one that left nothing, a tape on which everything is unknown."""
        tape, took = self.tape, time.monotonic() - self.started
        if self.result is None or tape is None:
            tape = self.known or Tape(
                target=self.target, moment=errand.moment, replies={}, site=errand.site(self.target)
            )
            if self.fault and not self.known:
                tape = replace(tape, unreached=Unreached(None, Silence.NOT_RUN, "a bug in diagkit: see faults"))
            elif halted:
                tape = _cut_short(tape)
            self.result = then(tape)
        return Visit(
            target=self.target,
            result=self.result,
            took=took,
            missed=tape.unreached,
            notes=tuple(getattr(self.transport, "notes", ())),
            fault=self.fault,
        )


def visits(
    errand: Errand,
    open_: Opener,
    then: Callable[[Tape], T],
    stop: Halt,
    watch: Callable[[Standing], None] = lambda _: None,
    known: Mapping[str, Tape] = MappingProxyType({}),
    width: Callable[[], int] = lambda: USUAL,
) -> Iterator[Visit[T]]:
    """Every target's visit, as they come. What a signal cut short is a tape with less on it.

    open_: the way to a target, given its deadline on the monotonic clock. then: what is made of a tape; it runs in the
    target's thread. known: what targets said before, by label; there only what is new is asked. width: how many are
    asked at the same time, as far as is known by now.
    """
    # nobody else holds a job: one that is done takes its tape and its connection with it
    waiting = deque(_Job[T](target, known.get(target.label)) for target in errand.targets)
    finished: queue.SimpleQueue[_Job[T] | None] = queue.SimpleQueue()
    errand.settings.probes()  # worked out before many threads would all at once
    stop.wake = lambda: finished.put(None)
    running = dict[int, _Job[T]]()
    end = float("inf")
    while (waiting and not stop.number) or running:
        while waiting and not stop.number and len(running) < width():
            job = waiting.popleft()
            job.started = time.monotonic()
            running[id(job)] = job
            arguments = (errand, open_, then, finished)
            threading.Thread(target=job.run, args=arguments, daemon=True, name=job.target.label).start()
        watch(_standing(list(running.values()), len(waiting), len(errand.targets), stopped=bool(stop.number)))
        done = _next(finished, min((job.ends_at(errand) for job in running.values()), default=0.0))
        if stop.number and end == float("inf"):
            end = time.monotonic() + LAST_WORDS
        for job in running.values():
            if stop.number or time.monotonic() >= job.started + errand.timeout:
                job.hang_up(halted=bool(stop.number))
        for job in (*([done] if done else ()), *_late(list(running.values()), errand, end)):
            if running.pop(id(job), None):
                yield job.visit(errand, then, halted=bool(stop.number))
    for job in waiting:  # a signal came first
        job.started = time.monotonic()
        yield job.visit(errand, then, halted=bool(stop.number))


def _wire(asks: Iterable[Reach], transport: Transport, deadline: float) -> Mapping[Ask, Reply]:
    from diagkit.transports.wire import wire  # with all protocols; many runs test no way to anything

    return wire(asks, transport, deadline)


def _cut_short(tape: Tape) -> Tape:
    """The tape of a target that a signal cut short: that we hung up is not to read as if the target had failed."""
    if tape.unreached and tape.unreached.wrong_key:
        return tape
    if any(reply.silence is None for reply in tape.replies.values()):
        left = Reply(silence=Silence.NOT_RUN, err=STOPPED.encode())
        cut = {ask: left for ask, reply in tape.replies.items() if reply.silence in (Silence.TIMEOUT, Silence.NOT_RUN)}
        return replace(tape, replies={**tape.replies, **cut})
    return replace(tape, unreached=Unreached(None, Silence.NOT_RUN, STOPPED))


def _too_late(tape: Tape, seconds: float) -> Tape:
    """The tape of a target that we hung up on at its deadline: how that broke off says nothing of the target."""
    why = tape.unreached
    if not why or why.wrong_key or why.silence in (Silence.TIMEOUT, Silence.NOT_RUN):
        return tape
    return replace(tape, unreached=replace(why, silence=Silence.TIMEOUT, detail=f"no answer within {seconds:g} s"))


def _next(finished: queue.SimpleQueue[_Job[T] | None], until: float) -> _Job[T] | None:
    """The next that is done; None when it is time to look at the clock, or a signal came."""
    try:
        return finished.get(timeout=min(GLANCE, max(0.001, until - time.monotonic())))
    except queue.Empty:
        return None


def _late(running: Sequence[_Job[T]], errand: Errand, end: float) -> list[_Job[T]]:
    """Those that hang: they are left behind. Who has a tape is thinking about it, which comes to an end by itself."""
    now = time.monotonic()
    return [job for job in running if now > min(end, job.ends_at(errand)) and not (job.tape and now < end)]


def _standing(running: Sequence[_Job[T]], waiting: int, of: int, *, stopped: bool) -> Standing:
    now = time.monotonic()
    return Standing({job.target.label: now - job.started for job in running}, waiting, of, stopped)
