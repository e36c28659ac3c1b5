"""Causes that lie between a service and what it depends on, on this host or another."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_down
from diagkit.checks.connectivity import firewall, names, routes
from diagkit.checks.functional import addresses, dependencies, starts
from diagkit.checks.logs import signatures

LOGS = "diagkit logs {target} --only 'logs.signatures.*' -v"

dependency_unreachable = Cause(
    title="Dependency unreachable: a database, cache or API on another host refuses or does not answer",
    prior=0.004,
    shallow=True,
    per_subject=True,
    shared=True,
    shows=(always(dependencies.reachable), often(starts.peer)),
    told_by=signatures.kernel,
    leads_to=(often(requests_fail), sometimes(service_down)),
    verify=LOGS,
    act="Run `diagkit check` on the host that the lines name: the cause is there, or on the way to it.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(
            cause="resolver_unreachable", tell="the name is not resolved: nothing was even tried", by=names.resolvers
        ),
        LookAlike(cause="firewall_blocks", tell="it times out instead of being refused", by=firewall.rules),
        LookAlike(cause="blackhole_route", tell="this host's own routes throw the packets away", by=routes.blackholes),
        LookAlike(cause="dependency_misconfigured", tell="it listens, elsewhere than configured", by=addresses.usual),
    ),
    source="connect(2) ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH in a service's log",
)
dependency_misconfigured = Cause(
    title="Wrong address configured: the settings send a service to a host, port or database that is not there",
    prior=0.002,
    per_subject=True,
    shows=(always(addresses.usual), usually(dependencies.reachable, same=True), sometimes(names.dependencies)),
    leads_to=(often(dependency_unreachable), often(requests_fail), sometimes(service_down)),
    verify="diagkit functional {target} --only 'functional.addresses.*' --only 'functional.changes.*' -v",
    act="Correct the host, port or database name in the file that the finding names; restart what reads it.",
    roll_back="Put the previous file back and restart.",
    look_alikes=(
        LookAlike(cause="dependency_unreachable", tell="the address is right, and down", by=addresses.usual),
        LookAlike(cause="dns_record_missing", tell="the name is right, and its record is gone", by=names.dependencies),
        LookAlike(
            cause="database_refuses_login", tell="it answers, and refuses the password", by=signatures.applications
        ),
    ),
    source="ECONNREFUSED on an unusual port, `database … does not exist`",
)
