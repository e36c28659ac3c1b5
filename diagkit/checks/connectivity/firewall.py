"""Does the host's own packet filter keep out, or in, what has to pass?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.connectivity.needed import Needed, needed
from diagkit.model import Finding, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies
from diagkit.probes.endpoints import Attempts
from diagkit.probes.filter_rules import Chain, Rule
from diagkit.probes.filters import OlderFilter, PacketFilter
from diagkit.probes.handshakes import Handshakes
from diagkit.probes.names import Resolver
from diagkit.probes.sockets import Listeners

SMTP = 25  # many sites forbid sending mail directly
WEB = {80, 443}  # looked for by everybody
STORES = {3306, 5432, 6379, 11211, 27017}  # databases and caches: closed on purpose as often as not
PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
PLUMBING = {22, 25, 53, 67, 68, 123}  # what every host may send to: ssh, mail, DNS, DHCP, NTP
# Accepted on every host with a filter: these open no port to anybody.
HOUSEKEEPING = ("established", "related", "icmp", "invalid", '"lo"', "-i lo", "-o lo", " lo ")


def _chains(filters: PacketFilter, older: OlderFilter | Unknown | Inapplicable, direction: str) -> list[Chain]:
    more = older.chains if isinstance(older, OlderFilter) else ()
    return [chain for chain in (*filters.chains, *more) if chain.direction == direction]


@check(noise=(0.01, 0.0004), vital=False)
def rules(filters: PacketFilter, older: OlderFilter | Unknown | Inapplicable, listeners: Listeners) -> Findings:
    """No rule closes a port on which a process listens for others.

    Why: dropped packets make clients wait until they time out, while the service itself looks healthy.
    Limits: a port closed because no rule accepts it (policy drop) counts only where services are usually looked for.
    Look-alikes: a rule for some senders only, or one after another that lets some in, closes the port on purpose.
    """
    found: dict[str, Finding] = {}
    for chain in _chains(filters, older, "input"):
        shut = {}
        for one in sorted(listeners.all, key=lambda one: one.port):
            who = one.process or "a process"
            rule = None if one.local_only else _decides(chain, one.port)
            if rule and rule.action != "accept":
                say = f"packet filter {rule.action}s tcp/{one.port}, on which {who} listens"
                found.setdefault(str(one.port), fail(say, str(one.port), quote=rule.text))
            elif not one.local_only and not rule and chain.closed and one.port in WEB | STORES:
                shut[one.port] = who
        if shut:
            ports = ", ".join(map(str, shut))
            who = ", ".join(sorted(set(shut.values())))
            say = f"packet filter drops tcp/{ports}: no rule accepts what {who} listens for"
            found.setdefault(ports, (fail if WEB & shut.keys() else warn)(say, ports))
    yield from found.values()
    if not found:
        count = sum(
            len(chain.rules) for chain in (*_chains(filters, older, "input"), *_chains(filters, older, "output"))
        )
        yield ok(f"no rule closes a port that is listened on ({count} rules)")


def _decides(chain: Chain, port: int) -> Rule | None:
    """The first rule that lets somebody in at this port, or keeps everybody out."""
    for rule in (r for r in chain.rules if r.covers(port)):
        if rule.action == "accept" and (rule.ports or not any(word in rule.text.lower() for word in HOUSEKEEPING)):
            return rule
        if rule.action != "accept" and not (rule.peers or rule.qualified):
            return rule
    return None


@check(noise=(0.003, 0.0003), vital=False)
def peers(
    filters: PacketFilter,
    older: OlderFilter | Unknown | Inapplicable,
    known: Dependencies | Unknown | Inapplicable,
    resolver: Resolver | Unknown,
    handshakes: Handshakes | Unknown,
    attempts: Attempts | Unknown | Inapplicable,
    listeners: Listeners,
) -> Findings:
    """No rule keeps the host from whom it needs, or neighbours from a port that is open to all others.

    Why: what the host drops on its way out, or of the answers on their way in, looks like a dead database or network.
    Limits: hosts that the configuration names, name servers, and those to whom connections are pending now.
    Look-alikes: public addresses are mostly shut out on purpose (blocklists, fail2ban).
    """
    found: dict[str, Finding] = {}
    needs = needed(known, resolver, handshakes, attempts)
    for direction in ("output", "input"):
        for chain in _chains(filters, older, direction):
            for one in needs:
                if finding := _cut(chain, one):
                    found.setdefault(one.address, finding)
    for chain in _chains(filters, older, "output"):
        for finding in _kept_in(chain, needs):
            found.setdefault(finding.subject.raw, finding)
    for chain in _chains(filters, older, "input"):
        for finding in _shut_out(chain, listeners):
            found.setdefault(finding.subject.raw, finding)
    yield from found.values()
    if not found:
        yield ok(f"no rule is against any of {len({one.address for one in needs})} addresses that this host needs")


def _cut(chain: Chain, one: Needed) -> Finding | None:
    """Whether this chain drops what goes to an address (or comes from it)."""
    out = chain.direction == "output"
    for rule in (r for r in chain.rules if r.concerns(one.address) and not r.qualified):
        matters = not rule.ports or (out and (not one.port or rule.covers(one.port, rule.protocol)))
        if rule.action == "accept" and matters and (rule.ports or rule.peers):
            return None
        if rule.action != "accept" and rule.peers and matters and "icmp" not in rule.protocol:
            say = f"packet filter {rule.action}s packets {'to' if out else 'from'} {one.address} ({one.what})"
            return fail(say, one.address, quote=rule.text)
    if out and chain.closed and not any(_opens(rule, one) for rule in chain.rules):
        return fail(f"packet filter drops packets to {one.address} ({one.what}): no rule accepts them", one.address)
    return None


def _opens(rule: Rule, one: Needed) -> bool:
    """Whether a rule may let packets out to an address: where the port is not known, any but one of the plumbing."""
    if rule.action != "accept" or not rule.concerns(one.address):
        return False
    if not rule.ports:
        return not any(word in rule.text.lower() for word in HOUSEKEEPING)
    if one.port:
        return rule.covers(one.port, rule.protocol)
    return any(set(range(span.first, min(span.last, span.first + 99) + 1)) - PLUMBING for span in rule.ports)


def _kept_in(chain: Chain, needs: list[Needed]) -> Iterator[Finding]:
    """Ports to which the host may send to nobody."""
    for rule in chain.rules:
        if rule.action == "accept" or not rule.ports or rule.peers or rule.qualified or rule.covers(SMTP):
            continue
        ports = ", ".join(map(str, rule.ports))
        used = [one for one in needs if one.port and rule.covers(one.port, rule.protocol)]
        why = f", which {used[0].address} ({used[0].what}) is asked on" if used else ""
        say = f"packet filter {rule.action}s outgoing {rule.protocol or 'tcp'}/{ports}{why}"
        yield (fail if used else warn)(say, ports, quote=rule.text)


def _shut_out(chain: Chain, listeners: Listeners) -> Iterator[Finding]:
    """Private senders whom a rule refuses a port that others may use."""
    open_ports = {one.port: one for one in listeners.all if not one.local_only}
    for rule in chain.rules:
        private = [peer for peer in rule.peers if any(_within(peer, network) for network in PRIVATE)]
        shut = [port for port in sorted(open_ports) if rule.covers(port)]
        if rule.action != "accept" and private and rule.ports and shut and not rule.qualified:
            say = f"packet filter {rule.action}s tcp/{shut[0]} from {', '.join(private)}, on which a process listens"
            yield warn(say, str(shut[0]), quote=rule.text)


def _within(peer: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    one = ipaddress.ip_network(peer)
    return one.version == network.version and one.network_address in network and one.prefixlen >= network.prefixlen
