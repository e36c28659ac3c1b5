"""TCP: does the port take a connection, and what does it say first?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from diagkit.model import Connection, Reach
from diagkit.transports.wire.way import Way, state_of

CONNECT = 4.0  # seconds: SYNs leave at 0, 1 and 3 s, so a lossy path gets three chances
LONGEST_BANNER = 255  # bytes of an SSH identification string, RFC 4253 4.2


@contextmanager
def connected(ask: Reach, way: Way, patience: float) -> Iterator[tuple[Connection, float]]:
    """An open connection, and how many milliseconds it took. Raises OSError."""
    started = time.monotonic()
    connection = way.dial(ask.to, ask.port, min(CONNECT, patience))
    try:
        yield connection, since(started)
    finally:
        with suppress(OSError):
            connection.close()


def since(started: float) -> float:
    """Milliseconds since then, on the monotonic clock."""
    return round((time.monotonic() - started) * 1000, 2)


def not_open(error: OSError, started: float) -> dict[str, object]:
    """The answer about a port that could not be connected to."""
    return {"state": state_of(error), "took_ms": since(started), "error": error.strerror or str(error)}


def tcp(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """Connect, and close again."""
    started = time.monotonic()
    try:
        with connected(ask, way, patience) as (_, took):
            return {"state": "open", "took_ms": took, "error": ""}
    except OSError as error:
        return not_open(error, started)


def banner(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """Connect, and read the first line the server says by itself."""
    started = time.monotonic()
    try:
        with connected(ask, way, patience) as (connection, took):
            said, error = _first_line(connection, patience - took / 1000)
            state = "open" if said else "mute"
            return {"state": state, "banner": said, "took_ms": took, "error": error}
    except OSError as error:
        return not_open(error, started)


def _first_line(connection: Connection, patience: float) -> tuple[str, str]:
    said, deadline, error = b"", time.monotonic() + patience, ""
    try:
        while b"\n" not in said and len(said) < LONGEST_BANNER:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            more = connection.recv(LONGEST_BANNER - len(said))
            if not more:
                error = "the server closed the connection"
                break
            said += more
    except OSError as trouble:
        error = "said nothing in time" if isinstance(trouble, TimeoutError) else str(trouble)
    return said.split(b"\n")[0].decode("utf-8", "backslashreplace").strip(), error
