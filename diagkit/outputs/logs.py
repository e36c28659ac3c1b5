"""What logs say, as text: the picture of the window, what is known, what is new, and what was read of which log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from diagkit.checks.logs import ABOUT
from diagkit.model import NO_TEXT, LogDigest, LogSignature, LogSource, LogTemplate, Novelty, Report, Status
from diagkit.outputs.histogram import Axis
from diagkit.outputs.page import Page, Part
from diagkit.outputs.rendering import Form, render
from diagkit.outputs.wording import BAD, Say, counted, fold, listed, of_files

MARGIN = 11  # columns before the bars: those of a status with its sign
COUNT = 8  # columns behind them: at 80 columns that leaves 61 for the bars
AT_MOST = 6  # kinds of lines, and sources, unless --all
NAMED = 3  # of what lines are about
SAMPLES = 3  # with -v; else one
EPOCH_YEAR = 1970  # in which uptimes lie that nothing relates to a date
ROWS = {"fail": Status.FAIL, "warn": Status.WARN}
OTHER_ERRORS = "  ERR ", ""  # lines that call themselves an error and that no signature knows
ARROW = "▲", "^"
NOTABLE = {Novelty.NEW: "+ new   ", Novelty.BURST: "^ burst ", Novelty.STOPPED: "- gone  "}
OTHER = "  line  "
SAY = partial(render, form=Form.MARKDOWN)
STYLES = {Novelty.NEW: "bold red", Novelty.BURST: "bold yellow", Novelty.STOPPED: "bold cyan"}


def digests(page: Page, report: Report) -> None:
    """What the logs of each target say, for those whose logs were counted: the worst first, where they are many.

    Among all else of the checklist, only when they said it.
    """
    brief = only_a_part(report)
    shown, more = fold(list(report.logs), len(report.logs) if page.view.everything else AT_MOST)
    if more:
        shown = sorted(report.logs, key=_trouble, reverse=True)[:AT_MOST]
    for digest in shown:
        axis = Axis(
            digest.origin,
            digest.step_seconds,
            max((len(counts) for counts in digest.per_severity.values()), default=1),
            page.width - MARGIN - COUNT,
            plain=page.view.ascii,
        )
        on = f" on {page.say(digest.target)}" if report.targets[1:] else ""
        if brief:
            _glimpse(page, digest, axis, on)
            continue
        _picture(page, digest, axis, on)
        _known(page, digest, axis)
        _unknown(page, digest, axis)
        _sources(page, digest)
    if more:
        page.line((f"and the logs of {counted(more, 'more target')} (--all shows them)", "dim"), lead=("   ",))


def only_a_part(report: Report) -> bool:
    """Whether the logs are one phase of those that were looked at, and not all that was asked for."""
    return not of_files(report) and any(not finding.check.startswith("logs.") for finding in report.findings)


def _trouble(digest: LogDigest) -> tuple[int, ...]:
    """Of lines that fail, that warn, and of other errors."""
    return tuple(sum(counts) for counts in digest.per_severity.values())


def _glimpse(page: Page, digest: LogDigest, axis: Axis, on: str) -> None:
    """The histogram alone, of the severities that have lines."""
    if not any(_trouble(digest)):
        return
    page.heading("WHEN", f"lines in the logs{on} that tell of trouble, a bar is {length(axis.each)}")
    _rows(page, replace(digest, per_severity={s: c for s, c in digest.per_severity.items() if any(c)}), axis)
    _ticks(page, digest, axis)


def _picture(page: Page, digest: LogDigest, axis: Axis, on: str) -> None:
    """The histogram: a row for each severity, or for each signature, over one axis of time."""
    page.heading("WHEN", f"{span(digest.since, digest.until, page.dash)}{on}, a bar is {length(axis.each)}")
    if not any(any(counts) for counts in digest.per_severity.values()):
        few = "what tells of trouble are single lines" if any(s.too_few for s in digest.signatures) else ""
        page.line(few or "no line in it tells of trouble that we know of", lead=("   ",))
        return
    _rows(page, digest, axis)
    _ticks(page, digest, axis)


def _ticks(page: Page, digest: LogDigest, axis: Axis) -> None:
    """The axis, and where on it the trouble began."""
    page.line((axis.ticks(), "dim"), lead=(" " * MARGIN,))
    if digest.began:
        said = f"began {digest.began.astimezone(UTC):%H:%M:%S}"
        column, arrow = axis.column(digest.began), ARROW[page.view.ascii]
        marked = f"{' ' * column}{arrow} {said}"
        if len(marked) > axis.width + COUNT:
            marked = f"{said} {arrow}".rjust(column + 1)
        page.line((marked, "bold"), lead=(" " * MARGIN,))


def _rows(page: Page, digest: LogDigest, axis: Axis) -> None:
    """The bars of each severity, or of each signature under its id."""
    if page.view.by_signature:
        for signature in sorted(digest.signatures, key=_gravity):
            page.line((signature.id, "bold"), lead=("   ", page.sign(signature.status), "  "))
            _bars(page, axis, signature.per_bucket)
        return
    for severity, counts in digest.per_severity.items():
        _bars(page, axis, counts, page.sign(ROWS[severity]) if severity in ROWS else OTHER_ERRORS)


def _bars(page: Page, axis: Axis, counts: Sequence[int], lead: Part = " " * 6) -> None:
    style = lead[1] if isinstance(lead, tuple) else ""
    page.line((axis.spark(counts), style), _total(counts).rjust(COUNT), lead=("   ", lead, "  "))


def _total(counts: Sequence[int]) -> str:
    number = sum(counts)
    return f"{number:,}" if number < 1_000_000 else f"{number / 1e6:,.1f}M"


def _known(page: Page, digest: LogDigest, axis: Axis) -> None:
    """Every kind of line whose meaning is known and bad, worst and earliest first; then what is too few to be bad."""
    bad = [s for s in digest.signatures if page.view.everything or s.status in BAD]
    few = [s for s in digest.signatures if s.too_few and not page.view.everything]
    if not bad and not few:
        return
    page.heading("WHAT", "known kinds of lines")
    shown, more = fold(sorted(bad, key=_gravity), len(bad) if page.view.everything else AT_MOST)
    for signature in shown:
        names = about(signature, page.say)
        page.line(
            (signature.title, "bold"),
            f"{names}: {span_of_day(signature.first, signature.last)}",
            lead=("   ", page.sign(signature.status), "  "),
        )
        if not page.view.by_signature:
            _bars(page, axis, signature.per_bucket)
        for sample in signature.samples[: SAMPLES if page.view.verbose else 1]:
            _quote(page, page.say(sample))
    if more:
        _more(page, f"and {more} more of these")
    for signature in sorted(few, key=_gravity)[:AT_MOST]:
        said = f"{about(signature, page.say)}: {span_of_day(signature.first, signature.last)}"
        page.line(
            signature.title,
            f"{said}, {signature.count} of the {signature.too_few} that would tell",
            lead=("   ", OTHER, " "),
        )


def _gravity(signature: LogSignature) -> tuple[int, datetime, str]:
    return -list(Status).index(signature.status), signature.first, signature.id


def _unknown(page: Page, digest: LogDigest, axis: Axis) -> None:
    """Error-like lines that no signature knows: what is new, what bursts, what has stopped; the rest is counted."""
    loose = [t for t in digest.templates if not t.signature]
    notable = [t for t in loose if t.novelty in NOTABLE]
    compared = digest.baseline != NO_TEXT
    chosen = notable if compared and not page.view.everything else loose
    if not chosen and not (compared and digest.error_lines):
        return
    share = f"{digest.explained / digest.error_lines:.0%}" if digest.error_lines else "all"
    told = f"{share} of {digest.error_lines:,} error lines are of {counted(len(digest.templates), 'kind')}"
    against = f"; compared with {page.say(digest.baseline)}" if compared else "; nothing to compare them with"
    page.heading("NEW" if compared else "ERROR LINES", told + against)
    shown, more = fold(chosen, len(chosen) if page.view.everything else AT_MOST)
    for template in shown:
        _template(page, template, axis)
    if more:
        _more(page, f"and {more} more of these")
    if not chosen:
        page.line("none of them is new here, more frequent than before, or gone", lead=("   ",))


def _template(page: Page, template: LogTemplate, axis: Axis) -> None:
    lead = NOTABLE.get(template.novelty, OTHER), STYLES.get(template.novelty, "")
    before = f"{counted(template.before, 'line')} before"
    said = span_of_day(template.first, template.last)
    if template.novelty is Novelty.STOPPED:
        said = f"{before}, the last at {template.last.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    elif template.novelty is Novelty.BURST:
        said += f", {before}"
    page.line((page.say(template.template), "bold"), f": {said}", lead=("   ", lead))
    if template.novelty is not Novelty.STOPPED:
        _bars(page, axis, template.per_bucket)
    for sample in template.samples[: SAMPLES if page.view.verbose else 1]:
        _quote(page, page.say(sample))


def _sources(page: Page, digest: LogDigest) -> None:
    """What was read, of what; and what was not, which must never look like good news."""
    read = [source for source in digest.sources if source.unread == NO_TEXT or source.read]
    by = f", by {digest.engine}" if digest.engine else ""
    page.heading("READ", f"{counted(len(read), 'log')}, {size(sum(s.read for s in read))}{by}")
    shown, more = fold(read, len(read) if page.view.everything else AT_MOST)
    for source in shown:
        page.line((page.say(source.name), "bold"), f": {extent(source, page.dash)}", lead=("   - ",))
        for note in source.notes:
            page.line((page.say(note), "dim"), lead=("     ",))
    if more:
        _more(page, f"and {more} more")
    lost = (source for source in digest.sources if source.unread != NO_TEXT)
    missed = [f"{page.say(source.name)}: {page.say(source.unread)}" for source in lost]
    missed += [page.say(sentence) for sentence in digest.unread]
    if missed:
        page.heading("NOT READ", "nothing is said about what is in these")
    for sentence in missed:
        page.line(sentence, lead=("   ", page.sign(Status.UNKNOWN), "  "))


def listed_digest(digest: LogDigest, *, brief: bool, on: str) -> Iterator[str]:
    """The same as a Markdown list; the bars are left out, which a proportional font would put out of step."""
    began = f", began {digest.began.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if digest.began else ""
    yield f"- window {span(digest.since, digest.until, '–')}{on}{began}"
    if brief:
        return
    for signature in sorted((s for s in digest.signatures if s.status in BAD), key=_gravity):
        when = f"{counted(signature.count, 'line')}, {span_of_day(signature.first, signature.last)}"
        yield f"- **{signature.status.value.upper()}** {signature.title}{about(signature, SAY)}: {when}"
        yield from (f"  - {SAY(sample)}" for sample in signature.samples[:1])
    for template in (t for t in digest.templates if t.novelty in NOTABLE and not t.signature):
        when = f"{counted(template.count, 'line')}, {span_of_day(template.first, template.last)}"
        yield f"- **{template.novelty.value}** {SAY(template.template)}: {when}"
    yield from (f"- read {SAY(s.name)}: {extent(s, '–')}" for s in digest.sources if s.unread == NO_TEXT or s.read)
    yield from (f"- not read: {SAY(s.name)}: {SAY(s.unread)}" for s in digest.sources if s.unread != NO_TEXT)
    yield from (f"- not read: {SAY(sentence)}" for sentence in digest.unread)


def extent(source: LogSource, dash: str) -> str:
    """How much of a source was read, from when to when, and by which clock."""
    of = f" of {size(source.size)}" if source.size and source.read < source.size else ""
    when = "no line says when" if not source.first or not source.last else span(source.first, source.last, dash)
    zone = f", times without a zone taken as {source.zone}" if "zone" in source.assumed else ""
    year = ", year not said, taken from the file's date" if "year" in source.assumed else ""
    boot = ""
    if "boot" in source.assumed:
        counted_back = source.first and source.first.year > EPOCH_YEAR
        boot = "the last taken to be as old as the file" if counted_back else "of a boot that is not known"
        boot = f", times since boot, {boot}"
    return f"{size(source.read)}{of}, {when}{zone}{year}{boot}"


def about(signature: LogSignature, say: Say) -> str:
    """Whom the lines are about: ` (java, mysqld)`; empty where they do not say."""
    first = next((signature.names[field] for field in ABOUT if field in signature.names), ())
    return f" ({listed((say(name) for name in first), NAMED)})" if first else ""


def span_of_day(first: datetime, last: datetime) -> str:
    """`14:03:11 to 14:05:20`, with the days where they are not one."""
    first, last = first.astimezone(UTC), last.astimezone(UTC)
    form = "%H:%M:%S" if first.date() == last.date() else "%b %d %H:%M:%S"
    ends = dict.fromkeys((f"{first:{form}}", f"{last:{form}}"))
    return " to ".join(ends)


def span(first: datetime, last: datetime, dash: str) -> str:
    """From when to when, in UTC."""
    first, last = first.astimezone(UTC), last.astimezone(UTC)
    if first.date() == last.date():
        return f"{first:%Y-%m-%d %H:%M:%S}{dash}{last:%H:%M:%S} UTC"
    return f"{first:%Y-%m-%d %H:%M} {dash} {last:%Y-%m-%d %H:%M} UTC"


def length(of: timedelta) -> str:
    """`1 min`, `2 h`, `3 d`."""
    seconds = of.total_seconds()
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:g} {name}"
    return f"{seconds:g} s"


def size(number: float) -> str:
    """Bytes as people write them: `1.2 GB` has 10^9 in it."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.3g} {unit}" if number < 1000 else f"{number:,.0f} {unit}"
        number /= 1000
    return ""


def _quote(page: Page, text: str) -> None:
    page.line((text, "dim"), lead=(" " * MARGIN + "| ",))


def _more(page: Page, said: str) -> None:
    page.line((f"{said} (--all shows them)", "dim"), lead=(" " * MARGIN,))
