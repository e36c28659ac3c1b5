"""Causes that begin in name resolution."""

from __future__ import annotations

from diagkit.causes import OFTEN, Cause, LookAlike, always, often, sometimes
from diagkit.causes.conditions import names_fail, peers_unreachable, service_slow
from diagkit.causes.dependencies import dependency_unreachable
from diagkit.checks.connectivity import firewall, names, resolver, routes

NAMES = "diagkit connectivity {target} --only 'connectivity.names.*' -v"
RESOLVER = "diagkit connectivity {target} --only 'connectivity.resolver.*,connectivity.names.resolvers' -v"

resolver_unreachable = Cause(
    title="Nameserver not responding: DNS resolver unreachable (dead DNS server, DNS timeout)",
    prior=0.004,
    per_subject=True,
    shared=True,
    shows=(always(names.resolvers), often(names.dependencies)),
    leads_to=(often(names_fail), sometimes(service_slow), often(dependency_unreachable)),
    verify=NAMES,
    act=(
        "Put a working server into the resolver configuration (/etc/resolv.conf or what writes it), or "
        "bring {subject} back."
    ),
    roll_back="Put the old configuration back.",
    look_alikes=(
        LookAlike(cause="no_default_route", tell="nothing beyond the own network answers", by=routes.default),
        LookAlike(cause="dns_wrong_answer", tell="it answers, but not rightly", by=names.consistent),
        LookAlike(cause="stub_resolver_down", tell="the server is a program on the host itself", by=resolver.stub),
        LookAlike(cause="firewall_blocks", tell="the host itself drops udp/53", by=firewall.rules),
    ),
    source="resolv.conf(5)",
)
hosts_file_override = Cause(
    title="/etc/hosts override: a stale hosts file entry sends a name to the wrong address",
    prior=0.003,
    per_subject=True,
    shows=(always(names.hosts_file, fails=OFTEN),),
    leads_to=(
        sometimes(peers_unreachable),
        often(dependency_unreachable),
    ),
    verify=NAMES,
    act="Take the line for {subject} out of /etc/hosts; restart what has the old address cached.",
    roll_back="Put the line back.",
    look_alikes=(
        LookAlike(
            cause="dns_wrong_answer", tell="/etc/hosts is silent; the DNS itself gives the address", by=names.consistent
        ),
    ),
    source="hosts(5) comes before DNS in nsswitch.conf(5)",
)
dns_wrong_answer = Cause(
    title="Wrong DNS answer: the name resolves to a wrong or stale address",
    prior=0.002,
    per_subject=True,
    shows=(always(names.consistent), sometimes(names.agreed)),
    leads_to=(
        often(peers_unreachable),
        often(dependency_unreachable),
    ),
    verify=NAMES,
    act="Correct the record at its source; wait for or flush the caches.",
    roll_back="Set the old record again.",
    look_alikes=(LookAlike(cause="hosts_file_override", tell="/etc/hosts has the name", by=names.hosts_file),),
    source="RFC 1034: caches and secondaries may be stale",
)
dns_record_missing = Cause(
    title="DNS name not resolved: NXDOMAIN or SERVFAIL for a name the host depends on",
    prior=0.002,
    per_subject=True,
    shows=(always(names.dependencies),),
    leads_to=(often(names_fail), often(dependency_unreachable)),
    verify=NAMES,
    act="Ask the authoritative server for {subject}; put the record back or correct the name in the configuration.",
    roll_back="Take the record out again.",
    look_alikes=(
        LookAlike(cause="resolver_unreachable", tell="the name server answers no question", by=names.resolvers),
        LookAlike(cause="search_domain_wrong", tell="only short names fail", by=resolver.search),
    ),
    source="RFC 8499 NXDOMAIN, SERVFAIL",
)
stub_resolver_down = Cause(
    title="Local DNS resolver down: nothing listens on the stub address (systemd-resolved, dnsmasq not running)",
    prior=0.002,
    per_subject=True,
    shows=(always(resolver.stub), always(names.resolvers, same=True), sometimes(names.dependencies)),
    leads_to=(often(names_fail), often(dependency_unreachable)),
    verify=RESOLVER,
    act="Start it (`systemctl start systemd-resolved`, dnsmasq or unbound), or name a real server in /etc/resolv.conf.",
    roll_back="Put the old /etc/resolv.conf back.",
    look_alikes=(LookAlike(cause="resolver_unreachable", tell="the server is another host", by=resolver.stub),),
    source="systemd-resolved(8): the stub listens on 127.0.0.53",
)
resolver_not_configured = Cause(
    title="DNS not configured: no nameserver in /etc/resolv.conf, or no dns in nsswitch.conf",
    prior=0.002,
    shows=(always(resolver.configured),),
    leads_to=(often(names_fail), often(dependency_unreachable)),
    verify=RESOLVER,
    act="Put a `nameserver` line into /etc/resolv.conf (mode 0644), and `hosts: files dns` into /etc/nsswitch.conf.",
    roll_back="Put the old files back.",
    look_alikes=(LookAlike(cause="resolver_unreachable", tell="a server is named and silent", by=names.resolvers),),
    source="resolv.conf(5), nsswitch.conf(5)",
)
search_domain_wrong = Cause(
    title="Wrong search domain: short names are looked up in a domain that does not exist",
    prior=0.001,
    shows=(always(resolver.search), often(names.dependencies)),
    leads_to=(often(names_fail), often(dependency_unreachable)),
    verify=RESOLVER,
    act="Correct `search` in /etc/resolv.conf (or what writes it), or use full names in the configuration.",
    roll_back="Put the old file back.",
    look_alikes=(LookAlike(cause="dns_record_missing", tell="the full name fails as well", by=names.dependencies),),
    source="resolv.conf(5) search, ndots",
)
dns_slow = Cause(
    title="Slow DNS: the name server answers late",
    prior=0.002,
    per_subject=True,
    shows=(always(resolver.speed), often(names.resolvers, fails=0.0), sometimes(names.dependencies)),
    leads_to=(often(service_slow), sometimes(names_fail), sometimes(dependency_unreachable)),
    verify=RESOLVER,
    act="Look at the load and the forwarders of {subject}; until then put a quicker server before it.",
    roll_back="Put the old order of servers back.",
    look_alikes=(LookAlike(cause="resolver_unreachable", tell="it does not answer at all", by=names.resolvers),),
    source="resolv.conf(5) timeout: programs wait 5 s",
)
