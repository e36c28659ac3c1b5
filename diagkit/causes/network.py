"""Causes that begin on the network: routes, links, filters, queues."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, dependencies, often, sometimes, usually
from diagkit.causes.conditions import peers_unreachable, requests_fail, service_slow
from diagkit.checks.connectivity import firewall, path, ports, routes, shaping
from diagkit.checks.logs import signatures
from diagkit.checks.resources import interfaces, sockets

ROUTES = "diagkit connectivity {target} --only 'connectivity.routes.*' -v"
PATH = "diagkit connectivity {target} --only 'connectivity.path.*' -v"
SOCKETS = "diagkit resources {target} --only 'resources.sockets.*' -v"

no_default_route = Cause(
    title="Missing default route: no default gateway, network unreachable",
    prior=0.003,
    shows=(always(routes.default),),
    leads_to=(
        often(peers_unreachable),
        sometimes(dependencies.dependency_unreachable),
    ),
    verify=ROUTES,
    act="`ip route add default via GATEWAY`; then mend the network configuration, so that it stays.",
    roll_back="`ip route del default`",
    look_alikes=(LookAlike(cause="gateway_unreachable", tell="the route is there; the gateway does not answer"),),
    source="ip-route(8); ENETUNREACH",
)
blackhole_route = Cause(
    title="Blackhole route: a null route throws packets away (bad static route)",
    prior=0.002,
    per_subject=True,
    shows=(always(routes.blackholes),),
    leads_to=(
        often(peers_unreachable),
        sometimes(dependencies.dependency_unreachable),
    ),
    verify=ROUTES,
    act="`ip route del {subject}`, when nobody put it there against an attack.",
    roll_back="`ip route add {subject}`",
    look_alikes=(LookAlike(cause="firewall_blocks", tell="a packet filter rule, not a route, drops the packets"),),
    source="ip-route(8) blackhole, unreachable, prohibit",
)
gateway_unreachable = Cause(
    title="Gateway does not answer: no neighbour entry for the default gateway",
    prior=0.002,
    shows=(always(routes.gateway),),
    leads_to=(
        often(peers_unreachable),
        sometimes(dependencies.dependency_unreachable),
    ),
    verify=ROUTES,
    act=(
        "Look at the link, the VLAN and the gateway itself; another host of the same network tells "
        "whether it is the gateway."
    ),
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="link_down", tell="the interface has no carrier"),),
    source="ip-neighbour(8) FAILED, INCOMPLETE",
)
link_down = Cause(
    title="Link down: the interface has no carrier or is switched off",
    prior=0.002,
    per_subject=True,
    shows=(always(interfaces.link),),
    leads_to=(
        often(peers_unreachable),
        sometimes(dependencies.dependency_unreachable),
    ),
    verify="diagkit resources {target} --only 'resources.interfaces.*' -v",
    act="`ip link set {subject} up`; without carrier look at the cable, the switch port, the hypervisor.",
    roll_back="`ip link set {subject} down`",
    source="sysfs operstate, carrier",
)
interface_errors = Cause(
    title="Interface errors: the NIC drops or damages packets",
    prior=0.002,
    per_subject=True,
    shows=(usually(interfaces.errors),),
    leads_to=(often(service_slow),),
    verify="diagkit resources {target} --only 'resources.interfaces.*' -v",
    act="Look at the kind of errors with `ethtool -S {subject}`: crc is the cable, missed is the ring buffer.",
    roll_back="Undo what you changed with ethtool.",
    look_alikes=(LookAlike(cause="packet_loss", tell="the interface counts no error; packets are lost further on"),),
    source="proc_net dev",
)
packet_loss = Cause(
    title="Packet loss on the path to the host (lossy link)",
    prior=0.004,
    shows=(always(path.loss),),
    leads_to=(usually(service_slow),),
    verify=PATH,
    act="Find where it begins with the path that was printed, and from another vantage; tell whoever runs that link.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="bandwidth_limited", tell="loss only under load; a shaper or a full link on the way"),
        LookAlike(cause="mtu_black_hole", tell="only large packets are lost"),
        LookAlike(cause="interface_errors", tell="the host's own interface counts errors"),
    ),
    source="RFC 2680; loss that ends before the last hop is rate-limited ICMP, not loss",
)
high_latency = Cause(
    title="High latency on the path to the host (network delay)",
    prior=0.003,
    shows=(always(path.latency),),
    leads_to=(usually(service_slow),),
    verify=PATH,
    act="Compare hop by hop where the time is lost; look for a full link or a detour.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="bandwidth_limited", tell="the delay grows with the load"),),
    source="RFC 2681",
)
mtu_black_hole = Cause(
    title="MTU black hole: large packets are lost (path MTU, fragmentation needed)",
    prior=0.002,
    shows=(always(path.mtu),),
    leads_to=(sometimes(requests_fail), often(service_slow)),
    verify=PATH,
    act="Let ICMP `fragmentation needed` through, or set the smaller MTU on the interface.",
    roll_back="Set the old MTU again.",
    look_alikes=(LookAlike(cause="packet_loss", tell="small packets are lost as well"),),
    source="RFC 2923",
)
bandwidth_limited = Cause(
    title="Low bandwidth: traffic shaping or a saturated link is the bandwidth bottleneck",
    prior=0.002,
    per_subject=True,
    shows=(always(shaping.limits), often(path.loss), often(path.latency)),
    leads_to=(often(service_slow),),
    verify="diagkit connectivity {target} --only 'connectivity.shaping.*' -v",
    act="See who set the limit (`tc qdisc show dev {subject}`) and lift it: `tc qdisc del dev {subject} root`.",
    roll_back="Add the limit again.",
    look_alikes=(LookAlike(cause="packet_loss", tell="loss without load, and no shaper"),),
    source="tc(8)",
)
firewall_blocks = Cause(
    title="Firewall drops connections: port filtered by a packet filter",
    prior=0.003,
    per_subject=True,
    shows=(usually(firewall.rules),),
    leads_to=(sometimes(requests_fail),),
    verify="diagkit connectivity {target} --only 'connectivity.firewall.*,connectivity.ports.*' -v",
    act="Find the rule (`nft -a list ruleset`) and delete it by its handle, or accept the port before it.",
    roll_back="Load the previous ruleset (`nft -f /etc/nftables.conf`).",
    look_alikes=(
        LookAlike(cause="service_stopped", tell="refused, not filtered: nothing listens"),
        LookAlike(cause="listen_queue_overflow", tell="the accept queue is full: no filter is needed to time out"),
    ),
    source="nft(8), iptables(8): drop is a timeout, reject an error",
)
conntrack_full = Cause(
    title="Connection tracking table full: nf_conntrack drops new packets",
    prior=0.002,
    shows=(always(sockets.conntrack),),
    leads_to=(often(peers_unreachable), sometimes(dependencies.dependency_unreachable), often(requests_fail)),
    verify=SOCKETS,
    act="Raise net.netfilter.nf_conntrack_max with sysctl; look who opens so many connections.",
    roll_back="Set the old value again.",
    source="nf_conntrack: table full, dropping packet",
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
        LookAlike(cause="service_hung", tell="it accepts and does not answer"),
        LookAlike(cause="syn_flood", tell="half-open connections from many sources"),
    ),
    source="listen(2), TcpExtListenOverflows",
)
syn_flood = Cause(
    title="SYN flood: many half-open connections",
    prior=0.001,
    shows=(usually(sockets.half_open),),
    leads_to=(sometimes(requests_fail),),
    verify=SOCKETS,
    act="See that net.ipv4.tcp_syncookies is 1; filter the sources in front of the host.",
    roll_back="Take the filter away.",
    look_alikes=(LookAlike(cause="listen_queue_overflow", tell="connections are complete and wait to be accepted"),),
    source="RFC 4987",
)
ephemeral_ports_exhausted = Cause(
    title="Ephemeral ports exhausted: cannot assign requested address",
    prior=0.002,
    shows=(always(sockets.ephemeral_ports),),
    leads_to=(
        often(peers_unreachable),
        sometimes(dependencies.dependency_unreachable),
    ),
    verify=SOCKETS,
    act="Use keep-alive or a pool towards that peer; widen net.ipv4.ip_local_port_range; net.ipv4.tcp_tw_reuse=1.",
    roll_back="Set the old values again.",
    source="EADDRNOTAVAIL",
)
duplicate_address = Cause(
    title="Duplicate address: two hosts use the same IP address",
    prior=0.001,
    shows=(usually(routes.addresses),),
    leads_to=(often(service_slow), often(peers_unreachable), sometimes(dependencies.dependency_unreachable)),
    verify=ROUTES,
    act="Find the other host by its MAC address (`arping -D -I INTERFACE ADDRESS`); give one of them another one.",
    roll_back="Set the old address again.",
    source="RFC 5227",
)
neighbour_table_overflow = Cause(
    title="Neighbour table overflow: new peers of the own network are not reached",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(
        often(peers_unreachable),
        sometimes(dependencies.dependency_unreachable),
    ),
    verify=ROUTES,
    act="Raise net.ipv4.neigh.default.gc_thresh1 to 3 with sysctl; look who talks to so many addresses.",
    roll_back="Set the old values again.",
    source="arp(7) gc_thresh3: `neighbor table overflow!`",
)
tcp_memory = Cause(
    title="TCP out of memory: the limit for socket buffers is reached",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(sometimes(requests_fail),),
    verify=SOCKETS,
    act="Find the process whose sockets hold so much (`ss -tmp`), restart it; raise net.ipv4.tcp_mem last.",
    roll_back="Set the old value again.",
    source="tcp(7) tcp_mem",
)
host_unreachable = Cause(
    title="Host unreachable: it answers neither ping nor TCP from here (host down or cut off)",
    prior=0.004,
    shows=(always(path.reach),),
    verify=PATH,
    act=(
        "Look at it from its console or hypervisor: is it up, has it an address; the path that was "
        "printed says how far packets get."
    ),
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="sshd_down", tell="it answers ping, only port 22 does not"),),
    source="RFC 792 host unreachable; no answer to ping nor TCP",
)
routing_loop = Cause(
    title="Routing loop: packets to the host go round in circles",
    prior=0.001,
    shows=(usually(path.loops),),
    verify=PATH,
    act="The routers that repeat in the path send to each other: correct the route on one of them.",
    roll_back="Set the old route again.",
    source="ICMP time exceeded from the same routers again and again",
)
