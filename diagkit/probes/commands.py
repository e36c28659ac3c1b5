"""Commands that somebody declared to be the test of a service."""

from __future__ import annotations

from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Run, Service, Silence, Site, Target
from diagkit.probes import Absent, Answers, probe
from diagkit.probes.doors import applies


@frozen(kw_only=True)
class Command:
    """How one declared command ended. silence: why it did not; said: its last line."""

    service: str
    code: int
    said: str
    silence: Silence | None = None


@frozen(kw_only=True)
class Commands:
    """Every declared command of this target."""

    all: tuple[Command, ...]


def _declared(target: Target, site: Site) -> list[tuple[Service, Run]]:
    return [(s, Run(s.command, timeout=10)) for s in site.services if s.command and applies(s, target)]


def _ask(target: Target, site: Site) -> Iterable[Ask]:
    return [run for _, run in _declared(target, site)]


@probe(also=_ask)
def commands(target: Target, site: Site, answers: Answers) -> Commands:
    """The declared commands, run on the target as the login user."""
    found = []
    for service, run in _declared(target, site):
        reply = answers[run]
        said = (reply.lines or reply.complaint.splitlines() or [""])[-1]
        found.append(Command(service=service.name, code=reply.code, said=said, silence=reply.silence))
    if not found:
        raise Absent("no command is declared for this target")
    return Commands(all=tuple(found))
