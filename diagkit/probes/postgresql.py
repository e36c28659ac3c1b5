"""PostgreSQL: what the server says about itself when its administrator asks it on the host."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib.resources import files

from diagkit import codec
from diagkit.frozen import frozen
from diagkit.model import Ask, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Garbled, Withheld, probe
from diagkit.probes.sockets import Listener, Listeners

USUAL_PORT = 5432
MOST_SERVERS = 2
CONNECTION = "connect_timeout=3 application_name=diagkit options='-c statement_timeout=3000 -c lock_timeout=500'"
REFUSED = re.compile(r"(?:FATAL|PANIC): +(.*)|(could not connect.*|connection to server.*failed.*)")
OPENS = "log in as root, or allow this user `sudo -n`: only the administrator `postgres` is let in without a password"


@frozen(kw_only=True)
class Quota:
    """The most connections that a role or a database may have, and how many it has."""

    owner: str  # `role shop`, `database shop`
    limit: int
    connections: int


@frozen(kw_only=True)
class Holder:
    """How many connections one program has in one state (`idle`, `active`, `idle in transaction`)."""

    client: str
    state: str | None
    connections: int


@frozen(kw_only=True)
class Session:
    """A session within a transaction. Seconds since its statement, transaction and state began; None: no such thing.

    verb: the first word of its last statement; waits_for: a wait_event_type (`Lock`, `IO`, `Client`), or empty.
    """

    pid: int
    client: str
    database: str
    state: str
    verb: str
    waits_for: str
    event: str
    statement_s: float | None
    transaction_s: float
    state_s: float | None
    blocked_by: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.client}[{self.pid}]"


@frozen(kw_only=True)
class Standby:
    """A server that this one sends its WAL to, and how far it is behind."""

    name: str
    state: str | None
    sync_state: str | None
    behind_bytes: float
    behind_s: float


@frozen(kw_only=True)
class Slot:
    """A replication slot, and how much WAL is kept for it. wal_status: empty before PostgreSQL 13."""

    name: str
    active: bool
    wal_status: str
    held_bytes: float


@frozen(kw_only=True)
class Database:
    """The state of one server (a "cluster"). `connections_limit` leaves out those reserved for superusers.

    Of a standby: whether it streams from a primary (`receiving`), is told which one (`follows`), or restores from an
    archive instead (`restores`). archive_failed_s: seconds since the archiver failed, when nothing was archived after
    that; prepared_s: ages of prepared transactions; transaction_age: of the oldest, in transactions.
    """

    recovering: bool
    read_only: bool
    read_only_databases: tuple[str, ...]
    closed_databases: tuple[str, ...]
    connections: int
    connections_limit: int
    quotas: tuple[Quota, ...]
    holders: tuple[Holder, ...]
    sessions: tuple[Session, ...]
    prepared_s: tuple[float, ...]
    synchronous: bool
    standbys: tuple[Standby, ...]
    receiving: bool
    follows: bool
    restores: bool
    replay_paused: bool
    replay_behind_bytes: float
    slots: tuple[Slot, ...]
    wal_bytes: float
    wal_limit_bytes: float
    archiving: bool
    archive_failed_s: float | None
    transaction_age: int
    autovacuum: bool


@frozen(kw_only=True)
class Server:
    """One server and its state; where it did not let its administrator in, `refusal` is what it said instead."""

    place: str
    database: Database | None
    refusal: str = ""


@frozen(kw_only=True)
class PostgresServers:
    """Every PostgreSQL that listens on this host."""

    all: tuple[Server, ...]


def statement() -> str:
    """postgresql.sql in one line, without its comments."""
    text = (files("diagkit.probes") / "postgresql.sql").read_text("utf-8")
    return " ".join(re.sub(r"^--.*$", "", text, flags=re.MULTILINE).split())


def ask_server(port: int) -> Run:
    """The question to the server on this port: through its Unix socket, as the account it runs under."""
    psql = ("psql", "-XAtqw", "-p", str(port), "-d", CONNECTION)
    transaction = ("-c", "begin read only", "-c", statement())
    return Run(("runuser", "-u", "postgres", "--", *psql, *transaction), timeout=7, root=True)


def _servers(listeners: Listeners) -> dict[int, Listener]:
    """One listener for each port of a server; where processes are not shown, whoever has the usual port."""
    found: dict[int, Listener] = {}
    for one in sorted(listeners.all, key=lambda one: (one.port, ":" in one.address)):
        if one.process in ("postgres", "postmaster") or (not one.process and one.port == USUAL_PORT):
            found.setdefault(one.port, one)
    return dict(list(found.items())[:MOST_SERVERS])


def _ask(listeners: Listeners) -> Iterable[Ask]:
    return [ask_server(port) for port in _servers(listeners)]


@probe(also=_ask, opens=OPENS)
def servers(listeners: Listeners, answers: Answers) -> PostgresServers:
    """Sessions, locks, replication and WAL of each PostgreSQL on the host, from its own statistics views."""
    found = [_server(str(one), answers[ask_server(port)]) for port, one in _servers(listeners).items()]
    if not found:
        raise Absent("no PostgreSQL listens")
    return PostgresServers(all=tuple(found))


def _server(place: str, reply: Reply) -> Server:
    if reply.silence is Silence.TIMEOUT:
        return Server(place=place, database=None, refusal="no answer in time")
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    if "non-root" in reply.complaint:
        raise Withheld(Silence.DENIED, "only root may ask as postgres")
    if "does not exist" in reply.complaint and "user postgres" in reply.complaint:
        raise Withheld(Silence.UNSUPPORTED, reply.complaint)
    if reply.code:
        if refused := REFUSED.search(reply.complaint):
            return Server(place=place, database=None, refusal=refused[1] or refused[2])
        raise Garbled(reply.complaint[:120])
    return Server(place=place, database=codec.load(Database, json.loads(reply.text), place))
