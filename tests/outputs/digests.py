"""What the logs of an invented incident say: the pool runs dry after the kernel killed the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from diagkit.model import LogDigest, LogSignature, LogSource, LogTemplate, Novelty, Status, Untrusted

U = Untrusted
ORIGIN = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
BUCKETS = 60
SILENT = (0,) * BUCKETS


def minute(number: int, second: int = 0) -> datetime:
    return ORIGIN + timedelta(minutes=number, seconds=second)


KILLS = tuple(int(i in (33, 36, 37, 41)) for i in range(BUCKETS))
REFUSED = tuple(max(0, 120 - 3 * (i - 34)) if i >= 34 else 0 for i in range(BUCKETS))
POOL = tuple(200 - 3 * i if i >= 34 else i % 2 for i in range(BUCKETS))

OOM = LogSignature(
    id="oom_killed",
    title="The kernel ran out of memory and killed a process",
    status=Status.FAIL,
    causes=("memory_exhausted",),
    count=sum(KILLS),
    first=minute(33, 11),
    last=minute(41),
    per_bucket=KILLS,
    names={"process": (U("java"), U("mysqld"))},
    samples=(
        U(
            "Out of memory: Killed process 4312 (java) total-vm:8231492kB, anon-rss:6123456kB, file-rss:0kB, "
            "shmem-rss:0kB, UID:1001 pgtables:14056kB oom_score_adj:0"
        ),
    ),
    source=U("var/log/syslog"),
)
UPSTREAM = LogSignature(
    id="nginx_upstream_refused",
    title="nginx cannot reach the server behind it: connection refused",
    status=Status.WARN,
    causes=(),
    count=sum(REFUSED),
    first=minute(34, 1),
    last=minute(59, 50),
    per_bucket=REFUSED,
    names={},
    samples=(
        U(
            "2026/11/21 14:39:01 [error] 812#812: *1023 connect() failed (111: Connection refused) while connecting "
            "to upstream, client: 10.0.0.7"
        ),
    ),
    source=U("var/log/nginx/error.log"),
)
DRY = LogTemplate(
    id="4f1c22d0",
    template=U("ERROR pool HikariPool-<*> timed out after <*>ms waiting for a connection"),
    novelty=Novelty.BURST,
    count=sum(POOL),
    before=17,
    first=minute(1),
    last=minute(59, 58),
    per_bucket=POOL,
    samples=(U("2026-11-21 14:39:02,113 ERROR pool HikariPool-1 timed out after 30001ms waiting for a connection"),),
    source=U("opt/app/app.log"),
)
GONE = LogTemplate(
    id="90ab7e11",
    template=U("ERROR heartbeat of <*> was late"),
    novelty=Novelty.STOPPED,
    count=0,
    before=412,
    first=minute(-180),
    last=minute(-1),
    per_bucket=SILENT,
    samples=(U("2026-11-21 14:04:00,007 ERROR heartbeat of db-1 was late"),),
    source=U("opt/app/app.log"),
)
SENT = LogDigest(
    target=U("bundle.tar"),
    files=(U("bundle.tar"),),
    since=ORIGIN,
    until=minute(BUCKETS),
    origin=ORIGIN,
    step_seconds=60.0,
    per_severity={"fail": KILLS, "warn": REFUSED, "error": POOL},
    began=minute(33, 11),
    sources=(
        LogSource(
            name=U("var/log/syslog"),
            size=812_000_000,
            read=1_203_000_000,
            first=minute(0),
            last=minute(59, 59),
            zone="Europe/Berlin",
            assumed=("year", "zone"),
        ),
        LogSource(
            name=U("opt/app/app.log"),
            size=12_000_000,
            read=11_800_000,
            first=minute(1),
            last=minute(59, 58),
            zone="Europe/Berlin",
            notes=(U("2 lines were longer than 64 KiB and were cut"),),
        ),
        LogSource(
            name=U("var/log/btmp"),
            size=768,
            read=0,
            first=None,
            last=None,
            zone="Europe/Berlin",
            unread=U("binary, and no log"),
        ),
    ),
    signatures=(OOM, UPSTREAM),
    templates=(DRY, GONE),
    error_lines=sum(POOL) + 40,
    explained=sum(POOL),
    baseline=U("the 3 h before"),
    engine="Vectorscan",
    unread=(U("var/log/old.log: last written before the window"),),
)
