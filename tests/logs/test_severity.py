"""The level a line states beside its message, in the way of many programs; and lines that state none."""

from datetime import UTC, datetime

import pytest

from diagkit.logs.lines import Log, line_at
from diagkit.logs.severity import LEVELS, level_called
from diagkit.logs.timestamps import Clock

CLOCK = Clock(ahead=0, latest=datetime(2026, 11, 22, tzinfo=UTC), booted=datetime(2026, 11, 21, tzinfo=UTC))
STAMP = "2026-11-21T21:48:05Z"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<11>Nov 21 21:48:05 web1 app: x", "err"),
        ("<30>1 2026-11-21T21:48:05Z web1 cron - - - x", "info"),
        ("<3>[   12.345678] usb 1-4: device descriptor read/64, error -71", None),  # the kernel's own are no measure
        ('{"level":"error","ts":1795297684.5,"msg":"x"}', "err"),
        ('{"level":50,"time":1795297684509,"msg":"boom"}', "err"),  # pino 8
        ('{"name":"shop","hostname":"web1","pid":1,"level":60,"time":"2026-11-21T21:48:05Z","msg":"x","v":0}', "crit"),
        ('{"t":{"$date":"2026-11-21T21:48:05.123+00:00"},"s":"E","c":"NETWORK","msg":"x"}', "err"),  # MongoDB 7
        ('{"log.level":"WARN","@timestamp":"2026-11-21T21:48:05Z","message":"x"}', "warning"),
        ("ts=2026-11-21T21:48:05Z level=warn msg=x", "warning"),
        ("t=2026-11-21T21:48:05+0000 lvl=eror msg=x", "err"),  # Grafana 8
        ("E1121 12:00:00.000123 1234 f.go:1] x", "err"),
        ("I1121 12:00:00.000123 1234 f.go:1] ERROR x", "info"),
        ("E, [2026-11-21T21:48:05.123456 #7] ERROR -- : x", "err"),  # Ruby
        ("ERROR 2026-11-21 21:48:05,123 x", "err"),
        ("2026-11-21 21:48:05,123 ERROR x", None),  # that is in its message
        (f'{STAMP} {{"level":"loud","msg":"x"}}', None),
    ],
)
def test_what_programs_state(line: str, said: str | None) -> None:
    read = line_at(Log("/var/log/shop.log", line.encode()), 0, CLOCK)
    assert read
    assert read.level == said


@pytest.mark.parametrize("word", ["", "x", "²", "9" * 5000, "7", "42", "INFO", "Ftl"])
def test_any_word_is_a_level_or_none(word: str) -> None:
    assert level_called(word) in {None, *LEVELS}
