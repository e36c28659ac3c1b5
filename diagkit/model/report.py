"""Findings, the diagnosis, and the report that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from diagkit.frozen import frozen
from diagkit.model.digest import LogDigest
from diagkit.model.timeline import Timeline
from diagkit.model.words import NO_TEXT, Layer, Silence, Status, Untrusted, Verdict

SCHEMA_VERSION = "1.0"


@frozen
class Evidence:
    """Where a finding was read: the question, and the words of the answer that matter."""

    ask: Untrusted
    excerpt: Untrusted


@frozen(kw_only=True)
class Finding:
    """What one check found about one subject (a mount, a unit, a port; empty: the host itself).

    background: the probability that this would have been found anyway, where the host's own history tells it (how often
    packages change here); otherwise the check's noise stands for it.
    likelihood_ratio: graded evidence instead of a status: how many times as likely this is when what the check looks
    for is so. Above 1 it speaks for it, below 1 against; the status then stays OK.
    """

    check: str = ""
    target: Untrusted = NO_TEXT
    subject: Untrusted = NO_TEXT
    status: Status
    summary: Untrusted
    measured: Mapping[str, float] = field(default_factory=dict)
    background: float | None = None
    likelihood_ratio: float | None = None
    evidence: tuple[Evidence, ...] = ()
    at: datetime | None = None
    hint: Untrusted = NO_TEXT  # for UNKNOWN: what would let us see
    probe: str = ""  # for UNKNOWN: whose fact could not be learned, and why
    silence: Silence | None = None

    def signed(self, check: str, target: Untrusted, evidence: tuple[Evidence, ...]) -> Finding:
        """The same of this check, target and evidence: `replace` would take five times as long, for every finding."""
        return Finding(
            check=check,
            target=target,
            subject=self.subject,
            status=self.status,
            summary=self.summary,
            measured=self.measured,
            background=self.background,
            likelihood_ratio=self.likelihood_ratio,
            evidence=evidence,
            at=self.at,
            hint=self.hint,
            probe=self.probe,
            silence=self.silence,
        )

    def on(self, target: Untrusted) -> Finding:
        """The same of this target."""
        return self.signed(self.check, target, self.evidence)


@frozen(kw_only=True)
class Weighed:
    """A finding and how much it speaks for (+) or against (-) a cause, in decibans (10 log10 of the odds)."""

    check: str
    subject: Untrusted
    summary: Untrusted
    decibans: float
    target: Untrusted = NO_TEXT  # where it was found, where that is not the target that the cause is on


@frozen(kw_only=True)
class Step:
    """One state in the story of a cause, and what shows it: root, then what follows from it, and from that.

    follows: the title of the state that brings it about; empty for the root.
    """

    title: str
    follows: str = ""
    target: Untrusted = NO_TEXT  # where that is not the target that the cause is on
    shown_by: tuple[Weighed, ...] = ()


@frozen(kw_only=True)
class Suspect:
    """One possible root cause, weighed. `confidence` is its probability given everything that was seen."""

    id: str
    title: str
    verdict: Verdict
    confidence: float
    target: Untrusted
    entity: Untrusted  # the mount, unit, address … it concerns; empty: the host
    because: tuple[Weighed, ...] = ()
    despite: tuple[Weighed, ...] = ()
    missing: tuple[str, ...] = ()  # checks that could have spoken but could not be judged
    explains: tuple[Untrusted, ...] = ()  # findings downstream of it, one line each
    story: tuple[Step, ...] = ()
    affects: tuple[Untrusted, ...] = ()  # other targets that it makes trouble for
    next: tuple[Untrusted, ...] = ()  # verify, act, roll back
    runbook: str = ""


@frozen(kw_only=True)
class Common:
    """One cause on several targets at once: look for what they have in common.

    of: targets on which it could have been seen. decibans: how much that is more than chance.
    """

    id: str
    title: str
    targets: tuple[Untrusted, ...]
    of: int
    decibans: float


@frozen(kw_only=True)
class NextCheck:
    """What would settle the diagnosis soonest.

    bits: how much it is expected to tell. opens: what has to be allowed first, where we may not look.
    """

    check: str
    target: Untrusted
    command: Untrusted
    bits: float
    opens: Untrusted = NO_TEXT


@frozen(kw_only=True)
class Diagnosis:
    """The verdict over all targets and the causes behind it, likeliest first.

    `condition` is the deepest state that is established when no cause is ("the database does not answer").
    """

    verdict: Verdict
    causes: tuple[Suspect, ...] = ()
    unexplained: tuple[Weighed, ...] = ()
    condition: Untrusted = NO_TEXT
    common: tuple[Common, ...] = ()
    next_checks: tuple[NextCheck, ...] = ()


@frozen(kw_only=True)
class RunInfo:
    """This run of diagkit. The only part of a report that differs between a live run and its replay."""

    id: str
    version: str
    started_at: datetime
    finished_at: datetime
    since: datetime
    until: datetime
    interrupted: bool = False


@frozen(kw_only=True)
class Coverage:
    """How much of the checklist could be judged: checks judged, of checks that apply."""

    judged: int
    of: int

    @property
    def poor(self) -> bool:
        """Whether less than half could be judged: too little to say that nothing is wrong."""
        return 2 * self.judged < self.of


@frozen(kw_only=True)
class TargetResult:
    """One target's outcome. `reached` is false when no shell answered; `unreached` says which layer failed."""

    name: Untrusted
    status: Status
    reached: bool
    coverage: Coverage
    layer: Layer | None = None
    detail: Untrusted = NO_TEXT


@frozen(kw_only=True)
class Forecast:
    """When something will have run out or ended, if it goes on like this; the finding that says so is `check`'s.

    soonest, latest: the range that holds it with 95 %; None where it is exact, or the guess of a few seconds.
    """

    target: Untrusted
    check: str
    subject: Untrusted
    at: datetime
    soonest: datetime | None
    latest: datetime | None
    summary: Untrusted


@frozen(kw_only=True)
class Outlier:
    """What sets one host apart: `agreeing` of the `of` hosts that have such a thing say `usual`, this one `value`."""

    target: Untrusted
    what: Untrusted
    value: Untrusted
    usual: Untrusted
    agreeing: int
    of: int


@frozen(kw_only=True)
class Alike:
    """Targets of which the same is to be said, in the order of the run; `like` is the one that stands for them.

    causes: those that lead, by id. checks: those whose findings on `like` are bad. layer, detail: where they were not
    reached, which layer failed and how, without what differs from one of them to the next.
    """

    like: Untrusted
    targets: tuple[Untrusted, ...]
    status: Status
    reached: bool
    causes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    layer: Layer | None = None
    detail: Untrusted = NO_TEXT


@frozen(kw_only=True)
class SilenceNote:
    """Something that could not be looked at, which checks wanted it, and what would open it.

    probe: whose fact was wanted; empty where a check could see a part and not judge it, or where it kept several.
    """

    target: Untrusted
    probe: str
    silence: Silence | None
    detail: Untrusted
    opens: Untrusted
    checks: tuple[str, ...] = ()


@frozen(kw_only=True)
class Fault:
    """A bug that was met on the way, of ours or of knowledge that was added. Never hidden."""

    where: str
    error: Untrusted


@frozen(kw_only=True)
class Summary:
    """The worst status, and how many findings have each."""

    status: Status
    counts: Mapping[str, int]


@frozen(kw_only=True)
class Report:
    """All that one run has to say. Everything but `run` is a pure function of the tapes and the configuration."""

    run: RunInfo
    targets: tuple[TargetResult, ...]
    findings: Sequence[Finding]
    diagnosis: Diagnosis
    alike: tuple[Alike, ...] = ()  # the worst first; none where there is but one target
    timeline: Timeline = field(default_factory=Timeline)
    logs: tuple[LogDigest, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    silences: tuple[SilenceNote, ...] = ()
    faults: tuple[Fault, ...] = ()
    summary: Summary
    schema_version: str = SCHEMA_VERSION
