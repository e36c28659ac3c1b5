"""Redis: it answers, takes writes, and keeps what it is given."""

import inspect
from dataclasses import replace

import pytest

from diagkit.checks.functional import redis
from diagkit.model import Status
from diagkit.probes.redis import Cache, RedisServers, Server, SlowCommand

CACHE = Cache(
    memory_bytes=45 << 20, memory_limit_bytes=64 << 20, policy="noeviction", keys=100, expiring_keys=0,
    evictions_rate=0.0, clients=30, clients_limit=10_000, rejections_rate=0.0, loading=False, master="",
    master_lost_s=None, syncing=False, read_only=False, good_replicas=None, save_failed=False, append_failed=False,
    rewrite_failed=False, errors={}, slow=(),
)  # fmt: skip
FULL = {"memory_bytes": 64 << 20}
REPLICA = {"master": "10.0.0.9:6379", "read_only": True}
EVERY = [
    redis.answering, redis.memory, redis.writable, redis.replication, redis.persistence, redis.clients, redis.slow,
]  # fmt: skip


def judge(check, server):
    given = {"servers": RedisServers(all=(server,)), "limits": check.limits}
    wanted = inspect.signature(check.judge).parameters
    return list(check.judge(**{name: value for name, value in given.items() if name in wanted}))


def told(check, **changes):
    cache = replace(CACHE, **changes)
    (finding,) = judge(check, Server(place="0.0.0.0:6379", state="answered", said="", cache=cache))
    return finding


def untold(check, state, said):
    (finding,) = judge(check, Server(place="0.0.0.0:6379", state=state, said=said, cache=None))
    return finding


@pytest.mark.parametrize("check", EVERY, ids=lambda c: c.name)
def test_a_quiet_server_is_fine(check):
    assert told(check).status in (Status.OK, Status.SKIP)


@pytest.mark.parametrize("check", EVERY, ids=lambda c: c.name)
def test_a_server_with_a_password_is_unknown_but_alive(check):
    finding = untold(check, "refusing", "NOAUTH Authentication required.")
    assert finding.status is (Status.OK if check is redis.answering else Status.UNKNOWN)


@pytest.mark.parametrize(
    ("check", "changes", "status", "words"),
    [
        (redis.answering, {"loading": True}, Status.WARN, "LOADING"),
        (redis.memory, {"memory_limit_bytes": 0}, Status.OK, "no maxmemory"),
        (redis.memory, {"memory_bytes": 60 << 20}, Status.WARN, "almost at maxmemory"),
        (redis.memory, FULL, Status.FAIL, "OOM command not allowed"),
        (redis.memory, FULL | {"policy": "allkeys-lru"}, Status.OK, "allkeys-lru"),
        (redis.memory, FULL | {"policy": "volatile-lru"}, Status.FAIL, "volatile-lru"),
        (redis.memory, FULL | {"policy": "volatile-lru", "expiring_keys": 9}, Status.OK, "volatile-lru"),
        (redis.memory, {"errors": {"OOM": 2.0}}, Status.FAIL, "OOM command not allowed"),
        (redis.writable, REPLICA, Status.OK, "nobody tries to write"),
        (redis.writable, REPLICA | {"errors": {"READONLY": 1.5}}, Status.FAIL, "1.5 READONLY errors"),
        (redis.writable, REPLICA | {"master_lost_s": -1}, Status.FAIL, "never had a link"),
        (redis.writable, REPLICA | {"master_lost_s": -1, "syncing": True}, Status.OK, "replica"),
        (redis.replication, REPLICA, Status.OK, "linked"),
        (redis.replication, REPLICA | {"master_lost_s": 40}, Status.FAIL, "down for 40 s"),
        (redis.replication, REPLICA | {"master_lost_s": -1, "syncing": True}, Status.WARN, "first copy"),
        (redis.replication, {"errors": {"NOREPLICAS": 1.0}}, Status.FAIL, "too few replicas"),
        (redis.replication, {"good_replicas": 0}, Status.FAIL, "too few replicas"),
        (redis.persistence, {"save_failed": True}, Status.FAIL, "MISCONF"),
        (redis.persistence, {"append_failed": True}, Status.FAIL, "append"),
        (redis.persistence, {"rewrite_failed": True}, Status.WARN, "rewrite"),
        (redis.clients, {"clients": 9_500}, Status.WARN, "9500 clients"),
        (redis.clients, {"rejections_rate": 2.0}, Status.FAIL, "max number of clients"),
        (redis.slow, {"slow": (SlowCommand(name="GET", ms=20.0, age_s=9.0),)}, Status.OK, "none long"),
        (redis.slow, {"slow": (SlowCommand(name="KEYS", ms=400.0, age_s=9.0),)}, Status.WARN, "KEYS"),
        (redis.slow, {"slow": (SlowCommand(name="EVAL", ms=4e3, age_s=9.0),)}, Status.FAIL, "4.0 s, 9 s ago"),
        (redis.slow, {"slow": (SlowCommand(name="EVAL", ms=4e3, age_s=9e3),)}, Status.OK, "no slow"),
    ],
)
def test_each_finding(check, changes, status, words):
    finding = told(check, **changes)
    assert finding.status is status
    assert words in finding.summary.raw


@pytest.mark.parametrize(
    ("check", "state", "said", "status"),
    [
        (redis.answering, "mute", "said nothing in time", Status.FAIL),
        (redis.answering, "refused", "", Status.SKIP),
        (redis.clients, "refusing", "ERR max number of clients reached", Status.FAIL),
        (redis.answering, "refusing", "BUSY Redis is busy running a script.", Status.FAIL),
        (redis.slow, "refusing", "BUSY Redis is busy running a script.", Status.FAIL),
    ],
)
def test_each_refusal(check, state, said, status):
    assert untold(check, state, said).status is status
