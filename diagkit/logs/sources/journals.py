"""Exports of journald as lines: `1763762833.123456 host program[pid]: message`, as `journalctl -o short-unix` has them.

A message of many lines goes on in lines that begin with a space.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from diagkit.logs.sources.streams import say
from diagkit.logs.sources.text import LONGEST

_FIELDS = (
    "MESSAGE", "_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP", "_HOSTNAME",
    "SYSLOG_IDENTIFIER", "_COMM", "_PID", "SYSLOG_PID",
)  # fmt: skip
_NAMES = "|".join(_FIELDS).encode()
# A field, a field in binary (its name stands alone on the line), or the empty line after an entry.
_TOKEN = re.compile(rb"\n(?:(" + _NAMES + rb")=([^\n]*)(?=\n)|([A-Z0-9_]{1,64})\n|(?=\n))")
_VERBOSE_HEAD = re.compile(rb"[A-Z][a-z]{2} [\d-]{10} [\d:.]{15} \S+ \[(?:\w+=[^;\]]*;)*t=([0-9a-f]+);")
_VERBOSE_FIELD = re.compile(rb"    ([A-Z0-9_]+)=(.*)", re.DOTALL)
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_UNDER_MESSAGE = b" " * len("    MESSAGE=")  # journalctl puts the further lines of a message under its first


def line(fields: Mapping[bytes, bytes]) -> bytes:
    """One entry as a line; empty where it has no message or no time.

    As journalctl does, the time of the sender goes before that of the journal, and `_PID` before what the sender says.
    """
    message = fields.get(b"MESSAGE")
    sent, kept = fields.get(b"_SOURCE_REALTIME_TIMESTAMP", b""), fields.get(b"__REALTIME_TIMESTAMP", b"")
    stamp = sent if sent.isdigit() else kept
    if message is None or not stamp.isdigit() or len(stamp) > 18:
        return b""
    seconds, micro = divmod(int(stamp), 1_000_000)
    program = fields.get(b"SYSLOG_IDENTIFIER") or fields.get(b"_COMM") or b"unknown"
    pid = fields.get(b"_PID") or fields.get(b"SYSLOG_PID")
    who = b"%s[%s]" % (program, pid) if pid else program
    host = fields.get(b"_HOSTNAME") or b"localhost"
    head = b"%d.%06d %s %s" % (seconds, micro, host, who)
    # a sender chooses its name, which must not begin a line
    return head.translate(_ONE_LINE) + b": " + message.rstrip(b"\n").replace(b"\n", b"\n ") + b"\n"


def export(chunks: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """`journalctl -o export`, in pieces of whole lines. A field in binary is its name, its length and its bytes."""
    entries = _Entries(notes)
    for chunk in chunks:
        yield b"".join(entries.lines(chunk))
    yield entries.last()


class _Entries:
    """What of an export has come so far. `_data` begins with the newline before the next field."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._fields: dict[bytes, bytes] = {}
        self._data = b"\n"
        self._missing = 0  # bytes still to come of a field in binary that is too long to keep
        self._endless = False  # in a field of text that is too long to keep

    def lines(self, chunk: bytes) -> list[bytes]:
        """The entries that this chunk completes."""
        if self._missing:
            chunk, self._missing = chunk[self._missing :], max(0, self._missing - len(chunk))
        elif self._endless:
            end = chunk.find(b"\n")
            chunk, self._endless = (chunk[end:], False) if end >= 0 else (b"", True)
        self._data += chunk
        found: list[bytes] = []
        at = 0
        while match := _TOKEN.search(self._data, at):
            if match[3]:
                at = self._binary(match[3], match.end())
                if at < 0:
                    self._data = self._data[match.start() :]
                    return found
            elif match[1]:
                self._fields[match[1]] = match[2]
                at = match.end()
            else:
                found.append(line(self._fields))
                self._fields = {}
                at = match.end()
        self._keep(at)
        return found

    def last(self) -> bytes:
        """The entry that no empty line ended."""
        return line(self._fields)

    def _binary(self, name: bytes, at: int) -> int:
        """Where the field ends whose length stands at `at`; -1 if that has not come yet."""
        start = at + 8
        size = int.from_bytes(self._data[at:start], "little")
        if len(self._data) < start or (size <= LONGEST and len(self._data) <= start + size):
            return -1
        if size > LONGEST:
            say(self._notes, f"A field of the journal is longer than {LONGEST >> 10} KiB; its beginning was read.")
            self._missing = max(0, start + size - len(self._data))
        if name.decode() in _FIELDS:
            self._fields[name] = self._data[start : start + min(size, LONGEST)]
        return min(start + size, len(self._data))

    def _keep(self, at: int) -> None:
        """Forget what was read: the next field begins after the last newline."""
        newline = self._data.rfind(b"\n", at)
        self._data = self._data[newline:] if newline >= 0 else b""
        if len(self._data) > LONGEST:
            say(self._notes, f"A field of the journal is longer than {LONGEST >> 10} KiB; its beginning was read.")
            self._data, self._endless = self._data[:LONGEST], True


def from_json(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """`journalctl -o json`, json-sse, json-seq. What is no UTF-8 is an array of bytes; a repeated field is one too."""
    for block in blocks:
        lines = []
        for raw in block.split(b"\n"):
            text = raw.removeprefix(b"data: ").lstrip(b"\x1e")
            if not text.startswith(b"{"):
                continue
            try:
                entry = json.loads(text)
            except (ValueError, RecursionError):
                lines.append(raw + b"\n")
                continue
            lines.append(line({name.encode(): _bytes(entry[name]) for name in _FIELDS if entry.get(name) is not None}))
        yield b"".join(lines)


def verbose(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """`journalctl -o verbose`: a line with the cursor, which has the time, and a line for each field under it."""
    fields: dict[bytes, bytes] = {}
    last = b""
    for block in blocks:
        lines = []
        for raw in block.split(b"\n")[:-1]:
            if head := _VERBOSE_HEAD.match(raw):
                lines.append(line(fields))
                fields, last = {b"__REALTIME_TIMESTAMP": b"%d" % int(head[1], 16)}, b""
            elif field := _VERBOSE_FIELD.fullmatch(raw):
                last = field[1]
                fields[last] = field[2]
            elif last == b"MESSAGE" and len(fields[last]) < LONGEST:
                fields[last] += b"\n" + raw.removeprefix(_UNDER_MESSAGE)
        yield b"".join(lines)
    yield line(fields)


def _bytes(value: object) -> bytes:
    match value:
        case str():
            return value.encode("utf-8", "replace")
        case [int(), *_]:
            return bytes(one & 255 for one in value if isinstance(one, int))
        case [str() as first, *_]:
            return first.encode("utf-8", "replace")
        case _:
            return b""
