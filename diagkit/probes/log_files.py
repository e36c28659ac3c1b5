"""Which log files a host has: those under /var/log, and those that programs keep elsewhere."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.logs import files, sifting
from diagkit.model import Moment, Reply, Run, Scan
from diagkit.probes import Garbled, perhaps, probe

JOURNAL = Scan("journal", root=True)
LISTING = Run(("ls", "-lR", "--full-time", "/var/log/"), root=True)
# Files that look like logs and that somebody has open for writing, outside /var/log.
OPEN = Run(
    (
        *("find", "/proc", "-maxdepth", "3", "-path", "/proc/[0-9]*/fd/*", "-perm", "-200"),
        *("(", "-lname", "/*[lL][oO][gG]*", "-o", "-lname", "/*.out", "-o", "-lname", "/*.err", ")"),
        *("!", "-lname", "/var/log/*", "!", "-lname", "/proc/*", "!", "-lname", "/run/*"),
        *("-exec", "stat", "-c", "%N", "{}", "+"),
        *("-o", "-path", "/proc/[!0-9]*", "-prune", "-o", "-path", "/proc/[0-9]*/*", "!", "-name", "fd", "-prune"),
    ),
    cap=65_536,
    root=True,
)
# And those where programs that were unpacked by hand keep theirs: one that has crashed has none open.
FOLDERS = Run(
    (
        *("find", "/opt", "/srv", "/home", "/root", "/usr/local", "/var/lib/pgsql", "/var/lib/mysql", "/var/opt"),
        *("/var/lib/docker/containers", "-xdev", "-maxdepth", "4", "("),
        *("-name", ".?*", "-o", "-name", "node_modules", "-o", "-name", "site-packages"),
        *("-o", "-path", "/usr/local/lib", "-o", "-path", "/usr/local/share", ")", "-prune"),
        *("-o", "-type", "f", "-size", "+0", "-mtime", "-8"),
        *("(", "-path", "*/log/*", "-o", "-path", "*/logs/*", "-o", "-name", "*.log", "-o", "-name", "*.err", ")"),
        *("-exec", "stat", "-c", "%s %Y %n", "{}", "+"),
    ),
    cap=65_536,
    root=True,
)
MOST_OPEN = 8  # files outside /var/log of which nothing is known but that they are open
OPENS = "log in as root or as a member of systemd-journal and adm, or allow this user `sudo -n`"


@frozen(kw_only=True)
class LogFiles:
    """The log files of the host. `chosen`: what is read of them. `compressed`: they have to be unpacked for that.

    open: of those outside /var/log, what a process writes to. journal_from: since when the journal is known, in seconds
    since the epoch; 0 where all of the window is.
    """

    all: tuple[files.LogFile, ...]
    chosen: tuple[str, ...]
    compressed: tuple[str, ...]
    open: tuple[str, ...] = ()
    journal_from: float = 0.0

    def find(self, *paths: str) -> files.LogFile | None:
        """The first of these that is there."""
        return next((f for path in paths for f in self.all if f.path == path), None)


@probe(LISTING, perhaps(JOURNAL), perhaps(OPEN), perhaps(FOLDERS), opens=OPENS)
def log_files(listing: Reply, journal: Reply, opened: Reply, folders: Reply, moment: Moment) -> LogFiles:
    """The log files of the host, and which of them were written to in the window.

    ls exits 1 or 2 when it may not enter a directory and still lists the rest; so does find.
    """
    found = tuple(files.listed(listing.lines))
    if not found and listing.code:
        raise Garbled(listing.complaint[:80])
    found += tuple(file for file in files.found_by_name(folders.lines) if not file.path.startswith("/var/log/"))
    known = {file.path for file in found}
    read = journal.silence is None
    return LogFiles(
        all=found,
        chosen=tuple(files.worth_reading(found, moment.since, journal=read)),
        compressed=files.compressed(found, moment.since, journal=read),
        open=tuple(dict.fromkeys(path for path in files.found_open(opened.lines) if path not in known))[:MOST_OPEN],
        journal_from=sifting.journal_known_from(journal),
    )
