"""What is asked for of the older part of a log, and what is made of the answer."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from diagkit import catalog
from diagkit.logs.files import LogFile
from diagkit.logs.lines import Log
from diagkit.logs.sifting import AT_MOST, READ, WIRE, came_of, journal_known_from, wanted, whole_lines
from diagkit.logs.timestamps import Clock
from diagkit.model import Ask, Moment, Read, Reply, Run, Scan, Sift, Silence, Tape, Target
from diagkit.probes import Facts
from diagkit.probes.log_files import JOURNAL, LISTING
from diagkit.probes.logs import KERNEL, LogTexts

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLOCK = Clock(ahead=0, latest=NOON, booted=NOON.replace(hour=1))
KNOWN = 65_536
FILE = Sift("/var/log/app.log", newest=KNOWN)


def line(minute: int, said: str) -> bytes:
    return f"2026-11-22 11:{minute:02}:00,000 {said}\n".encode()


def answer(start: int, end: int, read: int, *lines: bytes) -> Reply:
    summary = {"size": end + KNOWN, "start": start, "end": end, "read": read}
    return Reply(json.dumps(summary).encode() + b"\n" + b"".join(lines), cut=read > start)


def test_nothing_is_asked_for_where_the_scans_bring_everything() -> None:
    assert wanted({"/var/log/app.log": KNOWN}, [], {"/var/log/app.log": KNOWN}, 0.0) == []


def test_what_was_left_behind_is_asked_for_but_not_of_access_logs() -> None:
    sizes = {"/var/log/app.log": 1 << 20, "/var/log/nginx/access.log": 1 << 30}
    packed = [LogFile(path="/var/log/app.log.2.gz", size=9000, modified=NOON)]
    packed += [LogFile(path="/var/log/huge.log.2.gz", size=1 << 30, modified=NOON)]
    asks = wanted(dict.fromkeys(sizes, KNOWN), packed, sizes, known_from=1_795_320_000.5)
    assert [ask.source for ask in asks] == ["warnings", "words", "/var/log/app.log", "/var/log/app.log.2.gz"]
    assert all(ask.root for ask in asks)
    assert asks[0].before == 1_795_320_000.5
    assert (asks[2].newest, asks[2].read) == (KNOWN, (1 << 20) - KNOWN)
    assert asks[3].newest == 0


@given(st.lists(st.integers(KNOWN, 1 << 34), max_size=9))
def test_the_budget_holds_however_many_and_large_the_files_are(sizes: list[int]) -> None:
    named = {f"/var/log/{number}.log": size for number, size in enumerate(sizes)}
    asks = wanted(dict.fromkeys(named, KNOWN), [], named, 0.0)
    assert len(asks) <= AT_MOST
    assert sum(ask.read for ask in asks) <= READ
    assert sum(ask.cap for ask in asks) <= WIRE
    assert not asks or sum(ask.read for ask in asks) == min(READ, sum(named[a.source] - KNOWN for a in asks))


def test_where_the_journal_was_cut_is_known_from_its_oldest_line() -> None:
    text = b"1795320003.000001 web1 app: c\n1795320002.000001 web1 app: b\n two lines\n1795320001.5"
    assert journal_known_from(Reply(text, cut=True)) == 1795320002.000001
    assert journal_known_from(Reply(text)) == 0.0
    assert journal_known_from(Reply(b"", silence=Silence.DENIED)) == 0.0


def test_no_line_is_there_twice_though_the_log_grew_between_the_questions() -> None:
    tail = b"ror cut in two\n" + line(40, "ERROR four") + line(50, "INFO five")
    scan = Log(FILE.source, tail, cut=True)
    reply = answer(0, 8192, 0, line(10, "ERROR one"), line(20, "ERROR cut in two"), line(40, "ERROR four"))
    log, said = came_of(FILE, reply, scan, CLOCK)
    assert log
    assert log.raw == line(10, "ERROR one") + line(20, "ERROR cut in two")
    assert log.sifted
    assert whole_lines(scan).raw == line(40, "ERROR four") + line(50, "INFO five")
    assert (said.read, said.of, said.cut, said.first) == (8192, 8192, False, NOON.replace(hour=11, minute=10))


def test_what_was_left_behind_all_the_same_is_said() -> None:
    _, said = came_of(FILE, answer(0, 40960, 32768, line(30, "ERROR x")), None, CLOCK)
    assert (said.read, said.of, said.cut) == (8192, 40960, True)
    log, said = came_of(FILE, Reply(silence=Silence.TIMEOUT), None, CLOCK)
    assert (log, said.silence) == (None, Silence.TIMEOUT)
    log, said = came_of(FILE, Reply(b"what is this\n"), None, CLOCK)
    assert (log, said.silence) == (None, Silence.GARBLED)


def test_of_the_journal_only_what_is_older_is_taken() -> None:
    ask = Sift("words", before=1795320002.000001)
    reply = Reply(b"1795320002.000001 web1 a: known\n lost its head\n1795320001.900000 web1 a: old\n-- Boot x --\n")
    log, said = came_of(ask, reply, None, CLOCK)
    assert log
    assert (log.source, log.raw) == ("journal", b"1795320001.900000 web1 a: old\n")
    assert said.source == "words"
    _, cut = came_of(ask, replace(reply, cut=True), None, CLOCK)
    assert cut.cut


def test_a_tape_from_before_a_question_was_asked_is_read_as_it_always_was() -> None:
    scan = Scan("/var/log/app/app.log", cap=KNOWN, root=True)
    replies: dict[Ask, Reply] = {
        LISTING: Reply(b"/var/log/app:\n-rw-r----- 1 app adm 9 2026-11-22 11:59:00.0 +0000 app.log\n"),
        JOURNAL: Reply(silence=Silence.MISSING),
        KERNEL: Reply(silence=Silence.DENIED),
        Read("/proc/stat"): Reply(b"btime 1795310000\n"),
        Run(("date", "+%z")): Reply(b"+0000\n"),
        scan: Reply(line(59, "ERROR x")),
    }
    tape = Tape(
        target=Target(scheme="ssh", host="web1"), moment=Moment(NOON, NOON.replace(hour=11), NOON), replies=replies
    )
    texts = Facts(catalog.all_probes().values(), tape)[LogTexts]
    assert isinstance(texts, LogTexts)
    assert [log.source for log in texts.logs] == ["/var/log/app/app.log"]
    assert texts.sifted == ()


def test_what_docker_wrapped_around_lines_is_taken_off() -> None:
    said = ['FATAL: role "shop" does not exist', "started", "panic: boom"]
    path = "/var/lib/docker/containers/5f/5f-json.log"
    stamp = "2026-11-22T11:{:02}:00.5Z"
    wrapped = [
        json.dumps({"log": f"{text}\n", "stream": "stdout", "time": stamp.format(minute)}).replace(", ", ",") + "\n"
        for minute, text in enumerate(said, 10)
    ]
    wrapped = [text.replace('": "', '":"') for text in wrapped]
    plain = [f"{stamp.format(minute)} {text}\n".encode() for minute, text in enumerate(said, 10)]
    scanned = Log(path, b'{"log":"half a line\n' + b"".join(plain[2:]), cut=True)
    log, told = came_of(replace(FILE, source=path), answer(0, 8192, 0, *map(str.encode, wrapped)), scanned, CLOCK)
    assert log
    assert log.raw == b"".join(plain[:2])
    assert told.first == NOON.replace(hour=11, minute=10, microsecond=500_000)
