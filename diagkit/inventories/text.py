"""The text of a file, whatever wrote it, within bounds."""

from __future__ import annotations

import codecs
from pathlib import Path

from diagkit.inventories import Malformed, Unreadable
from diagkit.spelling import closest

LARGEST = 128 << 20  # bytes; 100,000 hosts with their variables are about 20 MB
VAULT = "$ANSIBLE_VAULT"


def read_text(path: Path) -> str:
    """The text of this file; a pipe, as in `-i <(...)`, will do. Raises `Unreadable` or `Malformed`."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        close = closest(path.name, _beside(path))
        raise Unreadable(
            f"there is no file {str(path)!r}{close and f'; did you mean {path.parent / close}?'}"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise Unreadable(f"cannot read {str(path)!r}: {reason}") from error
    return decoded(data, str(path))


def decoded(data: bytes, origin: str) -> str:
    """Bytes as text: UTF-8, or UTF-16 with its mark, which is what PowerShell writes. Raises `Malformed`."""
    if len(data) > LARGEST:
        raise Malformed(f"{origin}: is larger than {LARGEST >> 20} MiB")
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Malformed(f"{origin}:{line}: is not UTF-8 text") from error
    if "\0" in text:
        raise Malformed(f"{origin}: is not text")
    return text


def _beside(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return []
