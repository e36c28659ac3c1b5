"""Reports on disk: whole or not at all, and for nobody else's eyes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


class Unwritable(Exception):
    """A report that could not be written; the message is one sentence for the user."""


def write_report(path: Path, text: str | bytes | Iterable[str]) -> None:
    """Put the text, or its pieces, where the path is, mode 0600. An older report stays until the new one is complete.

    What is no regular file (`/dev/stdout`, a pipe) is written to, not replaced.
    """
    pieces = (text,) if isinstance(text, str | bytes) else text
    data = (piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace") for piece in pieces)
    place = Path(os.path.realpath(path))  # a symlink keeps pointing where it does
    try:
        if place.exists() and not place.is_file():
            with place.open("wb") as file:
                file.writelines(data)
        else:
            _replace(place, data)
    except OSError as error:
        raise Unwritable(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def _replace(place: Path, data: Iterable[bytes]) -> None:
    # mkstemp opens with O_EXCL and mode 0600; in the same directory, so that the rename is one step
    handle, name = tempfile.mkstemp(prefix=f".{place.name[:80]}.", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_directory(place.parent)


def _sync_directory(path: Path) -> None:
    """Make the rename itself last. Not every filesystem lets a directory be synced; the file is complete anyway."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
