"""Causes that begin in a Redis or one of its relatives (Valkey, KeyDB)."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, sometimes, usually
from diagkit.causes.conditions import clients_fail, requests_fail, service_slow
from diagkit.checks.functional import redis, services
from diagkit.checks.logs import memory as killed
from diagkit.checks.logs import signatures
from diagkit.checks.resources import disk, files

REDIS = "diagkit functional {target} --only 'functional.redis.*' -v"

redis_out_of_memory = Cause(
    title="Redis out of memory: maxmemory reached, OOM command not allowed",
    prior=0.003,
    shows=(always(redis.memory),),
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=REDIS,
    act="Raise maxmemory (`redis-cli config set maxmemory …`) or choose an eviction policy; find the keys that grew.",
    roll_back="Set the old values again.",
    look_alikes=(
        LookAlike(cause="oom_kill", tell="the host ran out of memory, and the kernel killed it", by=killed.oom),
        LookAlike(cause="cache_persistence_failed", tell="writes are refused with MISCONF", by=redis.persistence),
    ),
    source="redis.conf maxmemory, maxmemory-policy noeviction; INFO memory, errorstats",
)
redis_read_only_replica = Cause(
    title="Readonly replica: Redis refuses writes (READONLY You can't write against a read only replica)",
    prior=0.002,
    shows=(always(redis.writable), often(redis.replication)),
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=REDIS,
    act=(
        "Find which one is the master; when it is this one, `redis-cli replicaof no one`; else send "
        "writers to the master."
    ),
    roll_back="`redis-cli replicaof HOST PORT`",
    look_alikes=(
        LookAlike(
            cause="redis_replication_broken",
            tell="nobody writes to it, and its link to the master was up before",
            by=redis.writable,
        ),
    ),
    source="redis.conf replica-read-only; INFO replication",
)
redis_replication_broken = Cause(
    title="Redis replication broken: master link down (master_link_status:down)",
    prior=0.002,
    shows=(always(redis.replication),),
    told_by=signatures.applications,
    leads_to=(sometimes(requests_fail),),
    verify=REDIS,
    act="See whether the master lives and can be reached from here (`redis-cli -h MASTER ping`), and its password.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(
            cause="redis_read_only_replica", tell="it is written to, so it ought to be a master", by=redis.writable
        ),
    ),
    source="INFO replication: master_link_status",
)
cache_persistence_failed = Cause(
    title="Redis cannot save to disk: MISCONF, writes are refused (background save failed)",
    prior=0.002,
    shows=(always(redis.persistence),),
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=REDIS,
    act="See why (no room, no memory to fork: vm.overcommit_memory), mend that; writes come back with the next save.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="disk_full", tell="the file system it saves to is full", by=disk.space),
        LookAlike(cause="redis_out_of_memory", tell="writes are refused with OOM", by=redis.memory),
    ),
    source="redis.conf stop-writes-on-bgsave-error; INFO persistence",
)
redis_clients_exhausted = Cause(
    title="Redis max number of clients reached (maxclients): new connections are refused",
    prior=0.001,
    shows=(always(redis.clients, fails=0.9),),
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=REDIS,
    act="See who holds them (`redis-cli client list`), mend that pool; `redis-cli config set maxclients …` last.",
    roll_back="Set the old limit again.",
    look_alikes=(LookAlike(cause="fd_limit", tell="it has no file descriptors left for more", by=files.process_limit),),
    source="redis.conf maxclients; INFO clients, rejected_connections",
)
redis_blocked = Cause(
    title="Redis blocked: a slow command (KEYS, a script, a huge key) keeps all clients waiting",
    prior=0.002,
    shows=(always(redis.slow), often(redis.answering)),
    leads_to=(usually(clients_fail), sometimes(service_slow), sometimes(requests_fail)),
    verify=REDIS,
    act="Find the client (`redis-cli slowlog get`); SCAN instead of KEYS, UNLINK instead of DEL; `script kill`.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="process_frozen", tell="its process is stopped, in state T", by=services.frozen),),
    source="Redis SLOWLOG; `BUSY Redis is busy running a script`",
)
