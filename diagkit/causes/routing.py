"""Causes that begin where the host decides where packets go: addresses, routes, gateways, neighbours."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import names_fail, peers_unreachable, service_slow
from diagkit.causes.dependencies import dependency_unreachable
from diagkit.causes.names import resolver_unreachable
from diagkit.checks.connectivity import firewall, path, routes, ways
from diagkit.checks.logs import signatures
from diagkit.checks.resources import interfaces

ROUTES = "diagkit connectivity {target} --only 'connectivity.routes.*' -v"
WAYS = "diagkit connectivity {target} --only 'connectivity.ways.*' -v"
CUT_OFF = (usually(peers_unreachable), often(names_fail), often(resolver_unreachable), often(dependency_unreachable))

no_address = Cause(
    title="No IP address: DHCP failed, the interface has no address",
    prior=0.001,
    per_subject=True,
    shows=(always(routes.own_address),),
    leads_to=(usually(peers_unreachable), often(dependency_unreachable)),
    verify=ROUTES,
    act="Ask for one again (`networkctl renew {subject}`, `dhclient -v {subject}`) and look who answers.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="link_down", tell="the interface has no carrier", by=interfaces.link),),
    source="RFC 2131; RFC 3927: 169.254.0.0/16 where no server answers",
)
no_default_route = Cause(
    title="Missing default route: no default gateway, network unreachable",
    prior=0.003,
    shows=(always(routes.default),),
    leads_to=CUT_OFF,
    verify=ROUTES,
    act="`ip route add default via GATEWAY`; then mend the network configuration, so that it stays.",
    roll_back="`ip route del default`",
    look_alikes=(
        LookAlike(
            cause="gateway_unreachable", tell="the route is there; the gateway does not answer", by=routes.gateway
        ),
    ),
    source="ip-route(8); ENETUNREACH",
)
gateway_unreachable = Cause(
    title="Gateway does not answer: no neighbour entry for the default gateway",
    prior=0.002,
    per_subject=True,
    shared=True,
    shows=(always(routes.gateway),),
    leads_to=(
        usually(peers_unreachable),
        often(names_fail),
        often(dependency_unreachable),
    ),
    verify=ROUTES,
    act=(
        "Look at the link, the VLAN and the gateway itself; another host of the same network tells "
        "whether it is the gateway."
    ),
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="link_down", tell="the interface has no carrier", by=interfaces.link),
        LookAlike(cause="wrong_route", tell="only what one route covers is not reached", by=ways.routed),
    ),
    source="ip-neighbour(8) FAILED, INCOMPLETE",
)
wrong_route = Cause(
    title="Wrong route: a static route sends packets to a wrong gateway or interface (bad static route)",
    prior=0.002,
    per_subject=True,
    shows=(always(ways.routed),),
    leads_to=CUT_OFF,
    verify=WAYS,
    act="See what is there (`ip route get ADDRESS`), delete it: `ip route del {subject}`, and where it is configured.",
    roll_back="`ip route add {subject} via GATEWAY`",
    look_alikes=(
        LookAlike(cause="gateway_unreachable", tell="nothing beyond the own network is reached", by=routes.gateway),
        LookAlike(cause="blackhole_route", tell="the route throws packets away by itself", by=routes.blackholes),
        LookAlike(cause="firewall_isolates", tell="a packet filter rule names that peer", by=firewall.peers),
    ),
    source="ip-route(8): the longest prefix wins; ip-neighbour(8) FAILED",
)
blackhole_route = Cause(
    title="Blackhole route: a null route throws packets away (bad static route)",
    prior=0.002,
    per_subject=True,
    shows=(always(routes.blackholes),),
    leads_to=(
        usually(peers_unreachable),
        often(names_fail),
        often(dependency_unreachable),
    ),
    verify=ROUTES,
    act="`ip route del {subject}`, when nobody put it there against an attack.",
    roll_back="`ip route add {subject}`",
    look_alikes=(
        LookAlike(
            cause="firewall_blocks", tell="a packet filter rule, not a route, drops the packets", by=firewall.rules
        ),
    ),
    source="ip-route(8) blackhole, unreachable, prohibit",
)
routing_policy_refuses = Cause(
    title="Routing policy refuses: an ip rule makes a destination unreachable or prohibited",
    prior=0.0005,
    per_subject=True,
    shows=(always(ways.refused),),
    leads_to=(usually(peers_unreachable), often(names_fail), often(dependency_unreachable)),
    verify=WAYS,
    act="`ip rule show` has it with its number: `ip rule del pref NUMBER`, when nobody put it there against an attack.",
    roll_back="Add the rule again with the same number.",
    look_alikes=(LookAlike(cause="blackhole_route", tell="a route, not a rule, refuses", by=routes.blackholes),),
    source="ip-rule(8) blackhole, unreachable, prohibit",
)
reverse_path_filtered = Cause(
    title="Asymmetric routing: rp_filter drops packets that come in the other way (martian source)",
    prior=0.001,
    shows=(always(ways.reverse_path, fails=0.0),),
    leads_to=CUT_OFF,
    verify=WAYS,
    act=(
        "Give both directions the same way (`ip route get ADDRESS` on both ends), or loosen the filter of that "
        "interface: net.ipv4.conf.INTERFACE.rp_filter=2."
    ),
    roll_back="Set rp_filter to 1 again.",
    look_alikes=(
        LookAlike(cause="firewall_isolates", tell="a rule of the packet filter drops them", by=firewall.peers),
        LookAlike(cause="wrong_route", tell="nobody answers at the next hop", by=ways.routed),
    ),
    source="RFC 3704; Linux ip-sysctl rp_filter, TcpExtIPReversePathFilter",
)
ipv6_broken = Cause(
    title="IPv6 broken while IPv4 works: the IPv6 gateway does not answer",
    prior=0.001,
    shows=(always(ways.ipv6),),
    leads_to=(sometimes(service_slow), sometimes(dependency_unreachable)),
    verify=WAYS,
    act="Mend the way out by IPv6, or take it away (`ip -6 route del default`): then IPv4 is used at once.",
    roll_back="`ip -6 route add default via GATEWAY dev INTERFACE`",
    look_alikes=(LookAlike(cause="gateway_unreachable", tell="IPv4 fails as well", by=routes.gateway),),
    source="RFC 6555, RFC 6724: IPv6 is tried first",
)
duplicate_address = Cause(
    title="Duplicate address: two hosts use the same IP address",
    prior=0.001,
    shows=(usually(routes.addresses),),
    leads_to=(often(service_slow), sometimes(peers_unreachable), often(dependency_unreachable)),
    verify=ROUTES,
    act="Find the other host by its MAC address (`arping -D -I INTERFACE ADDRESS`); give one of them another one.",
    roll_back="Set the old address again.",
    look_alikes=(LookAlike(cause="packet_loss", tell="nobody else answers for the address", by=path.loss),),
    source="RFC 5227",
)
neighbour_table_overflow = Cause(
    title="Neighbour table overflow: new peers of the own network are not reached",
    prior=0.001,
    told_by=signatures.kernel,
    leads_to=(
        sometimes(peers_unreachable),
        often(dependency_unreachable),
    ),
    verify=ROUTES,
    act="Raise net.ipv4.neigh.default.gc_thresh1 to 3 with sysctl; look who talks to so many addresses.",
    roll_back="Set the old values again.",
    look_alikes=(
        LookAlike(cause="gateway_unreachable", tell="one neighbour is missing, not all new ones", by=routes.gateway),
    ),
    source="arp(7) gc_thresh3: `neighbor table overflow!`",
)
