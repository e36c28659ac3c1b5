"""Records of several lines, as Java 17, Python 3.11 and Go 1.21 write them."""

import pytest

from diagkit.logs.templates import Miner
from diagkit.logs.templates.records import essential, is_continuation

JAVA = b"""order 4711 cannot be shipped
java.lang.IllegalStateException: no carrier
\tat com.example.shop.Shipping.ship(Shipping.java:42)
\tat com.example.shop.Orders.close(Orders.java:17)
Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available
\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:181)
\t... 12 more"""
PYTHON = b"""request /items failed: 'currency'
Traceback (most recent call last):
  File "/opt/shop/shop.py", line 63, in items
    currency = config["currency"]
KeyError: 'currency'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/opt/shop/shop.py", line 70, in items
    raise Unavailable("no prices")
shop.UnavailableError: no prices"""
GO = b"""panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f2a1]

goroutine 1 [running]:
main.main()
\t/srv/app/main.go:12 +0x1d
exit status 2"""


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (JAVA, b"java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available"),
        (PYTHON, b"shop.UnavailableError: no prices"),
        (GO, b"panic: runtime error: invalid memory address or nil pointer dereference"),
        (b"two lines\n  and nothing raised", b"two lines"),
        (b'{"error": {"message": "it broke", "type": "X"}}', b"it broke"),
        (b'{"level": "error"', b'{"level": "error"'),
        (b"[" * 5000, b"[" * 5000),
        (b'{"a":' * 5000, b'{"a":' * 5000),
    ],
)
def test_one_line_says_what_happened(record: bytes, said: bytes) -> None:
    assert essential(record) == said


def test_a_trace_is_one_event_of_one_template() -> None:
    mined = Miner()
    mined.learn(JAVA)
    mined.learn(JAVA.replace(b"4711", b"4712").replace(b":42)", b":43)"))
    (only,) = mined
    assert only.count == 2


@pytest.mark.parametrize("record", [JAVA, PYTHON])
def test_the_lines_of_a_trace_go_on_with_its_head(record: bytes) -> None:
    head, *rest = record.split(b"\n")
    assert not is_continuation(head)
    assert all(is_continuation(line) for line in rest)
