"""Does each Redis answer, take writes, and keep what it is given?"""

from __future__ import annotations

from collections.abc import Iterator

from diagkit.checks import Findings, check, fail, ok, skip, unknown, warn
from diagkit.checks.resources import size
from diagkit.frozen import frozen
from diagkit.probes.redis import Cache, RedisServers, Server

LOCKED = ("NOAUTH", "WRONGPASS", "NOPERM", "DENIED")
FULL = "max number of clients"
HINT = "it wants a password: run `redis-cli --askpass INFO` there"


def _told(servers: RedisServers) -> Iterator[tuple[str, Cache]]:
    return ((one.place, one.cache) for one in servers.all if one.cache)


def _untold(servers: RedisServers) -> Findings:
    """What to say of those whose state was not told, in the same words in every check; why is said in `answering`."""
    for one in servers.all:
        if not one.cache:
            yield unknown(f"Redis did not tell its state: {one.said or one.state}", one.place, hint=_hint(one))


def _hint(server: Server) -> str:
    return HINT if server.said.startswith(LOCKED) else "see functional.redis.answering"


@check(noise=(0.002, 0.0005), vital=False, group="redis_silent")
def answering(servers: RedisServers) -> Findings:
    """Every Redis answers when it is spoken to.

    Why: it does one thing at a time, so one slow command or a stopped process keeps all clients waiting.
    Limits: a Redis with a password tells us nothing more, but it lives.
    Look-alikes: it answers, and refuses: that is judged in `clients`, `memory` and `writable`.
    """
    for one in servers.all:
        if one.state == "mute":
            yield fail(f"Redis takes connections but does not answer: {one.said}", one.place)
        elif one.said.startswith("BUSY"):
            yield fail(f"Redis is blocked: {one.said}", one.place)
        elif one.cache and one.cache.loading:
            yield warn("Redis is loading its data set into memory (LOADING)", one.place)
        elif one.state in ("answered", "refusing"):
            yield ok("it answers", one.place)
        else:
            yield skip(f"below: TCP is {one.state}", one.place)


@frozen(kw_only=True)
class Memory:
    """Share of maxmemory in use, where nothing may be evicted, at or above which we speak up.

    Source: awesome-prometheus-alerts RedisOutOfConfiguredMemory (90 %); at 100 % writes are refused.
    """

    warn: float = 0.9


@check(limits=Memory(), noise=(0.003, 0.0002), vital=False)
def memory(servers: RedisServers, limits: Memory) -> Findings:
    """Every Redis has room below maxmemory, or may evict keys to make some.

    Why: at maxmemory with `noeviction`, or with nothing left to evict, every write is refused: "OOM command not allowed
    when used memory > 'maxmemory'".
    Look-alikes: a cache that evicts is full by design.
    """
    for place, cache in _told(servers):
        used, most = cache.memory_bytes, cache.memory_limit_bytes
        evictable = 0 if cache.policy == "noeviction" else cache.keys
        evictable = cache.expiring_keys if cache.policy.startswith("volatile") else evictable
        share = used / most if most else 0.0
        text = f"{size(used)} used of maxmemory {size(most)}, policy {cache.policy}" if most else "no maxmemory is set"
        measured = {"used_bytes": used, "maxmemory_bytes": most, "oom_errors_per_s": cache.errors.get("OOM", 0.0)}
        if cache.errors.get("OOM") or (share >= 1 and not evictable):
            yield fail(
                f"Redis out of memory, writes are refused (OOM command not allowed): {text}", place, measured=measured
            )
        elif share >= limits.warn and not evictable:
            yield warn(f"Redis is almost at maxmemory: {text}", place, measured=measured)
        else:
            yield ok(text, place, measured=measured)
    yield from _untold(servers)


@check(noise=(0.001, 0.0002), vital=False)
def writable(servers: RedisServers) -> Findings:
    """No Redis refuses writes because it is a read-only replica.

    Why: after a failover, or a stray `replicaof`, clients that write get "READONLY You can't write against a read only
    replica".
    Look-alikes: a replica whose master was there and is gone: that is `replication`.
    """
    for place, cache in _told(servers):
        refused = cache.errors.get("READONLY", 0.0)
        if not cache.master:
            yield ok("master: it takes writes", place)
        elif refused:
            yield fail(
                f"read-only replica of {cache.master}, and clients write to it: {refused:.1f} READONLY errors a second",
                place,
                measured={"readonly_errors_per_s": refused},
            )
        elif cache.read_only and cache.master_lost_s is not None and cache.master_lost_s < 0 and not cache.syncing:
            yield fail(
                f"read-only replica of {cache.master}, to which it never had a link: READONLY for writers", place
            )
        else:
            yield ok(f"replica of {cache.master}; nobody tries to write to it", place)
    yield from _untold(servers)


@check(noise=(0.003, 0.0003), vital=False)
def replication(servers: RedisServers) -> Findings:
    """Every Redis replica has its link to the master, and every master enough replicas.

    Why: without it (`master_link_status:down`) it serves old data and cannot take over; a master with
    min-replicas-to-write refuses writes (NOREPLICAS).
    """
    for place, cache in _told(servers):
        if cache.good_replicas == 0 or cache.errors.get("NOREPLICAS"):
            yield fail("too few replicas follow: writes are refused (NOREPLICAS, min-replicas-to-write)", place)
        elif not cache.master:
            yield skip("it is no replica", place)
        elif cache.master_lost_s is None:
            yield ok(f"linked to its master {cache.master}", place)
        elif cache.syncing:
            yield warn(f"replication: the first copy from {cache.master} is under way", place)
        else:
            since = f"for {cache.master_lost_s} s" if cache.master_lost_s >= 0 else "and never was up"
            yield fail(f"replication broken: the link to the master {cache.master} is down {since}", place)
    yield from _untold(servers)


@check(noise=(0.002, 0.0002), vital=False)
def persistence(servers: RedisServers) -> Findings:
    """The last save of every Redis succeeded.

    Why: by default it refuses all writes after a save that failed (MISCONF, stop-writes-on-bgsave-error), and a restart
    loses what was not saved.
    """
    for place, cache in _told(servers):
        refused = cache.errors.get("MISCONF", 0.0)
        if cache.save_failed or cache.append_failed or refused:
            what = "append to its file" if cache.append_failed else "save to disk: the last background save failed"
            yield fail(f"Redis cannot {what} (MISCONF: writes are refused)", place)
        elif cache.rewrite_failed:
            yield warn("the last rewrite of the append-only file failed", place)
        else:
            yield ok("the last save succeeded", place)
    yield from _untold(servers)


@frozen(kw_only=True)
class Clients:
    """Share of maxclients in use at or above which we speak up.

    Source: awesome-prometheus-alerts RedisTooManyConnections (90 %).
    """

    warn: float = 0.9


@check(limits=Clients(), noise=(0.005, 0.0002), vital=False)
def clients(servers: RedisServers, limits: Clients) -> Findings:
    """Every Redis takes more clients.

    Why: at maxclients it closes new connections with "ERR max number of clients reached".
    Look-alikes: a low limit of open files makes Redis lower maxclients by itself; its log says so at start.
    """
    for one in servers.all:
        if FULL in one.said:
            yield fail(f"Redis refuses new clients: {one.said}", one.place)
        elif one.cache and one.cache.rejections_rate:
            rate = one.cache.rejections_rate
            yield fail(
                f"Redis refuses new clients: max number of clients reached, {rate:.1f} times a second", one.place
            )
        elif one.cache:
            have, most = one.cache.clients, one.cache.clients_limit
            verdict = warn if most and have >= limits.warn * most else ok
            yield verdict(f"{have} clients connected" + (f" of {most}" if most else ""), one.place)
    yield from (f for f in _untold(servers) if not any(FULL in one.said for one in servers.all))


@frozen(kw_only=True)
class Slow:
    """Milliseconds one command may hold up all others, and for how many seconds back we look.

    Source: our own: clients give up after one to five seconds; a quick command takes microseconds.
    """

    warn_ms: float = 250.0
    fail_ms: float = 1000.0
    window_s: float = 600.0


@check(limits=Slow(), noise=(0.005, 0.0003), vital=False, group="redis_silent")
def slow(servers: RedisServers, limits: Slow) -> Findings:
    """No command held a Redis up for long in the last minutes.

    Why: commands run one after the other, so `KEYS *`, a long script or a huge key stops everybody.
    Limits: the youngest 16 entries of SLOWLOG; no arguments, for those are user data.
    """
    for one in servers.all:
        if one.said.startswith("BUSY"):
            yield fail(f"Redis is blocked by a script: {one.said}", one.place)
    for place, cache in _told(servers):
        recent = [one for one in cache.slow if one.age_s <= limits.window_s]
        worst = max(recent, key=lambda one: one.ms, default=None)
        if worst is None or worst.ms < limits.warn_ms:
            yield ok(f"{len(recent)} slow commands, none long" if recent else "no slow commands", place)
        else:
            verdict = fail if worst.ms >= limits.fail_ms else warn
            text = f"blocking command {worst.name} held Redis up for {worst.ms / 1000:.1f} s, {worst.age_s:.0f} s ago"
            yield verdict(text, place, measured={"slowest_ms": worst.ms})
    yield from (f for f in _untold(servers) if "BUSY" not in f.summary.raw)
