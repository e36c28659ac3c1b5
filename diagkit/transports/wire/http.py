"""HTTP: one GET over HTTP/1.1, with the time of each phase. No redirect is followed, nothing is kept."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from diagkit.model import Connection, Reach
from diagkit.transports.wire.tcp import connected, not_open, since
from diagkit.transports.wire.tls import Tunnel, blind_context
from diagkit.transports.wire.way import Way, is_address

MOST_HEADERS, MOST_BODY = 16_384, 4_096  # bytes
KEPT = ("server", "date", "location", "retry-after", "content-type", "via")


@dataclass(slots=True)
class _Exchange:
    """What has come so far."""

    started: float
    phases_ms: dict[str, float] = field(default_factory=dict)
    data: bytes = b""

    def mark(self, phase: str) -> None:
        self.phases_ms.setdefault(phase, since(self.started))


def http(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """GET the URL in `ask.name` from `ask.to`; the certificate is another test's business."""
    url = urlsplit(ask.name)
    seen = _Exchange(time.monotonic())
    deadline = seen.started + patience
    try:
        with connected(ask, way, patience) as (plain, _):
            seen.mark("connect")
            plain.settimeout(max(0.01, deadline - time.monotonic()))
            stream: Connection = plain
            if url.scheme == "https":
                name = url.hostname or ""
                stream = Tunnel(plain, blind_context(), "" if is_address(name) else name)
                seen.mark("tls")
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            stream.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\nUser-Agent: diagkit\r\n"
                "Accept: */*\r\nConnection: close\r\n\r\n".encode("ascii", "replace")
            )
            _read(stream, seen, deadline)
    except ssl.SSLError as error:
        return {"state": "no_tls", "phases_ms": seen.phases_ms, "error": error.reason or str(error)}
    except OSError as error:
        if "connect" not in seen.phases_ms:
            return {"phases_ms": {}} | not_open(error, seen.started)
        if not seen.data:
            return {"state": "mute", "phases_ms": seen.phases_ms, "error": error.strerror or str(error)}
    seen.mark("total")
    return {"phases_ms": seen.phases_ms} | _parsed(seen.data)


def _read(stream: Connection, seen: _Exchange, deadline: float) -> None:
    while True:
        stream.settimeout(max(0.01, deadline - time.monotonic()))
        more = stream.recv(8_192)
        if not more:
            return
        seen.mark("first_byte")
        seen.data += more
        head, ended, body = seen.data.partition(b"\r\n\r\n")
        if len(body) >= MOST_BODY or len(head) > MOST_HEADERS or (ended and len(body) >= _length(head)):
            return


def _length(head: bytes) -> int:
    stated = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(stated[0]) if stated and stated[0].strip().isdigit() else MOST_BODY


def _parsed(data: bytes) -> dict[str, object]:
    if not data:
        return {"state": "mute", "error": "the server closed the connection without a word"}
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    version, _, status = first.partition(" ")
    code, _, reason = status.partition(" ")
    if not version.startswith("HTTP/") or not code.isdigit():
        return {"state": "no_http", "error": f"answered {first[:60]!r}"}
    pairs = [line.partition(":") for line in rest]
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip().lower() in KEPT}
    return {
        "state": "answered",
        "status": int(code),
        "reason": reason,
        "headers": headers,
        "body": body[:MOST_BODY].decode("utf-8", "backslashreplace"),
        "error": "",
    }
