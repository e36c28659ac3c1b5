"""Causes that begin in name resolution."""

from __future__ import annotations

from diagkit.causes import OFTEN, Cause, LookAlike, always, dependencies, often, sometimes
from diagkit.causes.conditions import names_fail, peers_unreachable, service_slow
from diagkit.checks.connectivity import names

NAMES = "diagkit connectivity {target} --only 'connectivity.names.*' -v"

resolver_unreachable = Cause(
    title="Nameserver not responding: DNS resolver unreachable (dead DNS server, DNS timeout)",
    prior=0.004,
    per_subject=True,
    shows=(always(names.resolvers),),
    leads_to=(often(names_fail), sometimes(service_slow)),
    verify=NAMES,
    act=(
        "Put a working server into the resolver configuration (/etc/resolv.conf or what writes it), or "
        "bring {subject} back."
    ),
    roll_back="Put the old configuration back.",
    look_alikes=(
        LookAlike(cause="no_default_route", tell="nothing beyond the own network answers"),
        LookAlike(cause="dns_wrong_answer", tell="it answers, but not rightly"),
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
        sometimes(dependencies.dependency_unreachable),
    ),
    verify=NAMES,
    act="Take the line for {subject} out of /etc/hosts; restart what has the old address cached.",
    roll_back="Put the line back.",
    look_alikes=(LookAlike(cause="dns_wrong_answer", tell="/etc/hosts is silent; the DNS itself gives the address"),),
    source="hosts(5) comes before DNS in nsswitch.conf(5)",
)
dns_wrong_answer = Cause(
    title="Wrong DNS answer: the name resolves to a wrong or stale address",
    prior=0.002,
    per_subject=True,
    shows=(always(names.consistent),),
    leads_to=(
        often(peers_unreachable),
        often(dependencies.dependency_unreachable),
    ),
    verify=NAMES,
    act="Correct the record at its source; wait for or flush the caches.",
    roll_back="Set the old record again.",
    look_alikes=(LookAlike(cause="hosts_file_override", tell="/etc/hosts has the name"),),
    source="RFC 1034: caches and secondaries may be stale",
)
dns_record_missing = Cause(
    title="DNS name not resolved: NXDOMAIN or SERVFAIL for a name the host depends on",
    prior=0.002,
    per_subject=True,
    shows=(always(names.dependencies),),
    leads_to=(often(names_fail),),
    verify=NAMES,
    act="Ask the authoritative server for {subject}; put the record back or correct the name in the configuration.",
    roll_back="Take the record out again.",
    look_alikes=(LookAlike(cause="resolver_unreachable", tell="the name server answers no question at all"),),
    source="RFC 8499 NXDOMAIN, SERVFAIL",
)
