"""What was counted in files, as the facts that the checks of the log phase are used to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from diagkit.logs.errors import ErrorLine
from diagkit.logs.lines import Log
from diagkit.logs.occurrences import NAMES, QUIET, Burst, Occurrence
from diagkit.logs.reading import Found
from diagkit.logs.reading.mined import Kind
from diagkit.logs.sources import About, Form, Lost, Note, Series
from diagkit.logs.tallies import MINUTE, Tally
from diagkit.logs.templates.novelty import Compared
from diagkit.logs.timestamps import moment
from diagkit.logs.window import Window
from diagkit.model import LogTemplate, Novelty, Silence
from diagkit.probes.logs import LogTexts, Reading
from diagkit.redact import redact
from diagkit.sent.files import Sent

# What a log of this name would be on its host: what the checks of the host's own logs ask for.
STANDS_FOR = {
    "journal": ("journal",),
    "syslog": ("/var/log/syslog", "kernel"),
    "messages": ("/var/log/messages", "kernel"),
    "kern": ("kernel",),
    "dmesg": ("kernel",),
    "auth": ("/var/log/auth.log",),
    "secure": ("/var/log/secure",),
}


A_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Met:
    """All lines of one signature in all logs. by_log: its lines in each log, by the number of the log."""

    tally: Tally = field(default_factory=Tally)
    by_log: Counter[int] = field(default_factory=Counter)

    @property
    def log(self) -> int:
        """The log with most of them."""
        return max(self.by_log, key=lambda number: (self.by_log[number], -number))


def met(found: Found) -> dict[str, Met]:
    """Everything known that was met, by the id of its signature."""
    all_: dict[str, Met] = {}
    for number, counts in sorted(found.counts.items()):
        for signature, tally in counts.tallies.items():
            if tally.count:
                one = all_.setdefault(signature, Met())
                one.tally.merge(tally)
                one.by_log[number] += tally.count
    return all_


def occurrences(found: Found, names: Sequence[str]) -> Iterator[Occurrence]:
    """The same as facts. names: of the logs, by their number."""
    for signature, one in met(found).items():
        tally = one.tally
        yield Occurrence(
            signature=signature,
            count=tally.count,
            first=moment(tally.first),
            last=moment(tally.last),
            source=names[one.log],
            sample=clean(tally.youngest.text if tally.youngest else b""),
            programs=commonest(tally.programs),
            fields={name: commonest(values) for name, values in sorted(tally.fields.items())},
            bursts=bursts(tally.minutes, moment(tally.first), moment(tally.last)),
            minutes=tally.minutes,
            assumed=tuple(sorted({part for number in one.by_log for part in found.assumed.get(number, ())})),
        )


def bursts(minutes: Mapping[int, int], first: datetime, last: datetime) -> tuple[Burst, ...]:
    """Lines counted by the minute as bursts: to the minute, but for where the first begins and the last ends."""
    made: list[Burst] = []
    for minute, count in sorted(minutes.items()):
        begin = max(moment(minute * MINUTE), first)
        end = min(moment((minute + 1) * MINUTE - 1), last)
        if made and begin - made[-1].last < QUIET:
            made[-1] = Burst(first=made[-1].first, last=end, count=made[-1].count + count)
        else:
            made.append(Burst(first=begin, last=end, count=count))
    return tuple(made)


def commonest(counted: Counter[str]) -> tuple[str, ...]:
    """The names that most lines have."""
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:NAMES]
    return tuple(clean(name.encode("utf-8", "surrogateescape")) for name, _ in ordered)


def clean(text: bytes) -> str:
    """Text of a log without secrets: what is kept and shown."""
    return redact(text).decode("utf-8", "surrogateescape")


def error_line(one: Compared, told: LogTemplate, kind: Kind, *, watched: timedelta) -> ErrorLine:
    """A kind of error-like line as a fact: its lines since the baseline ended. watched: how long that is."""
    first, last = moment(one.template.first or kind.first), moment(one.template.last or kind.last)
    long_enough = watched if one.novelty is not Novelty.NEW else max(watched, last - first, A_MINUTE)
    return ErrorLine(
        template=told.template.raw,
        source=kind.source,
        program=kind.program,
        count=one.count,
        first=first,
        last=last,
        bursts=bursts(kind.minutes, first, last),
        minutes=kind.minutes,
        sample=told.samples[-1].raw if told.samples else "",
        before=one.before,
        watched=long_enough.total_seconds(),
        share=0.0,
    )


def texts(sent: Sent, window: Window) -> LogTexts:
    """Which logs there were, under the names they would have on their host; none of their text."""
    unread = {note.path.raw: _silence(note) for note in sent.notes if note.about is not About.SKIPPED}
    places = dict.fromkeys(place for log in sent.series for place in _stands_for(log))
    if any("kernel" in tally.programs for counts in sent.found.counts.values() for tally in counts.tallies.values()):
        places["kernel"] = None
    readings = [_reading(name, silence=why) for name, why in unread.items()] + [_reading(place) for place in places]
    readings += [_of_log(number, log, sent) for number, log in enumerate(sent.series)]
    logs = tuple(Log(log.name, b"") for log in sent.series)
    return LogTexts(logs=logs, readings=tuple(readings), clock=sent.clock, window=window)


def _reading(source: str, *, silence: Silence | None = None) -> Reading:
    return Reading(source=source, size=0, cut=False, first=None, last=None, silence=silence)


def _of_log(number: int, log: Series, sent: Sent) -> Reading:
    counts, reach = sent.found.counts.get(number), sent.found.reach.get(number)
    first, last = map(moment, reach) if reach else (None, None)
    short = any(isinstance(note, Lost) for note in sent.found.notes.get(number, ()))
    silence = Silence.TRUNCATED if short else None
    size = counts.size if counts else 0
    return Reading(source=log.name, size=size, cut=False, first=first, last=last, silence=silence)


def _silence(note: Note) -> Silence:
    return Silence.DENIED if "denied" in note.says.lower() else Silence.GARBLED


def _stands_for(log: Series) -> tuple[str, ...]:
    """What this log is, by its name, or by how its lines are made."""
    form = log.parts[-1].form
    if form.value.startswith("journal-"):
        return ("journal",)
    base = log.name.rpartition("/")[2].rpartition(":")[2].lower()
    named = next((places for word, places in STANDS_FOR.items() if base.startswith(word)), ())
    return named or (("kernel",) if form is Form.KERNEL else ("/var/log/syslog",) if form is Form.SYSLOG else ())
