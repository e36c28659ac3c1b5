"""Does the write-ahead log of each PostgreSQL get where it ought to, and go away when it is not needed any more?"""

from __future__ import annotations

from diagkit.checks import Findings, check, fail, ok, skip, warn
from diagkit.checks.functional.postgresql import told, untold
from diagkit.checks.resources import size
from diagkit.frozen import frozen
from diagkit.model import Finding
from diagkit.probes.postgresql import Database, PostgresServers, Standby


@frozen(kw_only=True)
class Lag:
    """How far a standby may be behind, in seconds and in bytes.

    Source: awesome-prometheus-alerts PostgresqlReplicationLag (30 s); the bytes are our own: some minutes of writing.
    """

    warn_s: float = 30.0
    fail_s: float = 300.0
    warn_bytes: int = 256 << 20
    fail_bytes: int = 2 << 30


@check(limits=Lag(), noise=(0.005, 0.0003), vital=False)
def replication(servers: PostgresServers, limits: Lag) -> Findings:
    """Every standby follows its primary closely.

    Why: a standby that fell behind serves old data and is no use in a failover; with synchronous replication commits
    wait for it.
    Look-alikes: broken (nothing is received) and slow (it is received, and replayed late) are two faults.
    """
    for place, database in told(servers):
        yield _as_standby(place, database, limits) if database.recovering else _as_primary(place, database, limits)
    yield from untold(servers)


def _as_standby(place: str, database: Database, limits: Lag) -> Finding:
    behind = database.replay_behind_bytes
    if database.replay_paused:
        return fail("replication: replay is paused on this standby (pg_wal_replay_resume)", place)
    if database.follows and not database.receiving:
        return fail("replication broken: this standby receives nothing from its primary", place)
    if behind >= limits.warn_bytes:
        verdict = fail if behind >= limits.fail_bytes else warn
        return verdict(f"replication lag: this standby has {size(int(behind))} of WAL left to replay", place)
    return ok("a standby that follows", place)


def _as_primary(place: str, database: Database, limits: Lag) -> Finding:
    held = [s for s in database.sessions if s.event == "SyncRep"]
    if held:
        text = f"replication: {len(held)} commits wait for a synchronous standby"
        connected = ", ".join(one.name for one in database.standbys) or "none"
        return fail(f"{text} (synchronous_standby_names; connected: {connected})", place)
    if not database.standbys:
        return skip("no standby is connected", place)
    worst = max(database.standbys, key=lambda one: (one.behind_s, one.behind_bytes))
    text = f"standby {worst.name} is {size(int(worst.behind_bytes))} behind ({worst.behind_s:.0f} s)"
    if _late(worst, limits.warn_s, limits.warn_bytes):
        verdict = fail if _late(worst, limits.fail_s, limits.fail_bytes) else warn
        return verdict(f"replication lag: {text}", place)
    return ok(text, place)


def _late(standby: Standby, seconds: float, number: int) -> bool:
    return standby.behind_s >= seconds or standby.behind_bytes >= number


@frozen(kw_only=True)
class Kept:
    """Bytes of WAL that an unused slot may keep, and how often max_wal_size all WAL may be.

    Source: our own; max_wal_size is a soft limit that heavy writing exceeds for a while.
    """

    slot_bytes: int = 128 << 20
    times: float = 2.0


@check(limits=Kept(), noise=(0.001, 0.0003), vital=False)
def retention(servers: PostgresServers, limits: Kept) -> Findings:
    """No WAL is kept for ever: the archiver succeeds, and no unused replication slot holds it back.

    Why: what cannot be archived or fetched piles up in pg_wal until the disk is full and PostgreSQL stops.
    """
    for place, database in told(servers):
        total = f"pg_wal has {size(int(database.wal_bytes))}"
        idle = [s for s in database.slots if not s.active and s.held_bytes >= limits.slot_bytes]
        lost = [s for s in database.slots if s.wal_status == "lost"]
        if lost:
            yield fail(f"replication slot {lost[0].name} has lost the WAL it needs", place)
        elif idle:
            worst = max(idle, key=lambda s: s.held_bytes)
            kept = f"inactive replication slot {worst.name} holds back {size(int(worst.held_bytes))} of WAL"
            verdict = fail if worst.held_bytes >= database.wal_limit_bytes else warn
            yield verdict(f"{kept}; {total}", place, measured={"held_bytes": worst.held_bytes})
        elif database.archiving and database.archive_failed_s is not None:
            yield fail(
                f"WAL archiving fails, last {database.archive_failed_s:.0f} s ago (archive_command); {total}", place
            )
        elif database.wal_bytes >= limits.times * database.wal_limit_bytes:
            yield warn(f"{total}, max_wal_size is {size(int(database.wal_limit_bytes))}", place)
        else:
            yield ok(total, place)
    yield from untold(servers)
