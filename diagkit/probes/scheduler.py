"""The cron daemon: whether anything waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from diagkit.model import Reply, Run
from diagkit.probes import Absent, Garbled, probe

# There only where a cron daemon was installed or was given a job; into /etc/cron.d, other packages put files as well.
_FILES = ("/etc/crontab", "/var/spool/cron/crontabs/root", "/var/spool/cron/root", "/etc/crontabs/root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crontabs:
    """The crontabs of the system that are there."""

    all: tuple[str, ...]


@probe(Run(("ls", "-d", *_FILES)))
def crontabs(reply: Reply) -> Crontabs:
    """Which of the usual crontabs are there; `ls` names those, and fails for the others."""
    found = tuple(line for line in reply.lines if line in _FILES)
    if not found and "No such file" not in reply.complaint:
        raise Garbled(reply.complaint[:80])
    if not found:
        raise Absent("no crontab of the system")
    return Crontabs(all=found)
