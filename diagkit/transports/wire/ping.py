"""Ping: loss and latency, by the best means permitted: raw ICMP, datagram ICMP, the `ping` command, TCP connect."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Mapping

from diagkit.frozen import frozen
from diagkit.model import Reach
from diagkit.transports.wire.icmp import ECHO_REPLIES, UNREACHABLES, fire, new_number, open_socket, requests, rtt_ms
from diagkit.transports.wire.tcp import since
from diagkit.transports.wire.way import Way

INTERVAL, GRACE = 0.04, 1.2  # seconds between two packets; seconds to wait for the last
TCP_PATIENCE = 0.9  # below the 1 s after which a lost SYN is sent again and its loss hidden


@frozen
class Volley:
    """How many packets are sent by each means. The `ping` command and TCP are slower, and a burden to others."""

    icmp: int
    command: int
    tcp: int


SHORT, LONG = Volley(icmp=40, command=14, tcp=10), Volley(icmp=200, command=42, tcp=40)


def ping(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """Forty echo requests in under three seconds. `method` says how; `ask.port` serves the TCP fallback."""
    return _echo(ask, way, patience, SHORT)


def long_ping(ask: Reach, way: Way, patience: float) -> Mapping[str, object]:
    """Two hundred echo requests in under ten seconds, for what forty cannot tell from chance."""
    return _echo(ask, way, patience, LONG)


def _echo(ask: Reach, way: Way, patience: float, volley: Volley) -> dict[str, object]:
    try:
        family, address = way.address(ask.to, patience)
    except OSError as error:
        return {"method": "none", "address": "", "sent": 0, "rtts_ms": [], "refusals": [str(error)]}
    for raw in (True, False):
        try:
            return {"address": address} | _by_icmp(family, address, volley.icmp, raw=raw)
        except PermissionError:
            continue
    if shutil.which("ping"):
        return {"address": address} | _by_binary(address, volley.command)
    return {"address": address} | _by_tcp(way, address, ask.port or 443, volley.tcp)


def _by_icmp(family: socket.AddressFamily, address: str, count: int, *, raw: bool) -> dict[str, object]:
    number = new_number()
    with open_socket(family, raw=raw, number=number) as sock:
        shots = requests(number, address, count)
        heard = fire(sock, shots, INTERVAL, GRACE)
    rtts = [rtt_ms(s, r) for s in shots if (r := heard.replies.get(s.sequence)) and r.type in ECHO_REPLIES]
    said = [f"destination unreachable from {r.source}" for r in heard.replies.values() if r.type in UNREACHABLES]
    method = "raw ICMP" if raw else "datagram ICMP"
    return {"method": method, "sent": count, "rtts_ms": rtts, "refusals": sorted({*said, *heard.errors.values()})}


def _by_binary(address: str, count: int) -> dict[str, object]:
    argv = ["ping", "-n", "-c", str(count), "-i", "0.2", "-W", "1", address]  # below 0.2 s it asks for root
    done = subprocess.run(argv, capture_output=True, timeout=3 + count * 0.21, check=False, text=True, errors="replace")
    rtts = [float(found) for found in re.findall(r"time[=<]([\d.]+) ms", done.stdout)]
    if "statistics" not in done.stdout:
        raise PermissionError(done.stderr.strip() or "ping said nothing")
    said = re.findall(r"Destination \w+ Unreachable", done.stdout)
    return {"method": "the ping command", "sent": count, "rtts_ms": rtts, "refusals": sorted(set(said))}


def _by_tcp(way: Way, address: str, port: int, count: int) -> dict[str, object]:
    """A reset is as good as an echo: the machine answered."""
    rtts: list[float] = []
    said: set[str] = set()

    def knock() -> None:
        started = time.monotonic()
        try:
            way.dial(address, port, TCP_PATIENCE).close()
            rtts.append(since(started))
        except ConnectionRefusedError:
            rtts.append(since(started))
        except OSError as error:
            said.add(error.strerror or str(error))

    knocks = [threading.Thread(target=knock, daemon=True) for _ in range(count)]
    for thread in knocks:
        thread.start()
        time.sleep(INTERVAL)
    for thread in knocks:
        thread.join(TCP_PATIENCE + 0.1)
    return {
        "method": f"TCP connect to port {port}",
        "sent": count,
        "rtts_ms": list(rtts),
        "refusals": sorted(said),
    }
