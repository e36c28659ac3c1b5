"""Do names resolve, here and on the host, and all to the same?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.model import Finding, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies, Dependency, HostsNamed
from diagkit.probes.names import HostsFile, Lookup, NameServers, Overrides, Resolver, ServerSaid

WORDS = {
    "filtered": "does not answer (timeout)",
    "refused": "refuses: nothing listens on port 53",
    "unreachable": "is unreachable: no route",
}
FAILURES = ("SERVFAIL", "REFUSED")


@check(noise=(0.002, 0.002), for_people="a host without a name cannot be asked anything else")
def resolution(lookup: Lookup) -> Findings:
    """The target's name resolves here.

    Why: it is the lowest layer; nothing above it can be tried without an address.
    Limits: a name that does not resolve says nothing about the machine it was meant for: it may be misspelt.
    """
    if lookup.state == "resolved":
        by = " (by this machine's /etc/hosts)" if lookup.hosts_file else ""
        yield ok(f"{lookup.name} is {', '.join(lookup.addresses)}{by}", lookup.name)
        return
    dead = [said.server for said in lookup.servers if said.state != "answered"]
    why = f"; name server {', '.join(dead)} does not answer" if dead else ""
    yield unknown(
        f"{lookup.name} does not resolve here: {lookup.error}{why}",
        lookup.name,
        hint="check its spelling, the search domain and this machine's name servers; or give its address",
    )


@check(noise=(0.01, 0.003), vital=False)
def agreed(lookup: Lookup) -> Findings:
    """Every name server of this machine gives the target's name the same address as the system does.

    Why: one stale server, or a line in this machine's hosts file, sends some of the users elsewhere.
    Look-alikes: a split view (another answer inside than outside), or one name with many addresses, differ by design.
    """
    given = set(lookup.addresses)
    told = {s.server: set(s.addresses) for s in lookup.servers if s.state == "answered" and s.addresses}
    if not given or not told:
        yield skip("no DNS server answered with an address, so there is nothing to compare")
    for server, addresses in told.items():
        if addresses & given:
            yield ok(f"{server} says {', '.join(sorted(addresses))}, as the system does", lookup.name)
        else:
            source = "/etc/hosts" if lookup.hosts_file else "the system"
            yield warn(
                f"{lookup.name}: {source} says {', '.join(sorted(given))}, name server {server} says "
                f"{', '.join(sorted(addresses))}",
                lookup.name,
            )


@check(noise=(0.01, 0.002), vital=False)
def consistent(known: Dependencies) -> Findings:
    """The hosts that the configuration names have the same address there as here.

    Why: a wrong or stale record sends this host, and only it, to a place where nobody answers.
    Look-alikes: a name server with views answers each network differently on purpose.
    """
    compared = 0
    for one in known.all:
        there, here = set(one.there.addresses if one.there else ()), set(one.here.addresses if one.here else ())
        if there and here:
            compared += 1
            verdict = ok if there & here else fail
            told = f"{one.name} is {', '.join(sorted(there))}"
            yield verdict(
                told if there & here else f"{told} on the host, {', '.join(sorted(here))} from here", one.name
            )
    if not compared:
        yield skip("no name was answered both there and here, so there is nothing to compare")


@check(noise=(0.01, 0.0006))
def resolvers(resolver: Resolver, name_servers: NameServers) -> Findings:
    """Every name server of the host answers the host.

    Why: without one no name resolves; with one of several dead each lookup may wait 5 s (resolv.conf(5) timeout).
    """
    verdicts = {server: _verdict(name_servers.of(server)) for server in resolver.asked}
    alive = [s for s, said in verdicts.items() if said and said.state == "answered" and said.rcode not in FAILURES]
    for server, said in verdicts.items():
        if said is None:
            hint = "nslookup on the host, or an ssh server that allows TCP forwarding"
            yield unknown(f"name server {server} could not be asked", server, hint=hint)
        elif said.state != "answered":
            more = "; another answers, but lookups may wait 5 s for this one" if alive else ""
            verdict = warn if alive else fail
            yield verdict(f"name server {server} {WORDS.get(said.state, said.state)}{more}", server)
        elif said.rcode in FAILURES:
            verdict = warn if alive else fail
            yield verdict(f"name server {server} answers {said.rcode} about the host's own name", server)
        elif any(one.over == "udp" and one.state == "filtered" for one in name_servers.of(server)):
            yield warn(f"name server {server} answers over TCP, but not within a second over UDP", server)
        else:
            yield ok(f"name server {server} answers (over {said.over.upper()})", server)


def _verdict(said: list[ServerSaid]) -> ServerSaid | None:
    """What counts of what a server said.

    UDP is what programs use; TCP alone may be closed without harm. But a server that answers over TCP is not dead when
    datagrams to it are lost.
    """
    udp = next((s for s in said if s.over == "udp"), None)
    tcp = next((s for s in said if s.over == "tcp"), None)
    if udp and not (tcp and udp.state == "filtered" and tcp.state == "answered"):
        return udp
    return tcp if tcp and tcp.state in ("answered", "filtered", "unreachable") else None


@check(noise=(0.02, 0.0006), vital=False)
def hosts_file(overrides: Overrides, named: HostsNamed | Unknown | Inapplicable) -> Findings:
    """/etc/hosts and DNS agree about the names in it.

    Why: the file comes first and is forgotten first; after a move it sends the host, and only it, to the old place.
    Limits: a difference fails where the configuration below /etc names that host, and else only warns.
    Look-alikes: an entry that differs on purpose (a shortcut to an inner address).
    """
    wanted = named.all if isinstance(named, HostsNamed) else ()
    for name, address, dns in overrides.all:
        if not dns:
            yield ok(f"/etc/hosts says {name} = {address}; DNS does not know the name", name)
        elif address in dns:
            yield ok(f"/etc/hosts and DNS agree: {name} = {address}", name)
        else:
            used = any(name == host or name.startswith(f"{host}.") for host in wanted)
            yield (fail if used else warn)(
                f"hosts file override: /etc/hosts says {name} = {address}, DNS says {', '.join(dns)}"
                f"{'; the configuration names this host' if used else ''}",
                name,
                quote=f"{address} {name}",
            )


@check(noise=(0.01, 0.003), vital=False)
def dependencies(known: Dependencies, resolver: Resolver, hosts: HostsFile | Unknown) -> Findings:
    """The hosts that the configuration names resolve on the host.

    Why: what is told to use them fails with "Name or service not known" or "Temporary failure in name resolution", or
    waits at each request.
    Look-alikes: a name that the hosts file answers needs no DNS; a setting that nothing uses may name anything.
    """
    listed = {name for name, _ in hosts.entries} if isinstance(hosts, HostsFile) else set()
    for one in known.all:
        if one.name in listed or one.name.partition(".")[0] in listed:
            yield ok(f"{one.name} is in /etc/hosts", one.name)
        else:
            yield _resolves(one, resolver)


def _resolves(one: Dependency, resolver: Resolver) -> Finding:
    there, server = one.there, resolver.servers[0]
    elsewhere = f"; from here it is {', '.join(one.here.addresses)}" if one.here and one.here.addresses else ""
    if there is None or there.state in ("refused", "unreachable"):
        return unknown(f"{one.name} could not be asked from the host", one.name, hint="see names.resolvers")
    if there.state != "answered":
        verdict = fail if elsewhere else skip  # a server that is silent to us too is judged in `resolvers`
        return verdict(f"{one.name}: name server {server} gives the host no answer{elsewhere}", one.name)
    if there.rcode in FAILURES:
        return fail(f"{one.name}: name server {server} answers {there.rcode}{elsewhere}", one.name)
    if there.rcode == "NXDOMAIN":
        verdict = fail if elsewhere else warn
        return verdict(f"{one.name} does not exist (NXDOMAIN), but the configuration names it{elsewhere}", one.name)
    return ok(f"{one.name} is {', '.join(there.addresses) or 'known'}", one.name)
