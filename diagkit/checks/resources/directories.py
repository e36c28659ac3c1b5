"""Does any directory have so many entries that using it is slow?"""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.checks import Findings, check, ok, warn
from diagkit.probes.directories import Directories


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Entries of one directory. Source: our own; with twice that `ls` takes seconds, and globs fail with E2BIG."""

    warn: int = 50_000


@check(limits=Crowd(), noise=(0.01, 0.001), vital=False)
def crowded(directories: Directories, limits: Crowd) -> Findings:
    """No directory where files come and go has very many entries.

    Why: mail queues, sessions and print jobs that nobody takes away use up the inodes, and every listing slows down.
    Limits: the number is told from the size of the directory itself, which ext4 never makes smaller again.
    """
    large = [directory for directory in directories.all if directory.entries >= limits.warn]
    for directory in large:
        text = f"directory {directory.path} has room for some {directory.entries} entries, or had them once"
        yield warn(text, directory.path, measured={"bytes": directory.size, "entries": directory.entries})
    if not large:
        yield ok("no directory with very many entries")
