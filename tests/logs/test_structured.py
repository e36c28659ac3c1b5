"""JSON and logfmt lines as their programs print them on a terminal: of zap, pino, structlog, MongoDB, and others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.logs.structured import record


@pytest.mark.parametrize(
    ("line", "message", "level"),
    [
        (  # zap 1.26
            r'{"level":"error","ts":1795297684.5,"logger":"db","msg":"cannot save","error":"disk \"sda\" full","try":3}',
            'cannot save: disk "sda" full logger=db try=3',
            "error",
        ),
        (  # pino 9, whose message is that of the error
            (
                r'{"level":50,"time":1795297684509,"pid":7,"err":{"type":"Error","message":"refused",'
                r'"stack":"Error: refused\n    at x (a.js:1:2)"},"msg":"refused"}'
            ),
            "refused pid=7 err.type=Error\nError: refused\n    at x (a.js:1:2)",
            "50",
        ),
        (  # MongoDB 7
            (
                '{"t":{"$date":"2026-11-21T21:48:05.123+00:00"},"s":"E",  "c":"NETWORK",  "id":22, "ctx":"conn7",'
                '"msg":"Failed","attr":{"error":{"code":6,"errmsg":"no route"}}}'
            ),
            "Failed: no route c=NETWORK id=22 ctx=conn7 attr.error.code=6",
            "E",
        ),
        ('{"event": "no stock", "level": "warning", "sku": "a1"}', "no stock sku=a1", "warning"),  # structlog 24
        (  # logback's encoder 7
            (
                r'{"@timestamp":"2026-11-21T21:48:05Z","message":"no","level":"ERROR","level_value":40000,'
                r'"stack_trace":"java.io.IOException: x\n\tat a.B.c(B.java:1)\n"}'
            ),
            "no level_value=40000\njava.io.IOException: x\n\tat a.B.c(B.java:1)\n",
            "ERROR",
        ),
        (  # Monolog 3: the word is the level
            '{"message":"no stock","context":{"sku":1},"level":400,"level_name":"ERROR","channel":"shop"}',
            "no stock context.sku=1 channel=shop",
            "ERROR",
        ),
        (  # ECS, nested
            '{"@timestamp":"x","log":{"level":"error"},"message":"no","error":{"type":"E","message":"full"}}',
            "no: full error.type=E",
            "error",
        ),
        (r'{"msg":"<a>é\/"}', "<a>é/", None),
        (r'{"msg":"\u003ca\u003e\u00e9 \ud83d\ude00"}', "<a>é 😀", None),  # Go, Python
        ('{"level":"info","error":"gone"}', "gone", "info"),  # no message but that of the error
        ('{"msg":"breaks off","err":"no sp', "breaks off", None),
        (  # logrus 1.9
            'time="2026-11-21T21:48:05Z" level=error msg="no \\"x\\"" error="dial tcp: refused" try=3',
            'no "x": dial tcp: refused try=3',
            "error",
        ),
        ("ts=2026-11-21T21:48:05Z caller=main.go:1 level=warn msg=slow", "slow caller=main.go:1", "warn"),  # go-kit
    ],
)
def test_what_it_says(line: str, message: str, level: str | None) -> None:
    found = record(line)
    assert found
    assert (found.message, found.level and found.level.text) == (message, level)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "{}",
        "{not json}",
        '{"msg" "x"}',
        '{"msg":"x"} and more',
        '{"level":"info","status":200}',
        "{0} msg=x",
        "GET /?msg=x HTTP/1.1",
        "type=AVC msg=audit(1795297684.123:7): avc:  denied",
        "a sentence about msg=x",
    ],
)
def test_any_other_line_stays_as_it_is(line: str) -> None:
    assert record(line) is None


@pytest.mark.parametrize(
    ("line", "summary"),
    [
        (r'{"msg":"cannot save","err":"full","user":7,"stack":"E: full\n at x"}', "cannot save: full"),
        (r'{"msg":"cannot save","user":7,"stack":"IOError: full\n at x"}', "cannot save: IOError: full"),
    ],
)
def test_a_template_is_made_of_what_happened_alone(line: str, summary: str) -> None:
    found = record(line)
    assert found
    assert found.summary == summary


def test_values_of_the_message_are_found_in_the_line() -> None:
    line = r'{"user":"ops","msg":"refused \"x\"","err":"no route to db1"}'
    found = record(line)
    assert found
    start = found.message.index("db1")
    span = found.span(start, start + 3)
    assert span
    assert line[slice(*span)] == "db1"
    assert found.span(0, 7) is None, "it has escapes, so its characters are not those of the line"
    assert found.span(8, start) is None, "it spans two values"


keys = st.sampled_from(["msg", "message", "err", "error", "stack", "level", "ts", "service", "a", "attr"])
values = st.recursive(
    st.text(max_size=20) | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(keys, values, max_size=6), st.text(min_size=1, max_size=30).filter(str.strip))
def test_valid_json_is_read_whatever_it_holds(fields: dict[str, object], said: str) -> None:
    for escaped in (False, True):
        found = record(json.dumps(fields | {"msg": said}, ensure_ascii=escaped))
        assert found
        assert found.message.startswith(said.rstrip("\n"))


@given(st.text(max_size=200))
def test_no_text_does_harm(text: str) -> None:
    record("{" + text)
    record('{"msg":"' + text)
    record("msg=" + text)
