"""Public keys as they go over the wire (RFC 4253 section 6.6) and as files write them: type, base64, comment."""

from __future__ import annotations

import base64
import binascii
import hashlib

CERTIFIED = "-cert-v01@openssh.com"  # ends the type of a certificate
SHORTEST_RSA = 1024  # bits; OpenSSH reads no shorter modulus
FIELDS = {  # of each type of key, after the name of the type
    "ssh-ed25519": 1,  # point
    "ssh-rsa": 2,  # exponent, modulus
    "ssh-dss": 4,  # p, q, g, y
    "ecdsa-sha2-nistp256": 2,  # curve, point
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,  # point, application
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,  # curve, point, application
}
SIGNATURES = {  # names of signature algorithms that files may give as the type of an RSA key
    f"rsa-sha2-{bits}{ending}": f"ssh-rsa{ending}" for bits in (256, 512) for ending in ("", CERTIFIED)
}
POINTS = {b"nistp256": 65, b"nistp384": 97, b"nistp521": 133}  # bytes of an uncompressed point
BLANK = b" \t"
IGNORED = b" \t\n\v\f\r"  # within base64, by OpenSSH's b64_pton


class Fields:
    """The fields of an SSH message, read in order (RFC 4251 section 5). ValueError where one is missing."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def more(self) -> bool:
        """Whether there is anything left."""
        return self.at < len(self.data)

    def number(self, size: int) -> int:
        """An unsigned integer of that many bytes."""
        self.at += size
        if self.at > len(self.data):
            raise ValueError("it ends too early")
        return int.from_bytes(self.data[self.at - size : self.at], "big")

    def string(self) -> bytes:
        """A string, which says itself how long it is."""
        size = self.number(4)
        self.at += size
        if self.at > len(self.data):
            raise ValueError("it ends too early")
        return self.data[self.at - size : self.at]

    def text(self) -> str:
        """A string that is text; other bytes become lone surrogates."""
        return self.string().decode("utf-8", "surrogateescape")


def written(words: bytes) -> bytes | None:
    """The key in `TYPE BASE64 COMMENT`; None where OpenSSH finds none in it either."""
    kind, _, rest = words.replace(b"\t", b" ").partition(b" ")
    text = rest.lstrip(BLANK).partition(b" ")[0].translate(None, IGNORED)
    try:
        key = binascii.a2b_base64(text)
    except binascii.Error:
        return None
    if not key or binascii.b2a_base64(key, newline=False) != text:
        return None
    named = kind.decode("ascii", "replace")
    return key if kind_of(key) == SIGNATURES.get(named, named) and sound(key) else None


def kind_of(key: bytes) -> str:
    """The type that a key says it is; empty when it says none."""
    try:
        return Fields(key).text()
    except ValueError:
        return ""


def sound(key: bytes) -> bool:
    """Whether a key has the parts that a key of its type has, and nothing more. Of a certificate, that its key has."""
    kind = kind_of(key)
    if kind.endswith(CERTIFIED):
        try:
            return kind.removesuffix(CERTIFIED) in FIELDS and sound(plain(key))
        except ValueError:
            return False
    if kind not in FIELDS:
        return False
    fields = Fields(key)
    try:
        parts = [fields.string() for _ in range(1 + FIELDS[kind])][1:]
    except ValueError:
        return False
    if fields.more:
        return False
    if "ed25519" in kind:
        return len(parts[0]) == 32  # octets of a point, RFC 8032
    if "ecdsa" in kind:
        return kind.split("@")[0].encode().endswith(parts[0]) and len(parts[1]) == POINTS.get(parts[0])
    return kind != "ssh-rsa" or int.from_bytes(parts[1], "big").bit_length() >= SHORTEST_RSA


def plain(key: bytes) -> bytes:
    """The key that a certificate is about; any other key is itself. ValueError for a certificate that is cut."""
    kind = kind_of(key)
    if not kind.endswith(CERTIFIED):
        return key
    bare = kind.removesuffix(CERTIFIED)
    fields = Fields(key)
    fields.string()  # type
    fields.string()  # nonce
    start = fields.at
    for _ in range(FIELDS[bare]):
        fields.string()
    return packed(bare.encode()) + key[start : fields.at]


def packed(data: bytes) -> bytes:
    """A string as it goes over the wire."""
    return len(data).to_bytes(4, "big") + data


def fingerprint(key: bytes) -> str:
    """The fingerprint as ssh-keygen -l prints it: SHA256 and base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def describe(key: bytes) -> str:
    """`ED25519 SHA256:…`: what kind of key it is, and its fingerprint."""
    kind = kind_of(key).encode("ascii", "replace").decode()
    return f"{kind.removeprefix('sk-').removeprefix('ssh-').split('-')[0].upper()} {fingerprint(key)}"
