"""Does any directory have so many entries that using it is slow?"""

from __future__ import annotations

import re

from diagkit.checks import Findings, check, ok, warn
from diagkit.frozen import frozen
from diagkit.probes.directories import Directories

# Where files wait to be taken away.
PASSING = re.compile(
    r"^/(tmp|var/(tmp|spool|log|mail))/|/(sessions?|queue|tmp|temp|cache|uploads?|incoming|spool|maildrop|deferred|new)(/|$)"
)


@frozen(kw_only=True)
class Crowd:
    """Entries of one directory. Source: our own; with twice that `ls` takes seconds, and globs fail with E2BIG."""

    warn: int = 50_000


@check(limits=Crowd(), noise=(0.002, 0.0005), vital=False)
def crowded(directories: Directories, limits: Crowd) -> Findings:
    """No directory where files come and go has very many entries.

    Why: mail queues, sessions and print jobs that nobody takes away use up the inodes, and every listing slows down.
    Limits: only where files come and go, for an archive may well have a million. The number is told from the size of
    the directory itself, which ext4 never makes smaller again.
    """
    large = [d for d in directories.all if d.entries >= limits.warn and PASSING.search(d.path)]
    for directory in large:
        text = f"directory {directory.path} has room for some {directory.entries} entries, or had them once"
        yield warn(text, directory.path, measured={"bytes": directory.size, "entries": directory.entries})
    if not large:
        yield ok("no directory with very many entries")
