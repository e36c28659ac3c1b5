"""Causes that begin in the packet filter of the host."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import clients_fail, names_fail, peers_unreachable, requests_fail
from diagkit.causes.dependencies import dependency_unreachable
from diagkit.causes.names import resolver_unreachable
from diagkit.checks.connectivity import firewall, path, routes
from diagkit.checks.functional import units
from diagkit.checks.resources import sockets

SOCKETS = "diagkit resources {target} --only 'resources.sockets.*' -v"
FIREWALL = "diagkit connectivity {target} --only 'connectivity.firewall.*,connectivity.ports.*' -v"

firewall_blocks = Cause(
    title="Firewall drops or rejects connections: port filtered by a packet filter",
    prior=0.003,
    per_subject=True,
    shows=(always(firewall.rules),),
    leads_to=(sometimes(requests_fail), sometimes(clients_fail)),
    verify=FIREWALL,
    act="Find the rule (`nft -a list ruleset`) and delete it by its handle, or accept the port before it.",
    roll_back="Load the previous ruleset (`nft -f /etc/nftables.conf`).",
    look_alikes=(
        LookAlike(cause="service_stopped", tell="refused, not filtered: nothing listens", by=units.stopped),
        LookAlike(
            cause="listen_queue_overflow",
            tell="the accept queue is full: no filter is needed to time out",
            by=sockets.accept_queue,
        ),
        LookAlike(cause="firewall_isolates", tell="the rule names a peer, not a port", by=firewall.peers),
    ),
    source="nft(8), iptables(8): drop is a timeout, reject an error",
)
firewall_isolates = Cause(
    title="Firewall blocks a peer: packet filter drops what goes to, or comes from, a host this one needs",
    prior=0.002,
    per_subject=True,
    shows=(always(firewall.peers),),
    leads_to=(
        usually(peers_unreachable),
        often(names_fail),
        sometimes(resolver_unreachable),
        often(dependency_unreachable),
        sometimes(requests_fail),
    ),
    verify=FIREWALL,
    act="Find the rule with {subject} (`nft -a list ruleset`, `iptables-save`); delete it, or accept the peer above.",
    roll_back="Load the previous ruleset (`nft -f /etc/nftables.conf`, `iptables-restore`).",
    look_alikes=(
        LookAlike(cause="firewall_blocks", tell="the rule names a port, whoever comes", by=firewall.rules),
        LookAlike(cause="blackhole_route", tell="a route, not a rule, throws them away", by=routes.blackholes),
    ),
    source="nft(8), iptables(8): drop is a timeout, reject `Connection refused` or `No route to host`",
)
conntrack_full = Cause(
    title="Connection tracking table full: nf_conntrack drops new packets",
    prior=0.002,
    shows=(always(sockets.conntrack),),
    # Not always: while entries without an answer are left, the kernel drops those first and lets new ones in.
    leads_to=(
        sometimes(peers_unreachable),
        sometimes(names_fail),
        sometimes(dependency_unreachable),
        sometimes(requests_fail),
    ),
    verify=SOCKETS,
    act="Raise net.netfilter.nf_conntrack_max with sysctl; look who opens so many connections.",
    roll_back="Set the old value again.",
    look_alikes=(
        LookAlike(cause="firewall_blocks", tell="a rule drops, always the same port", by=firewall.rules),
        LookAlike(cause="packet_loss", tell="connections that exist lose packets too", by=path.loss),
    ),
    source="nf_conntrack: table full, dropping packet",
)
