"""What is selected on a machine of a log that is too long to be read: on every shell, and by every grep."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagkit.model import Moment, Reply, Scan, Sift, Silence
from tests.transports.conftest import Opener

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = Moment(NOON, NOON - timedelta(hours=1), NOON)
KNOWN = 65_536
STAMPS = {
    "rsyslog": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.000001+00:00 web1 app[7]: ",
    "nginx": lambda at: f"{at:%Y/%m/%d %H:%M:%S} [info] 7#7: *1 ",
    "postgres": lambda at: f"{at:%Y-%m-%d %H:%M:%S}.123 UTC [7] ",
    "klog": lambda at: f"I{at:%m%d %H:%M:%S}.000000       7 server.go:1] ",
    "json": lambda at: f'{{"time":"{at:%Y-%m-%dT%H:%M:%S}Z","level":"info","msg":"',
}
SAID = (
    "served page {} to 10.0.0.9",
    "cache filled with {} entries",
    "took {} ms",
    "\tat com.example.Shop.sell(Shop.java:{})",
)
BAD = (
    "Out of memory: Killed process {} (java)",
    "write failed: No Space Left On Device ({})",
    "java.net.SocketException: {}",
)


def lines(form: str, count: int, every: timedelta, bad: float = 0.01) -> Iterator[bytes]:
    """A log that ends at noon; one line in a hundred is bad, and a third of those has no time of its own."""
    chance = random.Random(form)
    for number in range(count):
        at = NOON - (count - number) * every
        said = chance.choice(BAD if chance.random() < bad else SAID).format(number)
        stamp = "" if said.startswith(("\tat", "java.")) else STAMPS[form](at)
        yield (stamp + said + "\n").encode()


def matters(line: bytes) -> bool:
    return any(word in line for word in (b"Killed process", b"No Space Left", b"SocketException"))


def summary(reply: Reply) -> dict[str, int]:
    found: dict[str, int] = json.loads(reply.out.partition(b"\n")[0])
    return found


def sifted(reply: Reply) -> list[bytes]:
    return reply.out.partition(b"\n")[2].splitlines(keepends=True)


@pytest.mark.parametrize("form", STAMPS)
def test_nothing_of_the_window_that_matters_is_missed_or_said_twice(
    open_machine: Opener, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "app.log"
    text = list(lines(form, 30_000, timedelta(seconds=0.2)))  # 100 minutes, of which 60 are asked about
    path.write_bytes(b"".join(text))
    ask = Sift(str(path), newest=KNOWN, cap=4 << 20)
    reply = open_machine(()).ask([ask], HOUR)[ask]
    assert reply.silence is None
    assert not reply.cut
    found = sifted(reply)
    said = summary(reply)
    assert said["size"] == path.stat().st_size
    assert 0 < said["start"] == said["read"]
    assert said["start"] < sum(map(len, text[: len(text) * 2 // 5])), "what begins after the window's start is lost"
    assert len(found) == len(set(found))
    inside = b"".join(text[len(text) * 2 // 5 :])[:-KNOWN].splitlines(keepends=True)[:-1]
    assert {line for line in inside if matters(line)} <= set(found)
    assert set(found) <= set(text)
    assert [line for line in text if line in set(found)] == found, "in the order of the log"
    assert len(found) < len(text) / 8


def test_a_window_that_is_over_is_found_in_the_middle(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    text = list(lines("rsyslog", 50_000, timedelta(seconds=1)))
    path.write_bytes(b"".join(text))
    past = Moment(NOON, NOON - timedelta(hours=8), NOON - timedelta(hours=7))
    ask = Sift(str(path), newest=KNOWN)
    reply = open_machine(()).ask([ask], past)[ask]
    said = summary(reply)
    inside = text[-28_800:-25_200]
    assert {line for line in inside if matters(line)} <= set(sifted(reply))
    assert said["end"] - said["start"] < 4 * len(b"".join(inside))


def test_what_is_too_long_is_read_from_its_end_and_that_is_said(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    text = list(lines("postgres", 60_000, timedelta(seconds=0.04)))
    path.write_bytes(b"".join(text))
    ask = Sift(str(path), newest=KNOWN, read=2 << 20)
    reply = open_machine(()).ask([ask], HOUR)[ask]
    said = summary(reply)
    assert reply.cut
    assert said["end"] - said["read"] == 2 << 20
    assert said["start"] == 0
    rest = b"".join(text)[said["read"] : -KNOWN].splitlines(keepends=True)[1:-1]
    assert {line for line in rest if matters(line)} <= set(sifted(reply))


def test_a_storm_is_cut_without_holes(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    text = list(lines("rsyslog", 30_000, timedelta(seconds=0.1), bad=0.9))
    path.write_bytes(b"".join(text))
    ask = Sift(str(path), newest=KNOWN, cap=120_000)
    reply = open_machine(()).ask([ask], HOUR)[ask]
    said = summary(reply)
    assert reply.cut
    rest = b"".join(text)[said["read"] : -KNOWN].splitlines(keepends=True)[1:-1]
    assert len(rest) > 1000
    assert {line for line in rest if matters(line)} <= set(sifted(reply))


def test_a_file_that_is_known_already_costs_next_to_nothing(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(lines("rsyslog", 500, timedelta(seconds=1))))
    ask = Sift(str(path), newest=KNOWN)
    reply = open_machine(()).ask([ask], HOUR)[ask]
    assert (sifted(reply), reply.cut, reply.silence) == ([], False, None)


def test_a_compressed_log_is_unpacked(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app log.2.gz"
    text = list(lines("rsyslog", 20_000, timedelta(seconds=0.1)))
    path.write_bytes(gzip.compress(b"".join(text)))
    ask = Sift(str(path), read=8 << 20)
    reply = open_machine(()).ask([ask], HOUR)[ask]
    assert {line for line in text if matters(line)} <= set(sifted(reply)) <= set(text)


def test_a_log_without_times_is_read_from_its_end(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(b"Out of memory: Killed process %d (java)\n" % n for n in range(20_000)))
    ask = Sift(str(path), newest=KNOWN, cap=4 << 20)
    reply = open_machine(()).ask([ask], HOUR)[ask]
    assert summary(reply)["start"] == 0
    assert len(sifted(reply)) > 17_000


def test_long_lines_and_binary_junk_stop_nobody(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    junk = random.Random(4).randbytes(300_000).replace(b"\n", b"")
    hit = b"2026-11-22T11:30:00.5+00:00 web1 app[7]: Out of memory: Killed process 7 (java)\n"
    path.write_bytes(hit + junk + b"\n" + hit + b"x" * 700_000 + b"\n" + hit + b"y" * KNOWN)
    ask = Sift(str(path), newest=KNOWN, cap=4 << 20)
    reply = open_machine(()).ask([ask], HOUR)[ask]
    assert reply.silence is None
    assert sifted(reply).count(hit) >= 2


def test_why_there_is_nothing_is_said(open_machine: Opener, tmp_path: Path) -> None:
    asks = {Sift(str(tmp_path / "none.log"), newest=KNOWN), Sift("/dev/zero", newest=KNOWN)}
    replies = open_machine(()).ask(asks, HOUR)
    assert all(replies[ask].silence for ask in asks)
    assert replies[Sift(str(tmp_path / "none.log"), newest=KNOWN)].silence is Silence.MISSING


def test_files_are_still_read_beside_it(open_machine: Opener, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    text = b"".join(lines("rsyslog", 5_000, timedelta(seconds=0.1)))
    path.write_bytes(text)
    scan, ask = Scan(str(path), cap=KNOWN), Sift(str(path), newest=KNOWN)
    replies = open_machine(()).ask([scan, ask], HOUR)
    assert replies[scan].out == text[-KNOWN:]
    tail = set(replies[scan].out.splitlines(keepends=True)[1:])
    everything = {line for line in text.splitlines(keepends=True) if matters(line)}
    assert everything <= set(sifted(replies[ask])) | tail
