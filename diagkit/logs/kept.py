"""What was compiled, kept for the next run in `$XDG_CACHE_HOME/diagkit`.

It is loaded as it lies, and what is loaded can do anything. So only a file that nobody but this user can have written
is ever read: his own, open to nobody else, in such a folder. Anything else is as if there were none.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

SUFFIX = ".compiled"
LARGEST = 64 << 20  # bytes
UNUSED = 90 * 86400.0  # seconds after which what was kept for another catalogue is deleted
_DIGEST = 32  # bytes before the data, which say whether all of it is there


def load(name: str) -> bytes | None:
    """What is kept by that name; None where nothing is, or nothing that may be trusted."""
    folder = _folder()
    if folder is None or not _private(folder):
        return None
    try:
        file = os.open(folder / f"{name}{SUFFIX}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or not _of_this_user_alone(found) or found.st_size > LARGEST:
            return None
        with open(file, "rb", closefd=False) as opened:
            digest, data = opened.read(_DIGEST), opened.read()
    except OSError:
        return None
    finally:
        os.close(file)
    return data if _digest(data) == digest else None


def store(name: str, data: bytes) -> None:
    """Keep it, if there is a place for that; where there is none, the next run compiles again."""
    folder = _folder()
    if folder is None:
        return
    with suppress(OSError):
        _make(folder)
        if _private(folder):
            _forget_old(folder)
            file, name_of_part = tempfile.mkstemp(dir=folder)  # 0600
            os.close(file)
            part = Path(name_of_part)
            try:
                part.write_bytes(_digest(data) + data)
                part.replace(folder / f"{name}{SUFFIX}")
            finally:
                part.unlink(missing_ok=True)


def _folder() -> Path | None:
    """Where things are kept; None on a system without users of their own (Windows), and without a home."""
    if not hasattr(os, "geteuid"):
        return None
    named = os.environ.get("XDG_CACHE_HOME", "")
    if named.startswith("/"):
        return Path(named) / "diagkit"
    home = os.environ.get("HOME", "")
    return Path(home) / ".cache" / "diagkit" if home.startswith("/") else None


def _make(folder: Path) -> None:
    """Make the folder, unless it would be made in somebody else's: root must leave nothing in a user's home."""
    nearest = next(parent for parent in folder.parents if parent.exists())
    if not folder.exists() and nearest.stat().st_uid == os.geteuid():
        for missing in reversed([folder, *folder.parents]):
            if not missing.exists():
                missing.mkdir(mode=0o700)


def _private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and _of_this_user_alone(found)


def _of_this_user_alone(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _forget_old(folder: Path) -> None:
    for path in folder.glob(f"*{SUFFIX}"):
        if path.lstat().st_atime < time.time() - UNUSED:
            path.unlink()


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST).digest()
