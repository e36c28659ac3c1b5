"""The clock: how far it is from ours, and whether something keeps it right."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Reply, Run, Silence
from diagkit.probes import Absent, Garbled, Withheld, perhaps, probe


@frozen(kw_only=True)
class Clock:
    """The machine's clock against ours, in seconds: positive is ahead. The true offset lies within `uncertainty`."""

    offset: float
    uncertainty: float


@frozen(kw_only=True)
class TimeSync:
    """What keeps the clock right. `offset`: seconds, as the client estimates it (0.0 where it does not say)."""

    client: str  # chrony, or the NTP client that systemd-timedated knows
    synchronised: bool
    offset: float


@probe(Run(("date", "+%s.%N")))
def clock(reply: Reply) -> Clock:
    """The machine's time as it answered, against our own at that moment. busybox knows whole seconds only."""
    match = re.fullmatch(r"(\d{9,11})\.(\d{9}|%?N)\n", reply.text)
    if not match:
        raise Garbled(reply.text[:60])
    if match[2].isdigit():
        return Clock(offset=float(f"{match[1]}.{match[2]}") - reply.at, uncertainty=reply.took)
    return Clock(offset=int(match[1]) + 0.5 - reply.at, uncertainty=0.5 + reply.took)


@probe(perhaps(Run(("chronyc", "-n", "tracking"))), perhaps(Run(("timedatectl", "show"))))
def time_sync(chrony: Reply, systemd: Reply) -> TimeSync:
    """Whether an NTP client keeps the clock, asked of chrony first and of systemd then."""
    if not chrony.silence and chrony.code == 0:
        status = re.search(r"^Leap status\s*: (.+)$", chrony.text, re.MULTILINE)
        system = re.search(r"^System time\s*: ([\d.]+) seconds (fast|slow)", chrony.text, re.MULTILINE)
        if not status or not system:
            raise Garbled(chrony.text[:60])
        offset = float(system[1]) * (1 if system[2] == "fast" else -1)
        return TimeSync(client="chrony", synchronised=status[1] != "Not synchronised", offset=offset)
    if systemd.silence is Silence.MISSING:
        raise Absent("no NTP client that we know of (chrony, systemd-timesyncd)")
    if systemd.silence:
        raise Withheld(systemd.silence, systemd.complaint)
    if "not been booted with systemd" in systemd.complaint:
        raise Absent("no NTP client that we know of, and no systemd to ask for one")
    said = dict(line.partition("=")[::2] for line in systemd.lines)
    if "NTPSynchronized" not in said:
        raise Garbled(systemd.text[:60] or systemd.complaint[:60])
    synchronised = said["NTPSynchronized"] == "yes"
    if said.get("NTP") != "yes" and not synchronised:
        raise Absent("no NTP client is switched on; whatever runs this machine may keep its clock")
    return TimeSync(client="NTP", synchronised=synchronised, offset=0.0)
