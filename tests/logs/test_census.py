"""The bulk path counts what the plain reading of `occurrences` counts, whatever the lines, blocks and engines."""

import json
import pickle
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs.census import Census
from diagkit.logs.errors import WORDS, says_error
from diagkit.logs.events import Heard
from diagkit.logs.lines import Log, line_at
from diagkit.logs.matching.engine import Engine, finder, searching
from diagkit.logs.matching.plain import Plain
from diagkit.logs.occurrences import Matcher, is_harmless
from diagkit.logs.signatures import Signature, catalogue
from diagkit.logs.tallies import Counts
from diagkit.logs.timestamps import Clock, micros
from diagkit.logs.window import NEVER, Window
from tests.bench import log_corpora

CLOCK = Clock(ahead=0, latest=datetime(2026, 11, 21, 23, tzinfo=UTC), booted=datetime(2026, 11, 21, 21, tzinfo=UTC))
ALWAYS = Window(since=datetime(2020, 1, 1, tzinfo=UTC), until=NEVER)
SOURCES = ("journal", "kernel", "/var/log/syslog", "/var/log/nginx/error.log", "/var/log/shop/app.log")
EXAMPLES = [text for s in catalogue().values() for text in (s.match, s.miss)]


def blocks(raw: bytes, size: int) -> list[bytes]:
    """Whole lines, about so many bytes at a time."""
    found, at = [], 0
    while at < len(raw):
        end = raw.find(b"\n", min(at + size, len(raw)) - 1) + 1 or len(raw)
        found.append(raw[at:end])
        at = end
    return found


def counted(log: Log, *, size: int = 1 << 20, window: Window = ALWAYS, engine: Engine = finder) -> Counts:
    census = Census(log, CLOCK, window, engine=engine)
    for block in blocks(log.raw, size):
        census.read(block)
    return census.counts


def told(counts: Counts) -> dict[str, object]:
    return {
        name: (t.count, t.first, t.last, dict(t.programs), {f: dict(v) for f, v in t.fields.items()})
        for name, t in counts.tallies.items()
        if t.count
    }


def read_one_by_one(log: Log, window: Window = ALWAYS) -> dict[str, object]:
    """The reference: every line with every signature, by `in` and `re` alone."""
    hits: dict[str, list[object]] = {}
    for hit in Matcher(catalogue().values(), Plain).hits(log, CLOCK, window):
        assert not is_harmless(hit.line)
        hits.setdefault(hit.signature.id, []).append(hit)
    found = {}
    for name, same in hits.items():
        times = [micros(hit.line.at) for hit in same]
        fields: dict[str, Counter[str]] = {}
        for hit in same:
            for field, value in hit.fields.items():
                fields.setdefault(field, Counter())[value] += 1
        programs = Counter(hit.line.program for hit in same if hit.line.program)
        found[name] = (len(same), min(times), max(times), dict(programs), {f: dict(v) for f, v in fields.items()})
    return found


digits = st.text("0123456789", min_size=1, max_size=6)
texts = st.one_of(
    st.sampled_from(EXAMPLES),
    st.sampled_from(EXAMPLES).flatmap(lambda text: digits.map(lambda n: re.sub("[0-9]+", n, text))),
    st.sampled_from(EXAMPLES).map(str.upper),
    st.sampled_from([literal for s in catalogue().values() for literal in s.literals]),
    st.text(max_size=40),
).map(lambda text: text.replace("\n", " ").encode("utf-8", "replace"))
bodies = st.one_of(texts, st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"")))


def structured(draw: st.DrawFn, at: datetime, said: str) -> bytes:
    """The same as JSON or logfmt, with levels in words and numbers."""
    level = draw(st.sampled_from(["error", "info", 30, 50, 3, 400]))
    other = draw(st.sampled_from(["", "no route", 'open "a"', "é<", said]))
    fields = {"level": level, "time": at.isoformat(), draw(st.sampled_from(["msg", "message", "err"])): said}
    fields |= {draw(st.sampled_from(["error", "stack", "user", "service"])): other, "n": draw(st.integers(0, 100))}
    if draw(st.booleans()):
        return " ".join(f"{key}={json.dumps(value)}" for key, value in fields.items()).encode("utf-8", "replace")
    head = draw(st.sampled_from(["", f"{at:%b} {at.day:2} {at:%H:%M:%S} web1 app[7]: "]))
    return (head + json.dumps(fields, ensure_ascii=draw(st.booleans()))).encode("utf-8", "replace")


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A line of any of these logs: dated or not, with or without an envelope, with odd ends."""
    body = draw(bodies)
    second = draw(st.integers(0, 3000))
    at = datetime(2026, 11, 21, 21, tzinfo=UTC) + timedelta(seconds=second)
    program = draw(st.sampled_from(["kernel", "systemd[1]", "sshd[77]", "php-fpm8.2[5]", "app[12]", "2fa[3]"])).encode()
    if draw(st.integers(0, 3)) == 0:
        return structured(draw, at, body.decode("utf-8", "replace"))
    head = draw(
        st.sampled_from(
            [
                f"{at:%b} {at.day:2} {at:%H:%M:%S} web1 ".encode() + program + b": ",
                f"{at.timestamp():.6f} web1 ".encode() + program + b": ",
                f"{at:%Y/%m/%d %H:%M:%S} [error] 8#8: ".encode(),
                f"[{second}.000123] ".encode(),
                f"{at:%Y-%m-%d %H:%M:%S},123 ERROR ".encode(),
                b"",
                b"    ",
            ]
        )
    )
    return head + body + draw(st.sampled_from([b"", b"\r", b"\0", b" ", b"x" * 9000]))


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(written(), max_size=30), size=st.integers(1, 4000), source=st.sampled_from(SOURCES))
def test_it_counts_what_reading_line_by_line_counts(lines: list[bytes], size: int, source: str) -> None:
    log = Log(source, b"\n".join(lines))
    wanted = read_one_by_one(log)
    assert told(counted(log, size=size)) == wanted
    assert told(counted(log, size=size, engine=Plain)) == wanted


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(written(), max_size=30), source=st.sampled_from(SOURCES))
def test_it_hears_of_the_lines_that_reading_line_by_line_takes_for_errors(lines: list[bytes], source: str) -> None:
    log, heard = Log(source, b"\n".join(lines)), list[Heard]()
    census = Census(log, CLOCK, ALWAYS, heard=heard.append)
    census.read(log.raw)
    census.counts  # noqa: B018  # folds
    wanted = set[int]()
    for start in {start for start, _ in searching([word.encode() for word in WORDS], Plain)(log.raw)}:
        line = line_at(log, start, CLOCK)
        if line and says_error(line.message, line.level) and not is_harmless(line):
            wanted.add(micros(line.at))
    signed = {at for t in census.counts.tallies.values() for at in (t.first, t.last) if t.count}
    assert {at for each in heard for at in each.times} >= wanted | signed


@pytest.mark.parametrize("form", log_corpora.FORMATS)
def test_it_does_so_on_every_form_of_log(form: str) -> None:
    log = Log(f"/var/log/{log_corpora.FORMATS[form][0]}", b"\n".join(islice(log_corpora.lines(form, 0.3), 4000)))
    log = Log("journal", log.raw) if form == "journal" else log
    window = Window(since=log_corpora.START + timedelta(seconds=20), until=log_corpora.START + timedelta(seconds=80))
    wanted = read_one_by_one(log, window)
    assert wanted
    assert told(counted(log, size=100_000, window=window)) == wanted


def test_parts_that_were_counted_apart_make_the_whole() -> None:
    raw = b"\n".join(islice(log_corpora.lines("journal", 0.3), 3000)) + b"\n"
    whole = counted(Log("journal", raw))
    first = blocks(raw, 70_000)
    cut = len(b"".join(first[:3]))
    parts = [Census(Log("journal", b""), CLOCK, ALWAYS, start=at) for at in (0, cut)]
    for block in first[:3]:
        parts[0].read(block)
    parts[1].before(b"".join(first[:3]))
    for block in first[3:]:
        parts[1].read(block)
    merged = pickle.loads(pickle.dumps(parts[0].counts))
    merged.merge(parts[1].counts)
    assert merged == whole


def test_a_line_without_a_time_belongs_to_the_dated_one_before_it_across_blocks_and_parts() -> None:
    head = b"2026-11-21 21:37:06,529 ERROR shop: failed\n"
    trace = b"    at somewhere\n" * 150
    end = b"OSError: [Errno 28] No space left on device\n"
    log = Log("/var/log/shop/app.log", head + trace + end + trace + end)
    for size in (10, 300, 1 << 20):
        tally = counted(log, size=size).tallies["no_space_left"]
        assert (tally.count, tally.undated) == (1, 1), "the second stands too far from any line with a time"
    census = Census(log, CLOCK, ALWAYS)
    census.before(head + trace)
    census.read(end)
    assert census.counts.tallies["no_space_left"].count == 1


def test_what_nothing_dates_is_told_apart() -> None:
    tally = counted(Log("/var/log/app.log", b"No space left on device\n" * 3)).tallies["no_space_left"]
    assert (tally.count, tally.undated, tally.undated_sample) == (0, 3, b"No space left on device")


def test_it_keeps_samples_of_different_kinds_with_their_places() -> None:
    lines = [b"1795297%d.0 db1 app[%d]: write %d: No space left on device\n" % (600 + n, n, n) for n in range(50)]
    lines[30] = b"1795297630.0 db1 app[30]: cp: No space left on device\n"
    tally = counted(Log("journal", b"".join(lines))).tallies["no_space_left"]
    assert [sample.text for sample in tally.samples] == [
        b"write 0: No space left on device",
        b"write 10: No space left on device",
        b"cp: No space left on device",
    ]
    assert tally.samples[1].offset == len(b"".join(lines[:10]))
    assert tally.youngest
    assert tally.youngest.text == b"write 49: No space left on device"
    assert sum(tally.minutes.values()) == 50
    assert len(tally.minutes) == 2


def test_it_tells_of_lines_that_call_themselves_errors() -> None:
    heard: list[Heard] = []
    census = Census(Log("journal", b""), CLOCK, ALWAYS, heard=heard.append)
    census.read(
        b"1795297600.0 db1 app[1]: ERROR order 17 is lost\n"
        b"1795297601.0 db1 app[1]: ERROR order 18 is lost\n"
        b"1795297602.0 db1 app[1]: write: No space left on device\n"
        b"1795297603.0 db1 app[1]: no errors at all\n"
    )
    assert told(census.counts).keys() == {"no_space_left"}
    assert {(h.message, len(h.times), h.program, h.signatures) for h in heard} == {
        (b"ERROR order 17 is lost", 2, "app", ()),
        (b"write: No space left on device", 1, "app", ("no_space_left",)),
    }


def test_levels_that_are_numbers_are_told_apart_though_other_digits_are_not() -> None:
    heard: list[Heard] = []
    census = Census(Log("/var/log/shop/app.log", b""), CLOCK, ALWAYS, heard=heard.append)
    line = '{"level":%d,"time":17952976%02d000,"pid":7,"msg":"order failed"}\n'
    census.read("".join(line % (level, n) for n, level in enumerate([30, 50, 30, 60, 40, 50])).encode())
    assert not told(census.counts)
    assert sum(len(each.times) for each in heard) == 3
    assert {each.message for each in heard} == {b"order failed"}


def test_names_in_structured_lines_are_those_of_their_text() -> None:
    log = Log(
        "/var/log/shop/app.log",
        b'{"time":"2026-11-21T21:00:01Z","msg":"open \\"/a\\": ENOSPC: no space left on device, open \'/srv/a\'"}\n'
        b'{"time":"2026-11-21T21:00:02Z","msg":"\\u0041\\u0042: host db1.\\u003cx\\u003e: connection refused"}\n',
    )
    assert told(counted(log)) == read_one_by_one(log)
    assert counted(log).tallies


@pytest.mark.parametrize("size", [10, 300, 1 << 20])
def test_a_stack_trace_is_one_event_with_its_head(size: int) -> None:
    java = (
        "2026-11-21 21:37:%02d,529 ERROR [main] c.e.Shop - cannot save order %d\n"
        "org.example.DataException: could not execute statement\n\tat org.example.Shop.save(Shop.java:12)\n"
        "Caused by: java.sql.SQLException: no such table\n\t... 42 more\n"
    )
    python = (
        "2026-11-21 21:38:%02d,529 ERROR shop: lost\nTraceback (most recent call last):\nshop.StockError: none left\n"
    )
    log = "".join(java % (n, n) for n in range(7)) + "".join(python % n for n in range(5))
    log += "2026-11-21 21:39:00,529 ERROR shop: lost\n"
    heard: list[Heard] = []
    census = Census(Log("/var/log/shop/app.log", b""), CLOCK, ALWAYS, heard=heard.append)
    for block in blocks(log.encode(), size):
        census.read(block)
    assert not told(census.counts)
    assert {(each.message, len(each.times)) for each in heard} == {
        (b"ERROR [main] c.e.Shop - cannot save order 0: java.sql.SQLException: no such table", 7),
        (b"ERROR shop: lost: shop.StockError: none left", 5),
        (b"ERROR shop: lost", 1),
    }


@pytest.mark.parametrize("raw", [b"", b"\n", b"\0" * 1000, b"\xff\xfe\r\n" * 10, b"x" * 3_000_000, b"\n" * 100_000])
def test_odd_bytes_do_no_harm(raw: bytes) -> None:
    assert told(counted(Log("/var/log/x.log", raw))) == {}


def test_a_signature_may_be_given() -> None:
    known: Signature = catalogue()["no_space_left"]
    census = Census(Log("journal", b""), CLOCK, ALWAYS, signatures=[known])
    census.read(b"1795297602.0 db1 app[1]: Too many open files: No space left on device\n")
    assert told(census.counts).keys() == {"no_space_left"}


def test_the_same_is_searched_for_in_every_run() -> None:
    """In one order, whatever the seed of Python's hashes: else nothing that was compiled would be found again."""
    asked: list[list[bytes]] = []

    def spy(literals: Sequence[bytes]) -> Plain:
        asked.append(list(literals))
        return Plain(literals)

    Census(Log("journal", b""), CLOCK, ALWAYS, engine=spy, heard=lambda _: None)
    known = [literal for signature in catalogue().values() for literal in signature.literals]
    assert asked[0] == [word.encode() for word in dict.fromkeys((*WORDS, *known))]
