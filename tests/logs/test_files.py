"""Which files are read."""

from datetime import UTC, datetime

from diagkit.logs.files import AT_MOST, LogFile, compressed, found_by_name, found_open, listed, worth_reading

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def written(path: str, hour: int = 12) -> LogFile:
    return LogFile(path=path, size=1, modified=NOON.replace(hour=hour))


def test_both_listings_are_read() -> None:
    gnu = "/var/log/:\ntotal 4\n-rw-r----- 1 root adm 42 2026-11-21 21:48:03.168982080 +0100 a b.log\n\n/var/log/x:\ndrwxr-xr-x 2 a b 4 2026-11-21 21:48:03.1 +0100 d\n"
    busybox = "/var/log/:\ntotal 4\n-rw-r--r--    1 root     root            51 2026-11-21 21:48:05 +0000 messages\n-rw-r--r--    1 root     root             0 2026-11-21 21:48:05 +0000 empty\n"
    assert list(listed(gnu.splitlines())) == [
        LogFile(path="/var/log/a b.log", size=42, modified=datetime(2026, 11, 21, 20, 48, 3, tzinfo=UTC))
    ]
    assert [f.path for f in listed(busybox.splitlines())] == ["/var/log/messages"]


def test_syslog_is_read_where_the_journal_is_not() -> None:
    files = [written("/var/log/syslog"), written("/var/log/auth.log"), written("/var/log/nginx/error.log")]
    assert worth_reading(files, NOON, journal=True) == ["/var/log/nginx/error.log"]
    assert len(worth_reading(files, NOON, journal=False)) == 3


def test_what_is_no_log_or_old_or_compressed_is_left_out() -> None:
    files = [
        written("/var/log/wtmp"), written("/var/log/journal/1/system.journal"), written("/var/log/shop/app.log", 11),
        written("/var/log/shop/app.log.2.gz"), written("/var/log/dpkg.log"), written("/var/log/$(reboot).log"),
    ]  # fmt: skip
    assert worth_reading(files, NOON, journal=True) == []
    assert compressed(files, NOON) == ("/var/log/shop/app.log.2.gz",)


def test_telling_ones_come_first_and_there_is_an_end() -> None:
    files = [written(f"/var/log/app{n}.log") for n in range(40)] + [written("/var/log/shop/deploy.log", 12)]
    chosen = worth_reading(files, NOON, journal=True)
    assert chosen[0] == "/var/log/shop/deploy.log"
    assert len(chosen) == AT_MOST


def test_rotated_syslog_is_left_where_the_journal_is_read() -> None:
    files = [
        written("/var/log/syslog.2.gz"),
        written("/var/log/shop/app.log-20261121.xz"),
        written("/var/log/a.1.gz", 11),
    ]
    assert compressed(files, NOON, journal=True) == ("/var/log/shop/app.log-20261121.xz",)
    assert len(compressed(files, NOON)) == 2


def test_open_files_that_look_like_logs_are_found() -> None:
    links = """\
'/proc/92/fd/20' -> '/opt/tomcat/logs/catalina.out'
'/proc/92/fd/21' -> '/srv/shop/log/production.log'
`/proc/93/fd/3' -> `/home/deploy/app/server.log'
'/proc/94/fd/4' -> '/var/lib/kafka/orders-0/00000000000000000000.log'
'/proc/95/fd/5' -> '/var/lib/mysql/ib_logfile0'
'/proc/95/fd/6' -> '/var/lib/mysql/mysql-bin.000003'
'/proc/96/fd/7' -> '/srv/blog/index.db'
'/proc/97/fd/8' -> '/opt/app/app.log (deleted)'
"""
    assert list(found_open(links.splitlines())) == [
        "/opt/tomcat/logs/catalina.out", "/srv/shop/log/production.log", "/home/deploy/app/server.log",
    ]  # fmt: skip


def test_logs_that_nobody_has_open_are_found_by_their_names() -> None:
    listing = """\
5120 1795348800 /var/lib/pgsql/15/data/log/postgresql-Sun.log
77 1795348800 /var/lib/docker/containers/5f/5f-json.log
12 1795348800 /opt/app/logs/README.md
0 1795348800 /opt/app/logs/empty.log
find: something else
"""
    found = list(found_by_name(listing.splitlines()))
    assert [file.path for file in found] == [
        "/var/lib/pgsql/15/data/log/postgresql-Sun.log", "/var/lib/docker/containers/5f/5f-json.log",
    ]  # fmt: skip
    assert found[0] == LogFile(path=found[0].path, size=5120, modified=NOON.replace(day=22))
