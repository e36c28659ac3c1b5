"""Causes that begin at sockets: who listens where, queues, ports and buffers."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, limits, often, sometimes, usually
from diagkit.causes.conditions import names_fail, peers_unreachable, requests_fail, service_slow
from diagkit.causes.dependencies import dependency_unreachable
from diagkit.checks.connectivity import firewall, path, ports
from diagkit.checks.functional import services as answers
from diagkit.checks.functional import units
from diagkit.checks.resources import cpu, files, memory, segments, sockets

SOCKETS = "diagkit resources {target} --only 'resources.sockets.*' -v"
SEGMENTS = "diagkit resources {target} --only 'resources.segments.*' -v"

bound_to_loopback = Cause(
    title="Bound to loopback only: the service listens on 127.0.0.1 or on one family, others are refused",
    prior=0.002,
    per_subject=True,
    shows=(always(ports.bound),),
    leads_to=(sometimes(requests_fail),),
    verify="diagkit connectivity {target} --only 'connectivity.ports.*' -v",
    act="Set the address the service listens on (listen, bind, listen_addresses) to one that others reach; restart it.",
    roll_back="Set the old address again and restart.",
    look_alikes=(
        LookAlike(cause="service_stopped", tell="it does not listen at all", by=units.stopped),
        LookAlike(cause="firewall_blocks", tell="it listens on all addresses, and a filter rejects", by=firewall.rules),
    ),
    source="bind(2): a socket on 127.0.0.1 takes no connection from elsewhere; ECONNREFUSED",
)
listen_queue_overflow = Cause(
    title="Listen queue overflow: the accept queue is full, backlog full",
    prior=0.003,
    per_subject=True,
    shows=(always(sockets.accept_queue), often(ports.inside, same=True), often(sockets.overflows)),
    leads_to=(often(requests_fail),),
    verify=SOCKETS,
    act=(
        "The service accepts too slowly: look what it waits for, restart it or add workers; then raise "
        "its backlog and net.core.somaxconn."
    ),
    roll_back="Set the old values again.",
    look_alikes=(
        LookAlike(cause="service_hung", tell="it accepts and does not answer", by=answers.answering),
        LookAlike(cause="syn_flood", tell="half-open connections from many sources", by=sockets.half_open),
    ),
    source="listen(2), TcpExtListenOverflows",
)
syn_flood = Cause(
    title="SYN flood: many half-open connections",
    prior=0.001,
    shows=(always(sockets.half_open), sometimes(sockets.overflows)),
    leads_to=(sometimes(requests_fail),),
    verify=SOCKETS,
    act="See that net.ipv4.tcp_syncookies is 1; filter the sources in front of the host.",
    roll_back="Take the filter away.",
    look_alikes=(
        LookAlike(
            cause="listen_queue_overflow",
            tell="connections are complete and wait to be accepted",
            by=sockets.accept_queue,
        ),
    ),
    source="RFC 4987",
)
ephemeral_ports_exhausted = Cause(
    title="Ephemeral ports exhausted: cannot assign requested address",
    prior=0.002,
    shows=(always(sockets.ephemeral_ports),),
    leads_to=(
        usually(peers_unreachable),
        often(names_fail),
        often(dependency_unreachable),
    ),
    verify=SOCKETS,
    act="Use keep-alive or a pool towards that peer; widen net.ipv4.ip_local_port_range; net.ipv4.tcp_tw_reuse=1.",
    roll_back="Set the old values again.",
    look_alikes=(LookAlike(cause="close_wait_leak", tell="the sockets wait for the program", by=segments.close_wait),),
    source="EADDRNOTAVAIL",
)
close_wait_leak = Cause(
    title="CLOSE_WAIT leak: a program does not close its connections (socket leak)",
    prior=0.002,
    per_subject=True,
    shows=(always(segments.close_wait),),
    leads_to=(sometimes(limits.fd_limit), sometimes(requests_fail)),
    verify=SEGMENTS,
    act="Restart the service of {subject}: that gives its descriptors back; then have the program mended.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="fd_limit", tell="its descriptors are files, not closed connections", by=files.process_limit),
        LookAlike(cause="listen_queue_overflow", tell="nobody has accepted them yet", by=sockets.accept_queue),
    ),
    source="RFC 9293 CLOSE-WAIT: waiting for the local user's close",
)
udp_receive_drops = Cause(
    title="UDP receive buffer errors: datagrams dropped, the program reads too slowly",
    prior=0.001,
    per_subject=True,
    shows=(always(segments.datagrams),),
    verify=SEGMENTS,
    act="See what holds up the program at {subject}; give it threads or processor ; raise net.core.rmem_max.",
    roll_back="Set the old buffer sizes again.",
    look_alikes=(
        LookAlike(cause="packet_loss", tell="they never arrive: nothing is counted here", by=path.loss),
        LookAlike(cause="cpu_saturated", tell="every program waits for the processor", by=cpu.saturation),
    ),
    source="udp(7), /proc/net/snmp RcvbufErrors, /proc/net/udp drops",
)
receiver_slow = Cause(
    title="Receiver does not read: zero window, connections wait for the other end",
    prior=0.001,
    per_subject=True,
    shows=(always(segments.zero_window, fails=0.0),),
    leads_to=(sometimes(service_slow),),
    verify=SEGMENTS,
    act="Look at the program at {subject} that ought to read; until then close its connections, or set a send timeout.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="packet_loss", tell="what was sent does not arrive", by=path.loss),),
    source="RFC 9293 3.8.6.1 zero-window probing",
)
tcp_memory = Cause(
    title="TCP out of memory: the limit for socket buffers is reached",
    prior=0.001,
    shows=(always(segments.tcp_memory),),
    leads_to=(often(requests_fail), sometimes(peers_unreachable)),
    verify=SOCKETS,
    act="Find the process whose sockets hold so much (`ss -tmp`), restart it; raise net.ipv4.tcp_mem last.",
    roll_back="Set the old value again.",
    look_alikes=(LookAlike(cause="memory_exhausted", tell="the host itself has no memory left", by=memory.available),),
    source="tcp(7) tcp_mem",
)
