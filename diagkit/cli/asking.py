"""Ask the targets of a plan and say on stderr how it goes: those that live by the fleet, those recorded by reading."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import Generic, TypeVar

from diagkit import catalog
from diagkit.cli import exits, streams
from diagkit.cli.live_table import Brief
from diagkit.cli.plan import Plan
from diagkit.cli.progress import Progress
from diagkit.cli.recordings import recorded
from diagkit.cli.stop import Stop
from diagkit.conclusions import Conclusion
from diagkit.fleet.allocation import give_back, keep_little
from diagkit.fleet.crew import Visit, visits
from diagkit.fleet.ways import opener, unlock, width
from diagkit.frozen import frozen
from diagkit.model import Fault, Tape, Target
from diagkit.outputs.rendering import Form, render
from diagkit.transports.ssh.switchboard import Switchboard

T = TypeVar("T")
NOTHING: Mapping[str, Tape] = MappingProxyType({})


@frozen
class Heard(Generic[T]):
    """What was made of each target's tape, in the order of the plan, and our bugs met on the way."""

    results: tuple[T, ...]
    faults: tuple[Fault, ...]


def ask(
    intended: Plan,
    then: Callable[[Tape], T],
    stop: Stop,
    *,
    quiet: bool,
    concluded: Callable[[Conclusion], T] | None = None,
    known: Mapping[str, Tape] = NOTHING,
    each: Callable[[T], None] = lambda _: None,
    brief: Callable[[T], Brief | None] = lambda _: None,
) -> Heard[T]:
    """Visit every target and make of its tape what `then` does; `each` is told of every one as it comes.

    What a signal cut short is a tape with less on it. known: what targets said before; only what is new is asked.
    concluded: the same as `then`, of what a tape tells, where that is enough; then tapes may stay where they are made.
    brief: how a target is, for those who watch.
    """
    results: dict[str, T] = {}
    faults: list[Fault] = []
    told = [t for t in intended.targets if t.scheme == "replay"]
    live = [t for t in intended.targets if t.scheme != "replay"]
    if live[1:]:
        keep_little()
    with closing(Progress(quiet=quiet, of=len(live))) as progress:
        for note in intended.notes:
            progress.say(note)
        if intended.understood and live:
            progress.say(intended.understood)
        for visit in chain(_read(told, then), _asked(intended, live, then, concluded, stop, progress, known)):
            results[visit.target.label] = visit.result
            faults += [visit.fault] if visit.fault else []
            if visit.target.scheme != "replay":
                progress.done(visit, brief(visit.result))
            each(visit.result)
    if live[1:]:
        give_back()
    return Heard(tuple(results[t.label] for t in intended.targets), tuple(faults))


def tapes(intended: Plan, stop: Stop, *, quiet: bool) -> tuple[Tape, ...]:
    """The tapes, for commands whose result has no place for our own bugs: the first is a refusal."""
    for fault in catalog.faults():
        streams.note(f"diagkit: {fault.where}: {render(fault.error, Form.TERMINAL)}")
    heard = ask(intended, lambda tape: tape, stop, quiet=quiet)
    for fault in heard.faults:
        what = render(fault.error, Form.TERMINAL)
        raise exits.Refusal(exits.BUG, f"a bug in diagkit, {fault.where}: {what}")
    return heard.results


def _read(told: list[Target], then: Callable[[Tape], T]) -> Iterator[Visit[T]]:
    """Those recorded. All are read before anything is made of one, so that a bad one is told at once."""
    tapes = _told_apart([(target, recorded(target)) for target in told])
    for target, tape in tapes:
        began = time.monotonic()
        yield Visit(target=target, result=then(tape), took=time.monotonic() - began, missed=tape.unreached)


def _told_apart(tapes: list[tuple[Target, Tape]]) -> list[tuple[Target, Tape]]:
    """Several tapes of one target are named after their files too."""
    often = Counter(tape.target.label for _, tape in tapes)
    return [
        (target, tape)
        if often[tape.target.label] == 1
        else (target, replace(tape, target=replace(tape.target, label=f"{tape.target.label} ({target.path})")))
        for target, tape in tapes
    ]


def _asked(
    intended: Plan,
    live: list[Target],
    then: Callable[[Tape], T],
    concluded: Callable[[Conclusion], T] | None,
    stop: Stop,
    progress: Progress,
    known: Mapping[str, Tape],
) -> Iterator[Visit[T]]:
    """Those that live. Where that was chosen, they bring what earlier runs measured, and are themselves remembered."""

    def remembered(tape: Tape) -> T:
        if not intended.baseline:
            return then(tape)
        from diagkit.cli import histories

        return then(histories.keep(tape, intended.settings, finished=not stop.number))

    away = [target for target in live if target.scheme == "ssh"] if intended.executor else []
    if intended.executor and away:
        from diagkit.cli import elsewhere

        concluded = None if intended.baseline else concluded
        errand = intended.errand(away)
        yield from elsewhere.visits(errand, intended.executor, remembered, concluded, stop, progress, known)
    errand = intended.errand([target for target in live if target not in away])
    with closing(Switchboard(transport=errand.transport)) as switchboard:
        switchboard.passphrases.aside = progress.aside
        unlock(errand, switchboard)
        open_, wide = opener(errand, switchboard), width(errand, switchboard)
        yield from visits(errand, open_, remembered, stop, progress.waiting, known, wide)
