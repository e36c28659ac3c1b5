"""Private keys of files: unlocked once, kept in memory only, and their signatures in SSH's form.

paramiko reads a locked file three times, and pays for the derivation of the key each time (140 ms).
Import it only after `lazy_paramiko.load()`: `cryptography`, which paramiko brings, is most of its weight.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from diagkit.transports.ssh.host_keys.public_key import CERTIFIED, packed, written

Sign = Callable[[bytes, str], bytes]
"""(data, signature algorithm as negotiated) -> the signature as it goes over the wire."""

RSA_HASHES = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
CURVE_HASHES = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}  # RFC 5656 6.2.1


class Unusable(Exception):
    """The key cannot be used, in words that follow its path."""


class WrongPassphrase(Exception):
    """This passphrase does not unlock it."""


class PrivateKey:
    """A key that can sign. public: its public half as it goes over the wire."""

    def __init__(self, path: str, passphrase: bytes | None = None) -> None:
        """Raises Unusable, or WrongPassphrase when there was one."""
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise Unusable(f"cannot be read: {error.strerror}") from None
        ours = b"BEGIN OPENSSH PRIVATE KEY" in content
        load = serialization.load_ssh_private_key if ours else serialization.load_pem_private_key
        try:
            self._key = load(content, passphrase)
            public = self._key.public_key()
            line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        except UnsupportedAlgorithm as error:
            raise Unusable(f"cannot be used: {error}") from None
        except (ValueError, TypeError) as error:
            if passphrase is not None:
                raise WrongPassphrase from None
            raise Unusable(f"cannot be used: {error}") from None
        self.public = written(line) or b""
        if not isinstance(self._key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise Unusable("is of a kind that no longer counts as safe")

    def sign(self, data: bytes, algorithm: str) -> bytes:
        """The signature by an algorithm that goes with the key."""
        plain = algorithm.removesuffix(CERTIFIED)
        if isinstance(self._key, rsa.RSAPrivateKey):
            signature = self._key.sign(data, padding.PKCS1v15(), RSA_HASHES[plain])
        elif isinstance(self._key, ec.EllipticCurvePrivateKey):
            hashed = ec.ECDSA(CURVE_HASHES[self._key.curve.key_size])
            signature = b"".join(packed(_mpint(part)) for part in decode_dss_signature(self._key.sign(data, hashed)))
        else:
            assert isinstance(self._key, ed25519.Ed25519PrivateKey)  # noqa: S101 - seen to above
            signature = self._key.sign(data)
        return packed(plain.encode()) + packed(signature)


def _mpint(number: int) -> bytes:
    """A positive integer as RFC 4251 section 5 writes it."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")
