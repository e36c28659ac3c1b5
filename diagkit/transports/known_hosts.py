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
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from diagkit.transports.patterns import LONGEST, matches
from diagkit.transports.public_key import BLANK, plain, written

SSH_PORT = 22
LARGEST_FILE = 64 << 20  # bytes; nobody's known_hosts, somebody's mistake
HASH = ord("|")  # begins a hashed name
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


@dataclass(frozen=True, slots=True)
class Entry:
    """A key on file, what it is good for, and where it is written (`path:line`)."""

    marker: Marker
    key: bytes
    where: str

    @property
    def plain(self) -> bytes:
        """The key itself where a certificate was written down, which is compared in revocations."""
        return plain(self.key)


_Line = tuple[int, bytes, bytes]
"""Its number, its marker, and what follows the hosts."""
_SIMPLE = re.compile(rb"([^\s@#*?!,\0]{1,255}) ([^\0]+)\Z")  # one name, no pattern, no marker


class Index:
    """The lines of one file by how their hosts are written. Lookups may run in several threads beside `add`."""

    def __init__(self, path: str, data: bytes = b"") -> None:
        self.path = path
        self.lines = 0
        self._plain: dict[bytes, tuple[_Line, ...]] = {}
        self._hashed: list[tuple[bytes, _Line]] = []
        self._pads: list[tuple[bytes, bytes, bytes]] = []
        self._patterns: list[tuple[bytes, _Line]] = []
        self._found: dict[bytes, tuple[Entry, ...]] = {}
        self._hashing = threading.Lock()
        add, names, simple = self.add, self._plain, _SIMPLE.match
        for line in data.removesuffix(b"\n").split(b"\n") if data else ():
            if found := simple(line):  # most lines of most files, without the calls that the others need
                self.lines += 1
                name, rest = found.groups()
                if name[0] == HASH:
                    self._file(name, (self.lines, b"", rest))
                    continue
                name = name.lower()
                names[name] = (*names.get(name, ()), (self.lines, b"", rest))
            else:
                add(line)

    @property
    def hashed(self) -> int:
        """How many names are hashed: each costs every host that is looked up a microsecond."""
        return len(self._hashed)

    def add(self, line: bytes) -> None:
        """File one more line. What OpenSSH skips is skipped: comments, unknown markers, what ends too early."""
        self.lines += 1
        line, _, behind = line.partition(b"\0")  # where a C string ends
        line = line.lstrip(BLANK)
        marker = b""
        if line.startswith(b"@"):
            # A tab ends a marker only where no space follows anywhere: ssh looks for a space first.
            marker, _, rest = line.partition(b" ") if b" " in line else line.partition(b"\t")
            line = rest.lstrip(BLANK)
            if marker not in MARKERS or line.startswith(b"@"):
                return
        elif not line or line.startswith(b"#"):
            return
        hosts, blank, rest = line.partition(b" ")
        if b"\t" in hosts:
            hosts, blank, rest = line.partition(b"\t")
        if not blank:
            rest = behind.partition(b"\0")[0]  # ssh steps over the NUL that ends the hosts, as over a blank
        self._file(hosts, (self.lines, marker, rest))

    def _file(self, hosts: bytes, line: _Line) -> None:
        if hosts.startswith(b"|"):
            if len(hosts) == HASHED:
                self._hashed.append((hosts, line))
        elif b"*" in hosts or b"?" in hosts or b"!" in hosts or len(hosts) > LONGEST:
            self._patterns.append((hosts, line))
        else:
            for name in hosts.lower().split(b","):
                self._plain[name] = (*self._plain.get(name, ()), line)

    def find(self, name: bytes) -> tuple[Entry, ...]:
        """Every line whose hosts match a name in lower case, in the order of the file. Worked out once for each."""
        found = self._found.get(name)
        if found is None:
            found = tuple(
                Entry(MARKERS[marker], key, f"{self.path}:{number}")
                for number, marker, rest in sorted(set(self._matching(name)))
                if (key := written(rest.lstrip(BLANK)))
            )
            self._found[name] = found
        return found

    def forget(self, name: bytes) -> None:
        """Look the name up anew next time: a line about it was added."""
        self._found.pop(name, None)

    def _matching(self, name: bytes) -> Iterator[_Line]:
        yield from self._plain.get(name, ())
        for patterns, line in self._patterns:
            if matches(name, patterns):
                yield line
        sha1 = hashlib.sha1
        for number, (inner, outer, digest) in enumerate(self._halves()):
            if sha1(outer + sha1(inner + name).digest()).digest() == digest:
                hosts, line = self._hashed[number]
                if hosts == b"|1|%b|%b" % (_encoded(inner[:SALT].translate(_INNER)), _encoded(digest)):
                    yield line

    def _halves(self) -> list[tuple[bytes, bytes, bytes]]:
        """Of every hashed line the two halves of its HMAC's key, and the digest. They are the same for every name."""
        with self._hashing:
            for hosts, _ in self._hashed[len(self._pads) :]:
                try:
                    salt, digest = binascii.a2b_base64(hosts[3:31]), binascii.a2b_base64(hosts[32:])
                except binascii.Error:
                    salt, digest = b"", b""
                block = salt.ljust(64, b"\0")
                self._pads.append((block.translate(_INNER), block.translate(_OUTER), digest))
        return self._pads


def _encoded(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False)


@dataclass(frozen=True, slots=True)
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
