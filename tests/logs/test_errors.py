"""Which lines call themselves an error: of log4j, Python's logging, logfmt, PostgreSQL 15, nginx, pino."""

import pytest

from diagkit.logs.errors import SAYS_ERROR


@pytest.mark.parametrize(
    "message",
    [
        "ERROR shop[4]: request failed",
        "[http-nio-8080-exec-3] ERROR c.e.Shop - no stock",
        'ERROR:  relation "orders" does not exist',
        "3#3: *17 [error] connect() failed",
        "[crit] 3#3: open() failed",
        'level=error msg="no stock"',
        '{"level":"error","msg":"no stock"}',
        '{"severity": "ERROR", "message": "no stock"}',
        "java.lang.IllegalStateException: no stock",
        "KeyError: 'stock'",
        "error: cannot save order 7",  # winston 3
        "Error: Cannot find module './stock'",
        "[ERR] Cannot save order 7",  # Serilog 3
        "#7] ERROR -- : no stock",  # Ruby's Logger
        "Caused by: java.net.ConnectException: refused",
        "panic: runtime error: index out of range",
    ],
)
def test_an_error(message: str) -> None:
    assert SAYS_ERROR.search(message)


@pytest.mark.parametrize(
    "message",
    [
        "INFO job done, ERROR count 0",
        "[main] WARN c.e.Shop - retried after ERROR 17",
        '{"level":"info","msg":"ERROR was recovered"}',
        'level=warning msg="ERROR in a retry"',
        "[notice] 3#3: ERROR pages are custom",
        "STATEMENT:  INSERT INTO log VALUES ('ERROR')",
        '192.0.2.7 - - "GET /docs/ERROR.html HTTP/1.1" 200',
        "rotated /var/log/shop/ERROR",
        "0 errors, 3 warnings",
        "info: error: none",
        "read error: none",
        "built src/fatal-error.css",
    ],
)
def test_no_error_though_the_word_is_there(message: str) -> None:
    assert not SAYS_ERROR.search(message)
