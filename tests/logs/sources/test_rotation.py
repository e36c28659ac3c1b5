"""Which files are one log, and in which order."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagkit.logs import sources
from diagkit.logs.sources.rotation import base
from tests.logs.sources.making import run


@pytest.mark.parametrize(
    ("name", "was"),
    [
        ("syslog", "syslog"), ("syslog.1", "syslog"), ("syslog.2.gz", "syslog"), ("messages-20261120", "messages"),
        ("messages-20261120.xz", "messages"), ("messages-1763762833.gz", "messages"), ("app.log-20261120.xz", "app.log"),
        ("access.log.2026-11-20.zst", "access.log"), ("app-2026-11-20.log", "app.log"), ("app.3.log", "app.log"),
        ("app.log.2026-11-20.3", "app.log"), ("app.2026-11-20.3.log.gz", "app.log"), ("catalina.2026-11-20.log", "catalina.log"),
        ("localhost_access_log.2026-11-20.txt", "localhost_access_log.txt"), ("app.log.old", "app.log"),
        ("postgresql-2026-11-20_120000.log", "postgresql.log"), ("0.log", ".log"), ("3.log.20261120-120000.gz", ".log"),
        ("dmesg.0", "dmesg"), ("web-01.log", "web-01.log"), ("php7.4-fpm.log", "php7.4-fpm.log"), ("ip-10-0-0-1.log", "ip-10-0-0-1.log"),
    ],
)  # fmt: skip
def test_the_name_before_rotation(name: str, was: str) -> None:
    assert base(name) == was


def line(day: int, word: str = "x") -> bytes:
    return b"2026-11-%02d 12:00:00 INFO %s\n" % (day, word.encode())


def names(folder: Path) -> list[list[str]]:
    found, _ = sources.find([str(folder)])
    return [[Path(part.name).name for part in one.parts] for one in found]


def test_a_rotated_set_is_one_log_by_its_stamps_and_not_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(line(20))
    (tmp_path / "app.log.1").write_bytes(line(17))  # a tool that counts upwards
    (tmp_path / "app.log.2.gz").write_bytes(run("gzip", "-c", given=line(18)))
    (tmp_path / "app.log-20261119.xz").write_bytes(run("xz", "-c", given=line(19)))
    (tmp_path / "other.log").write_bytes(line(1))
    assert names(tmp_path) == [["app.log.1", "app.log.2.gz", "app.log-20261119.xz", "app.log"], ["other.log"]]
    found, _ = sources.find([str(tmp_path)])
    assert found[0].name == str(tmp_path / "app.log")
    assert [part.first for part in found[0].parts] == [
        datetime(2026, 11, day, 12, tzinfo=UTC) for day in (17, 18, 19, 20)
    ]


def test_without_stamps_the_names_tell(tmp_path: Path) -> None:
    for name in ("x.log", "x.log.1", "x.log.2", "x.log.10", "y.log", "y.log-20261103", "y.log-20261020"):
        (tmp_path / name).write_bytes(b"no time here\n")
    assert names(tmp_path) == [
        ["x.log.10", "x.log.2", "x.log.1", "x.log"],
        ["y.log-20261020", "y.log-20261103", "y.log"],
    ]


def test_seconds_since_boot_order_nothing(tmp_path: Path) -> None:
    for name, second in (("dmesg", 1), ("dmesg.0", 900), ("dmesg.1", 5)):
        (tmp_path / name).write_bytes(b"[%5d.000000] Linux version 6.1.0\n" % second)
    assert names(tmp_path) == [["dmesg.1", "dmesg.0", "dmesg"]]


def test_a_fresh_live_file_is_the_youngest(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"")
    (tmp_path / "app.log.1").write_bytes(line(19))
    assert names(tmp_path) == [["app.log.1", "app.log"]]


def test_a_copy_that_compressing_left_behind_is_not_read_twice(tmp_path: Path) -> None:
    (tmp_path / "app.log.1").write_bytes(line(19))
    (tmp_path / "app.log.1.gz").write_bytes(run("gzip", "-c", given=line(19)))
    assert names(tmp_path) == [["app.log.1"]]


def test_logs_of_one_name_in_two_directories_are_two(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "app.log").write_bytes(line(19))
    assert names(tmp_path) == [["app.log"], ["app.log"]]
