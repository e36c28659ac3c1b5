"""Configuration: which of the system's files in /etc, and which crontabs, were changed in the window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import ceil

from diagkit.frozen import frozen
from diagkit.model import Ask, Moment, Run, Silence, epoch
from diagkit.probes import Answers, Garbled, Withheld, probe

PLACES = ("/etc", "/var/spool/cron")


@frozen(kw_only=True)
class ChangedFile:
    """A file and when its content last changed, by the host's clock."""

    path: str
    changed: datetime


@frozen(kw_only=True)
class Configuration:
    """The files that were changed since the window began, of those we may see."""

    changed: tuple[ChangedFile, ...]


def _ask(moment: Moment) -> Iterable[Ask]:
    """Asks for no more than the window: /etc of a host that has just been installed is all new."""
    minutes = ceil((moment.now - moment.since).total_seconds() / 60) + 1
    recent = ("-xdev", "-type", "f", "-mmin", f"-{minutes}", "-exec", "stat", "-c", "%Y %n", "{}", "+")
    yield Run(("find", *PLACES, *recent), cap=65_536, root=True)


@probe(also=_ask)
def configuration(moment: Moment, answers: Answers) -> Configuration:
    """Files in /etc and crontabs by the time of their last change. `find` complains about what it may not enter.

    Where nothing changed that we may see, the complaint is all of the answer.
    """
    (reply,) = (answers[ask] for ask in _ask(moment))
    if reply.silence not in (None, Silence.DENIED):
        raise Withheld(reply.silence, reply.complaint)
    if reply.cut:
        raise Withheld(Silence.TRUNCATED, "too many files were changed to list them")
    rows = [line.partition(" ") for line in reply.lines]
    if stray := next((at for at, _, path in rows if not at.isdigit() or not path.startswith("/")), None):
        raise Garbled(stray[:80])
    return Configuration(changed=tuple(ChangedFile(path=path, changed=epoch(int(at))) for at, _, path in rows))
