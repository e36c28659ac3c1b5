"""From what was counted in files to the digest of a report: over one grid of time, with what began when and is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from diagkit.digest.buckets import Grid
from diagkit.digest.onset import began
from diagkit.digest.severities import ERROR, SEVERITIES, rows, status_of, too_few
from diagkit.frozen import frozen
from diagkit.logs.errors import ErrorLine
from diagkit.logs.reading.mined import Kind, between
from diagkit.logs.signatures import catalogue
from diagkit.logs.tallies import MINUTE
from diagkit.logs.templates.novelty import Compared, Watched, compare
from diagkit.logs.timestamps import micros, moment
from diagkit.model import LogDigest, LogSignature, LogSource, LogTemplate, Novelty, Status, Untrusted
from diagkit.sent.facts import Met, clean, commonest, error_line, met
from diagkit.sent.files import Sent

A_MINUTE = timedelta(minutes=1)
SHORTEST = 10  # of what came after the beginning, the part that at least lies before it, for a comparison
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))
KEPT = 60  # templates in a report: what is new first, then bursts, then the commonest


@frozen
class Digested:
    """The digest, and for the checks the kinds of error lines that no signature knows."""

    digest: LogDigest
    unknown: tuple[ErrorLine, ...]


def digested(sent: Sent, statuses: Mapping[str, Status]) -> Digested:
    """What these files say. statuses: of the signatures that a check of their own has judged."""
    kinds = sent.found.mined.kinds()
    loose = {id(kind): kind for kind in kinds.values() if not kind.signatures}.values()
    known = met(sent.found)
    since, until = _window(sent, known, kinds.values())
    grid = Grid.over(since, until)
    signatures = tuple(_signature(name, one, statuses, sent.names, grid) for name, one in known.items())
    errors: Counter[int] = Counter()
    for kind in loose:
        errors.update(kind.minutes)
    failing = [answered for answered in sent.found.answered.values() if answered.failed]
    for answered in failing:
        errors.update(answered.minutes)
    counted = rows(signatures, errors, grid)
    firsts = {row: [s.first for s in signatures if s.status is status] for row, status in SEVERITIES.items()}
    seen = [kind.first for kind in loose] + [answered.first for answered in failing]
    start = began(counted, firsts | {ERROR: [moment(at) for at in seen]}, grid)
    found, baseline, label = _compared(sent, since, until, start)
    told = [(one, _kind(one, kinds)) for one in found]
    templates = [(one, _template(one, kind, grid), kind) for one, kind in told]
    kept = templates[:KEPT]
    digest = LogDigest(
        target=sent.target,
        files=tuple(map(Untrusted, sent.words)),
        since=since,
        until=until,
        origin=grid.origin,
        step_seconds=float(grid.step),
        per_severity=counted,
        began=start,
        sources=tuple(_sources(sent)),
        signatures=tuple(sorted(signatures, key=lambda signature: (signature.first, signature.id))),
        templates=tuple(template for _, template, _ in kept),
        error_lines=sum(template.count for _, template, _ in templates),
        explained=sum(template.count for _, template, _ in kept),
        baseline=Untrusted(label),
        engine=" and ".join(sorted({counts.engine for counts in sent.found.counts.values()})) or "nothing",
        unread=tuple(_unread(sent)),
    )
    unknown = [
        error_line(one, template, kind, watched=baseline)
        for one, template, kind in templates
        if not template.signature and one.count
    ]
    return Digested(digest, tuple(sorted(unknown, key=lambda line: (-line.count, line.first, line.template))))


def _window(sent: Sent, known: Mapping[str, Met], kinds: Iterable[Kind]) -> tuple[datetime, datetime]:
    """The window that was asked for; else from the oldest stamp that was met to the newest."""
    if sent.asked:
        return sent.moment.since, sent.moment.until
    stamps = [moment(at) for reach in sent.found.reach.values() for at in reach]
    for one in known.values():
        stamps += [moment(one.tally.first), moment(one.tally.last)]
    for kind in kinds:
        stamps += [moment(kind.first), moment(kind.last)]
    return min(stamps, default=sent.moment.since), max(stamps, default=sent.moment.until)


def _signature(name: str, one: Met, judged: Mapping[str, Status], names: Sequence[str], grid: Grid) -> LogSignature:
    known, tally = catalogue()[name], one.tally
    status = status_of(name, tally.count, judged)
    return LogSignature(
        id=name,
        title=known.title,
        status=status,
        causes=tuple(known.causes),
        count=tally.count,
        first=moment(tally.first),
        last=moment(tally.last),
        per_bucket=grid.counts(tally.minutes),
        names={of: tuple(map(Untrusted, commonest(values))) for of, values in sorted(tally.fields.items())},
        samples=tuple(Untrusted(clean(sample.text)) for sample in tally.samples),
        source=Untrusted(names[one.log]),
        too_few=too_few(name, status),
    )


def _compared(
    sent: Sent, since: datetime, until: datetime, start: datetime | None
) -> tuple[list[Compared], timedelta, str]:
    """The templates beside their baseline, how long that is, and what it is called.

    Without a baseline that was named, all that came before the trouble began stands for better days.
    """
    miner, lines = sent.found.mined.miner, sent.found.lines
    earliest = moment(sent.before.since_us) if sent.before else since
    if sent.baseline or start is None or start - earliest < max(A_MINUTE, (until - start) / SHORTEST):
        window = Watched(miner=miner, lines=lines, since_us=micros(since), until_us=micros(until))
        found, label = compare(window, sent.before), sent.baseline or f"the {_long(since - earliest)} before"
        length = timedelta(seconds=sent.before.seconds if sent.before else 0)
    else:
        found, length = _with_earlier(sent, since, start, until), start - earliest
        label = f"the {_long(length)} before it began"
    told = any(one.novelty is not Novelty.UNKNOWN for one in found)
    return (found, length, label) if told else (found, timedelta(0), "")


def _with_earlier(sent: Sent, since: datetime, start: datetime, until: datetime) -> list[Compared]:
    """What came after the beginning beside what came before it, for as long; what came later still is new too."""
    miner = sent.found.mined.miner
    earlier = between(miner, 0, micros(start))
    lines = int(sent.found.lines * ((start - since) / (until - since)))
    if sent.before:
        earlier.merge(sent.before.miner)
        lines += sent.before.lines
    before = Watched(miner=earlier, lines=lines, since_us=min(micros(since), sent.before.since_us) if sent.before else
                     micros(since), until_us=micros(start))  # fmt: skip
    end = min(until, start + timedelta(seconds=before.seconds))
    later = between(miner, micros(start), micros(end) + MINUTE)
    after = Watched(miner=later, lines=later.lines, since_us=micros(start), until_us=micros(end))
    found = compare(after, before)
    seen = {sample for one in found for sample in one.template.samples}
    fresh = Novelty.NEW if any(one.novelty is not Novelty.UNKNOWN for one in found) else Novelty.UNKNOWN
    last = [t for t in between(miner, micros(end), micros(until) + MINUTE) if t.count and seen.isdisjoint(t.samples)]
    return [Compared(template=t, novelty=fresh, count=t.count, before=0) for t in last] + found


def _long(time: timedelta) -> str:
    """As somebody would say it: `3 h`, `25 min`."""
    seconds = time.total_seconds()
    unit, name = next(((unit, name) for unit, name in UNITS if seconds >= 2 * unit), (1, "s"))
    return f"{seconds / unit:.0f} {name}"


def _kind(one: Compared, kinds: Mapping[str, Kind]) -> Kind:
    """All lines of it in the window, whatever it was compared with."""
    gone = Kind(count=0, first=one.template.first or 0, last=one.template.last or 0)
    return next((kinds[sample] for sample in one.template.samples if sample in kinds), gone)


def _template(one: Compared, kind: Kind, grid: Grid) -> LogTemplate:
    return LogTemplate(
        id=one.template.id,
        template=Untrusted(clean(one.template.text.encode("utf-8", "surrogateescape"))),
        novelty=one.novelty,
        count=kind.count,
        before=one.before,
        first=moment(kind.first),
        last=moment(kind.last),
        per_bucket=grid.counts(kind.minutes),
        samples=tuple(Untrusted(clean(text.encode("utf-8", "surrogateescape"))) for text in one.template.samples),
        source=Untrusted(kind.source),
        signature=min(kind.signatures, default=""),
    )


def _sources(sent: Sent) -> Iterator[LogSource]:
    for number, log in enumerate(sent.series):
        counts, reach = sent.found.counts.get(number), sent.found.reach.get(number)
        notes = list(sent.found.notes.get(number, ()))
        if left := sent.left_out.get(number):
            notes.append(f"{left} of its {len(log.parts)} files lie outside of the window")
        yield LogSource(
            name=Untrusted(log.name),
            size=sum(part.size for part in log.parts),
            read=counts.size if counts else 0,
            first=moment(reach[0]) if reach else None,
            last=moment(reach[1]) if reach else None,
            zone=sent.zone,
            assumed=tuple(sorted(sent.found.assumed.get(number, ()))),
            notes=tuple(map(Untrusted, notes)),
        )


def _unread(sent: Sent) -> Iterator[Untrusted]:
    """What was named, or lay there, and could not be read."""
    yield from (Untrusted(f"{note.path.raw}: {note.says}") for note in sent.notes)
    if sent.found.died:
        yield Untrusted(
            f"{sent.found.died} of our processes ended before they were done; what they read is missing here"
        )
