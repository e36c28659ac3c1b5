"""known_hosts files, read once into an index and matched as OpenSSH matches them.

paramiko's own reader is quadratic, knows no wildcards, and gives up on a whole file at the first `@revoked` or
`@cert-authority` line; skipping those lines instead would turn a revoked key into an accepted one.
The rules are those of OpenSSH's hostfile.c and of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from pathlib import Path

SSH_PORT = 22
LARGEST_FILE = 64 << 20  # bytes; nobody's known_hosts, somebody's mistake


class Marker(Enum):
    """What a line says about its key."""

    KEY = ""  # it is the host's key
    AUTHORITY = "@cert-authority"  # it signs host certificates
    REVOKED = "@revoked"  # it must never be accepted again


class Trust(Enum):
    """What the files say about a key that a host presented."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"  # nothing is known about this host
    CHANGED = "changed"  # other keys are known for it, not this one
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a key, what it is good for, and where it is written (`path:line`)."""

    marker: Marker
    type: str
    key: bytes
    where: str


@dataclass(slots=True)
class _Index:
    """The lines of one file by how their hosts are written."""

    plain: dict[str, list[Entry]] = field(default_factory=dict)
    hashed: list[tuple[bytes, bytes, Entry]] = field(default_factory=list)
    patterns: list[tuple[str, Entry]] = field(default_factory=list)

    def find(self, name: str) -> Iterable[Entry]:
        yield from self.plain.get(name, ())
        wanted = name.encode("utf-8", "surrogateescape")
        for salt, digest, entry in self.hashed:
            if hmac.compare_digest(hmac.digest(salt, wanted, "sha1"), digest):
                yield entry
        for patterns, entry in self.patterns:
            if matches(name, patterns):
                yield entry


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """The known_hosts files that count for one host, the user's first.

    unreadable: files that exist and could not be read, with the reason; a refusal should mention them.
    """

    indexes: tuple[_Index, ...]
    unreadable: tuple[str, ...] = ()

    @classmethod
    def load(cls, paths: Iterable[str]) -> KnownHosts:
        """Read the files that exist. Each is parsed once per run, however many hosts ask for it."""
        indexes: list[_Index] = []
        unreadable: list[str] = []
        for path in paths:
            try:
                stat = Path(path).stat()
                indexes.append(_read(path, stat.st_mtime_ns, stat.st_size))
            except FileNotFoundError:
                continue
            except OSError as error:
                unreadable.append(f"{path}: {error.strerror}")
        return cls(tuple(indexes), tuple(unreadable))

    def entries(self, name: str) -> list[Entry]:
        """Every line whose hosts match `name`, which is written as in the files: `host` or `[host]:port`."""
        return [entry for index in self.indexes for entry in index.find(name.lower())]

    def judge(self, names: Sequence[str], key: bytes) -> tuple[Trust, list[Entry]]:
        """What the files say about `key` of a host known by `names`, best name first, and the lines that say it.

        A later name (the host without its port) can only vouch for the key: it never makes an unknown key a changed
        one. A revocation under any name counts.
        """
        found = [self.entries(name) for name in names]
        if revoked := [e for lines in found for e in lines if e.marker is Marker.REVOKED and e.key == key]:
            return Trust.REVOKED, revoked
        plain = [[e for e in lines if e.marker is Marker.KEY] for lines in found]
        for rank, lines in enumerate(plain):
            if same := [e for e in lines if e.key == key]:
                return Trust.TRUSTED, same
            if rank == 0 and lines:
                return Trust.CHANGED, lines
        return Trust.UNKNOWN, []


def lookup_names(host: str, port: int, alias: str = "") -> tuple[str, ...]:
    """The names under which a host's key may be written, best first.

    A HostKeyAlias stands alone. Off port 22 the name carries the port, and the bare name is the second choice.
    """
    if alias:
        return (alias.lower(),)
    if port == SSH_PORT:
        return (host.lower(),)
    return (f"[{host.lower()}]:{port}", host.lower())


def revoked_keys(path: Path) -> set[bytes]:
    """The keys in a file named by RevokedHostKeys, one public key a line. ValueError for a binary revocation list."""
    data = path.read_bytes()
    if data.startswith(b"SSHKRL\n"):
        raise ValueError(f"{path} is a binary key revocation list, which diagkit cannot read")
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return {found[1].key for line in lines if (found := _parse(f"@revoked * {line}", str(path)))}


def fingerprint(key: bytes) -> str:
    """The fingerprint as ssh-keygen -l prints it: SHA256 and base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def matches(name: str, patterns: str) -> bool:
    """Whether a lower-case name matches a comma-separated list of patterns; one `!pattern` that matches vetoes it."""
    hit = False
    for pattern in patterns.lower().split(","):
        if _glob(name, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            hit = True
    return hit


def _glob(name: str, pattern: str) -> bool:
    """`*` and `?` as in a shell, nothing else is special. Never slower than len(name) * len(pattern)."""
    at = on = 0
    star, resume = -1, 0
    while at < len(name):
        if on < len(pattern) and pattern[on] == "*":
            star, resume = on, at
            on += 1
        elif on < len(pattern) and pattern[on] in ("?", name[at]):
            at += 1
            on += 1
        elif star >= 0:
            resume += 1
            at, on = resume, star + 1
        else:
            return False
    return pattern[on:].strip("*") == ""


@lru_cache(maxsize=64)
def _read(path: str, _changed_ns: int, size: int) -> _Index:
    if size > LARGEST_FILE:
        raise OSError(0, f"larger than {LARGEST_FILE >> 20} MiB")
    index = _Index()
    text = Path(path).read_bytes().decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.split("\n"), 1):
        if found := _parse(line, f"{path}:{number}"):
            _file(index, *found)
    return index


def _parse(line: str, where: str) -> tuple[str, Entry] | None:
    """The hosts field and the entry of one line; None where OpenSSH skips the line too (comment, damage)."""
    words = line.split(None, 4)
    marker = Marker.KEY
    if words and words[0].startswith("@"):
        try:
            marker = Marker(words.pop(0))
        except ValueError:
            return None
    if len(words) < 3 or words[0].startswith("#"):
        return None
    hosts, kind, encoded = words[:3]
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return None
    if not key.startswith(len(kind).to_bytes(4, "big") + kind.encode("utf-8", "surrogateescape")):
        return None  # the key is not of the type the line says
    return hosts, Entry(marker, kind, key, where)


def _file(index: _Index, hosts: str, entry: Entry) -> None:
    if hosts.startswith("|1|"):
        salt, _, digest = hosts[3:].partition("|")
        try:
            index.hashed.append((base64.b64decode(salt), base64.b64decode(digest), entry))
        except binascii.Error:
            return
    elif any(c in hosts for c in "*?!"):
        index.patterns.append((hosts, entry))
    else:
        for name in hosts.lower().split(","):
            index.plain.setdefault(name, []).append(entry)
