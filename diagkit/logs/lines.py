"""Logs as they came, and single lines of them with when, who and what told apart.

A log is kept as bytes and only the lines somebody asks about are decoded and dated: most lines interest nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from diagkit.frozen import frozen
from diagkit.logs.severity import Stated, stated
from diagkit.logs.structured import Record, record
from diagkit.logs.timestamps import Clock, Stamp, read_stamp

LONGEST = 8192  # bytes of a line that are read; a longer line is data somebody put on one line
LOOK_BACK = 200  # lines without a stamp of their own (stack traces) that may follow one that has

# Files that syslog daemons write, by their usual names on Debian, Red Hat, SUSE, Alpine.
SYSLOG_NAMES = re.compile(
    r"(?:syslog|messages|kern\.log|auth\.log|secure|daemon\.log|user\.log|cron(?:\.log)?|mail(?:\.log|\.err|log)?|"
    r"debug|warn|localmessages)(?:\.1)?$"
)
_ENVELOPE = re.compile(
    r"(?P<host>\S+) (?:[a-z0-9]+\.[a-z]+ )?"  # busybox puts facility and level after the host
    r"(?P<program>[^\s:\[]*)(?:\[(?P<pid>[0-9]+)\])?: ?"
    r"(?:\[ *[0-9]+\.[0-9]{6}\](?: ?\[ *[TC][0-9]+\])? )?",  # the kernel's uptime, and which task or processor said it
    re.ASCII,
)
_DMESG = re.compile(r"(?:<[0-9]{1,3}>|[a-z]+ *:[a-z]+ *: )?\[ *[0-9]+\.[0-9]{6}\]", re.ASCII)

_RFC5424 = re.compile(
    r"(?P<host>\S+) (?P<program>[^\s:\[\]]+) (?:(?P<pid>[0-9]+)|-|[^\s:\[\]]+) (?:-|[!-~]{1,32}) "
    r'(?:-|(?:\[[^\s\]="]+(?: [^\s\]="]+="(?:[^"\\]|\\.)*")*\])+)(?: |$)(?:\ufeff)?',
    re.ASCII,
)
_CRI = re.compile(r"(?:stdout|stderr) [FP] ")  # what containerd and CRI-O put before what a container says


@lru_cache(maxsize=256)
def enveloped(path: str) -> bool:
    """Whether this is a file that a syslog daemon writes."""
    return bool(SYSLOG_NAMES.match(PurePosixPath(path).name))


@frozen
class Log:
    """The lines of one log: the journal, the kernel's buffer, or a file. `cut`: its oldest lines were left behind.

    sifted: these are not all its lines, but those of its older part that may matter; the rest of it is another `Log`.

    form: `syslog` where its lines are known to say host and program, `kernel` where they are the kernel's own; empty
    where the source's name tells.
    """

    source: str  # journal, kernel, or a path
    raw: bytes
    cut: bool = False
    form: str = ""
    sifted: bool = False

    @property
    def enveloped(self) -> bool:
        """Whether its lines say host and program before the message."""
        return self.form == "syslog" or self.source == "journal" or (not self.form and enveloped(self.source))

    @property
    def writer(self) -> str:
        """The program its lines come from where they do not say: /var/log/nginx/error.log is nginx's."""
        return _writer(self.source)


@lru_cache(maxsize=256)
def _writer(source: str) -> str:
    path = PurePosixPath(source)
    return path.stem if path.parent == PurePosixPath("/var/log") or not path.is_absolute() else path.parent.name


@frozen(kw_only=True)
class Line:
    """One line of a log. `assumed` names the parts of its time that are not in the line (`year`, `zone`).

    level: the one it states beside its message, one of `severity.LEVELS`. summary: its message; without what it is
    about, where it is structured.
    """

    source: str
    at: datetime
    program: str
    message: str
    pid: int = 0
    level: str | None = None
    summary: str = ""
    assumed: tuple[str, ...] = ()


class Parts(NamedTuple):
    """What a line has besides its stamp. pid: 0 where it is not said. begins: the message does, in characters.

    stated: how grave it calls itself beside its message. record: the message, where it is structured.
    """

    program: str
    pid: int
    message: str
    begins: int
    stated: Stated
    record: Record | None

    @property
    def summary(self) -> str:
        """What a template is made of."""
        return self.record.summary if self.record else self.message


def line_at(log: Log, start: int, clock: Clock, wanted: Callable[[Parts], bool] = lambda _: True) -> Line | None:
    """The line that begins at this byte; None where neither it nor a line shortly before it says when.

    wanted: whether it is worth its time, by all else that it says; to look for that above it is what takes long.
    """
    text = _text(log.raw, start)
    stamp = read_stamp(text, clock)
    said = parts(log, text, stamp.end) if stamp else parts_without_time(text, "")
    if not wanted(said):
        return None
    if stamp:
        return _line(log, said, stamp)
    before = start
    for _ in range(LOOK_BACK):
        if before == 0:
            return None
        before = log.raw.rfind(b"\n", 0, before - 1) + 1
        head = _text(log.raw, before)
        if stamp := read_stamp(head, clock):
            return _line(log, said._replace(program=parts(log, head, stamp.end).program), stamp)
    return None


def _line(log: Log, said: Parts, stamp: Stamp) -> Line:
    return Line(
        source=log.source,
        at=stamp.at,
        program=said.program,
        pid=said.pid,
        message=said.message,
        level=said.stated.level,
        summary=said.summary,
        assumed=stamp.assumed,
    )


def starts(raw: bytes) -> Iterator[int]:
    """Where each line begins."""
    at = 0
    while at < len(raw):
        yield at
        at = raw.find(b"\n", at) + 1 or len(raw)


def span(log: Log, clock: Clock) -> tuple[datetime, datetime] | None:
    """The times of its oldest and youngest dated line, whichever way round it is written; None where none is dated."""
    ends = []
    for order in (starts(log.raw), _starts_backwards(log.raw)):
        for _, start in zip(range(LOOK_BACK), order, strict=False):
            if stamp := read_stamp(_text(log.raw, start), clock):
                ends.append(stamp.at)
                break
    return (min(ends), max(ends)) if ends else None


def _starts_backwards(raw: bytes) -> Iterator[int]:
    at = len(raw) - raw.endswith(b"\n")
    while at > 0:
        at = raw.rfind(b"\n", 0, at)
        yield at + 1


def _text(raw: bytes, start: int) -> str:
    end = raw.find(b"\n", start, start + LONGEST)
    return raw[start : start + LONGEST if end < 0 else end].rstrip(b"\r").decode("utf-8", "surrogateescape")


def parts(log: Log, text: str, end: int) -> Parts:
    """What a line says and who, where its stamp ends after so many characters."""
    rest = text[end:]
    program, pid, begins = log.writer, 0, 0
    if log.source == "kernel" or log.form == "kernel" or _DMESG.match(text, 0, end):
        return Parts("kernel", 0, rest, end, stated("", None, end), None)
    if log.enveloped and (match := _ENVELOPE.match(rest) or _RFC5424.match(rest)):
        program, pid, begins = match["program"], int(match["pid"] or 0), match.end()
        message = rest[begins:]
    else:
        if match := _CRI.match(rest):
            begins = match.end()
        begins += len(rest) - begins - len(rest[begins:].lstrip())
        message = rest[begins:].rstrip()
    found = record(message)
    if found and found.program and not log.enveloped:
        program = found.program
    return _parts(text[:end], program, pid, message, end + begins, found)


def parts_without_time(text: str, program: str) -> Parts:
    """The same of a line that has no stamp. program: who said the dated line before it."""
    message = text.strip()
    return _parts("", program, 0, message, len(text) - len(text.lstrip()), record(message))


def _parts(lead: str, program: str, pid: int, message: str, begins: int, found: Record | None) -> Parts:
    return Parts(program, pid, found.message if found else message, begins, stated(lead, found, begins), found)
