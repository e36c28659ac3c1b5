"""Does each PostgreSQL let clients in, and let them write?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from diagkit.checks import Findings, check, fail, ok, unknown, warn
from diagkit.frozen import frozen
from diagkit.model import Finding
from diagkit.probes.postgresql import Database, PostgresServers

NO_SLOT = re.compile("too many clients|connection slots are reserved|too many connections")
NOT_READY = re.compile(r"the database system is|not currently accepting connections")
MUTE = re.compile("no answer in time|timeout expired")


def told(servers: PostgresServers) -> Iterator[tuple[str, Database]]:
    """Those that told their state, and where each listens."""
    return ((one.place, one.database) for one in servers.all if one.database)


def untold(servers: PostgresServers) -> Iterator[Finding]:
    """What to say of those that did not, in the same words in every check; `answering` and `accepting` judge why."""
    for one in servers.all:
        if not one.database:
            yield unknown(f"PostgreSQL did not let us look: {one.refusal}", one.place, hint="see functional.postgresql")


@check(noise=(0.001, 0.0005), vital=False)
def answering(servers: PostgresServers) -> Findings:
    """Every PostgreSQL answers when it is spoken to.

    Why: the kernel takes connections for a server that is stopped or stuck; only an answer proves that it lives.
    Look-alikes: it answers, and refuses: that is judged in `accepting` and `connections`.
    """
    for one in servers.all:
        if MUTE.search(one.refusal):
            yield fail("PostgreSQL takes connections but does not answer", one.place, quote=one.refusal)
        else:
            yield ok("it answers", one.place)


@check(noise=(0.001, 0.0002), vital=False)
def accepting(servers: PostgresServers) -> Findings:
    """Every PostgreSQL, and every database in it, accepts connections.

    Why: while it starts, recovers or shuts down it refuses everybody: "the database system is starting up".
    Look-alikes: a server without a free connection (`connections`), or that wants another password (its log).
    """
    for one in servers.all:
        if NOT_READY.search(one.refusal):
            yield fail(f"PostgreSQL accepts no connections: {one.refusal}", one.place, quote=one.refusal)
        elif one.database and one.database.closed_databases:
            names = ", ".join(one.database.closed_databases)
            yield fail(f"database {names} is not accepting connections (ALLOW_CONNECTIONS false)", one.place)
        elif one.database or NO_SLOT.search(one.refusal):
            yield ok("it accepts connections", one.place)
        elif not MUTE.search(one.refusal):
            yield unknown(f"PostgreSQL did not let us look: {one.refusal}", one.place)


@frozen(kw_only=True)
class Slots:
    """Share of the connection slots in use, at or above which we speak up; at 1.0 the next client is refused.

    Source: awesome-prometheus-alerts PostgresqlTooManyConnections has 80 %; pools that are sized to fit stay there.
    """

    warn: float = 0.9


@check(limits=Slots(), noise=(0.01, 0.0002), vital=False)
def connections(servers: PostgresServers, limits: Slots) -> Findings:
    """Every PostgreSQL has free connections, for all and for each role and database with a limit of its own.

    Why: without one it refuses: "FATAL: sorry, too many clients already", "remaining connection slots are reserved".
    Look-alikes: sessions that pile up behind a lock (`locks`) or a slow query use up connections too.
    """
    for one in servers.all:
        if NO_SLOT.search(one.refusal):
            yield fail(f"too many connections: {one.refusal}", one.place, quote=one.refusal)
    for place, database in told(servers):
        used, most = database.connections, database.connections_limit
        full = [q for q in database.quotas if q.connections >= q.limit]
        held = ", ".join(f"{h.connections} {h.state or 'other'} by {h.client}" for h in database.holders[:2])
        text = f"{used} connections of {most}" + (f" ({held})" if held else "")
        measured = {"connections": used, "connections_limit": most}
        if used >= most:
            yield fail(f"too many connections, max_connections reached: {text}", place, measured=measured)
        elif full:
            limit = f"{full[0].connections} of {full[0].limit} (CONNECTION LIMIT)"
            yield fail(f"too many connections for {full[0].owner}: {limit}", place, measured=measured)
        elif used >= limits.warn * most:
            yield warn(f"almost out of connections: {text}", place, measured=measured)
        else:
            yield ok(text, place, measured=measured)
    yield from (f for f in untold(servers) if not NO_SLOT.search(f.summary.raw))


@check(noise=(0.001, 0.0002), vital=False)
def writable(servers: PostgresServers) -> Findings:
    """No PostgreSQL that is nobody's standby refuses writes.

    Why: with default_transaction_read_only every write fails: "cannot execute UPDATE in a read-only transaction".
    Look-alikes: a standby is read-only by nature; so is a primary that was started as one by mistake.
    """
    for place, database in told(servers):
        if database.read_only:
            yield fail("read-only: default_transaction_read_only is on for all", place)
        elif database.read_only_databases:
            names = ", ".join(database.read_only_databases)
            yield fail(f"database {names} is read-only (default_transaction_read_only)", place)
        elif database.recovering and not database.follows and not database.restores:
            yield fail("read-only: in recovery, as a standby that has no primary to follow", place)
        elif database.recovering:
            yield ok("a standby: read-only by nature", place)
        else:
            yield ok("it takes writes", place)
    yield from untold(servers)


@frozen(kw_only=True)
class Age:
    """Age of the oldest unfrozen transaction, in transactions.

    Source: autovacuum_freeze_max_age is 2e8; PostgreSQL refuses new transactions 3e6 before 2^31 (routine vacuuming).
    """

    warn: int = 1_000_000_000
    fail: int = 2_000_000_000


@check(limits=Age(), noise=(0.002, 0.0003), vital=False)
def vacuum(servers: PostgresServers, limits: Age) -> Findings:
    """Autovacuum is on, and the oldest transaction is far from wraparound.

    Why: dead rows make tables grow and queries slow; close to wraparound PostgreSQL stops taking writes.
    """
    for place, database in told(servers):
        age = f"the oldest transaction is {database.transaction_age:,} transactions old"
        if database.transaction_age >= limits.warn:
            verdict = fail if database.transaction_age >= limits.fail else warn
            yield verdict(f"transaction ID wraparound comes near: {age}", place)
        elif not database.autovacuum:
            yield warn("autovacuum is off: dead rows are not removed, tables bloat", place)
        else:
            yield ok(f"autovacuum is on; {age}", place)
    yield from untold(servers)
