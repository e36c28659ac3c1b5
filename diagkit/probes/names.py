"""Names: does the target's own name resolve from here, and does name resolution work on the target?"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Read, Reply, Run, Silence, Target, Vantage
from diagkit.probes import Absent, Answers, Withheld, perhaps, probe
from diagkit.probes.host import Identity

NOT_FROM_HERE = "the target is this machine, or lies behind others"

MOST_OVERRIDES = 4  # names of the hosts file that are looked up; each costs two reach tests
MOST_DOMAINS = 2  # of the search path with which a short name is tried; each costs a reach test
STUB = "127.0.0.53"  # where systemd-resolved listens
BEYOND_FILES = {"dns", "resolve", "sss", "ldap", "mdns", "mdns4", "nis"}  # sources of names over the network


def is_address(host: str) -> bool:
    """Whether this is an IP address, as opposed to a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@frozen(kw_only=True)
class ServerSaid:
    """What one name server said over `udp` or `tcp`.

    state: answered, filtered (no answer at all), refused, unreachable, failed. took_ms: milliseconds.
    """

    server: str
    state: str
    over: str
    rcode: str = ""
    addresses: tuple[str, ...] = ()
    took_ms: float = 0.0


@frozen(kw_only=True)
class Lookup:
    """The target's name, looked up on this machine: what programs get, and what each name server says by itself."""

    name: str
    state: str  # resolved, unresolved, filtered (took too long)
    addresses: tuple[str, ...]
    hosts_file: tuple[str, ...]
    servers: tuple[ServerSaid, ...]
    error: str


def _resolve(target: Target) -> Iterable[Ask]:
    return [Reach("resolve", target.address)] if target.elsewhere and not is_address(target.address) else []


@probe(also=_resolve)
def lookup(target: Target, answers: Answers) -> Lookup:
    """The target's name as programs on this machine look it up, and each name server asked itself."""
    if not answers:
        raise Absent("the target is given as an address" if target.elsewhere else NOT_FROM_HERE)
    (reply,) = answers.values()
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    data = json.loads(reply.text)
    return Lookup(
        name=target.address,
        state=data["state"],
        addresses=tuple(data["addresses"]),
        hosts_file=tuple(data["hosts_file"]),
        servers=tuple(server_said(s["server"], "udp", s) for s in data["servers"]),
        error=data["error"],
    )


def server_said(server: str, over: str, data: dict[str, object]) -> ServerSaid:
    """The answer of a `dns` test, or of one server in a `resolve` test."""
    answers, took = data.get("answers", []), data.get("took_ms", 0.0)
    return ServerSaid(
        server=server,
        state=str(data["state"]),
        over=over,
        rcode=str(data.get("rcode", "")),
        addresses=tuple(answers) if isinstance(answers, list) else (),
        took_ms=took if isinstance(took, float) else 0.0,
    )


@frozen(kw_only=True)
class Resolver:
    """How the target looks names up. sources: where (`hosts:` of nsswitch.conf): files, dns, resolve, …."""

    servers: tuple[str, ...]
    upstreams: tuple[str, ...]  # behind the stub of systemd-resolved
    search: tuple[str, ...]
    options: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def uses_dns(self) -> bool:
        """Whether a name that the hosts file does not know is asked for elsewhere."""
        return any(source in BEYOND_FILES for source in self.sources)

    @property
    def asked(self) -> tuple[str, ...]:
        """The servers to ask themselves: the configured ones, and those behind the local stub."""
        return tuple(dict.fromkeys((*self.servers, *self.upstreams)))[:4]

    def full(self, name: str) -> str:
        """The name with the first search domain, as a short one is looked up first."""
        return self.candidates(name)[0]

    def candidates(self, name: str) -> tuple[str, ...]:
        """What a short name is looked up as: with each of the first search domains in turn."""
        return (name,) if "." in name or not self.search else tuple(f"{name}.{d}" for d in self.search[:MOST_DOMAINS])


@probe(
    Read("/etc/resolv.conf"),
    perhaps(Read("/run/systemd/resolve/resolv.conf")),
    perhaps(Read("/etc/nsswitch.conf")),
)
def resolver(conf: Reply, behind_stub: Reply, nsswitch: Reply) -> Resolver:
    """Name servers, search path and options of /etc/resolv.conf; order of sources of /etc/nsswitch.conf."""
    rows = [line.split() for line in conf.lines if line[:1] not in "#;"]
    upstreams = [line.split() for line in behind_stub.lines]
    hosts = next((line.split()[1:] for line in nsswitch.lines if line.startswith("hosts:")), ["files", "dns"])
    search = [tuple(row[1:]) for row in rows if row[:1] in (["search"], ["domain"])]
    servers = tuple(row[1] for row in rows if row[:1] == ["nameserver"] and len(row) > 1)[:3]  # glibc takes three
    return Resolver(
        servers=servers,
        upstreams=tuple(row[1] for row in upstreams if row[:1] == ["nameserver"])[:3] if STUB in servers else (),
        search=search[-1] if search else (),
        options=tuple(o for row in rows if row[:1] == ["options"] for o in row[1:]),
        sources=tuple(word for word in hosts if not word.startswith("[")),
    )


def nslookup(name: str, server: str) -> Run:
    """Ask one server as programs do, over UDP. Options that both BIND's and busybox's nslookup know."""
    return Run(("nslookup", "-timeout=1", "-retry=3", name, server), timeout=7)


def own_vantage(target: Target) -> Vantage:
    """Where the target's own questions start: on this machine we can send datagrams, through ssh only TCP."""
    return Vantage.HERE if target.scheme == "local" else Vantage.TARGET


def _ask_each_server(resolver: Resolver, identity: Identity, target: Target) -> Iterable[Ask]:
    name, vantage = resolver.full(identity.hostname), own_vantage(target)
    for server in resolver.asked:
        yield Reach("dns", server, 53, f"{name} A", vantage)
        if target.scheme != "local":
            yield nslookup(name, server)
    for domain in resolver.search[:3] if resolver.servers else ():
        yield Reach("dns", resolver.servers[0], 53, f"{domain} SOA", vantage)


@frozen(kw_only=True)
class NameServers:
    """Each name server the target uses, asked by the target. A server stands here once for each way it was asked."""

    said: tuple[ServerSaid, ...]
    search: tuple[tuple[str, ServerSaid], ...]  # each search domain, asked at the first server

    def of(self, server: str) -> list[ServerSaid]:
        """What this server said, over UDP first."""
        return sorted((s for s in self.said if s.server == server), key=lambda s: s.over, reverse=True)


@probe(also=_ask_each_server)
def name_servers(resolver: Resolver, answers: Answers) -> NameServers:
    """Each name server asked from the target itself: over UDP by nslookup where it is there, over TCP through ssh."""
    if not resolver.servers:
        raise Absent("/etc/resolv.conf names no server")
    said: list[ServerSaid] = []
    search: list[tuple[str, ServerSaid]] = []
    for ask, reply in answers.items():
        if isinstance(ask, Reach) and not reply.silence:
            data = json.loads(reply.text)
            one = server_said(ask.to, data["over"], data)
            if ask.name.endswith(" SOA"):
                search.append((ask.name.removesuffix(" SOA"), one))
            else:
                said.append(one)
        elif isinstance(ask, Run) and (spoken := _nslookup_said(ask.argv[-1], reply)):
            said.append(spoken)
    return NameServers(said=tuple(said), search=tuple(search))


_NSLOOKUP_ADDRESS = re.compile(r"^Address(?: \d+)?: ([0-9a-fA-F.:]+)", re.MULTILINE)
_NSLOOKUP_ERROR = re.compile(r"(NXDOMAIN|SERVFAIL|REFUSED)")


def _nslookup_said(server: str, reply: Reply) -> ServerSaid | None:
    text = reply.text + reply.complaint
    if reply.silence or ("invalid option" in text or "Usage:" in text):
        return None
    if "refused" in text and "REFUSED" not in text:
        return ServerSaid(server=server, state="refused", over="udp")
    if "unreachable" in text:
        return ServerSaid(server=server, state="unreachable", over="udp")
    if "timed out" in text or "no servers could be reached" in text or "no response" in text:
        return ServerSaid(server=server, state="filtered", over="udp")
    problem = _NSLOOKUP_ERROR.search(text)
    _, _, after = text.partition("\n\n")
    found = tuple(a for a in _NSLOOKUP_ADDRESS.findall(after) if is_address(a))
    took = reply.took * 1000
    rcode = problem[1] if problem else "NOERROR"
    return ServerSaid(server=server, state="answered", over="udp", rcode=rcode, addresses=found, took_ms=took)


@frozen(kw_only=True)
class HostsFile:
    """The entries of /etc/hosts that send names to other places than the loopback: (name, address)."""

    entries: tuple[tuple[str, str], ...]


@probe(Read("/etc/hosts"))
def hosts_file(reply: Reply) -> HostsFile:
    """Names in /etc/hosts; of several names in a line the most complete one stands for all."""
    rows = [line.split("#")[0].split() for line in reply.lines]
    entries: list[tuple[str, str]] = []
    for address, *names in (row for row in rows if len(row) > 1):
        if is_address(address) and not ipaddress.ip_address(address).is_loopback and names:
            best = max(names, key=lambda name: name.count("."))
            if not ipaddress.ip_address(address).is_multicast and not best.startswith("ip6-"):
                entries.append((best, address))
    return HostsFile(entries=tuple(entries))


def _ask_dns_too(resolver: Resolver, hosts: HostsFile, target: Target) -> Iterable[Ask]:
    for server in resolver.servers[:1]:
        for name, _ in hosts.entries[:MOST_OVERRIDES]:
            yield Reach("dns", server, 53, f"{resolver.full(name)} A", own_vantage(target))
            if not ipaddress.ip_address(server).is_loopback:
                yield Reach("dns", server, 53, f"{resolver.full(name)} A")  # for a host that forwards no TCP


@frozen(kw_only=True)
class Overrides:
    """What DNS says about names that the hosts file answers: (name, address in the file, addresses of DNS)."""

    all: tuple[tuple[str, str, tuple[str, ...]], ...]


@probe(also=_ask_dns_too)
def overrides(resolver: Resolver, hosts: HostsFile, answers: Answers) -> Overrides:
    """The names in the hosts file, asked in DNS as well."""
    if not hosts.entries:
        raise Absent("the hosts file names nothing but this host's loopback")
    heard: dict[str, tuple[str, ...]] = {}
    for ask, reply in answers.items():
        data = json.loads(reply.text) if not reply.silence else {}
        if isinstance(ask, Reach) and data.get("state") == "answered":
            heard.setdefault(ask.name.removesuffix(" A"), tuple(data["answers"]))
    known = [(name, address) for name, address in hosts.entries if resolver.full(name) in heard]
    if not known:
        raise Withheld(Silence.TIMEOUT, "no name server answered about the names in the hosts file")
    return Overrides(all=tuple((name, address, heard[resolver.full(name)]) for name, address in known))
