"""Greetings: what services say by themselves when somebody connects to them from the host itself."""

from __future__ import annotations

from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Vantage
from diagkit.probes import Absent, Answers, probe
from diagkit.probes.doors import Port, doorsteps, inner_address, seen_port
from diagkit.probes.sockets import Listener, Listeners

# FTP, SMTP, POP3, IMAP, submission: the server speaks first (RFC 959, 5321, 1939, 3501, 6409). MySQL does so too, but
# counts such visits as errors and locks the visitor out.
GREETING_PORTS = {21, 25, 110, 143, 587}


@frozen(kw_only=True)
class Greetings:
    """One answer for each listening port whose protocol begins with a greeting."""

    all: tuple[Port, ...]


def _reach(listener: Listener) -> Reach:
    return Reach("banner", inner_address(listener), listener.port, vantage=Vantage.TARGET)


def _listen(listeners: Listeners) -> Iterable[Ask]:
    return [_reach(one) for one in doorsteps(listeners) if one.port in GREETING_PORTS]


@probe(also=_listen)
def greetings(listeners: Listeners, answers: Answers) -> Greetings:
    """Whether FTP and mail servers greet, asked from the target itself."""
    if not answers:
        raise Absent("no service that greets listens")
    return Greetings(all=tuple(seen_port(ask, answers[ask]) for ask in _listen(listeners) if isinstance(ask, Reach)))
