"""Settings: the files that running services read when they start, and when those were changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from diagkit.frozen import frozen
from diagkit.model import Ask, Run
from diagkit.probes import Answers, Garbled, Withheld, probe
from diagkit.probes.systemd import Unit, Units

DAYS = 30  # changes older than this are no news
# Where a service does not keep them in /etc/<its name>.
PLACES = {
    "ssh": ("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d"),
    "sshd": ("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d"),
    "redis-server": ("/etc/redis",),
    "mariadb": ("/etc/mysql", "/etc/my.cnf", "/etc/my.cnf.d"),
    "mysql": ("/etc/mysql",),
    "mysqld": ("/etc/my.cnf", "/etc/my.cnf.d"),
    "rsyslog": ("/etc/rsyslog.conf", "/etc/rsyslog.d"),
    "named": ("/etc/bind", "/etc/named.conf"),
    "chronyd": ("/etc/chrony.conf", "/etc/chrony"),
}
# They read their files whenever those change, or write them themselves.
LIVING = re.compile(r"systemd-|dbus|cron|NetworkManager|cups|polkit|snapd|cloud-|user@|getty|serial-getty|udev|fwupd")
DEPLOYED = re.compile(r"/(opt|srv|home|app|var)/")  # programs that no package brought


@frozen(kw_only=True)
class SettingsFile:
    """A file that a service reads when it starts: configuration, environment, or its program where it was deployed."""

    unit: str
    path: str
    changed: datetime


@frozen(kw_only=True)
class Settings:
    """Those files of services that were changed in the last 30 days."""

    all: tuple[SettingsFile, ...]


def places(unit: Unit) -> tuple[str, ...]:
    """Where the files of a service lie, as far as its name and its unit tell; none for those that are not worth it."""
    stem = re.split(r"[@.]", unit.name)[0]
    if unit.kind != "service" or not unit.started or LIVING.match(stem) or unit.type == "oneshot":
        return ()
    usual = PLACES.get(stem, (f"/etc/{stem}", f"/etc/{stem}.conf"))
    return (*usual, *unit.environment_files, *(f for f in unit.files if f.startswith("/etc/") or DEPLOYED.match(f)))


def _ask(units: Units) -> Iterable[Ask]:
    wanted = sorted({place for unit in units.all for place in places(unit)})
    if wanted:
        changed = ("-maxdepth", "3", "-type", "f", "-mtime", f"-{DAYS}", "-exec", "stat", "-c", "%Y %n", "{}", "+")
        yield Run(("find", *wanted, *changed))


@probe(also=_ask)
def settings(units: Units, answers: Answers) -> Settings:
    """When the files of services were last changed. `find` complains about those that are not there."""
    rows: list[tuple[int, str]] = []
    for reply in answers.values():
        if reply.silence:
            raise Withheld(reply.silence, reply.complaint)
        for line in reply.lines:
            at, _, path = line.partition(" ")
            if not at.isdigit():
                raise Garbled(line[:80])
            rows.append((int(at), path))
    return Settings(
        all=tuple(
            SettingsFile(unit=unit.name, path=path, changed=datetime.fromtimestamp(at, UTC))
            for unit in units.all
            for at, path in rows
            if any(path == place or path.startswith(f"{place}/") for place in places(unit))
        )
    )
