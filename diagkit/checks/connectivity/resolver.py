"""Is the host set up to look names up, and is the lookup quick?"""

from __future__ import annotations

import ipaddress

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.checks.connectivity.names import FAILURES
from diagkit.frozen import frozen
from diagkit.model import Silence, Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.dependencies import Dependencies, Dependency, HostsNamed
from diagkit.probes.names import HostsFile, NameServers, Resolver, is_address


@frozen(kw_only=True)
class Slow:
    """Milliseconds an answer of a name server may take.

    Source: resolv.conf(5): a program waits 5 s before it tries the next server; a cached answer takes a few ms.
    """

    warn: float = 1500.0


@check(limits=Slow(), noise=(0.005, 0.001), vital=False)
def speed(resolver: Resolver, name_servers: NameServers, limits: Slow) -> Findings:
    """The name servers of the host answer soon.

    Why: programs look a name up before they connect, so a slow name server makes everything begin late.
    Look-alikes: one of two servers that is dead delays each lookup by the timeout, exactly: see `names.resolvers`.
    """
    answered = [one for one in name_servers.said if one.state == "answered" and one.rcode not in FAILURES]
    slowest = {
        server: max(o.took_ms for o in answered if o.server == server) for server in {o.server for o in answered}
    }
    for server in (one for one in resolver.asked if one in slowest):
        took = slowest[server]
        verdict = warn if took >= limits.warn else ok
        say = f"name server {server} takes {took / 1000:.1f} s to answer: slow DNS"
        yield verdict(say if verdict is warn else f"{took:.0f} ms", server, measured={"took_ms": took})
    if not slowest:
        yield skip("no name server answers: see names.resolvers")


@check(noise=(0.001, 0.001), vital=False)
def stub(resolver: Resolver, name_servers: NameServers) -> Findings:
    """The name server on the host itself, where the host is told to ask one, runs.

    Why: systemd-resolved, dnsmasq or unbound on a loopback address stands before the real servers; when it is stopped
    no name resolves although all of those are well.
    """
    own = [server for server in resolver.servers if is_address(server) and ipaddress.ip_address(server).is_loopback]
    if not own:
        yield skip("/etc/resolv.conf names no server on the host itself")
    for server in own:
        said = name_servers.of(server)
        if any(one.state == "refused" for one in said) and not any(one.state == "answered" for one in said):
            yield fail(f"nothing listens on port 53 of {server}: the local stub resolver is down", server)
        elif said:
            yield ok(f"the local resolver {server} is there", server)
        else:
            yield unknown(f"name server {server} could not be asked", server)


@check(noise=(0.005, 0.0005), vital=False)
def configured(
    resolver: Resolver | Unknown, named: HostsNamed | Unknown | Inapplicable, hosts: HostsFile | Unknown
) -> Findings:
    """Names that the hosts file does not know are asked of a name server.

    Why: without `nameserver` in /etc/resolv.conf, or `dns` in nsswitch.conf, every such lookup fails at once.
    Look-alikes: a host that needs no names (a container, a router) has neither on purpose; it only warns there.
    """
    shut = isinstance(resolver, Unknown) and resolver.silence is Silence.DENIED
    if isinstance(resolver, Unknown) and resolver.silence is not Silence.MISSING and not shut:
        yield unknown(f"/etc/resolv.conf: {resolver.detail}")
        return
    wanted = _unanswered(named, hosts)
    verdict, needs = (fail, f"; the configuration names {', '.join(wanted)}") if wanted else (warn, "")
    if isinstance(resolver, Unknown):
        why = "may not be read by ordinary users" if shut else "does not exist"
        yield verdict(f"no name server: /etc/resolv.conf {why}{needs}", "/etc/resolv.conf")
    elif not resolver.uses_dns:
        say = f"names are not asked of DNS: nsswitch.conf has hosts: {' '.join(resolver.sources)}"
        yield verdict(f"{say}{needs}", "/etc/nsswitch.conf")
    elif not resolver.servers:
        yield verdict(f"no nameserver in /etc/resolv.conf: no name resolves{needs}", "/etc/resolv.conf")
    else:
        yield ok(f"{' '.join(resolver.sources)}; name servers {', '.join(resolver.servers)}")


def _unanswered(named: HostsNamed | Unknown | Inapplicable, hosts: HostsFile | Unknown) -> list[str]:
    """Hosts that the configuration names and the hosts file does not know."""
    listed = [name for name, _ in hosts.entries] if isinstance(hosts, HostsFile) else []
    wanted = named.all if isinstance(named, HostsNamed) else ()
    return [name for name in wanted if not any(known == name or known.startswith(f"{name}.") for known in listed)]


@check(noise=(0.01, 0.001), vital=False)
def search(
    resolver: Resolver,
    name_servers: NameServers,
    known: Dependencies | Unknown | Inapplicable,
    named: HostsNamed | Unknown | Inapplicable,
    hosts: HostsFile | Unknown,
) -> Findings:
    """Short names get a domain that exists.

    Why: `db1` is looked up as `db1.DOMAIN` for each domain of the search path; with none, or a wrong one, all short
    names fail at once, while full names work.
    Look-alikes: a domain that does not exist beside one that does only costs time; that of another site may be unknown
    here.
    """
    said = {domain: one for domain, one in name_servers.search if one.state == "answered"}
    short = [name for name in _unanswered(named, hosts) if "." not in name]
    lost = [one for one in known.all if not _known(one)] if isinstance(known, Dependencies) else []
    strange = [domain for domain, one in said.items() if one.rcode == "NXDOMAIN"]
    if said and len(strange) == len(said) and len(said) == len(resolver.search[:3]):
        verdict, used = (fail, f"; the configuration uses {', '.join(short)}") if short and lost else (warn, "")
        yield verdict(f"search domain {', '.join(strange)} does not exist (NXDOMAIN){used}", strange[0])
        return
    if not resolver.search and short and lost:
        say = f"no search domain, but the configuration uses short names: {', '.join(short)}"
        yield fail(f"{say}; they do not resolve", "/etc/resolv.conf")
        return
    for domain, one in said.items():
        if one.rcode in FAILURES:
            yield warn(f"search domain {domain}: {one.rcode}", domain)
        else:
            yield ok(f"search domain {domain} is answered for ({one.rcode})", domain)
    if not said:
        yield skip("no search path" if not resolver.search else "the search domains could not be asked")


def _known(one: Dependency) -> bool:
    return one.there is None or one.there.state != "answered" or one.there.rcode not in ("NXDOMAIN", *FAILURES)
