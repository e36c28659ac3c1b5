"""The flow: gather (the one impure step), then think without touching anything."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from diagkit import catalog
from diagkit.baseline.foretold import forecasts
from diagkit.causes.diagnosis import weigh
from diagkit.causes.topology import Place, place_of
from diagkit.checks import OPENS, Check
from diagkit.differences.outliers import SetUp, outliers
from diagkit.digest.hosts import Heard, digest
from diagkit.model import (
    Ask,
    Chronicle,
    Coverage,
    Diagnosis,
    Fault,
    Finding,
    Forecast,
    LogDigest,
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
    TargetResult,
    Transport,
    Unknown,
    Unreached,
    Untrusted,
)
from diagkit.probes import Facts, Probe
from diagkit.redact import redact
from diagkit.timeline import Teller
from diagkit.timeline.story import Gauges, Story, story
from diagkit.timeline.telling import most_telling, timeline

ROUNDS = 2  # of questions to a target; a budget, not a tuning knob
MOMENTS = 8  # events in a report; `diagkit timeline` has them all
LOGS = "logs."  # begins the names of the checks of that phase
GRACE = 0.5  # seconds past the deadline in which the reach tests may still hand in what they have
AGAIN = (Silence.TIMEOUT, Silence.NOT_RUN)  # answers that a second try may bring
TOO_LATE = Reply(silence=Silence.NOT_RUN, err=b"the deadline passed")
Wire = Callable[[Iterable[Reach], Transport, float], Mapping[Ask, Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to run and how strict to be. `limits` replaces the default limits of the checks it names.

    only_of: checks that not every target was asked for, with the labels of those that were. tellers: who tells of the
    past; with none of them there is no timeline. set_up: ask too what tells several hosts apart.
    """

    checks: tuple[Check, ...]
    limits: Mapping[str, object] = field(default_factory=dict)
    only_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tellers: tuple[Teller, ...] = ()
    set_up: bool = False

    def probes(self) -> list[Probe]:
        """The probes these checks and tellers need, with those their probes need in turn."""
        besides = (*((Gauges,) if self.tellers else ()), *((SetUp,) if self.set_up else ()))
        return catalog.probes_for((*self.checks, *self.tellers, *besides))


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
    return replace(reply, out=redact(reply.out), err=redact(reply.err))


def judge(tape: Tape, settings: Settings, facts: Facts | None = None) -> tuple[tuple[Finding, ...], tuple[Fault, ...]]:
    """Every selected check's findings about one target, and our own bugs met on the way.

    facts: those of the tape, where somebody else wants them too.
    """
    facts = facts or Facts(settings.probes(), tape)
    findings: list[Finding] = []
    faults: list[Fault] = []
    name = Untrusted(tape.target.label)
    for check in settings.checks:
        if tape.target.label not in settings.only_of.get(check.name, {tape.target.label}):
            continue
        try:
            found = check(facts, settings.limits.get(check.name))
        except Exception as error:  # noqa: BLE001 - one broken check must not silence the others; it is reported as a fault
            faults.append(Fault(where=check.name, error=Untrusted(f"{type(error).__name__}: {error}")))
            found = (
                Finding(check=check.name, status=Status.UNKNOWN, summary=Untrusted("a bug in diagkit: see faults")),
            )
        findings.extend(replace(f, target=name) for f in found)
    faults.extend(Fault(where=where, error=Untrusted(f"{type(e).__name__}: {e}")) for where, e in facts.faults)
    return tuple(findings), tuple(faults)


def diagnose(tapes: Sequence[Tape], settings: Settings, run: RunInfo) -> Report:
    """Everything after asking, as one pure function: the same tapes give the same report."""
    findings: list[Finding] = []
    faults: list[Fault] = []
    targets: list[TargetResult] = []
    silences: list[SilenceNote] = []
    stories: list[Story] = []
    places: list[Place] = []
    said: list[LogDigest] = []
    foretold: list[Forecast] = []
    known: list[Facts] = []
    for tape in tapes:
        facts = Facts(settings.probes(), tape)
        known.append(facts)
        places.append(place_of(tape.target, facts))
        found, bugs = judge(tape, settings, facts)
        findings += found
        foretold += forecasts(found, tape.moment.now)
        faults += bugs
        targets.append(result_of(tape, found, settings))
        silences += silences_of(tape, found)
        said += _said_in_logs(targets[-1].name, tape.moment, facts, found)
        if settings.tellers and targets[-1].status in (Status.WARN, Status.FAIL):
            stories.append(story(targets[-1].name, tape.moment, facts, settings.tellers))
            faults += stories[-1].faults
    status = Status.worst(telling(findings, settings))
    counts = Counter(f.status.value for f in findings)
    diagnosis = weigh(findings, catalog.knowledge(), run.until, places)
    return Report(
        run=run,
        targets=tuple(targets),
        findings=tuple(findings),
        diagnosis=diagnosis,
        timeline=most_telling(timeline(stories), _concerned(findings, diagnosis), MOMENTS),
        logs=tuple(said),
        forecasts=tuple(sorted(foretold, key=lambda forecast: forecast.at)),
        outliers=outliers(tapes, known, settings.probes()),
        silences=tuple(silences),
        faults=tuple(faults),
        summary=Summary(status=status, counts={s.value: counts.get(s.value, 0) for s in Status}),
    )


def _said_in_logs(target: Untrusted, moment: Moment, facts: Facts, found: Sequence[Finding]) -> Iterator[LogDigest]:
    """What the logs say: where they alone were asked for, all of it; else only where they tell of trouble."""
    of_logs = [finding for finding in found if finding.check.startswith(LOGS)]
    if len(of_logs) == len(found) or any(finding.status in (Status.WARN, Status.FAIL) for finding in of_logs):
        heard = Heard.of(facts)
        if heard and heard.anything:
            yield digest(target, moment, heard, found)


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
        detail=Untrusted(f"not reached: {missed.layer.value}: {missed.detail}"),
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


def telling(findings: Iterable[Finding], settings: Settings) -> Iterator[Status]:
    """The statuses that decide: a check that is not vital and could not be judged does not make the run incomplete."""
    vital = {c.name for c in settings.checks if c.vital}
    for finding in findings:
        if finding.status is not Status.UNKNOWN or finding.check in vital:
            yield Status.OK if finding.status is Status.SKIP else finding.status


def result_of(tape: Tape, findings: tuple[Finding, ...], settings: Settings) -> TargetResult:
    """One target's outcome."""
    by_check: dict[str, list[Status]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding.status)
    apply = {name: s for name, s in by_check.items() if set(s) != {Status.SKIP}}
    judged = [name for name, s in apply.items() if Status.UNKNOWN not in s]
    missed = tape.unreached
    return TargetResult(
        name=Untrusted(tape.target.label),
        status=Status.worst(telling(findings, settings)),
        reached=missed is None,
        coverage=Coverage(judged=len(judged), of=len(apply)),
        layer=missed.layer if missed else None,
        detail=Untrusted(missed.detail if missed else ""),
    )


def silences_of(tape: Tape, findings: tuple[Finding, ...]) -> list[SilenceNote]:
    """What could not be looked at: one note for each reason, with the checks it silenced."""
    reasons: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.status is Status.UNKNOWN:
            reason = finding.silence.value if finding.silence else ""
            reasons.setdefault((reason, finding.summary.raw, finding.hint.raw), []).append(finding)
    return [
        SilenceNote(
            target=Untrusted(tape.target.label),
            probe=probes.pop() if len(probes := {f.probe for f in silenced}) == 1 else "",
            silence=silenced[0].silence,
            detail=silenced[0].summary,
            opens=silenced[0].hint if silenced[0].hint.raw else Untrusted(OPENS[Silence.NOT_RUN]),
            checks=tuple(sorted({f.check for f in silenced})),
        )
        for _, silenced in sorted(reasons.items(), key=lambda item: item[0])
    ]
