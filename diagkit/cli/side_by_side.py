"""Many targets at once: a thread and a deadline of its own for each, and nobody waits for the slowest."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from diagkit.cli.plan import Plan
from diagkit.cli.progress import Progress
from diagkit.cli.stop import Stop
from diagkit.model import Fault, Tape, Target, Transport, Untrusted
from diagkit.session import gather

AT_ONCE = 16  # threads; each holds one connection
GRACE = 1.5  # seconds past its deadline in which a target may still hand in what it has
GLANCE = 0.2  # seconds between two looks at the clock, and two states of the live line

Opener = Callable[[Target, Plan, float], Transport]


@dataclass(slots=True)
class Job:
    """One target being asked. `tape` is None until it is done; `known` is what it said before."""

    target: Target
    known: Tape | None = None
    tape: Tape | None = None
    fault: Fault | None = None
    transport: Transport | None = None
    started: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)

    def ask(self, plan: Plan, open_: Opener, finished: queue.SimpleQueue[Job | None]) -> None:
        """Fill in the tape. Runs in its own thread; a bug of ours is kept as a fault, so that the others are heard."""
        from diagkit.transports.wire import wire

        try:
            deadline = self.started + plan.timeout
            self.transport = open_(self.target, plan, deadline)
            site = plan.site(self.target)
            self.tape = gather(
                self.target, site, plan.moment, plan.settings, self.transport, wire, deadline, self.stopped, self.known
            )
        except Exception as error:  # noqa: BLE001 - see above; it is reported as a fault
            if not self.stopped.is_set():  # a transport closed under its feet may fail in any way
                self.fault = Fault(
                    where=f"asking {self.target.scheme}", error=Untrusted(f"{type(error).__name__}: {error}")
                )
        finally:
            self.close()
            finished.put(self)

    def close(self) -> None:
        """End whatever is still asked."""
        self.stopped.set()
        if self.transport:
            self.transport.close()

    def result(self, plan: Plan) -> Tape:
        """The tape; an empty one, on which everything is unknown, if there was no time to make it."""
        if tape := self.tape or self.known:
            return tape
        return Tape(target=self.target, moment=plan.moment, replies={}, site=plan.site(self.target))


def ask_all(
    plan: Plan, open_: Opener, stop: Stop, progress: Progress, known: Mapping[str, Tape] = MappingProxyType({})
) -> tuple[list[Tape], list[Fault]]:
    """A tape of every target, in the order of the plan. What a signal cut short is a tape with less on it.

    known: what targets said before, by label; there only what is new is asked.
    """
    jobs = [Job(target, known.get(target.label)) for target in plan.targets]
    finished: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
    stop.wake = lambda: finished.put(None)
    for job in _finish(jobs, plan, open_, finished, stop, progress):
        progress.done(job.result(plan), time.monotonic() - job.started, getattr(job.transport, "notes", ()))
    progress.close()
    return [job.result(plan) for job in jobs], [job.fault for job in jobs if job.fault]


def _finish(
    jobs: list[Job], plan: Plan, open_: Opener, finished: queue.SimpleQueue[Job | None], stop: Stop, progress: Progress
) -> Iterator[Job]:
    """Start every job, and give each back when it is done or too late. A thread that hangs is left behind."""
    waiting, running = deque(jobs), list[Job]()
    end = float("inf")
    while (waiting and not stop.number) or running:
        while waiting and len(running) < AT_ONCE and not stop.number:
            job = waiting.popleft()
            job.started = time.monotonic()
            running.append(job)
            threading.Thread(target=job.ask, args=(plan, open_, finished), daemon=True, name=job.target.label).start()
        progress.waiting([job.target.label for job in running], len(jobs))
        try:
            done = finished.get(timeout=GLANCE)
        except queue.Empty:
            done = None
        if stop.number and end == float("inf"):
            end = time.monotonic() + GRACE
            progress.say(f"stopping: {len(running) + len(waiting)} of {len(jobs)} targets are not finished")
            for job in running:
                threading.Thread(target=job.close, daemon=True).start()
        now = time.monotonic()
        late = [job for job in running if now > min(end, job.started + plan.timeout + GRACE)]
        for job in ([done] if done in running else []) + late:
            if job in running:
                running.remove(job)
                yield job
