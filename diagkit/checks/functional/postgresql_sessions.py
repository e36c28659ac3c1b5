"""What do the sessions of each PostgreSQL wait for, and for how long?"""

from __future__ import annotations

from collections.abc import Mapping

from diagkit.checks import Findings, check, fail, ok, warn
from diagkit.checks.functional.postgresql import told, untold
from diagkit.frozen import frozen
from diagkit.model import Unknown
from diagkit.probes import Inapplicable
from diagkit.probes.postgresql import Database, PostgresServers, Session
from diagkit.probes.processes import Processes

# Statements that take long by nature.
UPKEEP = {"COPY", "VACUUM", "ANALYZE", "CREATE", "REINDEX", "CLUSTER", "REFRESH", "ALTER", "AUTOVACUUM"}
IDLE = "idle in transaction"


@frozen(kw_only=True)
class Waiting:
    """Seconds a session waits for a lock at which we speak up; and so many of them waiting so long are a failure.

    Source: our own: log_lock_waits speaks up after deadlock_timeout (1 s), and clients seldom wait for 10 s.
    """

    warn_s: float = 4.0
    fail_s: float = 10.0
    many: int = 3


@check(limits=Waiting(), noise=(0.004, 0.0002), vital=False)
def locks(servers: PostgresServers, limits: Waiting) -> Findings:
    """No session waits long for a lock that another holds.

    Why: one transaction that is left open with a lock stops everybody who wants the same rows or table; processor and
    disk stay idle meanwhile.
    Limits: waits are counted from the start of the statement that waits.
    """
    for place, database in told(servers):
        blocked = [s for s in database.sessions if s.blocked_by and s.verb != "AUTOVACUUM"]
        longest = max((s.statement_s or 0.0 for s in blocked), default=0.0)
        if longest < limits.warn_s:
            yield ok(f"{len(blocked)} sessions wait for a lock, none for long", place)
            continue
        late = [s for s in blocked if (s.statement_s or 0.0) >= limits.warn_s]
        verdict = fail if longest >= limits.fail_s or len(late) >= limits.many else warn
        number = f"{len(blocked)} sessions wait for locks" if len(blocked) > 1 else "a session waits for a lock"
        text = f"database lock: {number}, up to {longest:.0f} s; held by {_holder(database, blocked)}"
        yield verdict(text, place, measured={"waiting": len(blocked), "longest_s": round(longest, 1)})
    yield from untold(servers)


def _holder(database: Database, blocked: list[Session]) -> str:
    """The session at the head of the queue: one that is waited for and does not wait itself."""
    waiting = {s.pid for s in blocked}
    heads = [pid for s in blocked for pid in s.blocked_by if pid not in waiting]
    if not heads:
        return "one another"
    pid = max(heads, key=heads.count)
    holder = next((s for s in database.sessions if s.pid == pid), None)
    if holder is None:
        return f"process {pid}" if pid else "a prepared transaction"
    return f"{holder} ({_doing(holder)}, transaction open for {holder.transaction_s:.0f} s)"


def _doing(session: Session) -> str:
    return session.verb if session.state == "active" else session.state


@frozen(kw_only=True)
class Open:
    """Seconds a transaction may idle, or be prepared and not finished; and a share of all connections that may idle so.

    Source: our own; the documentation of idle_in_transaction_session_timeout gives no figure, pools use 1 to 10 min.
    """

    warn_s: float = 300.0
    fail_s: float = 3600.0
    share: float = 0.25
    share_s: float = 5.0


@check(limits=Open(), noise=(0.0015, 0.0003), vital=False)
def transactions(servers: PostgresServers, limits: Open) -> Findings:
    """No transaction is left open while nobody works on it.

    Why: it keeps its locks and its connection, and no dead row that is younger than it can be vacuumed away.
    Look-alikes: a long transaction that works is a backup or a report.
    """
    for place, database in told(servers):
        idle = [s for s in database.sessions if s.state.startswith(IDLE)]
        oldest = max(idle, key=lambda s: s.state_s or 0.0, default=None)
        long = (oldest.state_s or 0.0) if oldest else 0.0
        settled = [s for s in idle if (s.state_s or 0.0) >= limits.share_s]
        prepared = max(database.prepared_s, default=0.0)
        if prepared >= limits.warn_s:
            verdict = fail if prepared >= limits.fail_s else warn
            yield verdict(f"a prepared transaction is left unfinished for {prepared:.0f} s: it keeps its locks", place)
        elif oldest and (long >= limits.warn_s or len(settled) >= limits.share * database.connections_limit):
            verdict = fail if long >= limits.fail_s else warn
            yield verdict(f"{len(idle)} sessions idle in transaction, {oldest} for {long:.0f} s", place)
        else:
            yield ok(f"{len(idle)} sessions idle in transaction, none for long", place)
    yield from untold(servers)


@frozen(kw_only=True)
class Running:
    """Seconds one statement may run, and how long where it takes most of a processor all the while.

    Source: our own: clients of web applications give up within 30 s, reports run for minutes.
    """

    warn_s: float = 60.0
    fail_s: float = 1800.0
    busy_s: float = 5.0
    busy: float = 0.5
    many: int = 3


@check(limits=Running(), noise=(0.03, 0.002), vital=False)
def queries(servers: PostgresServers, processes: Processes | Unknown | Inapplicable, limits: Running) -> Findings:
    """No statement runs long, except those that do by nature (COPY, VACUUM, CREATE INDEX).

    Why: a query without an index or an end takes a processor and a connection; soon others queue behind it.
    Look-alikes: one that waits for a lock is no slow query: that is `locks`.
    """
    shares = {p.pid: p.cpu for p in processes.all} if isinstance(processes, Processes) else {}
    for place, database in told(servers):
        running = [s for s in database.sessions if s.state == "active" and not s.blocked_by and s.verb not in UPKEEP]
        slow = sorted((s for s in running if _slow(s, shares, limits)), key=lambda s: -(s.statement_s or 0.0))
        if not slow:
            yield ok(f"{len(running)} statements run, none for long", place)
            continue
        worst, seconds = slow[0], slow[0].statement_s or 0.0
        cpu = f" and takes {shares[worst.pid]:.0%} of a processor" if worst.pid in shares else ""
        number = f"{len(slow)} slow queries; one" if len(slow) > 1 else "slow query: one"
        verdict = fail if seconds >= limits.fail_s or len(slow) >= limits.many else warn
        text = f"{number} of {worst} ({worst.verb}) runs for {seconds:.0f} s{cpu}"
        yield verdict(text, place, measured={"slow": len(slow), "longest_s": round(seconds, 1)})
    yield from untold(servers)


def _slow(session: Session, shares: Mapping[int, float], limits: Running) -> bool:
    seconds = session.statement_s or 0.0
    busy = shares.get(session.pid, 0.0) >= limits.busy
    return seconds >= (limits.busy_s if busy else limits.warn_s)
