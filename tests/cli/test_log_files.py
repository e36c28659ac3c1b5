"""`diagkit logs PATH...`: files that somebody sent, from the command line to the report."""

from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from diagkit.cli.places import is_path
from diagkit.config import Config
from diagkit.outputs.json import schema

START = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
KILLED = (
    "kernel: [12345.678901] Out of memory: Killed process 4312 (java) total-vm:8231492kB, anon-rss:6123456kB, "
    "file-rss:0kB, shmem-rss:0kB, UID:1001 pgtables:14056kB oom_score_adj:0"
)


def minutes(number: int) -> Iterator[tuple[int, datetime]]:
    for second in range(number * 60):
        yield second // 60, START + timedelta(seconds=second)


def syslog(number: int = 70) -> Iterator[str]:
    """As rsyslog 8 writes it: the kernel kills a process in the minutes 33, 36 and 41."""
    for minute, at in minutes(number):
        stamp = f"{at:%b} {at.day:2} {at:%H:%M:%S} web1"
        yield f"{stamp} systemd[1]: Started session-{at:%H%M%S}.scope - Session {minute} of User root."
        if at.second == 11 and minute in (33, 36, 41):
            yield f"{stamp} {KILLED}"


def application(number: int = 70) -> Iterator[str]:
    """As Log4j 2 writes it: one error a minute as ever, and from minute 34 on another."""
    for minute, at in minutes(number):
        stamp = f"{at:%Y-%m-%d %H:%M:%S},117"
        yield f"{stamp} INFO  [main] com.shop.Cart - served /cart/{at.second}"
        if at.second == 5:
            yield f"{stamp} ERROR [main] com.shop.Cache - no entry for key k{minute}"
        if minute >= 34 and at.second % 3 == 0:
            yield f"{stamp} ERROR [main] com.shop.Pool - HikariPool-1 timed out after 3{at.second:04}ms"


def write(path: Path, lines: Iterator[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    os.utime(path, (START.timestamp() + 4200, START.timestamp() + 4200))
    return path


@pytest.fixture
def sent(home: Path) -> Path:
    """A directory as a customer sends it."""
    write(home / "sent" / "syslog", syslog())
    write(home / "sent" / "app.log", application())
    return home / "sent"


def told(done: subprocess.CompletedProcess[str]) -> dict:
    report = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema()).validate(report)
    return report


def test_a_directory_tells_the_cause_since_when_and_what_is_new(diagkit, sent):
    done = diagkit("logs", "sent", "--zone", "UTC", COLUMNS="80")
    assert done.returncode == 2, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(("PROBABLE on sent: ", "CONFIRMED on sent: "))
    assert "emory" in lines[0]
    assert any("began 13:33:11" in line for line in lines)
    assert any(line.startswith("   + new   ERROR [main] com.shop.Pool") for line in lines)
    assert not any(line.startswith("   + new") and "no entry for key" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert lines[-1].strip().startswith("diagkit runbook show ")
    assert done.stderr == ""


def test_a_single_line_that_is_known_is_told_though_it_is_no_finding(diagkit, home):
    line = '{"level":"error","ts":1795297684,"msg":"dial tcp 10.0.0.7:5432: connect: connection refused"}'
    (home / "app.log").write_text(f"{line}\n")
    done = diagkit("logs", "./app.log", COLUMNS="120")
    assert done.returncode == 0
    assert "Connection refused (ECONNREFUSED) (10.0.0.7:5432): 21:48:04, 1 of the 5 that would tell" in done.stdout


def test_uptimes_count_back_from_when_the_file_was_written(diagkit, home):
    """As `dmesg > dmesg.txt` leaves them, whose time of boot nobody wrote down."""
    lines = [f"[{5000 + n * 60:5}.000000] usb 1-{n}: new high-speed USB device" for n in range(30)]
    lines.append("[ 6800.000000] Out of memory: Killed process 4312 (java) total-vm:8231492kB, anon-rss:6123456kB")
    write(home / "dmesg", iter(lines))
    written = datetime(2026, 3, 2, 14, 0, tzinfo=UTC).timestamp()
    os.utime(home / "dmesg", (written, written))
    done = diagkit("logs", "./dmesg", "--zone", "UTC", COLUMNS="160")
    assert "2026-03-02 13:30:00–14:00:00 UTC, times since boot, the last taken to be as old as the file" in done.stdout
    assert "java" in done.stdout


def test_json_has_the_same_numbers_and_fits_its_schema(diagkit, sent):
    report = told(diagkit("logs", "sent", "--zone", "UTC", "--format", "json"))
    (digest,) = report["logs"]
    assert digest["files"] == ["sent"]
    assert digest["began"] == "2026-03-02T13:33:11Z"
    assert sum(digest["per_severity"]["fail"]) == 3
    assert sum(digest["per_severity"]["error"]) == 70 + 36 * 20
    oom = next(s for s in digest["signatures"] if s["id"] == "oom_killed")
    assert (oom["count"], oom["status"], oom["names"]["process"]) == (3, "fail", ["java"])
    states = {t["template"].split(" - ")[1][:5]: t["novelty"] for t in digest["templates"] if not t["signature"]}
    assert states == {"no en": "steady", "Hikar": "new"}
    assert {source["zone"] for source in digest["sources"]} == {"UTC"}


def test_the_same_in_a_tar_rotated_and_compressed_and_through_a_pipe(diagkit, sent, home, environment):
    lines = list(syslog())
    (sent / "syslog.1.gz").write_bytes(gzip.compress("".join(f"{line}\n" for line in lines[:2000]).encode()))
    write(sent / "syslog", iter(lines[2000:]))
    with tarfile.open(home / "sent.tar.gz", "w:gz") as archive:
        archive.add(sent, "sent")
    kills = {}
    for place in ("sent", "sent.tar.gz"):
        report = told(diagkit("logs", place, "--zone", "UTC", "--format", "json"))
        kills[place] = [s["count"] for s in report["logs"][0]["signatures"] if s["id"] == "oom_killed"]
    piped = subprocess.run(
        [sys.executable, "-m", "diagkit", "logs", "-", "--zone", "UTC", "--format", "json"],
        env=environment, cwd=home, capture_output=True, text=True, timeout=60, check=False,
        input="".join(f"{line}\n" for line in lines),
    )  # fmt: skip
    kills["-"] = [s["count"] for s in told(piped)["logs"][0]["signatures"] if s["id"] == "oom_killed"]
    assert kills == {"sent": [3], "sent.tar.gz": [3], "-": [3]}


@pytest.mark.parametrize(
    ("words", "since", "until", "kills"),
    [
        (("--since", "13:35", "--until", "13:50"), "13:35:00", "13:50:00", 2),
        (("--at", "13:40"), "13:25:00", "13:45:00", 3),
        (("--since", "30m"), "13:39:59", "14:09:59", 1),
        (("--until", "13:35"), "13:00:00", "13:35:00", 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_times_count_from_the_newest_line_of_old_files(diagkit, sent, words, since, until, kills):
    done = diagkit("logs", "sent", "--zone", "UTC", "--format", "json", *words)
    report = told(done)
    assert "counted from the newest line" in done.stderr
    assert report["run"]["since"][:19] == f"2026-03-02T{since}"
    assert report["run"]["until"][:19] == f"2026-03-02T{until}"
    assert sum(s["count"] for s in report["logs"][0]["signatures"] if s["id"] == "oom_killed") == kills


def test_the_zone_of_stamps_that_do_not_say_theirs(diagkit, sent):
    done = diagkit("logs", "sent", "--zone", "Europe/Berlin", COLUMNS="200")
    assert "began 12:33:11" in done.stdout
    assert "times without a zone taken as Europe/Berlin" in done.stdout
    assert "year not said" in done.stdout


def test_a_baseline_is_another_file(diagkit, sent, home):
    write(home / "healthy.log", (line for line in application(200) if "HikariPool" not in line))
    (digest,) = told(diagkit("logs", "sent/app.log", "--baseline", "healthy.log", "--format", "json"))["logs"]
    assert digest["baseline"] == "healthy.log"
    assert {t["novelty"] for t in digest["templates"] if "Hikari" in t["template"]} == {"new"}


def test_logs_without_trouble_make_no_host_healthy(diagkit, home):
    write(home / "quiet.log", (line for line in application() if "ERROR" not in line))
    done = diagkit("logs", "quiet.log", "--zone", "UTC")
    assert done.returncode == 0
    assert "HEALTHY" not in done.stdout
    assert done.stdout.startswith("NOTHING KNOWN to mean trouble in quiet.log")
    assert json.loads(diagkit("logs", "quiet.log", "--format", "json").stdout)["diagnosis"]["verdict"] == "inconclusive"


def test_failed_requests_of_an_access_log_are_counted_and_drawn(diagkit, home):
    """In the combined format, as nginx 1.22 writes it: every third request fails from minute 34 on."""
    lines = (
        f'10.0.0.7 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET /cart HTTP/1.1" '
        f'{502 if minute >= 34 and at.second % 3 == 0 else 200} 157 "-" "curl/7.88.1"'
        for minute, at in minutes(70)
    )
    write(home / "access.log", lines)
    report = told(diagkit("logs", "access.log", "--format", "json"))
    assert report["logs"][0]["began"] == "2026-03-02T13:34:00Z"
    assert sum(report["logs"][0]["per_severity"]["error"]) == 36 * 20
    (found,) = [f for f in report["findings"] if f["check"] == "logs.applications.http_errors"]
    assert (found["status"], found["measured"]) == ("fail", {"failed": 720.0, "requests": 4200.0})


def test_the_histogram_by_signature_and_in_ascii(diagkit, sent):
    done = diagkit("logs", "sent", "--zone", "UTC", "--by", "signature", "--ascii", COLUMNS="80")
    assert "oom_killed" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("form", ["markdown", "junit", "jsonl"])
def test_every_other_format_has_it_too(diagkit, sent, form):
    done = diagkit("logs", "sent", "--zone", "UTC", "--format", form)
    assert done.returncode == 2
    assert "13:33:11" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sent/sylog",), 66, "there is no file or directory 'sent/sylog'; did you mean sent/syslog?"),
        (("gone.log",), 66, "there is no file or directory 'gone.log'"),
        (("sent", "web1"), 64, "'web1' is a host and 'sent' a file"),
        (("sent", "--deep"), 64, "--deep is for hosts"),
        (("sent", "--zone", "Europe/Berln"), 64, "did you mean Europe/Berlin?"),
        (("sent", "--since", "tomorrow"), 64, "'tomorrow'"),
        (("sent", "--baseline", "sent/sylog"), 66, "did you mean sent/syslog?"),
        (("web1", "--zone", "UTC"), 64, "--zone is for files"),
        (("sent", "--format", "jsn"), 64, "did you mean json"),
        (("--explain-line", " "), 64, "--explain-line wants a line of a log"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_said_in_one_sentence(diagkit, sent, words, code, said):
    done = diagkit("logs", *words)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_target_that_was_declared_wins_over_a_file_of_its_name(diagkit, home):
    write(home / "web1", syslog(1))
    (home / "diagkit.toml").write_text('[targets.web1]\naddress = "web1.invalid"\n')
    assert "NOT REACHED" in diagkit("logs", "web1", "--timeout", "5").stdout
    assert "NOTHING KNOWN" in diagkit("logs", "./web1").stdout


@pytest.mark.parametrize(
    ("word", "file"), [("10.0.0.5", False), ("ops@10.0.0.5", False), ("app.log.1", True), ("syslog.2", True)]
)
def test_an_address_is_a_host_and_no_rotated_log(word, file):
    assert is_path(word, Config()) is file


def test_what_could_not_be_read_is_said_and_is_no_zero(diagkit, sent):
    (sent / "old.log.gz").write_bytes(gzip.compress(b"2026-03-02 13:00:00 INFO fine\n" * 999)[:40])
    (sent / "pipe.log").unlink(missing_ok=True)
    os.mkfifo(sent / "pipe.log")
    for name in ("syslog", "app.log"):
        write(sent / name, (line for line in application() if "ERROR" not in line))
    done = diagkit("logs", "sent", "--zone", "UTC")
    assert done.returncode == 3
    assert done.stdout.startswith("INCOMPLETE")
    assert "pipe.log: It was not read: it is a FIFO." in " ".join(done.stdout.split())


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes_and_is_no_zero(diagkit, home):
    whole = gzip.compress("".join(f"{line}\n" for line in application() if "ERROR" not in line).encode())
    (home / "app.log.gz").write_bytes(whole[: len(whole) // 2])
    done = diagkit("logs", "app.log.gz")
    assert done.returncode == 3
    assert "Its end is missing" in done.stdout


def test_what_is_no_log_is_said(diagkit, home):
    (home / "photo.log").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    done = diagkit("logs", "photo.log")
    assert done.returncode == 3
    assert "photo.log: It was not read" in done.stdout


def test_secrets_do_not_get_into_the_report(diagkit, home):
    secret = "hunter2-hunter2"
    lines = (f"{START + timedelta(seconds=s):%Y-%m-%d %H:%M:%S} ERROR login failed password={secret}" for s in range(9))
    write(home / "app.log", lines)
    for form in ("text", "json"):
        assert secret not in diagkit("logs", "app.log", "--format", form, "--all").stdout


@pytest.mark.parametrize("form", ["text", "json"])
def test_one_line_explained(diagkit, form):
    done = diagkit("logs", "--explain-line", f"Mar  2 13:33:11 web1 {KILLED}", "--format", form, "--zone", "UTC")
    assert done.returncode == 0
    for said in ("oom_killed", "java", "13:33:11", "oom_kill", "syslog"):
        assert said in done.stdout


def test_a_line_that_nothing_knows_and_one_without_a_stamp(diagkit):
    done = diagkit("logs", "--explain-line", "foo bar 12")
    assert done.returncode == 0
    assert "no signature fires on it" in done.stdout
    assert "no time stamp" in done.stdout


def test_journals_are_read_by_journalctl(diagkit, home, environment):
    """A stand-in for journalctl of systemd 252, which says what it would for such a file."""
    place = home / "bin"
    place.mkdir()
    at = START.timestamp()
    lines = [f"{at + n:.6f} web1 {KILLED if n == 30 else 'systemd[1]: Started x.service.'}" for n in range(60)]
    (home / "said").write_text("".join(f"{line}\n" for line in lines))
    (place / "journalctl").write_text(
        f'#!/bin/sh\ncase "$*" in *"-n 1"*) tail -n 1 {home}/said;; *) cat {home}/said;; esac\n'
    )
    (place / "journalctl").chmod(0o755)
    (home / "system.journal").write_bytes(b"LPKSHHRH" + bytes(248))
    done = diagkit("logs", "system.journal", "--format", "json", PATH=f"{place}:{environment['PATH']}")
    (digest,) = told(done)["logs"]
    assert [s["count"] for s in digest["signatures"] if s["id"] == "oom_killed"] == [1]


def started(home: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "diagkit", "logs", *words],
        env=environment, cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_an_interrupt_gives_what_is_known_so_far(home, environment):
    """Standard input that does not end: what came is counted when somebody presses Ctrl-C."""
    process = started(home, environment, "-", "--zone", "UTC", "--format", "json")
    assert process.stdin
    process.stdin.write("".join(f"{line}\n" for line in syslog()).encode() * 20)
    process.stdin.flush()
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    process.stdin.close()
    process.stdin = None  # or communicate() would flush it
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    report = json.loads(out)
    assert report["run"]["interrupted"] is True
    assert report["logs"][0]["signatures"]


def test_progress_is_for_terminals_alone(home, environment, sent):
    """With a terminal as standard error, a reading of more than a second shows how far it is."""
    lines = "".join(f"{line}\n" for line in syslog())
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "diagkit", "logs", "-", "--zone", "UTC"],
        env=environment | {"TERM": "xterm"}, cwd=home, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    assert process.stdin
    for _ in range(25):
        process.stdin.write(lines.encode())
        process.stdin.flush()
        time.sleep(0.1)
    process.stdin.close()
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    process.wait(timeout=30)
    assert b"/s" in said
    assert said.endswith(b"\x1b[K")
