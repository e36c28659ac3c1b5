"""`Sift`: what is sent for it beside the words of round.sh, and what its answers say."""

from __future__ import annotations

import json
import re
import shlex
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from math import ceil

from diagkit.model import Moment, Reply, Sift, Silence
from diagkit.transports.program import bare_text

BLOCK = 4096  # bytes; as in sift.sh
SECONDS = 4.0  # for one log
UNPACKED = 12 << 20  # bytes that an answer may have when it is unpacked
READERS = {".gz": "gzip", ".Z": "gzip", ".xz": "xz", ".zst": "zstd", ".bz2": "bzip2", ".lz4": "lz4"}
_WRITING = threading.Lock()
JOURNAL = ("warnings", "words")  # selections from the journal


def library(moment: Moment) -> str:
    """What sift.sh wants to have been set, and sift.sh."""
    with _WRITING:  # of the threads of a fleet the first works it out for all
        return _library(moment)


@lru_cache(maxsize=4)
def _library(moment: Moment) -> str:
    from diagkit.logs.matching.sieve import expression, pieces  # as much again as all that one question needs

    until = 0 if moment.until >= moment.now else ceil(moment.until.timestamp())
    named = {
        "WINDOW": bare_text("window.awk"),
        "PIECES": "\n".join(pieces()),
        "EXPRESSION": expression(pieces()),
        "SINCE": f"{moment.since.timestamp():.0f}",
        "UNTIL": f"{until}",
        "NOW": f"{moment.now.timestamp():.0f}",
        "YEAR": f"{moment.now.year}",
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in named.items()) + bare_text("sift.sh")


def question(ask: Sift) -> tuple[str, str]:
    """The function of sift.sh that answers it, and the words after its number."""
    if ask.source in JOURNAL:
        return "sift_journal", f"{ask.cap} {ask.read} {ask.before:.6f} {ask.source}"
    blocks = ceil(ask.read / BLOCK)
    path = shlex.quote(ask.source)
    if reader := next((reader for end, reader in READERS.items() if ask.source.endswith(end)), None):
        return "sift_packed", f"{ask.cap} {reader} {blocks} {path}"
    return "sift", f"{ask.cap} {SECONDS:g} {blocks} {ask.newest // BLOCK} {path}"


def reply(ask: Sift, whole: Reply, separator: bytes) -> Reply:
    """The answer unpacked and put together."""
    text = _unpacked(whole.out)
    read = _journal(text, separator) if ask.source in JOURNAL else _file(text, separator)
    if read is None:
        return replace(whole, out=b"", silence=whole.silence or _why_not(whole))
    out, cut = read
    ours_alone = b"other users" in whole.err  # what there is of the journal is our own session's
    return replace(whole, out=out, silence=Silence.DENIED if ours_alone else None, cut=cut)


def _why_not(whole: Reply) -> Silence:
    if re.search(rb"permission denied|not seeing messages", whole.err, re.IGNORECASE):
        return Silence.DENIED
    if re.search(rb"not found|no such file|no journal files", whole.err, re.IGNORECASE):
        return Silence.MISSING
    return Silence.TIMEOUT


def _unpacked(data: bytes) -> bytes:
    """As much of it as arrived."""
    if not data.startswith(b"\x1f\x8b"):
        return data[:UNPACKED]
    stream = zlib.decompressobj(wbits=31)
    text = b""
    try:
        for at in range(0, len(data), BLOCK):
            text += stream.decompress(data[at : at + BLOCK], UNPACKED - len(text) + 1)
            if len(text) > UNPACKED:
                break
    except zlib.error:
        pass  # what came before is good
    return text


def _file(text: bytes, separator: bytes) -> tuple[bytes, bool] | None:
    """The summary and the lines of a file, and whether some of the window was not read; None where nothing was said."""
    head = re.match(rb"%b (\d+) (\d+) (\d+)\n" % re.escape(separator), text)
    if not head:
        return None
    size, start, end = map(int, head.groups())
    read, bodies = end, list[bytes]()
    for begins, ends, body in _parts(text, separator):
        if ends != read:
            break
        read = begins
        bodies.append(body)
    summary = {"size": size, "start": start * BLOCK, "end": min(size, end * BLOCK), "read": read * BLOCK}
    lines = b"".join(reversed(bodies))
    if read:
        lines = lines.partition(b"\n")[2]  # the first is a piece of one
    if end * BLOCK < size:
        lines = lines[: lines.rfind(b"\n") + 1]  # and so is the last
    return json.dumps(summary).encode() + b"\n" + lines, read > start


def _parts(text: bytes, separator: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each part that is complete, the newest first: its first block, the one after its last, its lines."""
    mark = re.escape(separator)
    for part in re.finditer(rb"(?ms)^%b (\d+) (\d+)\n%b(.*?)^%b end\n" % (mark, mark, mark), text):
        yield int(part[1]), int(part[2]), part[3].removesuffix(separator + b"\n")


def _journal(text: bytes, separator: bytes) -> tuple[bytes, bool] | None:
    """The lines, and whether there were more; None where journalctl said nothing because it could not."""
    lines, end, code = text.rpartition(separator + b" end ")
    if not end:
        return (text[: text.rfind(b"\n") + 1], True) if text else None
    whole = code.strip() == b"0"
    return (lines, not whole) if whole or lines else None
