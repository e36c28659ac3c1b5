"""The level a line says it has, in the way of many programs; and prose that says none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagkit.logs.severity import LEVELS, level


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<11>Nov 21 21:48:05 web1 app: x", "err"),
        ("<30>1 2026-11-21T21:48:05Z web1 cron - - - x", "info"),
        ('{"level":"error","ts":1795297684.5,"msg":"x"}', "err"),
        ('{"level":50,"time":1795297684509,"msg":"boom"}', "err"),  # pino 8
        ('{"name":"shop","hostname":"web1","pid":1,"level":60,"msg":"x","v":0}', "crit"),  # bunyan 1.8
        ('{"t":{"$date":"2026-11-21T21:48:05.123+00:00"},"s":"E","c":"NETWORK","msg":"x"}', "err"),  # MongoDB 7
        ('{"PRIORITY" : "3", "MESSAGE":"x"}', "err"),
        ('{"log.level":"WARN","message":"x"}', "warning"),
        ("ts=2026-11-21T21:48:05Z level=warn msg=x", "warning"),
        ("t=2026-11-21T21:48:05+0000 lvl=eror msg=x", "err"),  # Grafana 8
        ("E1121 12:00:00.000123 1234 f.go:1] x", "err"),
        ("2026-11-21 22:13:16,978 ERROR shop: x", "err"),
        ("2026-11-21T21:48:05.016123Z 0 [ERROR] [MY-010119] [Server] x", "err"),  # MySQL 8
        ("2026/11/21 22:08:17 [crit] 12#12: x", "crit"),
        ("[Sat Nov 21 22:08:19.123456 2026] [core:error] [pid 1] x", "err"),  # Apache 2.4
        ("2026-11-21 21:48:05.016 UTC [120] FATAL:  x", "crit"),  # PostgreSQL 15
        ("2026-11-21 21:48:05.016 UTC [120] LOG:  x", "info"),
        ("[2026-11-21T22:48:05,123][WARN ][o.e.n.Node] x", "warning"),
        ("####<Nov 21, 2026 10:48:05 PM CET> <Notice> x", "notice"),
        ("2026-11-21 22:48:05, Info   CBS    x", None),
        ("Error: cannot open /etc/shop.conf", "err"),
        ("Nov 21 21:48:05 web1 app[1]: the error was corrected", None),
        ("2026-11-21 22:48:05 GET /error 200", None),
        ('10.0.0.1 - - [21/Nov/2026:21:48:05 +0000] "GET /FATAL HTTP/1.1" 200 1', None),
        ("", None),
    ],
)
def test_what_programs_say(line: str, said: str | None) -> None:
    assert level(line) == said


@given(st.text(max_size=300))
def test_anything_is_a_level_or_none(line: str) -> None:
    assert level(line) in {None, *LEVELS}
