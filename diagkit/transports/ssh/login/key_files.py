"""Key files and certificate files: what can be known of them without unlocking anything."""

from __future__ import annotations

import binascii
import os
from functools import lru_cache
from pathlib import Path

from diagkit.frozen import frozen
from diagkit.transports.ssh.host_keys.public_key import Fields, written

LARGEST_FILE = 1 << 20  # bytes, as ssh has it
_MAGIC = b"openssh-key-v1\0"
_ARMOUR = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----"


@frozen
class KeyFile:
    """An IdentityFile. public: its public half, empty when that cannot be told. private: whether it has the other.

    locked: it has a passphrase. trouble: why it cannot be read.
    """

    path: str
    public: bytes = b""
    private: bool = False
    locked: bool = False
    trouble: str = ""

    @property
    def missing(self) -> bool:
        """Whether there is nothing at all at its path, nor a public key beside it."""
        return not (self.private or self.public or self.trouble)


@lru_cache(maxsize=256)
def key_file(path: str) -> KeyFile:
    """What is there, looked at once per run. Public keys may stand for private ones which an agent holds."""
    beside = _public_in(_content(f"{path}.pub"))
    try:
        content = _read(path)
    except FileNotFoundError:
        return KeyFile(path, beside)
    except OSError as error:
        return KeyFile(path, beside, trouble=error.strerror or str(error))
    if public := _public_in(content):
        return KeyFile(path, public)
    if b"PRIVATE KEY" in content and _is_open_to_others(path):
        return KeyFile(path, beside, trouble="others may read it, so it is not used, as by ssh: chmod 600")
    inside, locked = _clear_part(content)
    return KeyFile(path, beside or inside, private=True, locked=locked)


@lru_cache(maxsize=256)
def certificate_file(path: str) -> bytes:
    """The certificate there; empty when there is none."""
    return _public_in(_content(path))


def _clear_part(content: bytes) -> tuple[bytes, bool]:
    """The public half inside a private key of OpenSSH's own format (PROTOCOL.key), and whether the rest is locked."""
    begin, end = _ARMOUR
    if begin not in content:
        return b"", b"ENCRYPTED" in content  # PKCS 8, or the header of older PEM
    try:
        data = binascii.a2b_base64(content.partition(begin)[2].partition(end)[0])
        if not data.startswith(_MAGIC):
            return b"", False
        fields = Fields(data[len(_MAGIC) :])
        cipher = fields.string()
        fields.string()  # name and
        fields.string()  # options of the key derivation
        fields.number(4)  # keys
        return fields.string(), cipher != b"none"
    except ValueError:
        return b"", False


def _is_open_to_others(path: str) -> bool:
    """Whether ssh would refuse the private key for its permissions; it minds only those of the user's own files."""
    state = Path(path).stat()
    return state.st_uid == os.getuid() and bool(state.st_mode & 0o077)


def _public_in(content: bytes) -> bytes:
    return written(content.strip().partition(b"\n")[0].rstrip()) or b""


def _content(path: str) -> bytes:
    try:
        return _read(path)
    except OSError:
        return b""


def _read(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(LARGEST_FILE)
