"""Which versions of programs are installed: of what runs here, and of what all of it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from diagkit.frozen import frozen
from diagkit.model import Ask, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Garbled, Withheld, probe
from diagkit.probes.systemd import Units

GROUND = ("libc6", "libssl*", "openssl", "ca-certificates", "openssh-server", "systemd", "python3", "tzdata")
MOST = 40  # patterns; a host has fewer services that are its own
OF_SYSTEM = re.compile(r"systemd-|user@|getty@|user-runtime-dir@|emergency|rescue|serial-getty@|container-getty@")


@frozen(kw_only=True)
class Versions:
    """The version of each installed package that was asked about."""

    all: Mapping[str, str]


def _named(units: Units) -> Run:
    """The packages that are called like the services that run, or begin like them."""
    running = [unit.name for unit in units.of("service") if unit.active == "active"]
    own = {name.partition(".")[0].partition("@")[0] for name in running if not OF_SYSTEM.match(name)}
    patterns = [f"{stem}*" for stem in sorted(own) if re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", stem)]
    return Run(("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\\n", *GROUND, *patterns[:MOST]))


def _ask(units: Units) -> Iterable[Ask]:
    return [_named(units)]


@probe(also=_ask)
def versions(units: Units, answers: Answers) -> Versions:
    """Versions of the packages of what runs, as dpkg knows them. It exits 1 where one of the names is none."""
    reply: Reply = answers[_named(units)]
    if reply.silence is Silence.MISSING:
        raise Absent("no dpkg: packages of other kinds are not compared")
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    rows = [line.split() for line in reply.lines if line.startswith("ii ")]
    if not rows or any(len(row) != 3 for row in rows):
        raise Garbled(reply.text[:60] or reply.complaint[:60])
    return Versions(all={package: version for _, package, version in rows})
