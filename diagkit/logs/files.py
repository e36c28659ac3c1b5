"""Which log files to read: those somebody wrote to in the window, and the most telling first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from diagkit.frozen import frozen
from diagkit.logs.lines import enveloped

AT_MOST = 15  # files read from one host

_ENTRY = re.compile(
    r"-\S+ +\d+ +\S+ +\S+ +(?P<size>\d+) "
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? (?P<zone>[+-]\d{4}) (?P<name>.+)$",
    re.ASCII,
)
_COMPRESSED = re.compile(r"\.(?:gz|xz|bz2|zst|lz4|Z)$")
_ROTATED = re.compile(r"(?:\.[0-9]+|-[0-9]{8})\.(?:gz|xz|bz2|zst|lz4|Z)$")
_NO_LOG = re.compile(
    r"/(?:journal|sysstat|sa|installer|anaconda|runit|gdm3?|cups)/|/(?:[bw]tmp|lastlog|faillog|tallylog|dmesg|boot\.log)"
    r"|/(?:dpkg|alternatives|bootstrap|fontconfig|history|ubuntu-advantage\S*|cloud-init\S*)\.log|\.(?:journal|db|pcap|old|bin)$"
)
# What an application's log is called, or the folder that it is in.
_LOG = re.compile(r"/logs?/[^/]+\.\w+$|[^/]\.(?:log|err|out)$|[-_.]log$", re.ASCII)
# Files of databases that are called so and are no text: write-ahead logs, Kafka's segments, replication.
_DATA = re.compile(
    r"/[0-9a-f]+\.log$|-bin[-.]|/(?:ib_log|WiredTiger|pg_wal/|proc/|dev/|sys/)|\.(?:jar|class|py|pyc|so|js|db|sqlite\w*|"
    r"journal|wal|aof|rdb|sock|pid|lock|conf|html?|md|\w*z|zip|zst|lz4|\d)$| \(deleted\)$"
)
_LINK = re.compile(r" -> ['\"`](?P<path>/.+)['\"]$")
_TELLING = re.compile(r"error|nginx|apache|httpd|postgres|mysql|mariadb|redis|haproxy|php|deploy|audit")


@frozen(kw_only=True)
class LogFile:
    """One file: its size in bytes, and when it was last written to."""

    path: str
    size: int
    modified: datetime


def listed(lines: Iterable[str]) -> Iterator[LogFile]:
    """The files that `ls -lR --full-time` lists; empty ones are no news."""
    folder = ""
    for line in lines:
        if line.startswith("/") and line.endswith(":"):
            folder = line[:-1].rstrip("/")
        elif (entry := _ENTRY.match(line)) and int(entry["size"]):
            modified = datetime.fromisoformat(f"{entry['at']}{entry['zone']}").astimezone(UTC)
            yield LogFile(path=f"{folder}/{entry['name']}", size=int(entry["size"]), modified=modified)


def found_open(lines: Iterable[str]) -> Iterator[str]:
    """The files that look like logs among those that processes have open for writing, as `stat -c %N` says it of links.

    A path is the process's own: where that is a container, there may be no such file on the machine.
    """
    for line in lines:
        if (link := _LINK.search(line)) and _looks_like_a_log(link["path"]):
            yield link["path"]


def found_by_name(lines: Iterable[str]) -> Iterator[LogFile]:
    """The files that look like logs among those of which `stat -c "%s %Y %n"` tells."""
    for line in lines:
        size, at, path = (*line.split(" ", 2), "", "")[:3]
        if size.isdecimal() and at.isdecimal() and int(size) and _looks_like_a_log(path):
            yield LogFile(path=path, size=int(size), modified=datetime.fromtimestamp(int(at), UTC))


def _looks_like_a_log(path: str) -> bool:
    return bool(_LOG.search(path)) and not _DATA.search(path)


def compressed(files: Iterable[LogFile], since: datetime, *, journal: bool = False) -> tuple[str, ...]:
    """Rotated and compressed files that may hold lines of the window, the youngest first. journal: see below."""
    found = sorted((f for f in files if f.modified >= since and _ROTATED.search(f.path)), key=_rank)
    return tuple(f.path for f in found if not (journal and enveloped(_ROTATED.sub("", f.path))))


def worth_reading(files: Iterable[LogFile], since: datetime, *, journal: bool) -> Sequence[str]:
    """The files to read, the most telling first. journal: it can be read, so what syslog writes is known from there."""
    found = [f for f in files if f.modified >= since and _is_log(f.path, journal=journal)]
    return [f.path for f in sorted(found, key=_rank)[:AT_MOST]]


def _is_log(path: str, *, journal: bool) -> bool:
    if _COMPRESSED.search(path) or _NO_LOG.search(path) or not re.fullmatch(r"[\w@%+=:,./-]+", path, re.ASCII):
        return False
    return not (journal and enveloped(path))


def _rank(file: LogFile) -> tuple[int, float, str]:
    return (not (enveloped(file.path) or _TELLING.search(file.path)), -file.modified.timestamp(), file.path)
