"""Logs that somebody sent: judged by the very checks of the log phase, from facts that were counted and not asked.

All the other checks count as not judged, because nobody asked the host: so the diagnosis says which of them would have
settled it, and never calls a host healthy whose logs alone were seen.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import get_args

from diagkit import catalog
from diagkit.causes.diagnosis import weigh
from diagkit.checks import Check, unknown
from diagkit.checks.logs import coverage
from diagkit.conclusions import Settings, judge, result_of, silences_of, telling
from diagkit.digest.severities import judged_by_checks
from diagkit.logs.occurrences import Occurrence
from diagkit.logs.window import Window
from diagkit.model import (
    NO_TEXT,
    Diagnosis,
    Finding,
    Found,
    LogDigest,
    Moment,
    Report,
    RunInfo,
    Status,
    Summary,
    Tape,
    Target,
    Untrusted,
    Verdict,
)
from diagkit.probes import Facts
from diagkit.probes.logs import AccessLogs, ErrorLines, Occurrences
from diagkit.sent.digest import Digested, digested
from diagkit.sent.facts import clean, occurrences, texts
from diagkit.sent.files import Sent
from diagkit.sent.spoken import evidence, spoken_for

COUNTED = {Occurrences, ErrorLines, AccessLogs}  # what can be known of a log without its host
ONLY_LOGS = "only logs were sent"
OPENS = "ask for these logs too, or run `diagkit check` on the host"
HOST = "HOST"  # stands in a command for the host that the logs are of


def checks() -> tuple[Check, ...]:
    """The checks that can judge logs of which only the files are there, and that which says what could be read."""
    known = catalog.all_checks().values()
    return tuple(check for check in known if check is coverage.read or (check.phase == "logs" and _counted(check)))


def _counted(check: Check) -> bool:
    wanted = {kind for kinds in check.needs.values() for kind in get_args(kinds) or (kinds,)}
    return bool(wanted & COUNTED) and not check.deep


def diagnose(sent: Sent, settings: Settings, run: RunInfo) -> Report:
    """What these files say, and what is behind it, as a pure function of what was read of them."""
    found = sorted(occurrences(sent.found, sent.names), key=lambda o: (o.first, o.signature))
    told = digested(sent, _judged_by_themselves(sent, found, settings))
    tape, facts = _tape(sent, told.digest.since, told.digest.until), _facts(sent, told, found)
    findings, faults = judge(tape, settings, Facts(settings.probes(), tape, facts))
    findings = Found.over(replace(f, hint=Untrusted(OPENS)) if f.hint != NO_TEXT else f for f in findings)
    run = replace(run, since=told.digest.since, until=told.digest.until)
    weighed = [*evidence(findings), *_not_asked(told.digest, settings)]
    diagnosis = weigh(weighed, spoken_for(findings, catalog.knowledge()), run.until)
    counts = Counter(f.status.value for f in findings)
    return Report(
        run=run,
        targets=(result_of(tape, findings, settings),),
        findings=findings,
        diagnosis=_on_logs_alone(diagnosis, told.digest),
        logs=(told.digest,),
        silences=tuple(silences_of(tape, findings)),
        faults=faults,
        summary=Summary(
            status=Status.worst(telling(findings, settings)), counts={s.value: counts.get(s.value, 0) for s in Status}
        ),
    )


def _judged_by_themselves(sent: Sent, found: Sequence[Occurrence], settings: Settings) -> dict[str, Status]:
    """How bad the kinds of lines are on which a check of their own has the last word, such as OOM kills."""
    tape = _tape(sent, sent.moment.since, sent.moment.until)
    window = Window(since=tape.moment.since, until=tape.moment.until)
    facts = (texts(sent, window), Occurrences(all=tuple(found)), ErrorLines(all=()), AccessLogs(all=()))
    findings, _ = judge(tape, settings, Facts(settings.probes(), tape, facts))
    return judged_by_checks(findings, found)


def _tape(sent: Sent, since: datetime, until: datetime) -> Tape:
    """Of a host that was asked nothing."""
    target = Target("files", label=sent.target.raw)
    return Tape(target=target, moment=Moment(now=until, since=since, until=until), replies={})


def _facts(sent: Sent, told: Digested, found: Sequence[Occurrence]) -> Iterator[object]:
    """What was counted, in the form that the checks know."""
    yield texts(sent, Window(since=told.digest.since, until=told.digest.until))
    yield Occurrences(all=tuple(found))
    yield ErrorLines(all=told.unknown)
    logs = sent.found.answered.items()
    yield AccessLogs(all=tuple(answered.told(sent.names[number], clean(answered.sample)) for number, answered in logs))


def _not_asked(digest: LogDigest, settings: Settings) -> list[Finding]:
    """All that the rest of the checklist would have said."""
    judged = {check.name for check in settings.checks}
    return [
        replace(unknown(ONLY_LOGS), check=name, target=digest.target)
        for name, check in catalog.all_checks().items()
        if name not in judged and not check.deep
    ]


def _on_logs_alone(diagnosis: Diagnosis, digest: LogDigest) -> Diagnosis:
    """The same, without a verdict on the host, and with commands that name the files, or the host to run them on."""
    words = shlex.join(word.raw for word in digest.files)

    def typed(text: Untrusted) -> Untrusted:
        name = words if text.raw.startswith("diagkit logs ") else HOST
        return Untrusted(text.raw.replace(digest.target.raw, name)) if text.raw.startswith("diagkit ") else text

    return replace(
        diagnosis,
        verdict=Verdict.INCONCLUSIVE if diagnosis.verdict is Verdict.HEALTHY else diagnosis.verdict,
        causes=tuple(replace(cause, next=tuple(map(typed, cause.next))) for cause in diagnosis.causes),
        next_checks=tuple(replace(check, command=typed(check.command)) for check in diagnosis.next_checks),
    )
