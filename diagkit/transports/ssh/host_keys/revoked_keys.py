"""RevokedHostKeys: keys that are not accepted whatever vouches for them, one a line or as a key revocation list (KRL).

The formats and the rules are those of OpenSSH's authfile.c, krl.c and PROTOCOL.krl: a file that cannot be read, or not
understood to its end, revokes everything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from diagkit.transports.ssh.host_keys.certificate import HostCertificate
from diagkit.transports.ssh.host_keys.public_key import BLANK, Fields, plain, written

MAGIC = b"SSHKRL\n\0"
VERSION = 1
CERTIFICATES, KEYS, SHA1S, SHA256S, EXTENSION = 1, 2, 3, 5, 255  # sections of a list; 4, its signature, nobody writes
SERIALS, SERIAL_RANGE, SERIAL_BITMAP, KEY_IDS, CERTIFICATE_EXTENSION = 0x20, 0x21, 0x22, 0x23, 0x39
ANY_AUTHORITY = b""


@dataclass(slots=True)
class _OfAuthority:
    """Which certificates of one authority are revoked: ranges of serial numbers, and names of certificates."""

    serials: list[tuple[int, int]] = field(default_factory=list)
    key_ids: set[bytes] = field(default_factory=set)

    def has(self, certificate: HostCertificate) -> bool:
        """Whether it is one of them. Serial 0 is that of a certificate nobody numbered."""
        numbered = certificate.serial and any(low <= certificate.serial <= high for low, high in self.serials)
        return bool(numbered) or certificate.key_id in self.key_ids


@dataclass(slots=True)
class RevokedKeys:
    """What one file revokes."""

    keys: set[bytes] = field(default_factory=set)
    sha1s: set[bytes] = field(default_factory=set)
    sha256s: set[bytes] = field(default_factory=set)
    certificates: dict[bytes, _OfAuthority] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str) -> RevokedKeys:
        """Read the file, if it has changed since. Raises OSError, or ValueError where it is not understood."""
        status = Path(path).stat()
        return _read(path, status.st_mtime_ns, status.st_size)

    def has_key(self, key: bytes) -> bool:
        """Whether this plain key is revoked."""
        if self.sha1s and hashlib.sha1(key).digest() in self.sha1s:  # noqa: S324 - the list chose it
            return True
        return key in self.keys or hashlib.sha256(key).digest() in self.sha256s

    def has_certificate(self, certificate: HostCertificate) -> bool:
        """Whether this certificate is revoked by its number or name; its key and its authority are asked for apart."""
        lists = (self.certificates.get(authority) for authority in (certificate.authority, ANY_AUTHORITY))
        return any(revoked.has(certificate) for revoked in lists if revoked)


@lru_cache(maxsize=8)
def _read(path: str, _changed_ns: int, _size: int) -> RevokedKeys:
    data = Path(path).read_bytes()
    if data.startswith(MAGIC):
        try:
            return _list(data)
        except ValueError as error:
            raise ValueError(f"{path} is no key revocation list that diagkit understands: {error}") from None
    revoked = RevokedKeys()
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.partition(b"\0")[0].lstrip(BLANK)
        if words and not words.startswith(b"#"):
            key = written(words)
            if key is None:
                raise ValueError(f"{path}:{number} is not a public key")
            revoked.keys.add(plain(key))
    return revoked


def _list(data: bytes) -> RevokedKeys:
    fields = Fields(data)
    fields.at = len(MAGIC)
    if fields.number(4) != VERSION:
        raise ValueError("another version")
    for _ in range(3):  # version of the list, when it was made, flags
        fields.number(8)
    fields.string()  # reserved
    fields.string()  # comment
    revoked = RevokedKeys()
    while fields.more:
        section, body = fields.number(1), Fields(fields.string())
        if section == CERTIFICATES:
            authority = body.string()
            body.string()  # reserved
            _certificates(body, revoked.certificates.setdefault(authority, _OfAuthority()))
        elif section in (KEYS, SHA1S, SHA256S):
            into = {KEYS: revoked.keys, SHA1S: revoked.sha1s, SHA256S: revoked.sha256s}[section]
            while body.more:
                into.add(body.string())
        elif section == EXTENSION:
            _refuse_critical(body)
        else:
            raise ValueError(f"section {section} is not known")
    return revoked


def _certificates(fields: Fields, into: _OfAuthority) -> None:
    while fields.more:
        section, body = fields.number(1), Fields(fields.string())
        if section == SERIALS:
            while body.more:
                serial = body.number(8)
                into.serials.append((serial, serial))
        elif section == SERIAL_RANGE:
            into.serials.append((body.number(8), body.number(8)))
        elif section == SERIAL_BITMAP:
            first, bits = body.number(8), int.from_bytes(body.string(), "big")
            into.serials += [(first + bit, first + bit) for bit in range(bits.bit_length()) if bits >> bit & 1]
        elif section == KEY_IDS:
            while body.more:
                into.key_ids.add(body.string())
        elif section == CERTIFICATE_EXTENSION:
            _refuse_critical(body)
        else:
            raise ValueError(f"section {section:#x} of certificates is not known")


def _refuse_critical(fields: Fields) -> None:
    name = fields.text()
    if fields.number(1):
        raise ValueError(f"it has the critical extension {name!r}")
