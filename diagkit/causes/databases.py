"""Causes that begin in a database or cache; for now they are known by their log lines."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, often, sometimes, usually
from diagkit.causes.conditions import requests_fail, service_slow
from diagkit.checks.logs import signatures

LOGS = "diagkit logs {target} --only 'logs.signatures.*' -v"

database_connections_exhausted = Cause(
    title="Too many connections: the database has no free connection slots (too many clients, max_connections reached)",
    prior=0.004,
    told_by=signatures.applications,
    leads_to=(often(requests_fail),),
    verify=LOGS,
    act=(
        "See who holds them (`select application_name, state, count(*) from pg_stat_activity group by 1, "
        "2`), end the idle ones, mend the pool; raise max_connections last."
    ),
    roll_back="Set the old limit again.",
    look_alikes=(LookAlike(cause="database_lock", tell="sessions wait for a lock: the count is a consequence"),),
    source="PostgreSQL `too many clients already`, MySQL 1040",
)
database_lock = Cause(
    title="Database lock: sessions wait for one that holds a lock (deadlock, long transaction)",
    prior=0.003,
    told_by=signatures.applications,
    leads_to=(usually(service_slow), sometimes(requests_fail)),
    verify=LOGS,
    act=(
        "Find the holder (`select pg_blocking_pids(pid), * from pg_stat_activity`), and end it: `select "
        "pg_terminate_backend(PID)`."
    ),
    roll_back="None: its transaction is rolled back.",
    look_alikes=(LookAlike(cause="database_connections_exhausted", tell="new sessions are refused at once"),),
    source="PostgreSQL log_lock_waits, MySQL 1205",
)
replication_broken = Cause(
    title="Replication broken: the replica does not follow",
    prior=0.002,
    told_by=signatures.applications,
    leads_to=(sometimes(requests_fail),),
    verify=LOGS,
    act="See the replica's own words about it; start it again or build it anew from a base backup.",
    roll_back="Stop the replication again.",
    source="PostgreSQL pg_stat_replication; MySQL SHOW REPLICA STATUS; Redis master_link_status",
)
redis_out_of_memory = Cause(
    title="Redis out of memory: maxmemory reached, OOM command not allowed",
    prior=0.003,
    told_by=signatures.applications,
    leads_to=(often(requests_fail),),
    verify=LOGS,
    act="Raise maxmemory (`redis-cli config set maxmemory …`) or choose an eviction policy; find the keys that grew.",
    roll_back="Set the old values again.",
    source="redis.conf maxmemory, maxmemory-policy noeviction",
)
redis_read_only_replica = Cause(
    title="Readonly replica: Redis refuses writes (READONLY You can't write against a read only replica)",
    prior=0.002,
    told_by=signatures.applications,
    leads_to=(often(requests_fail),),
    verify=LOGS,
    act=(
        "Find which one is the master; when it is this one, `redis-cli replicaof no one`; else send "
        "writers to the master."
    ),
    roll_back="`redis-cli replicaof HOST PORT`",
    source="redis.conf replica-read-only",
)
cache_persistence_failed = Cause(
    title="Redis cannot save to disk: MISCONF, writes are refused",
    prior=0.002,
    told_by=signatures.applications,
    leads_to=(sometimes(requests_fail),),
    verify=LOGS,
    act="See why (no room, no memory to fork: vm.overcommit_memory), mend that; writes come back with the next save.",
    roll_back="None is needed.",
    look_alikes=(LookAlike(cause="disk_full", tell="the file system it saves to is full"),),
    source="redis.conf stop-writes-on-bgsave-error",
)
