"""What the logs of a host say in its window, from the facts that its checks judge by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from diagkit.checks.logs.coverage import older_parts
from diagkit.digest.buckets import Grid
from diagkit.digest.onset import began
from diagkit.digest.severities import ERROR, SEVERITIES, judged_by_checks, rows, status_of, too_few
from diagkit.frozen import frozen
from diagkit.logs.errors import ErrorLine
from diagkit.logs.occurrences import Occurrence
from diagkit.logs.signatures import catalogue
from diagkit.logs.templates.novelty import LEAST, RATIO, SURPRISE
from diagkit.logs.templates.template import Template
from diagkit.model import (
    NO_TEXT,
    Finding,
    LogDigest,
    LogSignature,
    LogSource,
    LogTemplate,
    Moment,
    Novelty,
    Silence,
    Status,
    Untrusted,
)
from diagkit.probes import Facts
from diagkit.probes.log_files import LogFiles
from diagkit.probes.logs import AccessLogs, ErrorLines, LogTexts, Occurrences, Reading

EARLIER = Untrusted("earlier lines of the same logs")
KEPT = 60  # templates in a report, the commonest
NOT_THERE = (Silence.MISSING, Silence.UNSUPPORTED)


@frozen(kw_only=True)
class Heard:
    """All that was learned of the logs of one host."""

    texts: LogTexts
    occurrences: Occurrences
    errors: ErrorLines
    answers: AccessLogs
    files: LogFiles | None

    needs: ClassVar[Mapping[str, Any]] = {
        "texts": LogTexts, "occurrences": Occurrences, "errors": ErrorLines, "answers": AccessLogs
    }  # fmt: skip

    @classmethod
    def of(cls, facts: Facts) -> Self | None:
        """What these facts have of logs; None where no check wants to know, or nothing could be read."""
        if not all(facts.probe_of(kind) for kind in cls.needs.values()):
            return None
        known = {name: facts[kind] for name, kind in cls.needs.items()}
        if not all(isinstance(known[name], kind) for name, kind in cls.needs.items()):
            return None
        files: Any = facts[LogFiles] if facts.probe_of(LogFiles) else None
        return cls(**known, files=files if isinstance(files, LogFiles) else None)  # type: ignore[arg-type]  # just seen

    @property
    def anything(self) -> bool:
        """Whether a line in the window is known, calls itself an error, or tells of a failed request."""
        return bool(self.occurrences.all or self.errors.all or any(log.failed for log in self.answers.all))


def digest(target: Untrusted, moment: Moment, heard: Heard, findings: Iterable[Finding]) -> LogDigest:
    """The same over time, with what is new. findings: of this host, for checks have the last word on some lines."""
    grid = Grid.over(moment.since, moment.until)
    judged = judged_by_checks(findings, heard.occurrences.all)
    signatures = [_signature(one, judged, grid) for one in heard.occurrences.all]
    errors: Counter[int] = Counter()
    for minutes in (*(line.minutes for line in heard.errors.all), *(log.minutes for log in heard.answers.all)):
        errors.update(minutes)
    per_severity = rows(signatures, errors, grid)
    firsts = {row: [s.first for s in signatures if s.status is status] for row, status in SEVERITIES.items()}
    firsts[ERROR] = [line.first for line in heard.errors.all]
    firsts[ERROR] += [log.first_failed for log in heard.answers.all if log.first_failed]
    templates = [_template(line, grid) for line in heard.errors.all]
    kept = sorted(templates, key=lambda t: (list(Novelty).index(t.novelty), -t.count, t.id))[:KEPT]
    return LogDigest(
        target=target,
        files=(),
        since=moment.since,
        until=moment.until,
        origin=grid.origin,
        step_seconds=float(grid.step),
        per_severity=per_severity,
        began=began(per_severity, firsts, grid),
        sources=tuple(_sources(heard)),
        signatures=tuple(signatures),
        templates=tuple(kept),
        error_lines=sum(template.count for template in templates),
        explained=sum(template.count for template in kept),
        baseline=EARLIER if any(t.novelty is not Novelty.UNKNOWN for t in kept) else NO_TEXT,
        engine="",
    )


def _signature(one: Occurrence, judged: Mapping[str, Status], grid: Grid) -> LogSignature:
    known = catalogue()[one.signature]
    status = status_of(one.signature, one.count, judged)
    return LogSignature(
        id=one.signature,
        title=known.title,
        status=status,
        causes=tuple(known.causes),
        count=one.count,
        first=one.first,
        last=one.last,
        per_bucket=grid.counts(one.minutes),
        names={field: tuple(map(Untrusted, names)) for field, names in one.fields.items()},
        samples=(Untrusted(one.sample),),
        source=Untrusted(one.source),
        too_few=too_few(one.signature, status),
    )


def _template(line: ErrorLine, grid: Grid) -> LogTemplate:
    return LogTemplate(
        id=Template(tuple(line.template.split())).id,
        template=Untrusted(line.template),
        novelty=_novelty(line),
        count=line.count,
        before=line.before,
        first=line.first,
        last=line.last,
        per_bucket=grid.counts(line.minutes),
        samples=(Untrusted(line.sample),),
        source=Untrusted(line.source),
    )


def _novelty(line: ErrorLine) -> Novelty:
    """How it compares with the earlier lines of its log; a log that is hardly older than it had no chance to say it."""
    if line.new:
        return Novelty.NEW
    if not line.before:
        return Novelty.UNKNOWN
    burst = line.count >= LEAST and line.rise >= RATIO and line.surprise() <= SURPRISE
    return Novelty.BURST if burst else Novelty.STEADY


def _sources(heard: Heard) -> Iterator[LogSource]:
    """The logs that have something to say or could not be read; one that is not there is none."""
    for reading in heard.texts.readings:
        if reading.size or (reading.silence and not (reading.silence in NOT_THERE and reading.source[0] != "/")):
            yield _source(reading, heard)


def _source(reading: Reading, heard: Heard) -> LogSource:
    file = heard.files.find(reading.source) if heard.files else None
    said = [one.assumed for one in heard.occurrences.all if one.source == reading.source]
    notes = list(older_parts(heard.texts, reading))
    if reading.cut:
        notes.insert(0, "its newest lines")
    return LogSource(
        name=Untrusted(reading.source),
        size=file.size if file else 0,
        read=reading.size,
        first=reading.first,
        last=reading.last,
        zone=heard.texts.clock.zone_said,
        assumed=tuple(sorted({part for parts in said for part in parts})),
        notes=tuple(map(Untrusted, notes)),
        unread=Untrusted(reading.silence.value) if reading.silence else NO_TEXT,
    )
