"""What PostgreSQL and Redis said about themselves, recorded on Debian 12 (PostgreSQL 15, Redis 7.0), and what is made of it."""

import json
from pathlib import Path

import pytest

from diagkit.model import Reach, Reply, Silence, Unknown, Vantage
from diagkit.probes import Facts, Inapplicable, postgresql, redis
from diagkit.probes.postgresql import PostgresServers, ask_server
from diagkit.probes.redis import RedisServers, SlowCommand
from diagkit.probes.sockets import Listener, Listeners
from diagkit.transports.allowed import refuse_unless_allowed
from tests.probes.test_reach import WEB1, facts, say

HERE = Path(__file__).parent / "recorded"
POSTGRES = Listener(address="0.0.0.0", port=5432, waiting=0, backlog=124, process="postgres")
REDIS = Listener(address="0.0.0.0", port=6379, waiting=0, backlog=511, process="redis-server")
INFO = Reach("redis", "127.0.0.1", 6379, vantage=Vantage.TARGET)


def learn(probe, fact, *listeners, **replies) -> object:
    known: Facts = facts(probe, WEB1, given=(Listeners(all=listeners),), **replies)
    return known[fact]


def asked(reply: Reply) -> object:
    return learn(postgresql.servers, PostgresServers, POSTGRES, replies={ask_server(5432): reply})


def test_postgresql_tells_who_waits_for_whom():
    recorded = (HERE / "postgresql15_lock.json").read_bytes()
    (server,) = asked(Reply(out=recorded)).all
    assert server.place == "0.0.0.0:5432"
    assert (server.database.connections, server.database.connections_limit) == (7, 37)
    holder, *waiting = server.database.sessions
    assert (str(holder), holder.state) == ("stock-import[186]", "idle in transaction")
    assert {one.blocked_by for one in waiting} == {(186,)}


@pytest.mark.parametrize(
    ("complaint", "refusal"),
    [
        (
            'psql: error: connection to server on socket "/x" failed: FATAL:  sorry, too many clients already',
            "sorry, too many clients already",
        ),
        ('psql: error: connection to server on socket "/x" failed: timeout expired', "timeout expired"),
    ],
)
def test_postgresql_says_why_it_lets_nobody_in(complaint, refusal):
    (server,) = asked(Reply(err=complaint.encode(), code=2)).all
    assert server.database is None
    assert refusal in server.refusal


@pytest.mark.parametrize(
    ("reply", "silence"),
    [
        (Reply(err=b"runuser: may not be used by non-root users", code=1), Silence.DENIED),
        (Reply(err=b"runuser: user postgres does not exist or the user entry", code=1), Silence.UNSUPPORTED),
        (Reply(silence=Silence.MISSING), Silence.MISSING),
        (Reply(err=b"psql: error: something new", code=1), Silence.GARBLED),
        (Reply(out=b"{}"), Silence.GARBLED),
    ],
)
def test_what_postgresql_would_not_tell_is_unknown(reply, silence):
    fact = asked(reply)
    assert isinstance(fact, Unknown)
    assert fact.silence is silence


def test_the_statement_calls_only_what_is_allowed():
    argv = ask_server(5432).argv
    assert refuse_unless_allowed(argv).why
    for other in (
        "select pg_terminate_backend(1)",
        "select pg_catalog.pg_reload_conf ()",
        'select "pg_reload_conf"()',
        "select pg_read_file/**/('x')",
        "select 1; drop table x",
        "drop table x",
    ):
        with pytest.raises(ValueError, match="may not"):
            refuse_unless_allowed((*argv[:-1], other))


def test_redis_tells_its_role_its_errors_and_its_slow_commands():
    recorded = json.loads((HERE / "redis7_replica.json").read_text())
    (server,) = learn(redis.servers, RedisServers, REDIS, replies={INFO: say(**recorded)}).all
    cache = server.cache
    assert (cache.master, cache.master_lost_s, cache.read_only) == ("10.0.0.99:6379", -1, True)
    assert cache.errors["READONLY"] > 1
    assert cache.memory_limit_bytes == 64 << 20
    ((slow),) = cache.slow
    assert (slow.name, slow.ms) == ("EVAL", 512.5)
    assert 3 < slow.age_s < 6
    assert isinstance(slow, SlowCommand)


def test_redis_with_a_password_tells_nothing_but_lives():
    said = say(state="refusing", error="NOAUTH Authentication required.", took_ms=1.0)
    (server,) = learn(redis.servers, RedisServers, REDIS, replies={INFO: said}).all
    assert (server.state, server.cache) == ("refusing", None)


def test_nobody_is_asked_where_nothing_of_the_kind_listens():
    assert isinstance(learn(redis.servers, RedisServers, POSTGRES), Inapplicable)
    assert isinstance(learn(postgresql.servers, PostgresServers, REDIS), Inapplicable)


def test_where_processes_are_not_shown_the_usual_port_decides():
    anonymous = Listener(address="127.0.0.1", port=6379, waiting=0, backlog=0)
    other = Listener(address="127.0.0.1", port=6380, waiting=0, backlog=0)
    assert facts(redis.servers, WEB1, given=(Listeners(all=(anonymous, other)),)).wants() == {INFO}
