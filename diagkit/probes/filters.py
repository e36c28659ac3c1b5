"""What the host's own kernel does to packets: which it drops, and how fast it lets them out."""

from __future__ import annotations

import re

from diagkit.frozen import frozen
from diagkit.model import Ask, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Garbled, Withheld, filter_rules, perhaps, probe
from diagkit.probes.filter_rules import Chain
from diagkit.probes.network import Links

OLDER = "iptables-legacy tables present"  # the warning of iptables-save
RATE = re.compile(r"\brate (\d+(?:\.\d+)?)([KMGT]?)(i?)(bit|bps)", re.IGNORECASE)
QUEUES = Run(("tc", "qdisc", "show"))
UNSHAPED = {"noqueue", "noop", "fq_codel", "fq", "pfifo_fast", "pfifo", "bfifo", "codel", "sfq"}  # and have no children
SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


@frozen(kw_only=True)
class PacketFilter:
    """What nftables and iptables do to packets that come in and leave. older: iptables has rules of its older kind."""

    chains: tuple[Chain, ...]
    older: bool = False


@probe(
    perhaps(Run(("nft", "list", "ruleset"), root=True)),
    perhaps(Run(("iptables-save",), root=True)),
)
def packet_filter(nft: Reply, iptables: Reply) -> PacketFilter:
    """The rules for packets to and from the host itself."""
    heard = [reply for reply in (nft, iptables) if not reply.silence and reply.code == 0]
    if not heard:
        mute = iptables if nft.silence is Silence.MISSING and iptables.silence else nft
        raise Withheld(mute.silence or Silence.GARBLED, mute.complaint.partition("\n")[0])
    found = [
        *(filter_rules.nft(nft.lines) if nft in heard else []),
        *(filter_rules.iptables(iptables.lines) if iptables in heard else []),
    ]
    return PacketFilter(chains=tuple(found), older=OLDER in f"{iptables.text}{iptables.complaint}")


def _ask_older(filters: PacketFilter) -> list[Run]:
    return [Run(("iptables-legacy-save",), root=True)] if filters.older else []


@frozen(kw_only=True)
class OlderFilter:
    """What iptables of the older kind (x_tables) does, on a machine whose `iptables` is the newer one."""

    chains: tuple[Chain, ...]


@probe(also=_ask_older)
def older_filter(filters: PacketFilter, answers: Answers) -> OlderFilter:
    """The rules that `iptables-save` warns of and does not show."""
    if not filters.older:
        raise Absent("iptables has no rules of its older kind here")
    found: list[Chain] = []
    for reply in answers.values():
        if reply.silence or reply.code:
            raise Withheld(reply.silence or Silence.GARBLED, reply.complaint)
        found += filter_rules.iptables(reply.lines)
    return OlderFilter(chains=tuple(found))


@frozen(kw_only=True)
class Shaper:
    """A queueing discipline that slows or harms on purpose. rate in bits per second, 0 where it sets none."""

    device: str
    kind: str  # tbf, netem, cake, …
    rate: float
    text: str


@frozen(kw_only=True)
class Shaping:
    """Every interface that is slowed down on purpose."""

    all: tuple[Shaper, ...]


def _ask_queues(links: Links) -> list[Ask]:
    """Every queue is asked for only where one may slow down, or have others below it."""
    return [QUEUES] if any(link.queue not in UNSHAPED for link in links.all) else []


@probe(also=_ask_queues)
def shaping(links: Links, answers: Answers) -> Shaping:
    """Queueing disciplines that limit the rate (tbf, cake) or emulate a bad network (netem)."""
    if not _ask_queues(links):
        return Shaping(all=())
    reply = answers[QUEUES]
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    if reply.code:
        raise Garbled(reply.complaint[:80])
    if not reply.text.startswith("qdisc "):
        raise Garbled(reply.text[:60])
    found = []
    for line in reply.lines:
        words = line.split()
        if words[:1] != ["qdisc"] or "dev" not in words:
            continue
        rate = RATE.search(line) or re.search(r"\bbandwidth (\d+(?:\.\d+)?)([KMGT]?)(i?)(bit|bps)", line, re.IGNORECASE)
        if rate or words[1] == "netem":
            device = words[words.index("dev") + 1]
            found.append(Shaper(device=device, kind=words[1], rate=_bits(rate), text=line.strip()))
    return Shaping(all=tuple(found))


def _bits(rate: re.Match[str] | None) -> float:
    if rate is None:
        return 0.0
    return float(rate[1]) * SCALE[rate[2].lower()] * (8 if rate[4].lower() == "bps" else 1)
