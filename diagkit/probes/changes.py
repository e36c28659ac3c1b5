"""What has changed lately: packages, releases, and when and how the machine came up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from diagkit.frozen import frozen
from diagkit.model import Ask, Moment, Read, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Garbled, Withheld, perhaps, probe
from diagkit.probes.host import Identity
from diagkit.probes.unit_log import OPENS, journal_lines

TAIL = 65_536  # bytes of a package log: some five hundred changes


@frozen(kw_only=True)
class PackageChange:
    """One package that was installed, upgraded or removed."""

    at: datetime
    action: str
    package: str


@frozen(kw_only=True)
class Packages:
    """The last changes of packages, oldest first."""

    all: tuple[PackageChange, ...]


_STAMP = re.compile(r"\[?\d{4}-\d\d-\d\d[ T]\d\d:")
_DPKG = re.compile(r"([\d-]{10} [\d:]{8}) (install|upgrade|remove|purge) ([^\s:]+)")
_DNF = re.compile(r"(\S+) SUBDEBUG (Installed|Upgraded?|Downgraded?|Reinstalled|Erased?|Removed): (\S+?)-\d")
_PACMAN = re.compile(r"\[(\S+)\] \[ALPM\] (installed|upgraded|downgraded|reinstalled|removed) (\S+)")


@probe(
    perhaps(Read("/var/log/dpkg.log", tail=TAIL)),
    perhaps(Read("/var/log/dnf.rpm.log", tail=TAIL)),
    perhaps(Read("/var/log/pacman.log", tail=TAIL)),
    Run(("date", "+%z")),
)
def packages(dpkg: Reply, dnf: Reply, pacman: Reply, zone: Reply) -> Packages:
    """Changes of packages, from the log of dpkg, dnf or pacman. dpkg writes local time without saying so."""
    logs = (dpkg, dnf, pacman)
    if all(log.silence is Silence.MISSING for log in logs):
        raise Absent("no log of dpkg, dnf or pacman")
    if silent := next((log for log in logs if log.silence not in (None, Silence.MISSING)), None):
        raise Withheld(silent.silence or Silence.GARBLED, silent.complaint)
    for log in logs:
        if log.lines and not any(_STAMP.match(line) for line in log.lines):
            raise Garbled(log.text[:80])
    if not any(log.lines for log in logs):
        raise Withheld(Silence.TRUNCATED, "the log is empty: it has just been rotated")
    found = [
        PackageChange(
            at=datetime.fromisoformat(match[1] + (zone.text.strip() if log is dpkg else "")).astimezone(UTC),
            action=match[2].lower(),
            package=match[3],
        )
        for log, form in zip(logs, (_DPKG, _DNF, _PACMAN), strict=True)
        for line in log.lines
        if (match := form.match(line))
    ]
    return Packages(all=tuple(sorted(found, key=lambda change: change.at)))


@frozen(kw_only=True)
class Release:
    """A symbolic link `current` beside a folder `releases`: which release is live, since when, and of how many."""

    link: str
    to: str
    switched: datetime
    of: int


@frozen(kw_only=True)
class Releases:
    """What is deployed in the way of Capistrano and its kin; nothing where nobody deploys so."""

    all: tuple[Release, ...]


_HOMES = ("/opt", "/srv", "/var/www", "/app")
_STAT = re.compile(r"(\d+) ['‘]?(/[^'’]*)['’]?(?: -> ['‘]?([^'’]*)['’]?)?$")


@probe(
    Run(
        (
            *("find", *_HOMES, "-maxdepth", "4", "(", "-type", "l", "-name", "current"),
            *("-o", "-type", "d", "-path", "*/releases/*", "-prune"),
            *(word for home in _HOMES for word in ("-o", "-path", home)),  # so that some answer must come
            *(")", "-exec", "stat", "-c", "%Y %N", "{}", "+"),
        )
    )
)
def releases(reply: Reply) -> Releases:
    """Which release each `current` link points to, and since when. `find` complains where a folder is missing."""
    rows = [match.groups() for line in reply.lines if (match := _STAT.match(line))]
    if len(rows) != len(reply.lines) or not (rows or reply.code):
        raise Garbled(reply.text[:80])
    found = []
    for at, path, to in rows:
        if to:
            siblings = [
                p for _, p, link in rows if not link and p.startswith(path.removesuffix("current") + "releases/")
            ]
            found.append(Release(link=path, to=to, switched=datetime.fromtimestamp(int(at), UTC), of=len(siblings)))
    return Releases(all=tuple(found))


@frozen(kw_only=True)
class Boot:
    """When the machine came up. orderly: whether it had been shut down before; None where that is not recorded."""

    at: datetime
    orderly: bool | None


_BEFORE = Run(("journalctl", "-b", "-1", "-n", "20", "--no-pager", "-o", "short-unix"), root=True)


def _ask_before(identity: Identity, moment: Moment) -> Iterable[Ask]:
    """Only of interest where the machine came up inside the window."""
    return [_BEFORE] if moment.now - timedelta(seconds=identity.uptime) >= moment.since else []


_ORDERLY = re.compile(r"Journal stopped|systemd-shutdown|Reached target.*(Shutdown|Reboot|Power.?Off)|Shutting down")


@probe(also=_ask_before, opens=OPENS)
def boot(identity: Identity, moment: Moment, answers: Answers) -> Boot:
    """When the machine came up, and whether the journal of the boot before ends with a shutdown."""
    reply = answers.get(_BEFORE)
    kept = reply and not reply.code and reply.silence is not Silence.MISSING
    said = "\n".join(journal_lines(reply)) if reply and kept else ""
    return Boot(
        at=moment.now - timedelta(seconds=identity.uptime),
        orderly=bool(_ORDERLY.search(said)) if said else None,
    )
