"""Which files under /var/log to read: those somebody wrote to in the window, and the most telling first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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
_TELLING = re.compile(r"error|nginx|apache|httpd|postgres|mysql|mariadb|redis|haproxy|php|deploy|audit")


@dataclass(frozen=True, slots=True, kw_only=True)
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


def compressed(files: Iterable[LogFile], since: datetime) -> tuple[str, ...]:
    """Rotated and compressed files that may hold lines of the window: not read, which has to be said."""
    return tuple(f.path for f in files if f.modified >= since and _ROTATED.search(f.path))


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
