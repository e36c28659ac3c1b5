"""Causes that begin in a database: its own word about it, and the log lines of server and clients."""

from __future__ import annotations

from diagkit.causes import Cause, LookAlike, always, often, rarely, sometimes, usually
from diagkit.causes.conditions import clients_fail, requests_fail, service_slow
from diagkit.causes.cpu import cpu_saturated
from diagkit.causes.storage import disk_full
from diagkit.checks.functional import postgresql, postgresql_sessions, postgresql_wal, services
from diagkit.checks.logs import auth, signatures
from diagkit.checks.resources import cpu, disks

POSTGRESQL = "diagkit functional {target} --only 'functional.postgresql*' -v"
LOGS = "diagkit logs {target} --only 'logs.signatures.*' -v"

database_connections_exhausted = Cause(
    title="Too many connections: the database has no free connection slots (too many clients, max_connections reached)",
    prior=0.004,
    shows=(always(postgresql.connections, fails=0.9),),
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=POSTGRESQL,
    act=(
        "See who holds them (`select application_name, state, count(*) from pg_stat_activity group by 1, "
        "2`), end the idle ones, mend the pool; raise max_connections last."
    ),
    roll_back="Set the old limit again.",
    look_alikes=(
        LookAlike(
            cause="database_lock",
            tell="the sessions wait for a lock: that they are many is a consequence",
            by=postgresql_sessions.locks,
        ),
        LookAlike(
            cause="slow_query",
            tell="the sessions are active, not idle: the server is slow",
            by=postgresql_sessions.queries,
        ),
    ),
    source="PostgreSQL `too many clients already`, pg_stat_activity; MySQL 1040",
)
database_lock = Cause(
    title="Database lock: sessions wait for one that holds a lock (blocked, lock wait, deadlock)",
    prior=0.003,
    shows=(always(postgresql_sessions.locks, fails=0.6), rarely(postgresql_sessions.transactions)),
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(service_slow),
        sometimes(requests_fail),
        sometimes(database_connections_exhausted),
    ),
    verify=POSTGRESQL,
    act=(
        "Find the holder (`select pg_blocking_pids(pid), * from pg_stat_activity`), ask whose it is, and end it: "
        "`select pg_terminate_backend(PID)`."
    ),
    roll_back="None: its transaction is rolled back.",
    look_alikes=(
        LookAlike(
            cause="database_connections_exhausted",
            tell="new sessions are refused at once, and nobody waits for a lock",
            by=postgresql_sessions.locks,
        ),
        LookAlike(cause="slow_query", tell="the statement works, it does not wait", by=postgresql_sessions.queries),
    ),
    source="PostgreSQL pg_blocking_pids, log_lock_waits; MySQL 1205",
)
long_transaction = Cause(
    title="Idle in transaction: a transaction is left open (long-running, abandoned transaction)",
    prior=0.003,
    shows=(always(postgresql_sessions.transactions, fails=0.1),),
    leads_to=(sometimes(database_lock), sometimes(database_connections_exhausted)),
    verify=POSTGRESQL,
    act="Find the program that does not commit; end its session: `select pg_terminate_backend(PID)`.",
    roll_back="None: its transaction is rolled back.",
    look_alikes=(LookAlike(cause="database_lock", tell="somebody waits for its locks", by=postgresql_sessions.locks),),
    source="PostgreSQL pg_stat_activity: state `idle in transaction`",
)
slow_query = Cause(
    title="Slow query: a runaway, long-running statement in the database",
    prior=0.002,
    shows=(usually(postgresql_sessions.queries, fails=0.3),),
    leads_to=(often(clients_fail), sometimes(service_slow), often(cpu_saturated)),
    verify=POSTGRESQL,
    act="Explain it (`explain` with its text from pg_stat_activity), cancel it: `select pg_cancel_backend(PID)`.",
    roll_back="Run it again.",
    look_alikes=(
        LookAlike(cause="database_lock", tell="it does not work, it waits", by=postgresql_sessions.locks),
        LookAlike(cause="cpu_saturated", tell="another program takes the processors", by=cpu.saturation),
        LookAlike(cause="disk_slow", tell="all disk requests are slow, not one statement", by=disks.latency),
    ),
    source="PostgreSQL pg_stat_activity: query_start of active sessions",
)
database_not_ready = Cause(
    title="Database not ready: starting up, in recovery, shutting down or closed; it is not accepting connections",
    prior=0.001,
    shows=(always(postgresql.accepting),),
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=POSTGRESQL,
    act="Read its log: recovery says how far it is; wait, and do not kill it, or recovery begins anew.",
    roll_back="None is needed.",
    look_alikes=(
        LookAlike(cause="process_frozen", tell="it says nothing at all: its process is stopped", by=services.frozen),
    ),
    source="PostgreSQL SQLSTATE 57P03; pg_database.datallowconn",
)
database_read_only = Cause(
    title="Database read-only: cannot execute writes in a read-only transaction",
    prior=0.001,
    shows=(always(postgresql.writable),),
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=POSTGRESQL,
    act=(
        "See why: `show default_transaction_read_only` (`alter system reset …`, then reload), or a standby.signal "
        "where a primary should be (`pg_ctl promote`)."
    ),
    roll_back="Set it again.",
    look_alikes=(
        LookAlike(cause="replication_broken", tell="it is a standby by design", by=postgresql_wal.replication),
    ),
    source="PostgreSQL SQLSTATE 25006",
)
database_refuses_login = Cause(
    title="Database authentication fails: password authentication failed, access denied, no pg_hba.conf entry, NOAUTH",
    prior=0.003,
    shows=(always(auth.database_logins),),
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify="diagkit logs {target} --only logs.auth.database_logins -v",
    act=(
        "Compare the credential that the client has with the server's (was it rotated?); for `no pg_hba.conf entry` "
        "mend pg_hba.conf and reload."
    ),
    roll_back="Set the previous credential or pg_hba.conf again and reload.",
    look_alikes=(
        LookAlike(
            cause="database_connections_exhausted",
            tell="it refuses everybody, whoever they are",
            by=postgresql.connections,
        ),
        LookAlike(
            cause="database_not_ready", tell="it lets nobody in while it starts or recovers", by=postgresql.accepting
        ),
    ),
    source="PostgreSQL SQLSTATE 28P01 and 28000, MySQL 1045, Redis NOAUTH and WRONGPASS",
)
database_privilege_missing = Cause(
    title="Database privilege missing: permission denied for table (a GRANT is gone)",
    prior=0.002,
    told_by=signatures.applications,
    leads_to=(
        usually(clients_fail),
        sometimes(requests_fail),
    ),
    verify=LOGS,
    act="Compare the owner and rights of the table (`\\dp TABLE`) with a healthy server; `grant … on … to …`.",
    roll_back="`revoke` the same.",
    look_alikes=(
        LookAlike(cause="database_refuses_login", tell="the user is not even let in", by=signatures.applications),
    ),
    source="PostgreSQL SQLSTATE 42501, MySQL 1142",
)
replication_broken = Cause(
    title="Replication broken or lagging: the standby, the replica, does not follow",
    prior=0.003,
    shows=(always(postgresql_wal.replication),),
    told_by=signatures.applications,
    leads_to=(often(database_lock), sometimes(requests_fail)),
    verify=POSTGRESQL,
    act="See the replica's own words about it; start it again or build it anew from a base backup.",
    roll_back="Stop the replication again.",
    look_alikes=(
        LookAlike(cause="wal_retention", tell="the primary keeps WAL for it: it is gone", by=postgresql_wal.retention),
    ),
    source="PostgreSQL pg_stat_replication, pg_stat_wal_receiver; MySQL SHOW REPLICA STATUS",
)
wal_retention = Cause(
    title="WAL piles up: an inactive replication slot or a failing archive_command keeps it, pg_wal grows",
    prior=0.004,
    shows=(always(postgresql_wal.retention, fails=0.3),),
    told_by=signatures.applications,
    leads_to=(often(disk_full),),
    verify=POSTGRESQL,
    act=(
        "Mend the archive_command, or bring the slot's consumer back; a slot nobody wants: "
        "`select pg_drop_replication_slot('NAME')`. Never delete files in pg_wal."
    ),
    roll_back="A consumer whose slot was dropped is built anew.",
    look_alikes=(
        LookAlike(cause="disk_full", tell="something else than pg_wal fills the disk", by=postgresql_wal.retention),
    ),
    source="PostgreSQL pg_replication_slots, pg_stat_archiver, pg_ls_waldir()",
)
autovacuum_off = Cause(
    title="Autovacuum off or too late: tables bloat, transaction ID wraparound",
    prior=0.002,
    shows=(always(postgresql.vacuum, fails=0.1),),
    leads_to=(sometimes(service_slow),),
    verify=POSTGRESQL,
    act="`alter system reset autovacuum` and reload; `vacuum (freeze)` the oldest tables by hand when they are near.",
    roll_back="Set it off again.",
    look_alikes=(
        LookAlike(
            cause="long_transaction", tell="vacuum runs and may not remove rows", by=postgresql_sessions.transactions
        ),
    ),
    source="PostgreSQL documentation, Routine Vacuuming",
)
