"""An errand carried out elsewhere: cut into shards, and each given to a place of its own.

When a place breaks down or hangs, the hosts it was asking are asked again in smaller shards, after all others, until
the host that takes down whoever asks it is alone (see `shards.smaller`): it is named, and stalls nobody. That a host
is asked twice does no harm, as nothing is changed on any; the first answer counts.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from diagkit import __version__
from diagkit.conclusions import Conclusion
from diagkit.fleet.crew import STOPPED, Halt, Standing, Visit
from diagkit.fleet.errand import Errand
from diagkit.fleet.parcels import pack, unpack
from diagkit.fleet.places import Place, Places, Unavailable
from diagkit.fleet.shards import Outcome, Shard, Task, shards, smaller
from diagkit.model import Fault, Silence, Tape, Target, Unreached, Untrusted

GLANCE = 0.1  # seconds between two looks at the clock
START_UP = 20.0  # seconds for a place to appear, to load us, to think and to hand in, beside what its hosts may take
LAST_WORDS = 2.5  # seconds in which places that were told to stop may hand in what they have
ALONE = 2  # losses after which a host is asked alone; another one is its own

T = TypeVar("T")


@dataclass(slots=True)
class _Job:
    """A shard that a place was given. given_up: its hosts are asked elsewhere by now, but it may still answer."""

    shard: Shard
    place: str
    began: float
    given_up: bool = False


class Dispatch(Generic[T]):
    """One errand on its way.

    then: what is made of a tape. concluded: the same, of what a tape tells, where that is enough: it is thought out
    there, and the tapes stay there. say: tells the user what concerns no single host. known: what hosts said before.
    """

    def __init__(
        self,
        errand: Errand,
        places: Places,
        stop: Halt,
        then: Callable[[Tape], T],
        concluded: Callable[[Conclusion], T] | None,
        *,
        say: Callable[[str], None],
        watch: Callable[[Standing], None] = lambda _: None,
        known: Mapping[str, Tape] = MappingProxyType({}),
    ) -> None:
        self._errand = errand
        self._places = places
        self._stop = stop
        self._then = then
        self._concluded = concluded
        self._say = say
        self._watch = watch
        self._known = known
        self._waiting: deque[Shard] = deque()
        self._running: dict[Future[bytes], _Job] = {}
        self._answered: set[str] = set()
        self._refused: dict[str, str] = {}
        self._sites: set[str] = set()
        self._begun = False  # somebody took something on
        self._idle_since = time.monotonic()

    def visits(self) -> Iterator[Visit[T]]:
        """Every target's visit: those of a shard as it comes in, and at the end of each that nobody could ask.

        Raises `Unavailable` if nobody took anything on, so that there is nothing to report.
        """
        why = self._await_places()
        self._waiting.extend(shards(self._errand, len(self._places.here())))
        while self._left() and not why:
            self._hand_out()
            self._watch(self._standing())
            yield from self._take_in()
            why = self._hopeless()
        if self._stop.number:
            yield from self._last_words()
        elif why and not self._begun:
            raise Unavailable(why)
        elif why:
            self._say(why)
        for target in self._errand.targets:
            if target.label not in self._answered:
                yield self._missed(target, why)

    def _await_places(self) -> str:
        """Return when there is a place; if none comes, why."""
        while not self._places.here():
            if why := self._hopeless():
                return why
            time.sleep(GLANCE)
        return ""

    def _left(self) -> bool:
        """Whether more answers can come of what is waiting and running."""
        return bool(self._waiting) or any(not job.given_up for job in self._running.values())

    def _hopeless(self) -> str:
        """Why there is no use in waiting any longer; empty while there is."""
        if self._stop.number:
            return STOPPED
        if self._places.ended:
            return self._places.ended
        if any(not job.given_up for job in self._running.values()):
            self._idle_since = time.monotonic()
        here = self._places.here()
        if here and here.keys() <= self._refused.keys() and not self._running:
            return f"nobody is left to ask: {next(iter(self._refused.values()))}"
        if time.monotonic() - self._idle_since > START_UP:
            sites = ", ".join(sorted({f"site:{shard.site}" for shard in self._waiting if shard.site in self._sites}))
            return f"for {START_UP:.0f} s nobody was there to ask{f' hosts of {sites}' if sites else ''}"
        return ""

    # ------------------------------------------------------------ out

    def _hand_out(self) -> None:
        """Give every free place a shard that fits it."""
        here = self._places.here()
        self._sites |= {place.site for place in here.values() if place.site}
        busy = {job.place for job in self._running.values()}
        for name, place in here.items():
            if name not in busy and name not in self._refused:
                self._give(name, place)

    def _give(self, name: str, place: Place) -> None:
        """A host of a site goes to that site, if anybody has ever been there; any other host to anybody."""
        fitting = (s for s in self._waiting if s.site == place.site or s.site not in self._sites)
        shard = next(fitting, None)
        if not shard:
            return
        known = {label: self._known[label] for label in shard.labels if label in self._known}
        parcel = pack(Task(version=__version__, errand=shard.errand, known=known, tapes=self._concluded is None))
        try:
            future = place.carry_out(parcel)
        except RuntimeError:  # it broke down since we looked; nobody was asked by it
            self._places.lose(name)
            return
        self._waiting.remove(shard)
        self._running[future] = _Job(shard, name, time.monotonic())

    def _standing(self) -> Standing:
        now = time.monotonic()
        jobs = [job for job in self._running.values() if not job.given_up]
        running = {label: now - job.began for job in jobs for label in job.shard.labels if label not in self._answered}
        return Standing(running, sum(len(shard.labels) for shard in self._waiting), len(self._errand.targets))

    # ------------------------------------------------------------ in

    def _take_in(self) -> Iterator[Visit[T]]:
        """What has come in within a moment; and what will not come any more is asked for again."""
        if self._running:
            wait(self._running, timeout=GLANCE, return_when=FIRST_COMPLETED)
        else:
            time.sleep(GLANCE)
        here, now = self._places.here(), time.monotonic()
        for future, job in list(self._running.items()):
            if future.done():
                del self._running[future]
                yield from self._returned(future, job)
            elif job.place not in here:
                del self._running[future]
                future.cancel()
                yield from self._lost(job, f"{job.place} ended")
            elif not job.given_up and now > job.began + job.shard.seconds + START_UP:
                self._places.lose(job.place)
                yield from self._lost(job, f"{job.place} did not answer in time")

    def _returned(self, future: Future[bytes], job: _Job) -> Iterator[Visit[T]]:
        try:
            outcome = unpack(future.result())
        except (ImportError, AttributeError):  # the task could not even be named there
            outcome = Outcome(refused="it has no diagkit, or another version")
        except (CancelledError, BrokenExecutor):
            self._places.lose(job.place)
            yield from self._lost(job, f"{job.place} ended")
            return
        except Exception as error:  # noqa: BLE001 - an executor may fail in any way; the hosts are asked again
            yield from self._lost(job, f"{job.place} failed: {type(error).__name__}: {error}")
            return
        if not isinstance(outcome, Outcome) or outcome.failed:
            why = outcome.failed if isinstance(outcome, Outcome) else "it returned something else"
            yield from self._lost(job, f"{job.place} failed: {why}")
        elif outcome.refused:
            self._refused[job.place] = f"{job.place} cannot be used: {outcome.refused}; this is diagkit {__version__}"
            self._say(self._refused[job.place])
            self._waiting.appendleft(job.shard)
        else:
            self._begun = True
            for visit in outcome.visits:
                asked = visit.target.label in job.shard.labels and visit.target.label not in self._answered
                if asked and isinstance(visit.result, Conclusion if self._concluded else Tape):
                    self._answered.add(visit.target.label)
                    yield self._made(visit, visit.result)

    def _lost(self, job: _Job, how: str) -> Iterator[Visit[T]]:
        """Have its hosts asked again, in smaller shards and last; or name the one that always goes with its place."""
        if job.given_up:
            return
        self._begun = job.given_up = True
        if job.shard.lost < ALONE:
            self._waiting.extend(smaller(job.shard, self._answered))
            return
        for target in job.shard.errand.targets:
            if target.label not in self._answered:
                said = f"whoever asked it broke down, {job.shard.lost + 1} times in a row; the last time, {how}"
                visit = self._missed(target, said)
                self._answered.add(target.label)
                yield replace(visit, fault=Fault(where=f"asking {target.scheme} elsewhere", error=Untrusted(said)))

    def _last_words(self) -> Iterator[Visit[T]]:
        """What places hand in that can be told to stop; the others are left to the deadlines of their hosts."""
        self._watch(replace(self._standing(), stopped=True))
        self._places.stop()
        for future in self._running:
            future.cancel()
        end = time.monotonic() + LAST_WORDS
        while time.monotonic() < end and any(not job.given_up for job in self._running.values()):
            yield from self._take_in()

    def _missed(self, target: Target, why: str) -> Visit[T]:
        """The visit of a host that nobody has asked."""
        missed = Unreached(None, Silence.NOT_RUN, why)
        site = self._errand.site(target)
        nothing = Tape(target=target, moment=self._errand.moment, replies={}, site=site, unreached=missed)
        visit = Visit(target=target, result=nothing, took=0.0, missed=missed)
        return self._made(visit, self._known.get(target.label, nothing))

    def _made(self, visit: Visit[Any], found: Tape | Conclusion) -> Visit[T]:
        """The visit with what is wanted of it. Of a host that nobody asked there is only an empty tape."""
        if isinstance(found, Tape):
            return replace(visit, result=self._then(found))
        assert self._concluded  # noqa: S101 - else tapes were asked for, and another answer was not taken
        return replace(visit, result=self._concluded(found))
