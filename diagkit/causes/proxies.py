"""Causes between a reverse proxy and what stands behind it."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_slow
from diagkit.checks.functional import services, units
from diagkit.checks.logs import applications, signatures
from diagkit.checks.resources import cpu, files, sockets

upstream_down = Cause(
    title="Upstream down: connection refused behind the proxy",
    prior=0.003,
    shallow=True,
    shows=(usually(services.upstreams),),
    leads_to=(often(requests_fail),),
    verify="diagkit functional {target} --only 'functional.services.*' -v",
    act="Start the service that ought to listen on the upstream's port, or take the upstream out of the proxy.",
    roll_back="Put it back into the proxy.",
    look_alikes=(
        LookAlike(cause="service_stopped", tell="a stopped unit of this host is the upstream", by=units.stopped),
        LookAlike(cause="port_mismatch", tell="it runs, on another port", by=services.upstream_ports),
    ),
    source="nginx `connect() failed (111: Connection refused) while connecting to upstream`",
)
requests_time_out = Cause(
    title="Requests time out: the application takes them and hangs or is too slow in them (504 Gateway Timeout)",
    prior=0.003,
    shows=(always(applications.timeouts),),
    leads_to=(often(requests_fail),),
    verify="diagkit logs {target} --only logs.signatures.applications --only logs.applications.http_errors -v",
    act=(
        "See which requests hang (the proxy's error log names them) and what they wait for: a stack trace (py-spy, "
        "jstack), its sockets (`ss -tnp`); undo what changed last, or restart it for now."
    ),
    roll_back="Restart it once more.",
    look_alikes=(
        LookAlike(cause="service_hung", tell="it answers no request at all", by=services.answering),
        LookAlike(cause="cpu_saturated", tell="everything is slow: the processor is full", by=cpu.saturation),
        LookAlike(cause="upstream_down", tell="it takes no connection: 502, at once", by=services.upstreams),
    ),
    source="nginx `upstream timed out (110: Connection timed out) while reading response header from upstream`",
)
port_mismatch = Cause(
    title="Port mismatch: a proxy sends to a wrong port or address, where nothing listens",
    prior=0.003,
    per_subject=True,
    shows=(always(services.upstream_ports),),
    leads_to=(always(upstream_down), often(requests_fail)),
    verify="diagkit functional {target} --only 'functional.services.*' -v",
    act="Make the proxy's upstream port and the port that the service listens on the same again, then reload.",
    roll_back="Put the previous file back and reload.",
    look_alikes=(LookAlike(cause="service_stopped", tell="the service does not run at all", by=units.stopped),),
    source="ECONNREFUSED from an upstream whose service listens elsewhere",
)
worker_limit = Cause(
    title="Worker limit reached: no free worker or connection (worker_connections, MaxRequestWorkers, pm.max_children)",
    prior=0.002,
    told_by=signatures.applications,
    leads_to=(sometimes(requests_fail), sometimes(service_slow)),
    verify="diagkit logs {target} --only logs.signatures.applications -v",
    act=(
        "See first what holds the workers: slow upstreams, idle clients, a flood. Only then raise the limit that the "
        "line names, and the descriptors (LimitNOFILE=) with it."
    ),
    roll_back="Set the old limit again and reload.",
    look_alikes=(
        LookAlike(cause="fd_limit", tell="`too many open files`: the process' descriptors", by=files.process_limit),
        LookAlike(
            cause="listen_queue_overflow",
            tell="the program accepts nothing: its queue is full",
            by=sockets.accept_queue,
        ),
        LookAlike(cause="cpu_saturated", tell="all workers are busy computing", by=cpu.saturation),
    ),
    source="nginx ngx_connection.c, Apache mpm AH00484, PHP-FPM `server reached pm.max_children`",
)
