"""Causes that begin on the network: links, and the path between hosts."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import clients_fail, names_fail, peers_unreachable, requests_fail, service_slow
from diagkit.causes.dependencies import dependency_unreachable
from diagkit.checks.connectivity import longer_path, path, ports, shaping
from diagkit.checks.resources import interfaces, segments

PATH = "diagkit connectivity {target} --only 'connectivity.path.*' -v"
INTERFACES = "diagkit resources {target} --only 'resources.interfaces.*' -v"

link_down = Cause(
    title="Link down: the interface has no carrier or is switched off",
    prior=0.002,
    per_subject=True,
    shows=(always(interfaces.link),),
    leads_to=(
        usually(peers_unreachable),
        often(names_fail),
        often(dependency_unreachable),
    ),
    verify=INTERFACES,
    act="`ip link set {subject} up`; without carrier look at the cable, the switch port, the hypervisor.",
    roll_back="`ip link set {subject} down`",
    look_alikes=(LookAlike(cause="link_flapping", tell="the link comes back each time", by=interfaces.flaps),),
    source="sysfs operstate, carrier",
)
link_flapping = Cause(
    title="Link flapping: the interface loses its carrier again and again",
    prior=0.001,
    per_subject=True,
    shows=(always(interfaces.flaps), sometimes(path.loss)),
    leads_to=(often(service_slow), sometimes(peers_unreachable)),
    verify=INTERFACES,
    act="Change the cable or the module, then the switch port of {subject}; look for both sides' speed and duplex.",
    roll_back="Put the old part back.",
    look_alikes=(LookAlike(cause="link_down", tell="the link stays down", by=interfaces.link),),
    source="sysfs carrier_changes; kernel `NIC Link is Down` and `Up` in turn",
)
bond_degraded = Cause(
    title="Bond degraded: a link of the bond is down, no redundancy left",
    prior=0.001,
    per_subject=True,
    shows=(always(interfaces.bonds),),
    verify=INTERFACES,
    act="See which link is down (`cat /proc/net/bonding/{subject}`), then its cable, module and switch port.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="link_down", tell="no link is left: nothing gets through", by=interfaces.link),),
    source="Linux Documentation/networking/bonding.rst, MII Status",
)
interface_errors = Cause(
    title="Interface errors: the NIC drops or damages packets",
    prior=0.002,
    per_subject=True,
    shows=(usually(interfaces.errors),),
    leads_to=(often(service_slow),),
    verify=INTERFACES,
    act="Look at the kind of errors with `ethtool -S {subject}`: crc is the cable, missed is the ring buffer.",
    roll_back="Undo what you changed with ethtool.",
    look_alikes=(
        LookAlike(cause="packet_loss", tell="the interface counts no error; packets are lost further on", by=path.loss),
    ),
    source="proc_net dev",
)
packet_loss = Cause(
    title="Packet loss on the path to the host (lossy link)",
    prior=0.004,
    shows=(
        usually(path.loss),
        always(longer_path.loss),
        sometimes(segments.retransmissions),
        sometimes(path.jitter),
    ),
    leads_to=(usually(service_slow),),
    verify=PATH,
    act="Find where it begins with the path that was printed, and from another vantage; tell whoever runs that link.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(
            cause="bandwidth_limited",
            tell="loss only under load; a shaper or a full link on the way",
            by=shaping.limits,
        ),
        LookAlike(cause="mtu_black_hole", tell="only large packets are lost", by=path.mtu),
        LookAlike(cause="high_jitter", tell="all packets arrive, in bouts", by=longer_path.loss),
        LookAlike(cause="interface_errors", tell="the host's own interface counts errors", by=interfaces.errors),
    ),
    source="RFC 2680; loss that ends before the last hop is rate-limited ICMP, not loss",
)
high_latency = Cause(
    title="High latency on the path to the host (network delay)",
    prior=0.004,
    shows=(always(path.latency),),
    leads_to=(usually(service_slow),),
    verify=PATH,
    act="Compare hop by hop where the time is lost; look for a full link or a detour.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="bandwidth_limited", tell="the delay grows with the load", by=shaping.limits),
        LookAlike(cause="high_jitter", tell="some packets are as fast as ever", by=longer_path.jitter),
    ),
    source="RFC 2681",
)
high_jitter = Cause(
    title="Jitter: the delay of packets on the path varies widely",
    prior=0.003,
    shows=(usually(path.jitter), usually(longer_path.jitter), often(path.latency)),
    leads_to=(often(service_slow),),
    verify=PATH,
    act="Compare hop by hop where it begins; look for a full link (bufferbloat), a radio link, or load balancing.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="high_latency", tell="all packets are late by the same time", by=path.jitter),
        LookAlike(cause="bandwidth_limited", tell="it comes with load; a shaper or a full link", by=shaping.limits),
    ),
    source="RFC 3393, ITU-T Y.1541",
)
mtu_black_hole = Cause(
    title="MTU black hole: large packets are lost (path MTU, fragmentation needed)",
    prior=0.002,
    shows=(always(path.mtu),),
    leads_to=(sometimes(interface_errors), sometimes(requests_fail), often(service_slow)),
    verify=PATH,
    act="Let ICMP `fragmentation needed` through, or set the smaller MTU on the interface.",
    roll_back="Set the old MTU again.",
    look_alikes=(LookAlike(cause="packet_loss", tell="small packets are lost as well", by=path.loss),),
    source="RFC 2923",
)
bandwidth_limited = Cause(
    title="Low bandwidth: traffic shaping or a saturated link is the bandwidth bottleneck",
    prior=0.002,
    per_subject=True,
    shows=(always(shaping.limits), often(path.loss), often(path.latency), sometimes(interfaces.utilisation)),
    leads_to=(often(packet_loss), often(service_slow)),
    verify="diagkit connectivity {target} --only 'connectivity.shaping.*' -v",
    act="See who set the limit (`tc qdisc show dev {subject}`) and lift it: `tc qdisc del dev {subject} root`.",
    roll_back="Add the limit again.",
    look_alikes=(LookAlike(cause="packet_loss", tell="loss without load, and no shaper", by=longer_path.loss),),
    source="tc(8)",
)
host_unreachable = Cause(
    title="Host unreachable: it answers neither ping nor TCP from here (host down or cut off)",
    prior=0.004,
    shows=(always(path.reach),),
    leads_to=(always(clients_fail),),
    verify=PATH,
    act=(
        "Look at it from its console or hypervisor: is it up, has it an address; the path that was "
        "printed says how far packets get."
    ),
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="sshd_down", tell="it answers ping, only port 22 does not", by=ports.ssh),),
    source="RFC 792 host unreachable; no answer to ping nor TCP",
)
routing_loop = Cause(
    title="Routing loop: packets to the host go round in circles",
    prior=0.001,
    shows=(usually(path.loops),),
    verify=PATH,
    act="The routers that repeat in the path send to each other: correct the route on one of them.",
    roll_back="Set the old route again.",
    look_alikes=(LookAlike(cause="host_unreachable", tell="the path ends; no router comes twice", by=path.loops),),
    source="ICMP time exceeded from the same routers again and again",
)
