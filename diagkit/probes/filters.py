"""What the host's own kernel does to packets: which it drops, and how fast it lets them out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from diagkit.model import Reply, Run, Silence
from diagkit.probes import Garbled, Withheld, perhaps, probe

FOREIGN = {"saddr", "iif", "iifname", "ct", "limit", "meter", "mark", "daddr", "oif", "oifname", "skuid", "fib"}
RATE = re.compile(r"\brate (\d+(?:\.\d+)?)([KMGT]?)(i?)(bit|bps)", re.IGNORECASE)
SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Ports from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A rule that keeps packets to some ports out (direction `input`) or in (`output`).

    qualified: it also looks at other things (the sender, the mark, …), so it is no plain closing of the port.
    """

    direction: str
    protocol: str
    ports: tuple[Span, ...]
    action: str  # drop, reject
    qualified: bool
    rule: str

    def covers(self, port: int) -> bool:
        """Whether the rule is about this port."""
        return any(span.first <= port <= span.last for span in self.ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketFilter:
    """Rules of nftables and iptables that block ports by number."""

    blocks: tuple[Block, ...]


_HOOK = re.compile(r"\btype filter hook (\w+)")
_NFT = re.compile(r"\b(tcp|udp) dport (\{[^}]*\}|[\d-]+)(.*)$")
_OUTWARD = re.compile(r'\b[io]if(?:name)? "(?!lo")[^"]+"')  # whoever comes from elsewhere comes through it
_ACTION = re.compile(r"\b(drop|reject)\b")
_IPTABLES = re.compile(r"-A (\S+) (.*)-j (DROP|REJECT)\b")
_IPTABLES_PORTS = re.compile(r"--(?:dport|dports) ([\d:,]+)")
_IPTABLES_PLAIN = re.compile(
    r"-p (tcp|udp)|-m (tcp|udp|multiport|comment)|--dports? \S+|--comment (\"[^\"]*\"|\S+)|-[io] (?!lo\b)\S+"
)


@probe(
    perhaps(Run(("nft", "list", "ruleset"), root=True)),
    perhaps(Run(("iptables-save",), root=True)),
)
def packet_filter(nft: Reply, iptables: Reply) -> PacketFilter:
    """Rules that drop or reject packets to certain ports."""
    heard = [reply for reply in (nft, iptables) if not reply.silence and reply.code == 0]
    if not heard:
        mute = iptables if nft.silence is Silence.MISSING and iptables.silence else nft
        raise Withheld(mute.silence or Silence.GARBLED, mute.complaint.partition("\n")[0])
    found = [
        *_nft_blocks(nft.lines if nft in heard else []),
        *_iptables_blocks(iptables.lines if iptables in heard else []),
    ]
    unique = {(b.direction, b.protocol, b.ports): b for b in reversed(found)}  # iptables-nft shows up in both
    return PacketFilter(blocks=tuple(reversed(unique.values())))


def _nft_blocks(lines: list[str]) -> Iterator[Block]:
    direction = "input"  # of a chain without hook: others jump to it, most often from input
    for line in lines:
        if not line.startswith(("table ", "\t", " ", "}", "#")) and line:
            raise Garbled(line[:60])
        if line.lstrip().startswith("chain "):
            direction = "input"
        elif hook := _HOOK.search(line):
            direction = hook[1]
        elif (match := _NFT.search(line)) and (action := _ACTION.search(match[3])):
            before = line[: match.start()].replace(f"meta l4proto {match[1]}", "")
            words = set(_OUTWARD.sub("", before + match[3]).split())
            yield Block(
                direction=direction,
                protocol=match[1],
                ports=_spans(match[2].strip("{} "), "-"),
                action=action[1],
                qualified=bool(words & FOREIGN) or "@" in before,
                rule=line.strip(),
            )


def _iptables_blocks(lines: list[str]) -> Iterator[Block]:
    for line in lines:
        if not line.startswith(("#", "*", ":", "-A ", "COMMIT", "[")):
            raise Garbled(line[:60])
        match = _IPTABLES.match(line)
        ports = _IPTABLES_PORTS.search(line) if match else None
        if match and ports:
            protocol = re.search(r"-p (\w+)", match[2])
            yield Block(
                direction=match[1].lower() if match[1] in ("INPUT", "OUTPUT", "FORWARD") else "input",
                protocol=protocol[1] if protocol else "tcp",
                ports=_spans(ports[1], ":"),
                action=match[3].lower(),
                qualified=bool(_IPTABLES_PLAIN.sub("", match[2]).strip()),
                rule=line,
            )


def _spans(text: str, dash: str) -> tuple[Span, ...]:
    pairs = [item.strip().partition(dash) for item in text.split(",")]
    return tuple(Span(first=int(low), last=int(high or low)) for low, _, high in pairs if low.isdigit())


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaper:
    """A queueing discipline that slows or harms on purpose. rate in bits per second, 0 where it sets none."""

    device: str
    kind: str  # tbf, netem, cake, …
    rate: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaping:
    """Every interface that is slowed down on purpose."""

    all: tuple[Shaper, ...]


@probe(Run(("tc", "qdisc", "show")))
def shaping(reply: Reply) -> Shaping:
    """Queueing disciplines that limit the rate (tbf, cake) or emulate a bad network (netem)."""
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
