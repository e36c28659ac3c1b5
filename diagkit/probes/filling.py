"""Filesystems that fill while we look: their free room twice, a few seconds apart."""

from __future__ import annotations

from diagkit.frozen import frozen
from diagkit.model import Reply, Run
from diagkit.probes import Absent, Answers, probe
from diagkit.probes.disk import FIELDS, FIGURES, Mounts, ask_each
from diagkit.probes.reading import elapsed

# What is asked for in the first round, before the mount table is known: never a path that is usually a network mount,
# and in the form of the second round, so that the two can be laid side by side.
USUAL = ("/", "/var", "/var/log", "/var/lib", "/tmp")  # noqa: S108 - asked about, not written to
FIRST = Run(("stat", "-f", "-c", FIELDS, *USUAL), timeout=3)


@frozen(kw_only=True)
class Growth:
    """How fast a filesystem filled between the samples (below zero: it emptied), and what is still available."""

    path: str
    bytes_per_s: float
    available: int


@frozen(kw_only=True)
class Filling:
    """The filesystems that were looked at twice, `seconds` apart."""

    seconds: float
    all: tuple[Growth, ...]


@probe(FIRST, also=ask_each)
def filling(first: Reply, mounts: Mounts, answers: Answers) -> Filling:
    """How fast the filesystems at the usual places fill. `stat` complains of those that are not there."""
    second = next(iter(answers.values()), None)  # of all local filesystems together
    if second is None:
        raise Absent("no filesystem that could fill up")
    rows = filter(None, map(FIGURES.fullmatch, first.lines))
    before = {row[7]: int(row[1]) * int(row[4]) for row in rows}
    now = {mount.path: mount.available for mount in mounts.all}
    seconds = elapsed(first, second)
    both = [path for path in before if path in now]
    return Filling(
        seconds=seconds,
        all=tuple(
            Growth(path=path, bytes_per_s=(before[path] - now[path]) / seconds, available=now[path]) for path in both
        ),
    )
