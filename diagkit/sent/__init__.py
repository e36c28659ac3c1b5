"""Logs that somebody sent: judged by the very checks of the log phase, from facts that were counted and not asked.

All the other checks count as not judged, because nobody asked the host: so the diagnosis says which of them would have
settled it, and never calls a host healthy whose logs alone were seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from diagkit import catalog
from diagkit.causes.diagnosis import weigh
from diagkit.checks import Check, unknown
from diagkit.checks.logs import coverage
from diagkit.model import (
    NO_TEXT,
    Diagnosis,
    Finding,
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
from diagkit.session import Settings, judge, result_of, silences_of, telling

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


def diagnose(digest: LogDigest, facts: Iterable[object], settings: Settings, run: RunInfo) -> Report:
    """What these logs say, and what is behind it, as a pure function of what was counted.

    facts: `LogTexts`, `Occurrences`, `ErrorLines` and `AccessLogs`, in the window of the digest.
    """
    moment = Moment(now=run.until, since=run.since, until=run.until)
    tape = Tape(target=Target("files", label=digest.target.raw), moment=moment, replies={})
    findings, faults = judge(tape, settings, Facts(settings.probes(), tape, facts))
    findings = tuple(replace(f, hint=Untrusted(OPENS)) if f.hint != NO_TEXT else f for f in findings)
    diagnosis = weigh([*findings, *_not_asked(digest, settings)], catalog.knowledge(), run.until)
    counts = Counter(f.status.value for f in findings)
    return Report(
        run=run,
        targets=(result_of(tape, findings, settings),),
        findings=findings,
        diagnosis=_on_logs_alone(diagnosis),
        logs=(digest,),
        silences=tuple(silences_of(tape, findings)),
        faults=faults,
        summary=Summary(
            status=Status.worst(telling(findings, settings)), counts={s.value: counts.get(s.value, 0) for s in Status}
        ),
    )


def _not_asked(digest: LogDigest, settings: Settings) -> list[Finding]:
    """All that the rest of the checklist would have said."""
    judged = {check.name for check in settings.checks}
    return [
        replace(unknown(ONLY_LOGS), check=name, target=digest.target)
        for name, check in catalog.all_checks().items()
        if name not in judged and not check.deep
    ]


def _on_logs_alone(diagnosis: Diagnosis) -> Diagnosis:
    """The same, without a verdict on the host, and with commands that name the host they are to be run on."""
    commands = (
        replace(check, command=Untrusted(f"diagkit {check.check.partition('.')[0]} {HOST} --only {check.check} -v"))
        for check in diagnosis.next_checks
    )
    verdict = Verdict.INCONCLUSIVE if diagnosis.verdict is Verdict.HEALTHY else diagnosis.verdict
    return replace(diagnosis, verdict=verdict, next_checks=tuple(commands))
