"""OpenSSH host certificates: a host key vouched for by an authority that known_hosts names.

Format: OpenSSH's PROTOCOL.certkeys. Checks: those of sshkey_cert_check_authority in sshkey.c, except that a certificate
without principals, good for any host there, is good for none here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SUFFIX = "-cert-v01@openssh.com"
HOST = 2  # SSH2_CERT_TYPE_HOST; 1 would be a user's
FIELDS = {  # of the public key inside, after the nonce
    "ssh-ed25519": 1,  # point
    "ssh-rsa": 2,  # exponent, modulus
    "ecdsa-sha2-nistp256": 2,  # curve, point
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
}
SIGNED_BY = frozenset({*FIELDS, "rsa-sha2-256", "rsa-sha2-512"} - {"ssh-rsa"})  # never SHA-1

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, what was signed, signature) -> whether the key made that signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCertificate:
    """What a certificate says. Times are seconds since the epoch; `signed` is all that `signature` covers."""

    plain_key: bytes
    kind: int
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical_options: bytes
    authority: bytes
    signed: bytes
    signature: bytes

    def problem(self, host: str, now: float, verify: Verify) -> str:
        """Why it does not vouch for `host`; empty when it does. Whether to trust the authority is asked elsewhere."""
        if self.kind != HOST:
            return "it is a user certificate"
        if self.critical_options:
            return "it has critical options nobody defined"
        if now < self.valid_after:
            return "it is not valid yet"
        if now >= self.valid_before:
            return "it has expired"
        if host.lower() not in map(str.lower, self.principals):
            return f"it is for {', '.join(self.principals) or 'no host in particular'}"
        if _Fields(self.signature).text() not in SIGNED_BY:
            return "it is signed with an algorithm that is no longer trusted"
        if not verify(self.authority, self.signed, self.signature):
            return "its signature is wrong"
        return ""


def parse(blob: bytes) -> HostCertificate | None:
    """The certificate in a host key as presented; None for a plain key. ValueError when it is damaged."""
    fields = _Fields(blob)
    kind = fields.text()
    if not kind.endswith(SUFFIX):
        return None
    plain = kind.removesuffix(SUFFIX)
    if plain not in FIELDS:
        raise ValueError(f"unknown kind of certificate {kind!r}")
    fields.string()  # nonce
    start = fields.at
    for _ in range(FIELDS[plain]):
        fields.string()
    plain_key = _string(plain.encode()) + blob[start : fields.at]
    fields.number(8)  # serial
    role = fields.number(4)
    fields.string()  # key id
    principals = _Fields(fields.string()).all_text()
    after, before = fields.number(8), fields.number(8)
    critical = fields.string()
    fields.string()  # extensions
    fields.string()  # reserved
    authority = fields.string()
    signed = blob[: fields.at]
    return HostCertificate(
        plain_key=plain_key,
        kind=role,
        principals=principals,
        valid_after=after,
        valid_before=before,
        critical_options=critical,
        authority=authority,
        signed=signed,
        signature=fields.string(),
    )


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class _Fields:
    """The fields of an SSH message, read in order (RFC 4251 section 5)."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, size: int) -> int:
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the certificate ends too early")
        return int.from_bytes(self.data[self.at - size : self.at], "big")

    def string(self) -> bytes:
        size = self.number(4)
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the certificate ends too early")
        return self.data[self.at - size : self.at]

    def text(self) -> str:
        return self.string().decode("utf-8", "surrogateescape")

    def all_text(self) -> tuple[str, ...]:
        found = []
        while self.at < len(self.data):
            found.append(self.text())
        return tuple(found)
