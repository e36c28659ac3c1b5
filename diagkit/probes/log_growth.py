"""Which files under /var/log grow now, and how fast."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.logs import files
from diagkit.model import Again, Reply
from diagkit.probes import Garbled, probe
from diagkit.probes.log_files import LISTING, OPENS
from diagkit.probes.reading import elapsed


@frozen(kw_only=True)
class GrowingLog:
    """One file that grew between the samples: its size in bytes, and bytes a second."""

    path: str
    size: int
    rate: float


@frozen(kw_only=True)
class LogGrowth:
    """The files that grew, fastest first. The journal's are left out: it grows in steps of megabytes.

    closed: directories that we were not allowed to look into.
    """

    all: tuple[GrowingLog, ...]
    closed: int = 0


@probe(LISTING, Again(LISTING), opens=OPENS)
def log_growth(before: Reply, after: Reply) -> LogGrowth:
    """How fast each log file grows between two listings of /var/log."""
    for reply in (before, after):
        if not any(line.startswith("/var/log") and line.endswith(":") for line in reply.lines):
            raise Garbled(reply.complaint[:80] or reply.text[:60])
    first = {file.path: file.size for file in files.listed(before.lines)}
    second = list(files.listed(after.lines))
    seconds = elapsed(before, after)
    grown = [
        GrowingLog(path=file.path, size=file.size, rate=(file.size - first[file.path]) / seconds)
        for file in second
        if file.size > first.get(file.path, file.size) and not file.path.endswith((".journal", ".journal~"))
    ]
    fastest_first = sorted(grown, key=lambda log: (-log.rate, log.path))
    return LogGrowth(all=tuple(fastest_first), closed=after.complaint.count("Permission denied"))
