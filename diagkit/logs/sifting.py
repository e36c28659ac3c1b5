"""What of the window the scans leave behind: which of it to have selected on the machine, and what came of that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from diagkit.frozen import frozen
from diagkit.logs.files import LogFile
from diagkit.logs.lines import Log, span
from diagkit.logs.sources.containers import unwrapped
from diagkit.logs.timestamps import Clock
from diagkit.model import Reply, Sift, Silence

# Shares of what one visit may cost: 20 MB read, 2 MB over the wire, and 150 processes, of which a log takes 20.
READ = 16 << 20
WIRE = 393_216
AT_MOST = 4  # files
PACKED = 4 << 20  # bytes of a compressed file; a larger one takes too long to unpack
EXPANDS = 12  # times that a log is as long unpacked, at the most
JOURNAL = {"warnings": (262_144, 98_304), "words": (131_072, 49_152)}  # bytes said, and over the wire
LONGEST = 4096  # bytes of a line that arrive

_ENTRY = re.compile(rb"(?m)^([0-9]{10}\.[0-9]{6}) ")


@frozen(kw_only=True)
class Sifted:
    """How far one log was gone through before what was scanned of it.

    read, of: bytes gone through, and bytes of the window there; 0 where the machine could not tell. first: the time of
    the oldest line that came of it. cut: some of the window was left behind all the same. silence: why nothing came.
    """

    source: str
    read: int = 0
    of: int = 0
    first: datetime | None = None
    cut: bool = False
    silence: Silence | None = None


def journal_known_from(reply: Reply) -> float:
    """Since when the journal is known, in seconds since the epoch; 0 where all of the window is."""
    entries = _ENTRY.findall(reply.out, max(0, len(reply.out) - (1 << 16))) if reply.cut else []
    return float(entries[-1]) if entries else 0.0


def wanted(
    scanned: Mapping[str, int], packed: Iterable[LogFile], sizes: Mapping[str, int], known_from: float
) -> list[Sift]:
    """What to ask for, the most telling first.

    scanned: files, and how many bytes at their end are known. packed: compressed files of the window. sizes: in bytes,
    of those files that were listed. known_from: see `journal_known_from`.
    """
    asks = [
        Sift(name, before=known_from, read=said, cap=cap, root=True)
        for name, (said, cap) in JOURNAL.items()
        if known_from
    ]
    left = {path: sizes.get(path, READ) - known for path, known in scanned.items() if not _is_access_log(path)}
    left |= {file.path: file.size * EXPANDS for file in packed if file.size <= PACKED and not _is_access_log(file.path)}
    left = dict([(path, size) for path, size in left.items() if size > 0][:AT_MOST])
    shares = _shares(left, READ)
    asks += [
        Sift(path, newest=scanned.get(path, 0), read=share, cap=WIRE // len(shares), root=True)
        for path, share in shares.items()
    ]
    return asks


def _is_access_log(path: str) -> bool:
    """What such a log says lies in its proportions, of which a selection tells nothing."""
    return "access" in path.rpartition("/")[2]


def _shares(wishes: Mapping[str, int], room: int) -> dict[str, int]:
    """Everybody gets what they wish, as long as it is no more than anybody's fair share."""
    shares = {}
    for count, (name, wish) in zip(
        range(len(wishes), 0, -1), sorted(wishes.items(), key=lambda item: item[1]), strict=True
    ):
        shares[name] = min(wish, room // count)
        room -= shares[name]
    return {name: shares[name] for name in wishes}


def came_of(ask: Sift, reply: Reply, scanned: Log | None, clock: Clock) -> tuple[Log | None, Sifted]:
    """The lines that are not known from the scan, if any, and how far the log was gone through."""
    if reply.silence and not reply.out:
        return None, Sifted(source=ask.source, silence=reply.silence)
    if ask.source in JOURNAL:
        log = Log("journal", b"".join(_older(reply.out, ask.before)), cut=reply.cut, sifted=True)
        return log, Sifted(source=ask.source, first=_first(log, clock), cut=reply.cut, silence=reply.silence)
    head, _, raw = reply.out.partition(b"\n")
    try:
        said = json.loads(head)
        read, of = said["end"] - said["read"], said["end"] - said["start"]
    except (ValueError, LookupError, TypeError):
        return None, Sifted(source=ask.source, silence=Silence.GARBLED)
    log = Log(ask.source, _without(unwrapped(raw), scanned.raw if scanned else b""), cut=reply.cut, sifted=True)
    return log, Sifted(source=ask.source, read=read, of=of, first=_first(log, clock), cut=reply.cut)


def _first(log: Log, clock: Clock) -> datetime | None:
    ends = span(log, clock)
    return ends[0] if ends else None


def _older(raw: bytes, before: float) -> Iterator[bytes]:
    """The first lines of entries that are older than that. One that continues an entry may have lost it on the way."""
    for line in raw.splitlines(keepends=True):
        if (entry := _ENTRY.match(line)) and float(entry[1]) < before:
            yield line


def _without(raw: bytes, known: bytes) -> bytes:
    """Without those lines at the end that are in the part that is known, which was read a moment earlier or later."""
    there = {line[:LONGEST] for line in known.splitlines()}
    lines = raw.splitlines()
    while lines and lines[-1] in there:
        lines.pop()
    return b"".join(line + b"\n" for line in lines)


def whole_lines(log: Log) -> Log:
    """Without the first line of a file that was read from its middle: a piece, which is whole in what was sifted."""
    return replace(log, raw=log.raw.partition(b"\n")[2]) if log.cut else log
