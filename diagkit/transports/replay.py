"""Tapes read back. What follows the asking takes a tape, and does not care when it was made."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from diagkit import codec
from diagkit.model import TAPE_VERSION, Ask, History, Moment, Reply, Site, Tape, Target, Unreached
from diagkit.transports.former import in_words_of_today

TAPE_BYTES = 64 << 20  # a larger file is not read: a capture is a few hundred kilobytes
GZIP = b"\x1f\x8b"


class NoTape(Exception):
    """There is no file to read, or we may not read it. The message is one sentence for the user."""


class BadTape(Exception):
    """The file is no tape that this version can read. The message is one sentence for the user."""


def read_tape(path: str | Path) -> Tape:
    """Read a tape from a file, gzipped or not. Raises `NoTape` or `BadTape`."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(TAPE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise NoTape(f"cannot read the tape {str(path)!r}: {reason}") from error
    if data.startswith(GZIP):
        data = _unzipped(path, data)
    if len(data) > TAPE_BYTES:
        raise BadTape(f"{str(path)!r} is not a tape: it is larger than {TAPE_BYTES >> 20} MiB")
    try:
        return loads(data.decode())
    except UnicodeDecodeError as error:
        raise BadTape(f"{str(path)!r} is not a tape: it is not text") from error
    except BadTape as error:
        raise BadTape(f"{str(path)!r} {error}") from error


def _unzipped(path: str | Path, data: bytes) -> bytes:
    """No more than one byte over what a tape may have, however much is packed into it."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, TAPE_BYTES + 1)
    except zlib.error as error:
        raise BadTape(f"{str(path)!r} is not a tape: its gzip data is damaged") from error


def loads(text: str) -> Tape:
    """A tape from its text. Raises `BadTape`, with the line where it goes wrong."""
    header, *lines = text.split("\n")
    first = _table(header, 1)
    version = first.pop("diagkit_tape", None)
    if not isinstance(version, int) or isinstance(version, bool):
        raise BadTape("is not a tape: line 1 does not begin with its version")
    if version > TAPE_VERSION:
        raise BadTape(f"is a tape of version {version}, and this diagkit reads up to {TAPE_VERSION}: update diagkit")
    target = _load(Target, first.pop("target", None), 1)
    moment = _load(Moment, first.pop("moment", None), 1)
    site = _load(Site, first.pop("site", {}), 1)
    unreached = _load(Unreached | None, first.pop("unreached", None), 1)
    history = _load(History | None, first.pop("history", None), 1)
    if lines and lines[-1] == "":
        lines.pop()
    else:
        raise BadTape(f"is cut short in line {len(lines) + 1}")
    replies: dict[Ask, Reply] = {}
    for number, line in enumerate(lines, 2):
        row = _table(line, number)
        replies[_load(Ask, row.get("ask"), number)] = _load(Reply, row.get("reply"), number)
    return Tape(
        target=target,
        moment=moment,
        replies=in_words_of_today(replies),
        site=site,
        unreached=unreached,
        history=history,
        version=version,
    )


def _table(line: str, number: int) -> dict[str, codec.Json]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadTape(f"is not a tape: line {number} is not JSON") from error
    if not isinstance(row, dict):
        raise BadTape(f"is not a tape: line {number} is not a JSON object")
    return row


def _load(kind: object, data: codec.Json, number: int) -> codec.Json:
    try:
        return codec.load(kind, data)
    except (codec.Malformed, RecursionError) as error:
        raise BadTape(f"is not a tape: line {number}: {error}") from error
