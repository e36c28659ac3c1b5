"""Redis and its relatives: what each server on the host says about itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from diagkit.frozen import frozen
from diagkit.model import Ask, Reach, Reply, Vantage
from diagkit.probes import Absent, Answers, Withheld, probe
from diagkit.probes.doors import inner_address
from diagkit.probes.sockets import Listener, Listeners

USUAL_PORT = 6379
PROGRAMS = {"redis-server", "valkey-server", "keydb-server", "redis"}
MOST_SERVERS = 4
OPENS = "allow TCP forwarding in the ssh server, or run `redis-cli INFO` there"


@frozen(kw_only=True)
class SlowCommand:
    """A command of the slow log: its name, how long it held the server up, and how long ago that began."""

    name: str
    ms: float
    age_s: float


@frozen(kw_only=True)
class Cache:
    """What INFO says. Bytes, seconds; `…_rate` is per second between two samples. A limit of 0 is none.

    master: the host:port that a replica follows, empty for a master. master_lost_s: how long its link has been down;
    -1: it never was up; None: it is up. good_replicas: how many follow closely, where writes need some; None: they
    need none. errors: error replies per second by their first word (`OOM`, `READONLY`).
    """

    memory_bytes: int
    memory_limit_bytes: int
    policy: str
    keys: int
    expiring_keys: int
    evictions_rate: float
    clients: int
    clients_limit: int
    rejections_rate: float
    loading: bool
    master: str
    master_lost_s: int | None
    syncing: bool
    read_only: bool
    good_replicas: int | None
    save_failed: bool
    append_failed: bool
    rewrite_failed: bool
    errors: Mapping[str, float]
    slow: tuple[SlowCommand, ...]


@frozen(kw_only=True)
class Server:
    """One server. state: answered, refusing, mute, or how TCP failed; said: its refusal. cache: None where untold."""

    place: str
    state: str
    said: str
    cache: Cache | None


@frozen(kw_only=True)
class RedisServers:
    """Every Redis that listens on this host."""

    all: tuple[Server, ...]


def _servers(listeners: Listeners) -> list[Listener]:
    """One listener for each port of a server; where processes are not shown, whoever has the usual port."""
    found: dict[int, Listener] = {}
    for one in sorted(listeners.all, key=lambda one: (one.port, ":" in one.address)):
        if one.process in PROGRAMS or (not one.process and one.port == USUAL_PORT):
            found.setdefault(one.port, one)
    return list(found.values())[:MOST_SERVERS]


def _reach(listener: Listener) -> Reach:
    return Reach("redis", inner_address(listener), listener.port, vantage=Vantage.TARGET)


def _ask(listeners: Listeners) -> Iterable[Ask]:
    return [_reach(one) for one in _servers(listeners)]


@probe(also=_ask, opens=OPENS)
def servers(listeners: Listeners, answers: Answers) -> RedisServers:
    """Memory, clients, replication, persistence and slow commands of each Redis, asked over the host's own loopback."""
    found = [_server(str(one), answers[_reach(one)]) for one in _servers(listeners)]
    if not found:
        raise Absent("no Redis listens")
    return RedisServers(all=tuple(found))


def _server(place: str, reply: Reply) -> Server:
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    said = json.loads(reply.text)
    return Server(
        place=place,
        state=said["state"],
        said=said["error"],
        cache=_cache(said) if said["state"] == "answered" and "used_memory" in said["after"] else None,
    )


def _cache(said: Mapping[str, Any]) -> Cache:
    now, before, seconds = said["after"], _counters(said["before"]), said["seconds"]
    rates = {name: (grown - before.get(name, 0)) / seconds for name, grown in _counters(now).items()}
    replica = now["role"] == "slave"
    lost = replica and now["master_link_status"] != "up"
    spaces = [dict(p.split("=") for p in value.split(",")) for name, value in now.items() if _is_database(name)]
    clock = int(now["server_time_usec"]) / 1e6 if "server_time_usec" in now else None
    return Cache(
        memory_bytes=int(now["used_memory"]) - int(now.get("mem_not_counted_for_evict", 0)),
        memory_limit_bytes=int(now["maxmemory"]),
        policy=now["maxmemory_policy"],
        keys=sum(int(space["keys"]) for space in spaces),
        expiring_keys=sum(int(space["expires"]) for space in spaces),
        evictions_rate=rates["evicted_keys"],
        clients=int(now["connected_clients"]),
        clients_limit=int(now.get("maxclients", 0)),
        rejections_rate=rates["rejected_connections"],
        loading=now["loading"] != "0",
        master=f"{now['master_host']}:{now['master_port']}" if replica else "",
        master_lost_s=int(now.get("master_link_down_since_seconds", -1)) if lost else None,
        syncing=now.get("master_sync_in_progress", "0") != "0",
        read_only=replica and now.get("slave_read_only", "1") != "0",
        good_replicas=int(now["min_slaves_good_slaves"]) if "min_slaves_good_slaves" in now else None,
        save_failed=now["rdb_last_bgsave_status"] != "ok",
        append_failed=now.get("aof_last_write_status", "ok") != "ok",
        rewrite_failed=now.get("aof_last_bgrewrite_status", "ok") != "ok",
        errors={name.partition("_")[2]: rate for name, rate in rates.items() if name.startswith("errorstat_") and rate},
        slow=tuple(
            SlowCommand(name=s["command"], ms=s["ms"], age_s=(clock or s["at"]) - s["at"]) for s in said["slow"]
        ),
    )


def _is_database(name: str) -> bool:
    return name.startswith("db") and name[2:].isdigit()


def _counters(info: Mapping[str, str]) -> dict[str, int]:
    """The counters whose growth matters. Errors are counted as `errorstat_OOM:count=3`, since Redis 6.2."""
    plain = {name: int(info[name]) for name in ("evicted_keys", "rejected_connections")}
    errors = {n: int(v.partition("count=")[2].partition(",")[0]) for n, v in info.items() if n.startswith("errorstat_")}
    return plain | errors
