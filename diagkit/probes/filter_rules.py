"""Rules of nftables and iptables as one kind of thing: in order, with the port, the peer and what is done.

Both languages are read the same way: what we know is taken out of the line, piece by piece, and a rule of which
something is left looks at more than we understand (`qualified`), so it is never held to be a plain one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from diagkit.frozen import frozen
from diagkit.probes import Garbled

VERDICTS = ("accept", "drop", "reject")
CLOSING = VERDICTS[1:]
DEEPEST = 8  # chains that jump to one another


@frozen(kw_only=True)
class Span:
    """Ports from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


@frozen(kw_only=True)
class Rule:
    """What happens to packets that come in (direction `input`) or leave (`output`) and fit.

    protocol: empty for every one. ports: of the destination; none for every one. peers: networks at the other end; none
    for everybody. qualified: it also looks at other things (the connection's state, an interface, a set, …).
    """

    direction: str
    action: str  # accept, drop, reject
    protocol: str
    ports: tuple[Span, ...]
    peers: tuple[str, ...]
    qualified: bool
    text: str

    def covers(self, port: int, protocol: str = "tcp") -> bool:
        """Whether packets to this port fit."""
        fits = not self.ports or any(span.first <= port <= span.last for span in self.ports)
        return fits and self.protocol in ("", protocol)

    def concerns(self, address: str) -> bool:
        """Whether packets to and from this address fit."""
        one = ipaddress.ip_address(address)
        networks = [ipaddress.ip_network(peer, strict=False) for peer in self.peers]
        return not networks or any(one in network for network in networks if one.version == network.version)

    @property
    def plain(self) -> bool:
        """Whether every packet fits."""
        return not (self.protocol or self.ports or self.peers or self.qualified)

    def within(self, jump: Rule) -> Rule:
        """The same rule in a chain that only packets which fit `jump` get to."""
        return replace(
            self,
            protocol=self.protocol or jump.protocol,
            ports=self.ports or jump.ports,
            peers=self.peers or jump.peers,
            qualified=self.qualified or jump.qualified,
        )


@frozen(kw_only=True)
class Chain:
    """The rules that packets of one direction pass, in order. closed: what no rule accepts is dropped or rejected.

    Several chains may stand in one direction; a packet gets through when every one of them lets it.
    """

    direction: str
    rules: tuple[Rule, ...]
    closed: bool = False


@frozen
class _Line:
    """One line of a listing: its chain, the verdict or the chain it jumps to, and what it looks at."""

    chain: str
    target: str
    rest: str
    text: str


@dataclass(slots=True)
class _Listing:
    """Lines by chain; the directions of the base chains; those with policy drop."""

    lines: dict[str, list[_Line]] = field(default_factory=dict)
    hooks: dict[str, str] = field(default_factory=dict)
    dropping: set[str] = field(default_factory=set)

    def add(self, line: _Line) -> None:
        self.lines.setdefault(line.chain, []).append(line)

    def chains(self, read: Callable[[_Line, str], Rule]) -> Iterator[Chain]:
        """The base chains with the rules of those they jump to in place."""
        for base, direction in self.hooks.items():
            rules = [*self._passed(base, direction, read, (base,))]
            last = next((i for i, rule in enumerate(rules) if rule.plain and rule.action in CLOSING), len(rules))
            closed = base in self.dropping or last < len(rules)
            if rules or closed:
                yield Chain(direction=direction, rules=tuple(rules[:last]), closed=closed)

    def _passed(
        self, chain: str, direction: str, read: Callable[[_Line, str], Rule], way: tuple[str, ...]
    ) -> Iterator[Rule]:
        for line in self.lines.get(chain, []):
            rule = read(line, direction)
            if line.target in VERDICTS:
                yield rule
            elif line.target not in way and len(way) < DEEPEST:
                inner = self._passed(line.target, direction, read, (*way, line.target))
                yield from (one.within(rule) for one in inner)


_HOOK = re.compile(r"\btype (\w+) hook (\w+) priority [^;]+;(?: policy (\w+);)?")
_NFT_NOISE = re.compile(
    r"\bcounter(?: packets \d+ bytes \d+| name \S+)?|\bcomment \"[^\"]*\"|\blog(?: (?:prefix \"[^\"]*\"|level \w+"
    r"|flags [\w ,]+|group \d+))*(?=\s|$)|\bct state new\b|\b[io]if(?:name)? (?!\"?lo\b)\"?[\w.@*-]+\"?|#.*"
)
_NFT_TARGET = re.compile(r"\b(?:(accept|drop|reject|return)\b(?: with .*)?|(?:jump|goto) (\S+))\s*$")
_NFT_PORTS = re.compile(r"\b(tcp|udp|th) dport (\{[^}]*\}|[\w-]+)")
_NFT_PROTOCOL = re.compile(r"\b(?:meta l4proto|ip protocol|ip6 nexthdr) (\w+)")
_NFT_PEER = re.compile(r"\bip6? (saddr|daddr) (\{[^}]*\}|[0-9a-f][0-9a-f.:/]*)")


def nft(lines: list[str]) -> list[Chain]:
    """A listing of `nft list ruleset`."""
    listing, table, chain = _Listing(), "", ""
    for line in lines:
        text = line.strip()
        if line and not line.startswith(("table ", "\t", " ", "}", "#")):
            raise Garbled(line[:60])
        plain = _NFT_NOISE.sub("", text).strip()
        if text.startswith("table "):
            table = text
        elif text.startswith("chain "):
            chain = f"{table} {text.split()[1]}"
        elif hook := _HOOK.search(text):
            if hook[1] == "filter" and hook[2] in ("input", "output"):
                listing.hooks[chain] = hook[2]
                listing.dropping |= {chain} if hook[3] == "drop" else set()
        elif target := _NFT_TARGET.search(plain):
            listing.add(_Line(chain, target[1] or f"{table} {target[2]}", plain[: target.start()], text))
        elif " vmap " in text:
            listing.add(_Line(chain, "accept", text, text))
    return list(listing.chains(_nft_rule))


def _nft_rule(line: _Line, direction: str) -> Rule:
    rest, protocol = line.rest, ""
    ports: tuple[Span, ...] = ()
    peers: tuple[str, ...] = ()
    if match := _NFT_PORTS.search(rest):
        rest, protocol = rest.replace(match[0], ""), match[1].replace("th", "")
        ports = spans(match[2].strip("{} "), "-")
    for match in _NFT_PROTOCOL.finditer(rest):
        rest, protocol = rest.replace(match[0], ""), protocol or match[1]
    far = "daddr" if direction == "output" else "saddr"
    for match in _NFT_PEER.finditer(rest):
        if match[1] == far:
            rest, peers = rest.replace(match[0], ""), tuple(_networks(match[2]))
    return Rule(
        direction=direction,
        action=line.target,
        protocol=protocol,
        ports=ports,
        peers=peers,
        qualified=bool(rest.strip()),
        text=line.text,
    )


_IPTABLES_NOISE = re.compile(
    r"-m (?:tcp|udp|multiport|comment)\b|-m (?:state|conntrack) --(?:ct)?state NEW\b|--syn\b"
    r"|--tcp-flags \S+ SYN\b|--comment (?:\"[^\"]*\"|\S+)|-[io] (?!lo\b)\S+|--reject-with \S+|\[\d+:\d+\]"
)
_IPTABLES = re.compile(r"(?:\[\d+:\d+\] )?-A (\S+)(.*?) -[jg] (\S+)(.*)$")


def iptables(lines: list[str]) -> list[Chain]:
    """A listing of `iptables-save`, of either kind."""
    listing, table = _Listing(), ""
    for line in lines:
        if not line.startswith(("#", "*", ":", "-A ", "COMMIT", "[")):
            raise Garbled(line[:60])
        table = line[1:].strip() if line.startswith("*") else table
        if table != "filter":
            continue
        if line.startswith((":INPUT ", ":OUTPUT ")):
            chain, policy = line[1:].split()[:2]
            listing.hooks[chain] = chain.lower()
            listing.dropping |= {chain} if policy == "DROP" else set()
        elif match := _IPTABLES.match(line):
            target = match[3].lower() if match[3] in ("ACCEPT", "DROP", "REJECT", "RETURN") else match[3]
            rest = _IPTABLES_NOISE.sub("", f"{match[2]} {match[4]}")
            listing.add(_Line(match[1], target, rest, line.strip()))
    return list(listing.chains(_iptables_rule))


_IPTABLES_PORTS = re.compile(r"--dports? ([\d:,]+)")
_IPTABLES_PROTOCOL = re.compile(r"-p (\w+)")
_IPTABLES_PEER = re.compile(r"(?<!! )-([sd]) (\S+)")


def _iptables_rule(line: _Line, direction: str) -> Rule:
    rest = line.rest
    ports: tuple[Span, ...] = ()
    peers: tuple[str, ...] = ()
    protocol = _IPTABLES_PROTOCOL.search(rest)
    if match := _IPTABLES_PORTS.search(rest):
        rest, ports = rest.replace(match[0], ""), spans(match[1], ":")
    far = "d" if direction == "output" else "s"
    for match in _IPTABLES_PEER.finditer(rest):
        if match[1] == far:
            rest, peers = rest.replace(match[0], ""), tuple(_networks(match[2]))
    return Rule(
        direction=direction,
        action=line.target,
        protocol=protocol[1] if protocol else "",
        ports=ports,
        peers=peers,
        qualified=bool(_IPTABLES_PROTOCOL.sub("", rest).strip()),
        text=line.text,
    )


def _networks(text: str) -> Iterator[str]:
    for word in re.split(r"[,\s]+", text.strip("{} ")):
        low, dash, high = word.partition("-")
        try:
            if dash:
                ends = ipaddress.ip_address(low), ipaddress.ip_address(high)
                yield from map(str, ipaddress.summarize_address_range(*ends))
            elif word:
                yield str(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue


def spans(text: str, dash: str) -> tuple[Span, ...]:
    """Ports and ranges of ports, separated by commas. Names of services are passed over."""
    pairs = [item.strip().partition(dash) for item in text.split(",")]
    return tuple(Span(first=int(low), last=int(high or low)) for low, _, high in pairs if low.isdigit())
