"""A tape read back, and asked as if it were the machine."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

from diagkit import codec
from diagkit.model import TAPE_VERSION, Ask, Connection, Moment, Reply, Silence, Site, Tape, Target, Unreached

TAPE_BYTES = 64 << 20  # a larger file is not read: a capture is a few hundred kilobytes
GZIP = b"\x1f\x8b"
NOT_ON_THE_TAPE = Reply(silence=Silence.NOT_RUN, err=b"not on the tape")


class NoTape(Exception):
    """There is no file to read, or we may not read it. The message is one sentence for the user."""


class BadTape(Exception):
    """The file is no tape that this version can read. The message is one sentence for the user."""


class Replay:
    """The machine as it was when the tape was made. What was not asked then cannot be asked now."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    @property
    def unreached(self) -> Unreached | None:
        """Why the machine could not be asked then, if it could not."""
        return self._tape.unreached

    def ask(self, asks: Collection[Ask], _: Moment) -> Mapping[Ask, Reply]:
        """The answers of that time."""
        return {ask: self._tape.replies.get(ask, NOT_ON_THE_TAPE) for ask in asks}

    def dial(self, host: str, port: int, timeout: float) -> Connection:  # noqa: ARG002 - as every transport
        """Nothing can be reached from the past."""
        raise ConnectionError("a tape has no network")

    def close(self) -> None:
        """There is nothing to close."""


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
    if lines and lines[-1] == "":
        lines.pop()
    else:
        raise BadTape(f"is cut short in line {len(lines) + 1}")
    replies: dict[Ask, Reply] = {}
    for number, line in enumerate(lines, 2):
        row = _table(line, number)
        replies[_load(Ask, row.get("ask"), number)] = _load(Reply, row.get("reply"), number)
    return Tape(target=target, moment=moment, replies=replies, site=site, unreached=unreached, version=version)


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
