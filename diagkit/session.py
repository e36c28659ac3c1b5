"""The flow: gather (the one impure step), then think without touching anything."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from diagkit import catalog
from diagkit.causes.diagnosis import weigh
from diagkit.checks import OPENS
from diagkit.conclusions import Conclusion, Settings, conclude, telling
from diagkit.differences.alike import alike
from diagkit.differences.outliers import outliers
from diagkit.model import (
    Ask,
    Chronicle,
    Diagnosis,
    Finding,
    Moment,
    Reach,
    Reply,
    Report,
    RunInfo,
    Silence,
    SilenceNote,
    Site,
    Status,
    Summary,
    Tape,
    Target,
    Transport,
    Unknown,
    Unreached,
    Untrusted,
)
from diagkit.probes import Facts
from diagkit.redact import redact
from diagkit.timeline.story import Story, story
from diagkit.timeline.telling import most_telling, timeline

ROUNDS = 2  # of questions to a target; a budget, not a tuning knob
MOMENTS = 8  # events in a report; `diagkit timeline` has them all
GRACE = 0.15  # seconds past the deadline in which the reach tests may still hand in what they have
AGAIN = (Silence.TIMEOUT, Silence.NOT_RUN)  # answers that a second try may bring
TOO_LATE = Reply(silence=Silence.NOT_RUN, err=b"the deadline passed")
Wire = Callable[[Iterable[Reach], Transport, float], Mapping[Ask, Reply]]


def gather(
    target: Target,
    site: Site,
    moment: Moment,
    settings: Settings,
    transport: Transport,
    wire: Wire,
    deadline: float,
    stopped: threading.Event | None = None,
    known: Tape | None = None,
) -> Tape:
    """Ask until nobody wants more: at most two rounds to the machine, with the reach tests beside them.

    known: what it said before; only what is new, or was too late then, is asked.

    deadline: on the monotonic clock. What was not answered by then, or when `stopped` was set, is `not_run`. Secrets
    are redacted here, before anything is kept or shown.
    """
    stopped = stopped or threading.Event()
    target = transport.located(target)
    probes = settings.probes()
    replies = {ask: reply for ask, reply in known.replies.items() if reply.silence not in AGAIN} if known else {}
    tape = Tape(target=target, moment=moment, replies=replies, site=site)
    for _ in range(ROUNDS):
        wanted = Facts(probes, tape).wants()
        if not wanted or stopped.is_set() or time.monotonic() >= deadline:
            break
        reaches = [a for a in wanted if isinstance(a, Reach)]
        others = [a for a in wanted if not isinstance(a, Reach)]
        answered: dict[Ask, Reply] = {}
        walk = threading.Thread(target=_walk, args=(wire, reaches, transport, deadline, answered), daemon=True)
        walk.start()
        if others:
            answered.update(transport.ask(others, moment))
        while walk.is_alive() and time.monotonic() < deadline + GRACE and not stopped.is_set():
            walk.join(0.05)
        for ask in wanted:
            replies[ask] = _clean(answered.get(ask, TOO_LATE))
        tape = replace(tape, replies=replies, unreached=transport.unreached)
    return tape


def _walk(wire: Wire, asks: list[Reach], transport: Transport, deadline: float, into: dict[Ask, Reply]) -> None:
    into.update(wire(asks, transport, deadline))


def _clean(reply: Reply) -> Reply:
    out, err = redact(reply.out), redact(reply.err)
    return reply if (out, err) == (reply.out, reply.err) else replace(reply, out=out, err=err)


def diagnose(tapes: Sequence[Tape], settings: Settings, run: RunInfo) -> Report:
    """Everything after asking, as one pure function: the same tapes give the same report."""
    return assemble([conclude(tape, settings) for tape in tapes], settings, run)


def assemble(concluded: Sequence[Conclusion], settings: Settings, run: RunInfo) -> Report:
    """The report over all targets: what each tells, and what only all of them together do."""
    findings = tuple(chain.from_iterable(of.findings for of in concluded))
    status = Status.worst(telling(findings, settings))
    counts = Counter(f.status.value for f in findings)
    diagnosis = weigh(findings, catalog.knowledge(), run.until, [of.place for of in concluded])
    targets = tuple(of.target for of in concluded)
    told = timeline([of.story for of in concluded if of.story])
    return Report(
        run=run,
        targets=targets,
        findings=findings,
        diagnosis=diagnosis,
        alike=alike(targets, findings, diagnosis),
        timeline=most_telling(told, _concerned(findings, diagnosis), MOMENTS),
        logs=tuple(chain.from_iterable(of.logs for of in concluded)),
        forecasts=tuple(sorted(chain.from_iterable(of.forecasts for of in concluded), key=lambda f: f.at)),
        outliers=outliers([of.traits for of in concluded if of.traits]),
        silences=tuple(chain.from_iterable(of.silences for of in concluded)),
        faults=tuple(chain.from_iterable(of.faults for of in concluded)),
        summary=Summary(status=status, counts={s.value: counts.get(s.value, 0) for s in Status}),
    )


def chronicle(tapes: Sequence[Tape], settings: Settings, run: RunInfo) -> Chronicle:
    """What happened when, as a pure function of the tapes, and what could not be seen of it."""
    stories: list[Story] = []
    silences: list[SilenceNote] = []
    for tape in tapes:
        facts = Facts(settings.probes(), tape)
        name = Untrusted(tape.target.label)
        stories.append(story(name, tape.moment, facts, settings.tellers))
        if tape.unreached:
            silences.append(_not_reached(tape, tape.unreached))
        else:
            silences += [_untold(name, fact, who, facts) for fact, who in stories[-1].untold.items()]
    return Chronicle(
        run=run,
        targets=tuple(story.target for story in stories),
        timeline=timeline(stories),
        silences=tuple(silences),
        faults=tuple(fault for story in stories for fault in story.faults),
    )


def _not_reached(tape: Tape, missed: Unreached) -> SilenceNote:
    return SilenceNote(
        target=Untrusted(tape.target.label),
        probe="",
        silence=missed.silence,
        detail=Untrusted(f"not reached: {missed.layer.value if missed.layer else 'not asked'}: {missed.detail}"),
        opens=Untrusted(OPENS[Silence.UNREACHABLE]),
    )


def _untold(target: Untrusted, fact: Unknown, tellers: tuple[str, ...], facts: Facts) -> SilenceNote:
    opens = "" if fact.silence is Silence.MISSING else facts.opens(fact.probe)  # no rights bring what is not there
    return SilenceNote(
        target=target,
        probe=fact.probe,
        silence=fact.silence,
        detail=Untrusted(fact.detail),
        opens=Untrusted(opens or OPENS[fact.silence]),
        checks=tellers,
    )


def _concerned(findings: Iterable[Finding], diagnosis: Diagnosis) -> set[Untrusted]:
    """What the trouble is about: the units, processes, files … of the bad findings and of the causes."""
    bad = {f.subject for f in findings if f.status in (Status.WARN, Status.FAIL)}
    return bad | {cause.entity for cause in diagnosis.causes}
