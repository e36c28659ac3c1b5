"""Which files are read."""

from datetime import UTC, datetime

from diagkit.logs.files import AT_MOST, LogFile, compressed, listed, worth_reading

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
