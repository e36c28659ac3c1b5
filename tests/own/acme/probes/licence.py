"""The licence of the Acme shop."""

from dataclasses import dataclass
from datetime import UTC, datetime

from diagkit.model import Read, Reply, Silence
from diagkit.probes import Absent, Garbled, perhaps, probe

FILE = "/etc/acme/licence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Until when the shop may run."""

    until: datetime


@probe(perhaps(Read(FILE)), opens="let this user read /etc/acme/licence")
def licence(reply: Reply) -> Licence:
    """The day on which the shop's licence ends."""
    if reply.silence is Silence.MISSING:
        raise Absent("no Acme shop is installed")
    for line in reply.lines:
        key, _, value = line.partition("=")
        if key.strip() == "valid-until":
            return Licence(until=datetime.fromisoformat(value.strip()).replace(tzinfo=UTC))
    raise Garbled("the licence does not say valid-until")
