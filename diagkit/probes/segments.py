"""Segments and datagrams: what TCP sends twice, what arrives and is thrown away, and who does not read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagkit.frozen import frozen
from diagkit.model import Again, Ask, Read, Reply, Run, Silence
from diagkit.probes import Absent, Answers, Garbled, Withheld, perhaps, probe
from diagkit.probes.reading import elapsed, since
from diagkit.probes.sockets import NETSTAT, readable

SNMP = Read("/proc/net/snmp")
UDP = Read("/proc/net/udp", cap=65_536)
STALLED = Run(("ss", "-tnpo", "state", "established"), cap=131_072, root=True)


@frozen(kw_only=True)
class Segments:
    """Counters of TCP and UDP between two samples, in `seconds`. Segments and datagrams."""

    seconds: float
    sent: int
    resets: int  # connections that this host refused or broke off
    retransmitted: int  # without the SYNs of connections that do not come about
    zero_window_probes: int  # the other end has said that it takes no more for now
    zero_windows: int  # we have said so
    wrong_way: int  # packets dropped for they came in where an answer would not go out (rp_filter)
    memory_aborts: int  # connections given up because TCP has no memory left
    datagrams_received: int
    receive_errors: int  # datagrams dropped at a full receive buffer of a socket


@probe(SNMP, Again(SNMP), NETSTAT, Again(NETSTAT))
def segments(snmp: Reply, snmp_again: Reply, netstat: Reply, netstat_again: Reply) -> Segments:
    """What TCP and UDP counted between two samples."""
    tcp, tcp_again = counters(snmp, "Tcp"), counters(snmp_again, "Tcp")
    udp, udp_again = counters(snmp, "Udp"), counters(snmp_again, "Udp")
    more, more_again = counters(netstat, "TcpExt"), counters(netstat_again, "TcpExt")
    again = since(tcp, tcp_again, "RetransSegs") - since(more, more_again, "TCPSynRetrans")
    return Segments(
        seconds=elapsed(snmp, snmp_again),
        sent=since(tcp, tcp_again, "OutSegs"),
        resets=since(tcp, tcp_again, "OutRsts"),
        retransmitted=max(0, again),
        zero_window_probes=since(more, more_again, "TCPWinProbe"),
        zero_windows=since(more, more_again, "TCPToZeroWindowAdv"),
        wrong_way=since(more, more_again, "IPReversePathFilter"),
        memory_aborts=since(more, more_again, "TCPAbortOnMemory"),
        datagrams_received=since(udp, udp_again, "InDatagrams"),
        receive_errors=since(udp, udp_again, "RcvbufErrors"),
    )


def counters(reply: Reply, group: str) -> dict[str, int]:
    """One group of /proc/net/snmp or netstat: a row of names and a row of values."""
    rows = [line.split()[1:] for line in reply.lines if line.startswith(f"{group}:")]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise Garbled(reply.text[:60])
    return {name: int(value) for name, value in zip(*rows, strict=True)}


@frozen(kw_only=True)
class TcpMemory:
    """Memory pages of all TCP buffers, and the limits of it: where TCP begins to save, and where it gives up."""

    pages: int
    pressure: int
    maximum: int


@probe(Read("/proc/net/sockstat"), perhaps(Read("/proc/sys/net/ipv4/tcp_mem")))
def tcp_memory(sockstat: Reply, limits: Reply) -> TcpMemory:
    """What TCP uses, and net.ipv4.tcp_mem. The use is that of the whole machine, also within a container."""
    if limits.silence is Silence.MISSING:
        raise Absent("a container: the limit of TCP memory is that of the machine below")
    if limits.silence:
        raise Withheld(limits.silence, limits.complaint)
    use = re.search(r"^TCP: .* mem (\d+)$", sockstat.text, re.MULTILINE)
    bounds = re.fullmatch(r"\d+\s+(\d+)\s+(\d+)\s*", limits.text)
    if not use or not bounds:
        raise Garbled(limits.text[:30] + sockstat.text[:30])
    return TcpMemory(pages=int(use[1]), pressure=int(bounds[1]), maximum=int(bounds[2]))


@frozen(kw_only=True)
class Dropping:
    """A UDP socket that dropped datagrams between two samples; bytes that wait in its buffer now."""

    place: str
    dropped: int
    waiting: int


@frozen(kw_only=True)
class DatagramSockets:
    """The UDP sockets that dropped datagrams, in `seconds`, worst first."""

    seconds: float
    dropping: tuple[Dropping, ...]


_UDP_ROW = re.compile(r"\s*(\d+): ([0-9A-F]+):(\w{4}) [0-9A-F]+:\w{4} \w\w \w{8}:(\w{8}) .* (\d+)\s*")


@probe(UDP, Again(UDP))
def datagram_sockets(before: Reply, after: Reply) -> DatagramSockets:
    """The drops of each UDP socket (the last column of /proc/net/udp), between two samples."""
    first, second = _drops(before), _drops(after)
    grown = [
        Dropping(place=key[0], dropped=drops - first.get(key, (0, 0))[0], waiting=waiting)
        for key, (drops, waiting) in second.items()
        if drops > first.get(key, (0, 0))[0] and key in first
    ]
    worst = sorted(grown, key=lambda one: (-one.dropped, one.place))
    return DatagramSockets(seconds=elapsed(before, after), dropping=tuple(worst[:10]))


def _drops(reply: Reply) -> dict[tuple[str, str], tuple[int, int]]:
    header, *lines = reply.lines or [""]
    if "local_address" not in header:
        raise Garbled(reply.text[:60])
    rows = [_UDP_ROW.fullmatch(line) for line in lines]
    if not all(rows):
        raise Garbled("a row of the socket table")
    return {(f"{readable(row[2])}:{int(row[3], 16)}", row[1]): (int(row[5]), int(row[4], 16)) for row in rows if row}


@frozen(kw_only=True)
class Stalled:
    """A connection whose far end takes nothing now: zero window. `process` is empty where we may not see it."""

    local: str
    peer: str
    process: str
    queued: int  # bytes that wait to be sent


@frozen(kw_only=True)
class StalledConnections:
    """The connections that probe a closed window now."""

    all: tuple[Stalled, ...]


def _look_closer(segments: Segments) -> Iterable[Ask]:
    """All connections are listed only where TCP has just probed a closed window."""
    return [STALLED] if segments.zero_window_probes else ()


_STALLED = re.compile(r"\d+\s+(\d+)\s+(\S+)\s+(\S+)\s+(.*)timer:\(persist,")
_OWNER = re.compile(r'\(\("([^"]*)",pid=(\d+)')


@probe(also=_look_closer)
def stalled(segments: Segments, answers: Answers) -> StalledConnections:
    """Connections with the persist timer (`ss -o`), which runs while the other end's window is closed."""
    if not segments.zero_window_probes:
        return StalledConnections(all=())
    reply = answers[STALLED]
    if reply.silence:
        raise Withheld(reply.silence, reply.complaint)
    if not reply.text.startswith("Recv-Q"):
        raise Garbled(reply.complaint[:60] or reply.text[:60])
    found = []
    for row in filter(None, map(_STALLED.match, reply.lines)):
        owner = _OWNER.search(row[0]) or _OWNER.search(row.string)
        process = f"{owner[1]}[{owner[2]}]" if owner else ""
        found.append(Stalled(local=row[2], peer=row[3], process=process, queued=int(row[1])))
    return StalledConnections(all=tuple(found))
