"""Where bytes come from: a file, a slice of one, standard input. Read in chunks, never mapped, never whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Protocol

from diagkit.frozen import frozen

CHUNK = 1 << 18  # bytes read at a time; from 512 KiB on every block costs new pages, and half of the speed
NEVER_WAIT = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC  # a FIFO in a log's place must not hold us


class Origin(Protocol):
    """Bytes as they are stored. `chunks` ends where they end or cannot be read any further, and then notes why."""

    def chunks(self, notes: list[str]) -> Iterator[bytes]: ...


class Lost(str):
    """A note that some of what is there, or was, could not be read; other notes only explain what was."""

    __slots__ = ()


def say(notes: list[str], sentence: str) -> None:
    """Note this once."""
    if sentence not in notes:
        notes.append(sentence)


@frozen
class Slice:
    """A regular file, or `size` bytes of it from `offset` on. `size` None: all of it, as long as it is when opened.

    inode: (device, inode) when it was found, which tells when another file has taken its name.
    """

    path: str
    inode: tuple[int, int]
    offset: int = 0
    size: int | None = None

    def chunks(self, notes: list[str]) -> Iterator[bytes]:
        """All of its bytes."""
        return self._open(notes, 0, None, by_line=False)

    def between(self, notes: list[str], start: int, end: int | None) -> Iterator[bytes]:
        """Its bytes from `start` to `end` (None: to its own), counted from the beginning of the slice.

        Chunks end where lines do, if there are any: so nobody has to put lines together again.
        """
        return self._open(notes, start, end, by_line=True)

    def _open(self, notes: list[str], start: int, end: int | None, *, by_line: bool) -> Iterator[bytes]:
        try:
            fd = os.open(self.path, NEVER_WAIT)
        except OSError as error:
            say(notes, Lost(f"It could not be opened: {reason(error)}."))
            return
        try:
            yield from self._read(fd, notes, start, end, by_line)
        except OSError as error:
            say(notes, Lost(f"It could not be read to its end: {reason(error)}."))
        finally:
            os.close(fd)

    def _read(self, fd: int, notes: list[str], start: int, end: int | None, by_line: bool) -> Iterator[bytes]:  # noqa: FBT001
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            say(notes, Lost("It is no regular file any more."))
            return
        if (found.st_dev, found.st_ino) != self.inode:
            say(notes, Lost("Another file took its name after it was found (rotated?); that one was read."))
        size = found.st_size - self.offset if self.size is None else self.size
        at = self.offset + start
        stop = self.offset + (size if end is None else end)
        while at < stop and (chunk := os.pread(fd, min(CHUNK, stop - at), at)):
            if by_line and at + len(chunk) < stop:
                chunk = chunk[: chunk.rfind(b"\n") + 1] or chunk
            yield chunk
            at += len(chunk)
        if at < stop:
            say(notes, Lost("It became shorter while it was read; what it still had was read."))
        elif end is None and self.size is None and os.fstat(fd).st_size > stop:
            say(notes, "It grew while it was read; what came later was not read.")


class Pipe:
    """Standard input, or another pipe: it can be read once. What was read to recognise it is delivered again."""

    __slots__ = ("_fd", "_head", "_spent")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._head: list[bytes] = []
        self._spent = False

    def peek(self, size: int) -> bytes:
        """Its first bytes; fewer where it ends."""
        while sum(map(len, self._head)) < size and (chunk := os.read(self._fd, CHUNK)):
            self._head.append(chunk)
        return b"".join(self._head)[:size]

    def chunks(self, notes: list[str]) -> Iterator[bytes]:
        """All of its bytes."""
        if self._spent:
            say(notes, "It can be read only once, and was.")
            return
        self._spent = True
        try:
            while self._head:
                yield self._head.pop(0)
            while chunk := os.read(self._fd, CHUNK):
                yield chunk
        except OSError as error:
            say(notes, Lost(f"It could not be read to its end: {reason(error)}."))


class Pull:
    """Chunks of any size, read as a stream of bytes. `at`: how many have been read or skipped."""

    __slots__ = ("_chunks", "_left", "at")

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""
        self.at = 0

    def upto(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes, in pieces; fewer where the stream ends."""
        while size > 0:
            piece = self._left or next(self._chunks, b"")
            if not piece:
                return
            most = min(size, CHUNK)
            self._left, piece = piece[most:], piece[:most]
            size -= len(piece)
            self.at += len(piece)
            yield piece

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, which are still to be read; fewer where the stream ends."""
        while len(self._left) < size and (chunk := next(self._chunks, b"")):
            self._left += chunk
        return self._left[:size]

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer where the stream ends."""
        return b"".join(self.upto(size))

    def skip_to(self, at: int) -> bool:
        """Go to that byte; False if the stream ends before it."""
        for _ in self.upto(at - self.at):
            pass
        return self.at >= at


def reason(error: OSError) -> str:
    """What the system says of this error, in its words."""
    return (error.strerror or type(error).__name__).lower()
