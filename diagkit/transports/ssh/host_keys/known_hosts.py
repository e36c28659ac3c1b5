"""known_hosts files, read once into an index and matched as OpenSSH matches them.

paramiko's own reader is quadratic, knows no wildcards, and gives up on a whole file at the first `@revoked` or
`@cert-authority` line; skipping those lines instead would turn a revoked key into an accepted one.
The rules are those of OpenSSH's hostfile.c and of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Keys are looked at only in the
lines whose hosts match: most of a large file is about other hosts.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import re
import stat
import threading
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.transports.ssh.host_keys.patterns import LONGEST, matches
from diagkit.transports.ssh.host_keys.public_key import BLANK, plain, written

SSH_PORT = 22
LARGEST_FILE = 64 << 20  # bytes; nobody's known_hosts, somebody's mistake
HASHED = 60  # bytes: |1|, 20 bytes of salt in base64, |, 20 bytes of digest in base64

SALT = 20  # bytes
_INNER = bytes(byte ^ 0x36 for byte in range(256))  # the two halves of an HMAC's key, RFC 2104
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Marker(Enum):
    """What a line says about its key."""

    KEY = b""  # it is the host's key
    AUTHORITY = b"@cert-authority"  # it signs host certificates
    REVOKED = b"@revoked"  # it must never be accepted again


MARKERS = {marker.value: marker for marker in Marker}


@frozen
class Entry:
    """A key on file, what it is good for, and where it is written (`path:line`)."""

    marker: Marker
    key: bytes
    where: str

    @property
    def plain(self) -> bytes:
        """The key itself where a certificate was written down, which is compared in revocations."""
        return plain(self.key)


_SIMPLE = re.compile(rb"([^\s@#|*?!,\0]{1,255}) ").match  # one name: no list, pattern, hash or marker


class Index:
    """The lines of one file by how their hosts are written. Lookups may run in several threads beside `add`.

    Lines are kept as they are and by their number, from 0: a tuple for each would make the garbage collector's work the
    greater part of reading a large file.
    """

    def __init__(self, path: str, data: bytes = b"") -> None:
        self.path = path
        self._lines = data.removesuffix(b"\n").split(b"\n") if data else []
        self._plain: dict[bytes, int] = {}
        self._again: dict[bytes, list[int]] = {}  # further lines with a name that `_plain` has
        self._hashed: list[int] = []
        self._patterns: list[int] = []
        self._found: dict[bytes, tuple[Entry, ...]] = {}
        self._halves: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
        self._hashing = threading.Lock()
        for number, line in enumerate(self._lines):
            found = _SIMPLE(line)
            if found and (name := found[1].lower()) not in self._plain:  # most lines of most files
                self._plain[name] = number
            else:
                self._file(number, line)

    @property
    def lines(self) -> int:
        """How many there are."""
        return len(self._lines)

    @property
    def hashed(self) -> int:
        """How many names are hashed: each costs every host that is looked up a microsecond."""
        return len(self._hashed)

    def add(self, line: bytes) -> None:
        """File one more line."""
        self._lines.append(line)
        self._file(len(self._lines) - 1, line)

    def _file(self, number: int, line: bytes) -> None:
        quick = line[:1] == b"|" and line[HASHED : HASHED + 1] == b" "
        hosts = line[:HASHED] if quick else self._hosts(number)
        if not hosts:
            return
        if hosts[:1] == b"|":
            if len(hosts) == HASHED:
                self._hashed.append(number)
        elif b"*" in hosts or b"?" in hosts or b"!" in hosts or len(hosts) > LONGEST:
            self._patterns.append(number)
        else:
            for name in hosts.lower().split(b","):
                if self._plain.setdefault(name, number) != number:
                    self._again.setdefault(name, []).append(number)

    def find(self, name: bytes) -> tuple[Entry, ...]:
        """Every line whose hosts match a name in lower case, in the order of the file. Worked out once for each."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = tuple(
                Entry(MARKERS[parts[0]], key, f"{self.path}:{number + 1}")
                for number in sorted(set(self._matching(name)))
                if (parts := _parts(self._lines[number])) and (key := written(parts[2].lstrip(BLANK)))
            )
        return found

    def forget(self, name: bytes) -> None:
        """Look the name up anew next time: a line about it was added."""
        self._found.pop(name, None)

    def _matching(self, name: bytes) -> Iterator[int]:
        if name in self._plain:
            yield self._plain[name]
            yield from self._again.get(name, ())
        for number in self._patterns:
            if matches(name, self._hosts(number)):
                yield number
        self._halve()
        sha1 = hashlib.sha1
        for number, inner, outer, digest in zip(self._hashed, *self._halves, strict=False):
            if sha1(outer + sha1(inner + name).digest()).digest() == digest:
                salt = inner[:SALT].translate(_INNER)
                if self._hosts(number) == b"|1|%b|%b" % (_encoded(salt), _encoded(digest)):
                    yield number

    def _hosts(self, number: int) -> bytes:
        parts = _parts(self._lines[number])
        return parts[1] if parts else b""

    def _halve(self) -> None:
        """Work out of every hashed line the two halves of its HMAC's key, which are the same for every name."""
        inners, outers, digests = self._halves
        with self._hashing:
            for number in self._hashed[len(digests) :]:
                line = self._lines[number]
                hosts = line[:HASHED] if line[:1] == b"|" else self._hosts(number)
                try:
                    salt, digest = binascii.a2b_base64(hosts[3:31]), binascii.a2b_base64(hosts[32:])
                except binascii.Error:
                    salt, digest = b"", b""
                block = salt.ljust(64, b"\0")
                inners.append(block.translate(_INNER))
                outers.append(block.translate(_OUTER))
                digests.append(digest)


def _parts(line: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Marker, hosts and what follows them; None for what OpenSSH skips: comments, unknown markers."""
    line, _, behind = line.partition(b"\0")  # where a C string ends
    line = line.lstrip(BLANK)
    marker = b""
    if line.startswith(b"@"):
        # A tab ends a marker only where no space follows anywhere: ssh looks for a space first.
        marker, _, line = line.partition(b" ") if b" " in line else line.partition(b"\t")
        line = line.lstrip(BLANK)
        if marker not in MARKERS or line.startswith(b"@"):
            return None
    elif not line or line.startswith(b"#"):
        return None
    hosts, blank, rest = line.partition(b" ")
    if b"\t" in hosts:
        hosts, blank, rest = line.partition(b"\t")
    if not blank:
        rest = behind.partition(b"\0")[0]  # ssh steps over the NUL that ends the hosts, as over a blank
    return marker, hosts, rest


def _encoded(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False)


@frozen
class KnownHosts:
    """The known_hosts files that count for one host, the user's first.

    unreadable: files that exist and could not be read, with the reason; a refusal should mention them.
    """

    indexes: tuple[Index, ...]
    unreadable: tuple[str, ...] = ()

    @classmethod
    def load(cls, paths: Iterable[str]) -> KnownHosts:
        """Read the files that exist. Each is parsed once per run, however many hosts ask for it, and at once."""
        indexes: list[Index] = []
        unreadable: list[str] = []
        for path in paths:
            try:
                indexes.append(file_at(path).index())
            except FileNotFoundError:
                continue
            except OSError as error:
                unreadable.append(f"{path}: {error.strerror}")
        return cls(tuple(indexes), tuple(unreadable))

    def entries(self, name: str) -> list[Entry]:
        """Every line whose hosts match `name`, which is written as in the files: `host` or `[host]:port`."""
        wanted = as_bytes(name)
        return [entry for index in self.indexes for entry in index.find(wanted)]


class File:
    """One known_hosts file: its index, and whether that still says what the file does."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._index = Index(path)
        self._read: tuple[int, ...] = ()

    def index(self) -> Index:
        """What it says now. Read again only if it changed. Raises OSError."""
        with self.lock:
            signature = _signature(Path(self.path).stat())
            if signature != self._read:
                data = b"" if self.path == os.devnull else Path(self.path).read_bytes()
                self._index, self._read = Index(self.path, data), signature
            return self._index

    def append(self, line: bytes, name: bytes, descriptor: int) -> None:
        """Write a line about `name` at the end of the open file, as a line of its own. Raises OSError."""
        with self.lock:
            before = os.fstat(descriptor)
            whole = before.st_size == 0 or os.pread(descriptor, 1, before.st_size - 1) == b"\n"
            addition = (b"" if whole else b"\n") + line + b"\n"
            os.write(descriptor, addition)
            after = os.fstat(descriptor)
            if _signature(before) == self._read and after.st_size == before.st_size + len(addition):
                self._index.add(line)
                self._index.forget(name)
                self._read = _signature(after)


def _signature(status: os.stat_result) -> tuple[int, ...]:
    """What differs when a file was changed. OSError where there is nothing that could be read to an end."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(0, "Is a directory")
    if status.st_size > LARGEST_FILE:
        raise OSError(0, f"larger than {LARGEST_FILE >> 20} MiB")
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


_files: dict[str, File] = {}


def file_at(path: str) -> File:
    """The file of that path, the same for everybody."""
    return _files.setdefault(path, File(path))


def as_bytes(name: str) -> bytes:
    """A name as files have it, in lower case; only ASCII letters have one there."""
    return name.encode("utf-8", "surrogateescape").lower()


def lookup_names(host: str, port: int, alias: str = "") -> tuple[str, ...]:
    """The names under which a host's key may be written, best first.

    A HostKeyAlias stands alone. Off port 22 the name carries the port, and the bare name is the second choice.
    """
    if alias:
        return (alias.lower(),)
    if port == SSH_PORT:
        return (host.lower(),)
    return (f"[{host.lower()}]:{port}", host.lower())
