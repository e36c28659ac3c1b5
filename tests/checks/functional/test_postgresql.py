"""PostgreSQL's state: who gets in, who waits, and where the write-ahead log goes."""

import inspect
from dataclasses import replace

import pytest

from diagkit.checks.functional import postgresql, postgresql_sessions, postgresql_wal
from diagkit.model import Silence, Status, Unknown
from diagkit.probes.postgresql import Database, Holder, PostgresServers, Quota, Server, Session, Slot, Standby

QUIET = Database(
    recovering=False, read_only=False, read_only_databases=(), closed_databases=(), connections=5,
    connections_limit=37, quotas=(), holders=(Holder(client="shop", state="idle", connections=5),), sessions=(),
    prepared_s=(), synchronous=False, standbys=(), receiving=False, follows=False, restores=False,
    replay_paused=False, replay_behind_bytes=0.0, slots=(), wal_bytes=16 << 20, wal_limit_bytes=1 << 30,
    archiving=False, archive_failed_s=None, transaction_age=700, autovacuum=True,
)  # fmt: skip
WRITER = Session(
    pid=7, client="import", database="shop", state="idle in transaction", verb="UPDATE", waits_for="Client",
    event="ClientRead", statement_s=40.0, transaction_s=40.0, state_s=40.0, blocked_by=(),
)  # fmt: skip
WAITER = replace(WRITER, pid=8, client="shop", state="active", waits_for="Lock", statement_s=12.0, blocked_by=(7,))
READER = replace(WRITER, pid=9, client="report", state="active", verb="SELECT", waits_for="", statement_s=90.0)
STANDBY = Standby(name="db2", state="streaming", sync_state="async", behind_bytes=0.0, behind_s=0.0)
SLOT = Slot(name="old", active=False, wal_status="reserved", held_bytes=float(300 << 20))
NO_PROCESSES = Unknown("processes.processes", Silence.DENIED)
EVERY = [
    postgresql.answering, postgresql.accepting, postgresql.connections, postgresql.writable, postgresql.vacuum,
    postgresql_sessions.locks, postgresql_sessions.transactions, postgresql_sessions.queries,
    postgresql_wal.replication, postgresql_wal.retention,
]  # fmt: skip


def judge(check, server):
    given = {"servers": PostgresServers(all=(server,)), "processes": NO_PROCESSES, "limits": check.limits}
    wanted = inspect.signature(check.judge).parameters
    return list(check.judge(**{name: value for name, value in given.items() if name in wanted}))


def told(check, **changes):
    (finding,) = judge(check, Server(place="0.0.0.0:5432", database=replace(QUIET, **changes)))
    return finding


def refused(check, refusal):
    return judge(check, Server(place="0.0.0.0:5432", database=None, refusal=refusal))


@pytest.mark.parametrize("check", EVERY, ids=lambda c: c.name)
def test_a_quiet_server_is_fine(check):
    assert told(check).status in (Status.OK, Status.SKIP)


@pytest.mark.parametrize("check", EVERY, ids=lambda c: c.name)
def test_a_server_that_did_not_let_us_look_is_never_fine(check):
    found = refused(check, "Peer authentication failed")
    assert {f.status for f in found} == {Status.OK if check is postgresql.answering else Status.UNKNOWN}


@pytest.mark.parametrize(
    ("check", "changes", "status", "words"),
    [
        (postgresql.accepting, {"closed_databases": ("shop",)}, Status.FAIL, "not accepting connections"),
        (postgresql.connections, {"connections": 28}, Status.OK, "28 connections of 37"),
        (postgresql.connections, {"connections": 35}, Status.WARN, "almost out of connections"),
        (postgresql.connections, {"connections": 37}, Status.FAIL, "too many connections"),
        (
            postgresql.connections,
            {"quotas": (Quota(owner="role shop", limit=5, connections=5),)},
            Status.FAIL,
            "role shop",
        ),
        (postgresql.writable, {"read_only": True}, Status.FAIL, "default_transaction_read_only"),
        (postgresql.writable, {"read_only_databases": ("shop",)}, Status.FAIL, "shop"),
        (postgresql.writable, {"recovering": True}, Status.FAIL, "no primary"),
        (postgresql.writable, {"recovering": True, "follows": True}, Status.OK, "standby"),
        (postgresql.vacuum, {"autovacuum": False}, Status.WARN, "autovacuum is off"),
        (postgresql.vacuum, {"transaction_age": 1_500_000_000}, Status.WARN, "wraparound"),
        (postgresql.vacuum, {"transaction_age": 2_100_000_000}, Status.FAIL, "wraparound"),
        (postgresql_sessions.locks, {"sessions": (WRITER, replace(WAITER, statement_s=2.0))}, Status.OK, "none"),
        (postgresql_sessions.locks, {"sessions": (WRITER, replace(WAITER, statement_s=6.0))}, Status.WARN, "up to 6 s"),
        (postgresql_sessions.locks, {"sessions": (WRITER, WAITER)}, Status.FAIL, "held by import[7] (idle in tr"),
        (postgresql_sessions.locks, {"sessions": (WAITER,)}, Status.FAIL, "held by process 7"),
        (
            postgresql_sessions.locks,
            {"sessions": (replace(WAITER, blocked_by=(0,)),)},
            Status.FAIL,
            "a prepared transaction",
        ),
        (postgresql_sessions.transactions, {"sessions": (WRITER,)}, Status.OK, "none for long"),
        (postgresql_sessions.transactions, {"sessions": (replace(WRITER, state_s=400.0),)}, Status.WARN, "400 s"),
        (postgresql_sessions.transactions, {"sessions": (replace(WRITER, state_s=4e3),)}, Status.FAIL, "4000 s"),
        (postgresql_sessions.transactions, {"sessions": (WRITER,) * 12}, Status.WARN, "12 sessions idle"),
        (postgresql_sessions.transactions, {"prepared_s": (900.0,)}, Status.WARN, "prepared"),
        (postgresql_sessions.queries, {"sessions": (replace(READER, statement_s=20.0),)}, Status.OK, "none for long"),
        (postgresql_sessions.queries, {"sessions": (replace(READER, verb="COPY"),)}, Status.OK, "none for long"),
        (postgresql_sessions.queries, {"sessions": (READER,)}, Status.WARN, "report[9] (SELECT) runs for 90 s"),
        (postgresql_sessions.queries, {"sessions": (READER,) * 3}, Status.FAIL, "3 slow queries"),
        (postgresql_wal.replication, {"standbys": (STANDBY,)}, Status.OK, "db2"),
        (postgresql_wal.replication, {"standbys": (replace(STANDBY, behind_s=60.0),)}, Status.WARN, "lag"),
        (postgresql_wal.replication, {"standbys": (replace(STANDBY, behind_s=600.0),)}, Status.FAIL, "lag"),
        (
            postgresql_wal.replication,
            {"sessions": (replace(READER, event="SyncRep"),)},
            Status.FAIL,
            "synchronous standby",
        ),
        (postgresql_wal.replication, {"recovering": True, "follows": True}, Status.FAIL, "receives nothing"),
        (
            postgresql_wal.replication,
            {"recovering": True, "follows": True, "receiving": True},
            Status.OK,
            "a standby that follows",
        ),
        (postgresql_wal.replication, {"recovering": True, "replay_paused": True}, Status.FAIL, "paused"),
        (
            postgresql_wal.replication,
            {"recovering": True, "restores": True, "replay_behind_bytes": float(300 << 20)},
            Status.WARN,
            "300.0 MiB",
        ),
        (postgresql_wal.retention, {"slots": (replace(SLOT, active=True),)}, Status.OK, "pg_wal"),
        (postgresql_wal.retention, {"slots": (SLOT,)}, Status.WARN, "slot old holds back 300.0 MiB"),
        (postgresql_wal.retention, {"slots": (replace(SLOT, held_bytes=2.0**31),)}, Status.FAIL, "2.0 GiB"),
        (postgresql_wal.retention, {"slots": (replace(SLOT, wal_status="lost"),)}, Status.FAIL, "has lost"),
        (postgresql_wal.retention, {"archiving": True, "archive_failed_s": 9.0}, Status.FAIL, "archiving fails"),
        (postgresql_wal.retention, {"wal_bytes": 3.0 * (1 << 30)}, Status.WARN, "max_wal_size"),
    ],
)
def test_each_finding(check, changes, status, words):
    finding = told(check, **changes)
    assert finding.status is status
    assert words in finding.summary.raw


@pytest.mark.parametrize(
    ("check", "refusal", "status"),
    [
        (postgresql.answering, "no answer in time", Status.FAIL),
        (postgresql.accepting, "the database system is starting up", Status.FAIL),
        (postgresql.connections, "sorry, too many clients already", Status.FAIL),
        (postgresql.accepting, "sorry, too many clients already", Status.OK),
    ],
)
def test_each_refusal(check, refusal, status):
    (finding,) = refused(check, refusal)
    assert finding.status is status
