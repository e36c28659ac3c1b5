"""The kernel's settings that differ between hosts for a reason, or by mistake."""

from __future__ import annotations

from collections.abc import Mapping

from diagkit.frozen import frozen
from diagkit.model import Reply, Run
from diagkit.probes import probe
from diagkit.probes.reading import by_file

ROOT = "/proc/sys/"
# Those that are changed for performance, hardening or routing, or that a fault shows in; hundreds more are left alone.
TOLD = (
    *("fs/file-max", "fs/nr_open", "fs/inotify/max_user_instances", "fs/inotify/max_user_watches", "fs/aio-max-nr"),
    *("kernel/pid_max", "kernel/threads-max", "kernel/shmmax", "kernel/shmall", "kernel/sem", "kernel/panic"),
    *("kernel/sched_rt_runtime_us", "kernel/perf_event_paranoid", "kernel/dmesg_restrict"),
    *("vm/swappiness", "vm/overcommit_memory", "vm/overcommit_ratio", "vm/max_map_count", "vm/min_free_kbytes"),
    *("vm/dirty_ratio", "vm/dirty_background_ratio", "vm/vfs_cache_pressure", "vm/zone_reclaim_mode"),
    *("vm/nr_hugepages", "vm/panic_on_oom", "vm/oom_kill_allocating_task"),
    *("net/core/somaxconn", "net/core/netdev_max_backlog", "net/core/rmem_max", "net/core/wmem_max"),
    *("net/core/default_qdisc", "net/ipv4/ip_forward", "net/ipv4/ip_local_port_range", "net/ipv4/ip_no_pmtu_disc"),
    *("net/ipv4/ip_default_ttl", "net/ipv4/ip_unprivileged_port_start", "net/ipv4/ip_nonlocal_bind"),
    *("net/ipv4/tcp_rmem", "net/ipv4/tcp_wmem", "net/ipv4/tcp_mem", "net/ipv4/tcp_max_syn_backlog"),
    *("net/ipv4/tcp_syncookies", "net/ipv4/tcp_abort_on_overflow", "net/ipv4/tcp_syn_retries"),
    *("net/ipv4/tcp_synack_retries", "net/ipv4/tcp_retries2", "net/ipv4/tcp_fin_timeout", "net/ipv4/tcp_tw_reuse"),
    *("net/ipv4/tcp_max_tw_buckets", "net/ipv4/tcp_keepalive_time", "net/ipv4/tcp_keepalive_intvl"),
    *("net/ipv4/tcp_keepalive_probes", "net/ipv4/tcp_timestamps", "net/ipv4/tcp_sack", "net/ipv4/tcp_window_scaling"),
    *("net/ipv4/tcp_mtu_probing", "net/ipv4/tcp_ecn", "net/ipv4/tcp_congestion_control"),
    *("net/ipv4/tcp_slow_start_after_idle", "net/ipv4/icmp_echo_ignore_all", "net/ipv4/icmp_ratelimit"),
    *("net/ipv4/conf/all/rp_filter", "net/ipv4/conf/default/rp_filter", "net/ipv4/conf/all/arp_ignore"),
    *("net/ipv4/conf/all/arp_announce", "net/ipv4/neigh/default/gc_thresh3"),
    *("net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/all/forwarding", "net/netfilter/nf_conntrack_max"),
)


@frozen(kw_only=True)
class Sysctls:
    """Settings by name, as sysctl(8) names them: net.core.somaxconn."""

    all: Mapping[str, str]


@probe(Run(("grep", "-sH", "", *(f"{ROOT}{path}" for path in TOLD))))
def sysctls(reply: Reply) -> Sysctls:
    """Settings of the kernel under /proc/sys; where there is no such file, or we may not read it, there is no value."""
    names = {path: path.removeprefix(ROOT).replace("/", ".") for path in by_file(reply)}
    return Sysctls(all={names[path]: " ".join(lines[0].split()) for path, lines in by_file(reply).items()})
