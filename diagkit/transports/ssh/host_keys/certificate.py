"""OpenSSH host certificates: a host key vouched for by an authority that known_hosts names.

Format: OpenSSH's PROTOCOL.certkeys. Checks: those of sshkey_cert_check_host in sshkey.c.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from diagkit.frozen import frozen
from diagkit.transports.ssh.host_keys.patterns import glob
from diagkit.transports.ssh.host_keys.public_key import CERTIFIED, FIELDS, Fields, kind_of, plain, sound

HOST, USER = 2, 1  # SSH2_CERT_TYPE_HOST, SSH2_CERT_TYPE_USER
MOST_PRINCIPALS = 256  # SSHKEY_CERT_MAX_PRINCIPALS

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, what was signed, signature) -> whether the key made that signature."""


@frozen(kw_only=True)
class HostCertificate:
    """What a certificate says. Times are seconds since the epoch; `signed` is all that `signature` covers."""

    plain_key: bytes
    serial: int
    kind: int
    key_id: bytes
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical_options: bytes
    authority: bytes
    signed: bytes
    signature: bytes

    @property
    def algorithm(self) -> str:
        """How it was signed."""
        return Fields(self.signature).text()

    def problem(self, host: str, now: float, algorithms: Collection[str], *, patterns: bool) -> str:
        """Why it does not vouch for `host`; empty when it does. Whether to trust the authority is asked elsewhere.

        algorithms: of signatures that count. patterns: principals may be wildcards, and without any it is good for no
        host, as OpenSSH has it since 10.3; before, principals were names, and without any it was good for all.
        """
        if self.kind != HOST:
            return "it is a user certificate"
        if now < self.valid_after:
            return "it is not valid yet"
        if now >= self.valid_before:
            return "it has expired"
        if not self._names(host, patterns=patterns):
            return f"it is for {', '.join(self.principals) or 'no host in particular'}"
        if self.critical_options:
            return "it has critical options nobody defined"
        if self.algorithm not in algorithms:
            return f"it is signed with {self.algorithm}, which is not allowed"
        return ""

    def _names(self, host: str, *, patterns: bool) -> bool:
        if patterns:
            wanted = host.encode("utf-8", "surrogateescape")
            return any(glob(wanted, name.encode("utf-8", "surrogateescape")) for name in self.principals)
        return not self.principals or host in self.principals


def parse(blob: bytes) -> HostCertificate | None:
    """The certificate in a host key as presented; None for a plain key. ValueError when it is damaged."""
    fields = Fields(blob)
    kind = fields.text()
    if not kind.endswith(CERTIFIED):
        return None
    bare = kind.removesuffix(CERTIFIED)
    if bare not in FIELDS:
        raise ValueError(f"unknown kind of certificate {kind!r}")
    plain_key = plain(blob)
    for _ in range(1 + FIELDS[bare]):  # a nonce, and that key
        fields.string()
    serial, role = fields.number(8), fields.number(4)
    key_id = fields.string()
    named = Fields(fields.string())
    principals = []
    while named.more:
        principals.append(named.text())
    after, before = fields.number(8), fields.number(8)
    critical = fields.string()
    fields.string()  # extensions
    fields.string()  # reserved
    authority = fields.string()
    signed = blob[: fields.at]
    signature = fields.string()
    Fields(signature).string()
    if role not in (USER, HOST) or len(principals) > MOST_PRINCIPALS or fields.more or not sound(plain_key):
        raise ValueError("it is not in the form of a certificate")
    if kind_of(authority).endswith(CERTIFIED) or not sound(authority):
        raise ValueError("what signed it is not a key")
    return HostCertificate(
        plain_key=plain_key,
        serial=serial,
        kind=role,
        key_id=key_id,
        principals=tuple(principals),
        valid_after=after,
        valid_before=before,
        critical_options=critical,
        authority=authority,
        signed=signed,
        signature=signature,
    )
