"""What one host tells: everything about it that can be known without the others, from its tape alone.

It is reached wherever the tape is (in the thread that asked, in another process, on another machine) and is small:
the answers themselves need not be kept. `session.assemble` lays those of all hosts side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field

from diagkit import catalog
from diagkit.baseline.foretold import forecasts
from diagkit.causes.topology import Place, place_of
from diagkit.checks import OPENS, Check
from diagkit.checks.connectivity.identity import host_key
from diagkit.differences.outliers import SetUp, Traits, traits
from diagkit.frozen import frozen
from diagkit.model import (
    Coverage,
    Fault,
    Finding,
    Forecast,
    Found,
    LogDigest,
    Moment,
    Silence,
    SilenceNote,
    Status,
    Tape,
    TargetResult,
    Untrusted,
)
from diagkit.probes import Facts, Probe
from diagkit.probes.recall import LEARNED
from diagkit.timeline import Teller
from diagkit.timeline.merge import within
from diagkit.timeline.story import Gauges, Story, story

LOGS = "logs."  # begins the names of the checks of that phase


@frozen(kw_only=True)
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

    def __reduce__(self) -> tuple[Callable[..., Settings], tuple[object, ...]]:
        """Checks and tellers are sent by name: what they are stands in the program, which is the same elsewhere."""
        names = [check.name for check in self.checks], [teller.name for teller in self.tellers]
        return _by_name, (*names, dict(self.limits), dict(self.only_of), self.set_up)

    def probes(self) -> list[Probe]:
        """The probes these checks and tellers need, with those their probes need in turn."""
        besides = (*((Gauges,) if self.tellers else ()), *((SetUp,) if self.set_up else ()))
        return catalog.probes_for((*self.checks, *self.tellers, *besides))


def _by_name(
    checks: Iterable[str],
    tellers: Collection[str],
    limits: Mapping[str, object],
    only_of: Mapping[str, frozenset[str]],
    set_up: bool,  # noqa: FBT001 - the order of __reduce__
) -> Settings:
    """The settings that have these names. Raises LookupError for a check that is not known here."""
    known = catalog.all_checks()
    return Settings(
        checks=tuple(known[name] for name in checks),
        limits=limits,
        only_of=only_of,
        tellers=tuple(teller for teller in catalog.all_tellers() if teller.name in tellers),
        set_up=set_up,
    )


@frozen(kw_only=True)
class Conclusion:
    """All that one tape tells. story: of what led there, where the host is not well. traits: where it was reached."""

    target: TargetResult
    moment: Moment
    findings: Found
    silences: tuple[SilenceNote, ...]
    logs: tuple[LogDigest, ...]
    forecasts: tuple[Forecast, ...]
    story: Story | None
    place: Place
    traits: Traits | None
    faults: tuple[Fault, ...]


def conclude(tape: Tape, settings: Settings) -> Conclusion:
    """What this tape tells by these settings: a pure function of the two."""
    probes = settings.probes()
    facts: Facts = LEARNED.take((id(tape), *probes)) or Facts(probes, tape)
    findings, faults = judge(tape, settings, facts)
    result = result_of(tape, findings, settings)
    told = None
    if settings.tellers and result.status in (Status.WARN, Status.FAIL):
        told = within(story(result.name, tape.moment, facts, settings.tellers))
    return Conclusion(
        target=result,
        moment=tape.moment,
        findings=findings,
        silences=tuple(silences_of(tape, findings)),
        logs=tuple(_said_in_logs(result.name, tape.moment, facts, findings)),
        forecasts=tuple(forecasts(findings.where(lambda f: bool(f.measured)), tape.moment.now)),
        story=told,
        place=place_of(tape.target, facts),
        traits=traits(tape, facts, probes),
        faults=(*faults, *(told.faults if told else ())),
    )


def judge(tape: Tape, settings: Settings, facts: Facts | None = None) -> tuple[Found, tuple[Fault, ...]]:
    """Every selected check's findings about one target, and our own bugs met on the way.

    A wrong host key is always found, whatever was selected: nobody is to miss it. facts: those of the tape, where
    somebody else wants them too.
    """
    facts = facts or Facts(settings.probes(), tape)
    findings: list[Finding] = []
    faults: list[Fault] = []
    label = tape.target.label
    checks = [check for check in settings.checks if label in settings.only_of.get(check.name, {label})]
    if tape.unreached and tape.unreached.wrong_key and host_key not in checks:
        checks.append(host_key)
    for check in checks:
        try:
            found = check(facts, settings.limits.get(check.name))
        except Exception as error:  # noqa: BLE001 - one broken check must not silence the others; it is reported as a fault
            faults.append(Fault(where=check.name, error=Untrusted(f"{type(error).__name__}: {error}")))
            found = (
                Finding(check=check.name, status=Status.UNKNOWN, summary=Untrusted("a bug in diagkit: see faults")),
            )
        findings += found
    faults.extend(Fault(where=where, error=Untrusted(f"{type(e).__name__}: {e}")) for where, e in facts.faults)
    return Found(((Untrusted(label), tuple(findings)),)), tuple(faults)


def _said_in_logs(target: Untrusted, moment: Moment, facts: Facts, found: Found) -> Iterator[LogDigest]:
    """What the logs say: where they alone were asked for, all of it; else only where they tell of trouble."""
    of_logs = [finding for finding in found.said() if finding.check.startswith(LOGS)]
    if len(of_logs) == len(found) or any(finding.status in (Status.WARN, Status.FAIL) for finding in of_logs):
        from diagkit.digest.hosts import Heard, digest  # with the log engine behind it

        heard = Heard.of(facts)
        if heard and heard.anything:
            yield digest(target, moment, heard, found.said())


def telling(findings: Iterable[Finding], settings: Settings) -> Iterator[Status]:
    """The statuses that decide: a check that is not vital and could not be judged does not make the run incomplete.

    Unless nothing at all of its target could be: who was not judged is not well.
    """
    vital = {c.name for c in settings.checks if c.vital}
    for said in Found.over(findings).said_of().values():
        judged = any(f.status not in (Status.UNKNOWN, Status.SKIP) for f in said)
        for finding in said:
            if finding.status is not Status.UNKNOWN or finding.check in vital or not judged:
                yield Status.OK if finding.status is Status.SKIP else finding.status


def result_of(tape: Tape, findings: Found, settings: Settings) -> TargetResult:
    """One target's outcome."""
    by_check: dict[str, list[Status]] = {}
    for finding in findings.said():
        by_check.setdefault(finding.check, []).append(finding.status)
    apply = {name: s for name, s in by_check.items() if any(status is not Status.SKIP for status in s)}
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


def silences_of(tape: Tape, findings: Found) -> list[SilenceNote]:
    """What could not be looked at: one note for each reason, with the checks it silenced."""
    reasons: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings.said():
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
