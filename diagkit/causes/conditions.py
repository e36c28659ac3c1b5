"""Conditions: derived states that carry cascades.

None is a cause; each is what several causes look like from further up:
disk full -> writes fail -> service down -> requests fail   is one story with one root.
"""

from __future__ import annotations

from diagkit.causes import Condition, always, often, sometimes, usually
from diagkit.checks.connectivity import http, names, ports
from diagkit.checks.functional import declared, services, units
from diagkit.checks.logs import applications
from diagkit.checks.logs import unusual as unusual_logs
from diagkit.checks.resources import cpu, memory, sockets, unusual

clients_fail = Condition(title="Other hosts that use its services cannot, or get errors")
requests_fail = Condition(
    title="Requests are answered with errors, or not at all",
    shows=(
        often(http.status),
        often(applications.http_errors),
        often(applications.errors),
        often(declared.url),
        often(declared.command),
        sometimes(unusual_logs.errors),
    ),
    leads_to=(usually(clients_fail),),
)
service_slow = Condition(
    title="A service answers slowly",
    shows=(sometimes(http.latency), sometimes(applications.timeouts)),
    leads_to=(often(requests_fail), sometimes(clients_fail)),
)
service_down = Condition(
    title="A service is down or does not answer",
    shows=(
        often(units.failed),
        often(services.upstreams),
        often(services.listening),
        often(declared.unit),
        often(declared.process),
        often(declared.tcp),
        often(ports.declared),
        sometimes(services.greeting),
    ),
    leads_to=(usually(requests_fail), usually(clients_fail)),
)
writes_fail = Condition(
    title="Writes to a file system fail",
    leads_to=(often(service_down), often(requests_fail)),
)
names_fail = Condition(
    title="Name resolution fails on the host",
    leads_to=(often(requests_fail), sometimes(service_down)),
)
peers_unreachable = Condition(
    title="The host cannot connect to other hosts it depends on",
    shows=(
        often(sockets.pending),
        often(names.resolvers),
        sometimes(names.dependencies),
        sometimes(applications.timeouts),
    ),
    leads_to=(usually(requests_fail), sometimes(service_down)),
)
memory_short = Condition(
    title="The host is short of memory",
    shows=(always(memory.available), sometimes(memory.pressure), sometimes(memory.swapping), sometimes(unusual.memory)),
    leads_to=(often(service_slow), sometimes(service_down)),
)
processor_short = Condition(
    title="Processes wait for the CPU",
    shows=(sometimes(cpu.pressure), sometimes(cpu.load), sometimes(unusual.load)),
    leads_to=(often(service_slow),),
)
starts_fail = Condition(
    title="New processes or threads cannot be started",
    leads_to=(often(service_down), often(requests_fail)),
)
storage_slow = Condition(
    title="Processes wait for the disk",
    shows=(sometimes(cpu.iowait), sometimes(unusual.stalls)),
    leads_to=(often(service_slow),),
)
