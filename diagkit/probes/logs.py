"""What the logs say: the journal, the kernel's buffer and the files somebody wrote to in the incident window."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from diagkit.frozen import frozen
from diagkit.logs import access, errors, sifting
from diagkit.logs import occurrences as matching
from diagkit.logs.kernel import lacking, without_taken_over
from diagkit.logs.lines import Log, enveloped, line_at, span, starts
from diagkit.logs.sources.containers import unwrapped
from diagkit.logs.timestamps import Clock, offset
from diagkit.logs.window import Window
from diagkit.model import Ask, Moment, Read, Reply, Run, Scan, Sift, Silence, Site, epoch
from diagkit.probes import Answers, Garbled, perhaps, probe
from diagkit.probes.log_files import JOURNAL, OPENS, LogFiles
from diagkit.probes.reading import TICKS_PER_SECOND

KERNEL = Scan("kernel", cap=131_072, root=True)
FILE_CAP = 65_536  # of each file, its last bytes: 15 of them and the journal stay below 2 MB
SYSLOG_CAP = 196_608  # of each file a syslog daemon writes; they are read where the journal is not
SLOWEST_INITRD = 120.0  # seconds after which a first process is no machine's own, but a container's


@frozen(kw_only=True)
class Reading:
    """How one log was read. Times are of its oldest and youngest line read; None where no line says when.

    silence: why not, or not all, could be read. cut: older lines were left behind. size: bytes read.
    """

    source: str
    size: int
    cut: bool
    first: datetime | None
    last: datetime | None
    silence: Silence | None = None


@frozen(kw_only=True)
class LogTexts:
    """The logs as they came, and how to read their times. `readings` also tells of those that could not be read.

    What was selected of a log's older part is a log of its own, after the one that was scanned; `sifted` tells of it.
    """

    logs: tuple[Log, ...]
    readings: tuple[Reading, ...]
    clock: Clock
    window: Window
    sifted: tuple[sifting.Sifted, ...] = ()

    @property
    def unread_files(self) -> tuple[str, ...]:
        """The files that we chose and could not read."""
        return tuple(r.source for r in self.readings if r.source.startswith("/") and r.silence)

    def why_not(self, source: str) -> str:
        """What kept us from the journal, the kernel's log, or the files: the same words for all who miss it."""
        if source == "files":
            source, silences = "log files", [r.silence for r in self.readings if r.source in self.unread_files]
            names = f": {', '.join(self.unread_files)}"
        else:
            silences = [r.silence for r in self.readings if r.source == source]
            source, names = {"kernel": "kernel log"}.get(source, source), ""
        silence = next((s for s in silences if s), Silence.MISSING)
        return f"{source}: {silence.value}{names}"

    @property
    def kernel_seen(self) -> bool:
        """Whether what the kernel says was read: from its buffer, from the journal, or from a file that has it too."""
        silences = {r.source: r.silence for r in self.readings}
        # whose own reading is missing there has its lines in the journal
        return silences.get("kernel", silences.get("journal", Silence.MISSING)) is None or any(
            log.enveloped and b" kernel: " in log.raw for log in self.logs
        )

    @property
    def system_seen(self) -> bool:
        """Whether what the system's own services say was read."""
        whole = {r.source for r in self.readings if r.silence is None}
        return bool(whole & {"journal", "/var/log/messages", "/var/log/syslog"})

    @property
    def auth_seen(self) -> bool:
        """Whether what sshd says was read."""
        whole = {r.source for r in self.readings if r.silence is None}
        return bool(whole & {"journal", "/var/log/auth.log", "/var/log/secure", "/var/log/messages"})

    def lines_since(self, log: Log, moment: datetime, programs: Collection[str]) -> int:
        """How many lines younger than that these programs have in this log."""
        lines = (line_at(log, start, self.clock) for start in starts(log.raw))
        return sum(1 for line in lines if line and line.at > moment and line.program in programs)

    def mentions(self, source: str, since: datetime, words: Collection[str]) -> bool:
        """Whether a line of this log, with or without a time of its own, has one of these words since then."""
        for log in (log for log in self.logs if log.source == source):
            for word in words:
                at = log.raw.rfind(word.encode())
                line = line_at(log, log.raw.rfind(b"\n", 0, at) + 1, self.clock) if at >= 0 else None
                if line and line.at >= since:
                    return True
        return False


def _chosen(log_files: LogFiles, site: Site) -> Iterable[Ask]:
    """The end of each file; and of what is older, where there is more in it, what may matter."""
    paths = dict.fromkeys((*site.logs, *log_files.chosen, *log_files.open))
    scanned = {path: SYSLOG_CAP if enveloped(path) else FILE_CAP for path in paths}
    packed = [file for path in log_files.compressed if (file := log_files.find(path))]
    sizes = {file.path: file.size for file in log_files.all}
    return [
        *(Scan(path, cap=cap, root=True) for path, cap in scanned.items()),
        *sifting.wanted(scanned, packed, sizes, log_files.journal_from),
    ]


@probe(
    Read("/proc/stat"),
    Run(("date", "+%z")),
    perhaps(JOURNAL),
    perhaps(KERNEL),
    perhaps(Read("/proc/1/stat")),
    perhaps(Run(("timedatectl", "show"))),
    also=_chosen,
    opens=OPENS,
)
def texts(
    stat: Reply,
    zone: Reply,
    journal: Reply,
    kernel: Reply,
    init: Reply,
    settings: Reply,
    answers: Answers,
    moment: Moment,
    site: Site,
) -> LogTexts:
    """The journal, what the kernel's buffer has beyond it, and the chosen files."""
    booted = [int(line.split()[1]) for line in stat.lines if line.startswith("btime ")]
    ahead = offset(zone.text)
    if not booted or ahead is None:
        raise Garbled(zone.text[:20])
    clock = Clock(
        ahead=int(ahead.utcoffset(None).total_seconds()),  # type: ignore[union-attr]  # fixed zones always have one
        latest=moment.now,
        booted=epoch(booted[0]),
    )
    clock = replace(clock, place=_place(settings, clock))
    replies = {"journal": journal, "kernel": kernel}
    replies |= {
        a.source: replace(reply, out=unwrapped(reply.out)) for a, reply in answers.items() if isinstance(a, Scan)
    }
    for path in [path for path in replies if path.startswith("/") and not path.startswith(("/var/log/", *site.logs))]:
        if replies[path].silence is Silence.MISSING:  # a process in a container has it open, by a name of its own
            del replies[path]
    logs = {source: Log(source, reply.out, reply.cut) for source, reply in replies.items()}
    selections, sifted = _sifted(answers, logs, clock)
    came_up = clock.booted + _init_age(init)
    if journal.silence is None:
        if came_up > clock.booted:
            logs["journal"] = without_taken_over(logs["journal"], logs["kernel"], clock, came_up)
            selections = [
                without_taken_over(log, logs["kernel"], clock, came_up) if log.source == "journal" else log
                for log in selections
            ]
        for log in (logs["journal"], *(log for log in selections if log.source == "journal")):
            logs["kernel"] = lacking(log, logs["kernel"], clock)
        if kernel.silence and (came_up == clock.booted or b" kernel: " in journal.out):
            del replies["kernel"]  # the journal has its lines as well; in a container it may have none
    return LogTexts(
        logs=tuple(log for log in (*logs.values(), *selections) if log.raw),
        readings=tuple(_reading(source, reply, clock) for source, reply in replies.items()),
        clock=clock,
        window=Window.of(moment, came_up),
        sifted=sifted,
    )


def _place(settings: Reply, clock: Clock) -> str | None:
    """The name of the host's zone, if that is what its programs go by: `TZ` may say otherwise."""
    name = next((line.removeprefix("Timezone=") for line in settings.lines if line.startswith("Timezone=")), None)
    zone = replace(clock, place=name).zone
    return name if zone.utcoffset(clock.latest.astimezone(zone)) == timedelta(seconds=clock.ahead) else None


def _sifted(answers: Answers, scanned: dict[str, Log], clock: Clock) -> tuple[list[Log], tuple[sifting.Sifted, ...]]:
    """What came of the older parts. A line that was scanned in part is whole there: the scan loses its piece."""
    selections, said = [], []
    for ask, reply in answers.items():
        if isinstance(ask, Sift):
            log, what = sifting.came_of(ask, reply, scanned.get(ask.source), clock)
            said.append(what)
            if log and log.raw:
                selections.append(log)
                if ask.source in scanned:
                    scanned[ask.source] = sifting.whole_lines(scanned[ask.source])
    return selections, tuple(said)


def _init_age(stat: Reply) -> timedelta:
    """How long after its kernel this system came up, in a container: what the kernel said before concerned others."""
    fields = stat.text.rpartition(")")[2].split()
    started = int(fields[19]) / TICKS_PER_SECOND if len(fields) > 19 else 0.0  # field 22 of proc_pid_stat(5)
    return timedelta(seconds=started if started > SLOWEST_INITRD else 0.0)


def _reading(source: str, reply: Reply, clock: Clock) -> Reading:
    first, last = span(Log(source, reply.out), clock) or (None, None)
    return Reading(source=source, size=len(reply.out), cut=reply.cut, first=first, last=last, silence=reply.silence)


@frozen(kw_only=True)
class Occurrences:
    """Every signature met in the window, in the order of first appearance."""

    all: tuple[matching.Occurrence, ...]

    def of(self, *signatures: str) -> list[matching.Occurrence]:
        """Those of these signatures."""
        return [o for o in self.all if o.signature in signatures]


@probe()
def occurrences(texts: LogTexts) -> Occurrences:
    """Lines whose meaning is known: matched with the catalogue of signatures, repeats folded into one."""
    return Occurrences(all=matching.occurrences(texts.logs, texts.clock, texts.window))


@frozen(kw_only=True)
class ErrorLines:
    """Error lines that no signature knows, folded by template, the most frequent first."""

    all: tuple[errors.ErrorLine, ...]


@probe()
def error_lines(texts: LogTexts) -> ErrorLines:
    """Lines that call themselves an error and that no signature knows, with how usual each is in its log."""
    return ErrorLines(all=errors.error_lines(texts.logs, texts.clock, texts.window))


@frozen(kw_only=True)
class AccessLogs:
    """Requests in each access log. `refused`: access logs that we could not read."""

    all: tuple[access.Requests, ...]
    refused: tuple[str, ...] = ()


@probe()
def access_logs(texts: LogTexts) -> AccessLogs:
    """How many requests each access log has in the window, and how many of them the server failed (5xx)."""
    return AccessLogs(
        all=access.requests(texts.logs, texts.clock, texts.window),
        refused=tuple(source for source in texts.unread_files if "access" in source),
    )
