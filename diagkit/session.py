"""Thinking: what the tapes of all targets come to, without touching anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from diagkit import catalog
from diagkit.causes.diagnosis import weigh
from diagkit.causes.weighing import sick
from diagkit.checks import OPENS
from diagkit.conclusions import Conclusion, Settings, conclude, telling
from diagkit.differences.alike import alike
from diagkit.differences.outliers import outliers
from diagkit.model import (
    Chronicle,
    Diagnosis,
    Found,
    Report,
    RunInfo,
    Silence,
    SilenceNote,
    Status,
    Summary,
    Tape,
    Unknown,
    Unreached,
    Untrusted,
)
from diagkit.probes import Facts
from diagkit.timeline.story import Story, story
from diagkit.timeline.telling import most_telling, timeline

MOMENTS = 8  # events in a report; `diagkit timeline` has them all


def diagnose(tapes: Sequence[Tape], settings: Settings, run: RunInfo) -> Report:
    """Everything after asking, as one pure function: the same tapes give the same report."""
    return assemble([conclude(tape, settings) for tape in tapes], settings, run)


def assemble(concluded: Sequence[Conclusion], settings: Settings, run: RunInfo) -> Report:
    """The report over all targets: what each tells, and what only all of them together do."""
    findings = Found.together(of.findings for of in concluded)
    status = Status.worst(telling(findings, settings))
    counts = Counter(f.status.value for f in findings.said())
    knowledge = catalog.knowledge() if sick(findings.said()) else catalog.knowledge_of(settings.checks)
    diagnosis = weigh(findings, knowledge, run.until, [of.place for of in concluded])
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


def _concerned(findings: Found, diagnosis: Diagnosis) -> set[Untrusted]:
    """What the trouble is about: the units, processes, files … of the bad findings and of the causes."""
    bad = {f.subject for f in findings.said() if f.status in (Status.WARN, Status.FAIL)}
    return bad | {cause.entity for cause in diagnosis.causes}
